"""What commands say: a line an event, JSON Lines for machines, and no secret in either."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from founderwatch import logs
from founderwatch.logs import Lines

SECRET = "hunter2-hunter2-hunter2"
CONFIG = f"""
secret = "{SECRET}"
ping_url = "http://127.0.0.1:9/{SECRET}"
sources = "sources.toml"
[[alert]]
name = "me"
url = "mailto://me:{SECRET}@mail.example"
[[alert]]
name = "other"
url = "${{FW_TOKEN}}"
"""
REGISTRY = (
    '[[source]]\nname = "gone"\nhome = "http://127.0.0.1:9/"\nlanguage = "en"\nfeeds = ["http://127.0.0.1:9/feed"]\n'
)


def founderwatch(*arguments, **environment):
    command = [Path(sys.executable).with_name("founderwatch"), *arguments]
    import os

    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=200, env=os.environ | environment
    )


@pytest.fixture
def configured(here):
    Path("founderwatch.toml").write_text(CONFIG)
    Path("sources.toml").write_text(REGISTRY)
    return here


@pytest.mark.long
def test_a_failing_crawl_tells_machines_in_json_and_nobody_its_secrets(configured):
    told = founderwatch("--log-json", "crawl", FW_TOKEN=f"json://x:{SECRET}@127.0.0.1:9/")
    assert told.returncode == 3
    for line in (told.stderr + told.stdout).splitlines():
        said = json.loads(line)
        assert set(said) == {"time", "level", "command", "message"} and said["command"] == "crawl" and said["message"]
    assert "refuses connections" in told.stderr
    for command in (["crawl"], ["doctor"], ["config", "show"], ["backup"]):
        told = founderwatch(*command, FW_TOKEN=f"json://x:{SECRET}@127.0.0.1:9/")
        assert SECRET not in told.stdout + told.stderr, command


def test_lines_for_people_stay_as_they_are():
    stream = io.StringIO()
    lines = Lines(stream)
    print("founderwatch: one thing", file=lines)
    print("and", "another", file=lines)
    assert stream.getvalue() == "founderwatch: one thing\nand another\n"


def test_json_lines_are_whole_whatever_pieces_they_come_in():
    stream = io.StringIO()
    lines = Lines(stream, "crawl", "error")
    for piece in ('founderwatch: a "quo', 'ted" thing\nsecond \x1b line\n\nthi', "rd"):
        lines.write(piece)
    lines.end()
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["message"] for line in said] == ['a "quoted" thing', "second \x1b line", "third"]
    assert "\x1b" not in stream.getvalue()


def test_secrets_are_hidden_in_both(monkeypatch):
    monkeypatch.setattr(logs, "_secrets", set())
    logs.hide([SECRET, None, "", "abc"])
    for command in (None, "crawl"):
        stream = io.StringIO()
        lines = Lines(stream, command)
        lines.write(f"cannot reach mailto://me:{SECRET[:5]}")
        lines.write(f"{SECRET[5:]}@mail.example, abc\n")
        assert SECRET not in stream.getvalue() and "abc" in stream.getvalue()
