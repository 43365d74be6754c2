"""`founderwatch init` and `founderwatch config show`."""

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner
from datasette_auth_passwords.utils import verify_password

from founderwatch import status
from founderwatch.alerts.channel import Channel
from founderwatch.alerts.limits import Limits
from founderwatch.archive.limits import Keeping
from founderwatch.cli import main
from founderwatch.config import Config, load


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("FOUNDERWATCH_")]:
        monkeypatch.delenv(name)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments])


def shown():
    return json.loads(run("config", "show", "--json").stdout)


def test_what_init_writes_changes_nothing_and_explains_every_key(here):
    assert run("init").exit_code == status.DONE
    text = (here / "founderwatch.toml").read_text(encoding="utf-8")
    assert load().own_sources == Path("sources.toml")  # beside the file, and not in the user's folder
    assert {**vars(load()), "origin": None, "own_sources": None} == {**vars(Config()), "own_sources": None}
    text = re.sub(r"^# (?=[a-z_0-9]+ = |\[)", "", text, flags=re.M)
    examples = tomllib.loads(text)
    assert list(examples) == list(Config.names())
    assert set(examples["watchdog"]) == {f.name for f in fields(Limits)}
    assert set(examples["archive"]) == {f.name for f in fields(Keeping)}
    assert set().union(*examples["alert"]) == {f.name for f in fields(Channel)}
    assert (here / "founderwatch.toml").write_text(text)
    load()
    for key in ("database", "since", "alarms_per_1000"):
        assert str(examples[key]) == str(getattr(Config(), key)), f"{key}: the default has changed"


def test_init_overwrites_nothing(here):
    (here / "founderwatch.toml").write_text('since = "7d"\n')
    found = run("init")
    assert found.exit_code == status.USAGE
    assert found.stderr == "founderwatch: founderwatch.toml is there already; it was left as it is\n"
    assert (here / "founderwatch.toml").read_text() == 'since = "7d"\n'
    (here / "link.toml").symlink_to(here / "nowhere")
    assert run("init", "link.toml").exit_code == status.USAGE


def test_init_says_where_it_cannot_write(here):
    found = run("init", "missing/新 folder/f.toml")
    assert found.exit_code == status.FAILED
    assert "新 folder/f.toml cannot be written: No such file or directory" in found.stderr


def test_a_full_disk_leaves_no_half_of_a_file(here):
    script = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); from founderwatch.cli import run; run()"
    found = subprocess.run([sys.executable, "-c", script, "init"], capture_output=True, text=True, check=False)
    assert (found.returncode, "cannot be written: File too large" in found.stderr) == (status.FAILED, True)
    assert list(here.iterdir()) == []


def test_each_value_says_where_it_came_from(here, monkeypatch):
    (here / "founderwatch.toml").write_text(
        '\n# one\nsince = "7d"\ndatabase = "d b/新.db"\ncontact = "a@example.org"\n'
    )
    monkeypatch.setenv("FOUNDERWATCH_CONTACT", "b@example.org")
    found = shown()
    assert list(found) == list(Config.names())
    assert found["since"] == {"value": "7d", "from": "founderwatch.toml:3"}
    assert found["database"] == {"value": "d b/新.db", "from": "founderwatch.toml:4"}
    assert found["contact"] == {"value": "b@example.org", "from": "environment: FOUNDERWATCH_CONTACT"}
    assert found["alarms_per_1000"]["from"] == found["password_hash"]["from"] == "default"
    plain = run("config", "show", "--db", "x.db").stdout
    assert re.search(r"^database +x\.db +--db$", plain, re.M)
    assert re.search(r"^secret +– +default$", plain, re.M)
    assert plain.startswith("file: founderwatch.toml\n")


def test_a_secret_is_never_shown(here, monkeypatch):
    (here / "founderwatch.toml").write_text('secret = "correct horse battery"\n')
    monkeypatch.setenv("FOUNDERWATCH_PASSWORD_HASH", "pbkdf2_sha256$1$2$3")
    for form in ([], ["--json"]):
        output = run("config", "show", *form).output
        assert "horse" not in output and "pbkdf2" not in output
        assert output.count("(set)") == 2
    assert load().password_hash == "pbkdf2_sha256$1$2$3"


def test_channels_are_shown_without_their_secrets(here):
    (here / "founderwatch.toml").write_text(
        '[[alert]]\nname = "a"\nurl = "json://u:hunter2@x"\n\n[[alert]]\nname = "b"\nurl = "${FW_B}"\ndigest = "08:00"\n'
    )
    plain = run("config", "show").stdout
    assert re.search(r"^alert\.a\.url +\(set\) +founderwatch\.toml:1$", plain, re.M)
    assert re.search(r"^alert\.b\.url +\$\{FW_B\} +founderwatch\.toml:5$", plain, re.M)
    assert re.search(r"^watchdog\.silent +1d +default$", plain, re.M)
    assert [one["name"] for one in shown()["alert"]["value"]] == ["a", "b"]
    assert "hunter2" not in plain + run("config", "show", "--json").stdout


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("FOUNDERWATCH_SECRET", " ")
    assert load().secret is None


@pytest.mark.parametrize("environment", [False, True])
def test_a_password_becomes_a_sign_in(here, environment, monkeypatch):
    made = CliRunner().invoke(
        main, ["config", "password", *["--env"][:environment]], input="open sesame\nopen sesame\n"
    )
    assert made.exit_code == 0 and "open sesame" not in made.output
    lines = made.stdout.strip().splitlines()
    assert len(lines) == 2
    if environment:
        for line in lines:
            name, _, value = line.partition("=")
            monkeypatch.setenv(name, value.strip("'"))
    else:
        (here / "founderwatch.toml").write_text("\n".join(lines), encoding="utf-8")
    config = load()
    assert verify_password("open sesame", config.password_hash)
    assert len(config.secret) >= 16
