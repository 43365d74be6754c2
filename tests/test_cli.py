"""Every command in process: its help, its options, and the exit statuses that scripts rely on."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from filelock import FileLock

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database.store import Store
from tests.judged import mention, saved, story

LEFT = {
    "id": "en",
    "title": "Senior Orrin Cloud engineer leaves to set up robotics company",
    "body": "Mara Lindqvist, who led the perception team at Orrin Cloud, has left the company to start her own business in"
    " warehouse robotics, she wrote in a post on Monday.\nOrrin Cloud did not reply to a request for comment.",
    "url": "https://a.example/1",
    "source": "wire",
    "published": "2026-07-06",
}
LEFT_ZH = {
    "id": "zh",
    "title": "沐光智能算法负责人陆清野离职创业",
    "body": "36氪获悉，沐光智能算法负责人陆清野已于近日离职，将创办一家聚焦具身智能的新公司。\n沐光智能未予置评。",
    "url": "https://b.example/1",
    "published": "2026-07-06",
}
PHONE = {"id": 3, "title": "New phone goes on sale", "body": "The handset has a larger battery and costs 499 dollars."}


pytestmark = pytest.mark.usefixtures("here")


def run(*arguments, stdin=None):
    return CliRunner().invoke(main, [str(a) for a in arguments], input=stdin)


def jsonl(*rows):
    return "".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows)


def leaves(group, *names):
    """Every command that does something, by its full name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        try:
            command = group.get_command(context, name)
        except click.UsageError:  # an extra is not installed
            continue
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        else:
            yield (*names, name)


COMMANDS = sorted(leaves(main))


# Help


def test_the_first_page_names_every_command_and_the_statuses():
    shown = run("--help")
    assert shown.exit_code == status.DONE
    for name in main.list_commands(None):
        assert f"\n  {name} " in shown.output
    assert {"scan", "crawl", "events", "serve", "evaluate"} <= {name for name, *_ in COMMANDS}
    assert "75" in shown.output
    assert run("--version").output.startswith("founderwatch, version")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_and_the_common_options(command):
    shown = run(*command, "--help")
    assert shown.exit_code == status.DONE
    assert f"Example:  founderwatch {' '.join(command)}" in shown.output
    for option in ("--quiet", "--db", "--config"):
        assert f" {option} " in shown.output


def test_a_command_whose_extra_is_missing_says_how_to_get_it():
    shown = run("train", "--help")
    assert shown.exit_code == status.DONE or "pip install -e '.[train]'" in shown.stderr


# Status 2: nothing was done


NEEDING_TWO = ("merge", "split")
NEEDING_ONE = ("backfill", "scan", "evaluate", "test", "add", "disable", "enable", "import", "restore")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_mistake_in_the_configuration_ends_every_command(here, command):
    (here / "founderwatch.toml").write_text('\ndatabse = "x.db"\n')
    (here / "given").write_text("")
    one = command[-1] in NEEDING_ONE or command in (
        ("show",),
        ("watch", "remove"),
    )  # not `config show`, `schedule remove`
    needed = ["given"] * (2 if command[-1] in NEEDING_TWO else int(one))
    found = run(*command, *needed)
    assert found.exit_code == status.USAGE, found.output
    assert "founderwatch.toml:2: databse: unknown key; did you mean database?" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Usage"),
        (["scna"], "No such command"),
        (["scan"], "Missing argument"),
        (["scan", "--no-such-option", "x"], "No such option"),
        (["scan", "--json", "--jsonl", "x"], "exclude each other"),
        (["events", "--since", "soon"], "since must be a span"),
        (["schedule", "install", "--every", "7m"], "'7m' is not one of"),
        (["restore"], "Missing argument"),
        (["events", "--status", "perhaps"], "perhaps"),
        (["crawl", "--since", "soon"], "since must be a span"),
        (["crawl", "--only", "36krr"], "did you mean '36kr'"),
        (["crawl", "--limit", "0"], "--limit"),
        (["crawl", "--for", "0m"], "must be a time such as 90s, 10m or 2h, not '0m'"),
        (["crawl", "--for", "soon"], "must be a time such as"),
        (["crawl", "--sources", "missing.toml"], "missing.toml: cannot be read"),
        (["events", "--config", "missing.toml"], "missing.toml: no such configuration file"),
        (["evaluate", "missing.jsonl"], "does not exist"),
        (["sources", "list", "--sources", "missing.toml"], "missing.toml: cannot be read"),
    ],
)
def test_wrong_usage_is_told_and_does_nothing(here, arguments, message):
    found = run(*arguments)
    assert found.exit_code == status.USAGE
    assert message in found.output
    assert list(here.iterdir()) == []


def test_a_registry_with_mistakes_stops_a_scan_before_anything_is_stored(here):
    (here / "founderwatch.toml").write_text('sources = "wrong.toml"\n')
    (here / "wrong.toml").write_text("[[source]]\n")
    (here / "a.jsonl").write_text(jsonl(PHONE))
    assert run("scan", "--save", "a.jsonl").exit_code == status.USAGE
    assert not (here / "founderwatch.db").exists()


# Status 3: nothing could be done


@pytest.mark.parametrize("arguments", [["crawl"], ["events"], ["scan", "--save", "a.jsonl"]], ids=" ".join)
def test_an_unusable_database_is_told_in_one_line_and_left_alone(here, arguments):
    (here / "a.jsonl").write_text(jsonl(PHONE))
    (here / "founderwatch.db").write_text("no database\n" * 100)
    found = run(*arguments)
    assert (found.exit_code, found.stdout) == (status.FAILED, "")
    assert found.stderr == "founderwatch: founderwatch.db cannot be used: it is no SQLite file; name another --db\n"
    assert (here / "founderwatch.db").read_text() == "no database\n" * 100


@pytest.mark.parametrize("arguments", [["crawl"], ["scan", "a.jsonl"], ["evaluate", "a.jsonl"]], ids=" ".join)
def test_a_missing_model_is_told(here, arguments):
    (here / "founderwatch.toml").write_text('model = "nowhere"\n')
    (here / "a.jsonl").write_text(jsonl(PHONE))
    found = run(*arguments)
    assert found.exit_code == status.FAILED
    assert "nowhere is no founderwatch model folder" in found.stderr
    assert not (here / "founderwatch.db").exists()


def test_inputs_of_which_none_can_be_opened_are_a_failure(here):
    found = run("scan", "--jsonl", "missing.txt", here, "http://[bad")
    assert (found.exit_code, found.stdout) == (status.FAILED, "")
    assert [line.split(": ")[-1] for line in found.stderr.splitlines()] == [
        "No such file or directory", "Is a directory", "not an address",
    ]  # fmt: skip


def test_a_database_that_fails_at_work_is_one_line(here):
    store = Store(here / "x.db")
    store.db.execute("drop view flagged")
    store.close()
    command = [sys.executable, "-c", "from founderwatch.cli import run; run()", "events", "--db", "x.db"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == status.FAILED
    assert found.stderr == "founderwatch: the database failed: no such table: flagged\n"


# Status 75


def test_a_second_crawl_ends_at_once_and_does_nothing(here):
    with FileLock("founderwatch.db.lock"):
        found = run("crawl")
    assert found.exit_code == status.BUSY
    assert "another crawl is using founderwatch.db; nothing was done" in found.stderr
    assert not (here / "founderwatch.db").exists()


# Scan


def check_evidence(row, result):
    for event in result["events"]:
        assert event["evidence"]
        for e in event["evidence"]:
            assert row[e["in"]][e["start"] : e["end"]] == e["text"]


def test_scan_prints_one_line_a_story_in_order():
    rows = [PHONE, LEFT, LEFT_ZH]
    found = run("scan", "--jsonl", "-", stdin=jsonl(*rows))
    assert (found.exit_code, found.stderr) == (status.DONE, "")
    results = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(r["id"], r["flagged"]) for r in results] == [("3", False), ("en", True), ("zh", True)]
    assert results[0] == {"id": "3", "flagged": False, "score": 0.0, "events": []}
    for row, result in zip(rows, results, strict=True):
        check_evidence(row, result)
    (event,) = results[1]["events"]
    assert set(event) == {
        "person", "kind", "status", "employer", "role", "seniority", "venture", "venture_kind", "focus", "when",
        "first_reported_by", "score", "evidence",
    }  # fmt: skip
    assert not list(Path().iterdir()), "nothing is stored unless asked"


def test_evidence_is_exact_in_odd_texts():
    rows = []
    for number, (before, between) in enumerate((("\n\n ", "\r\n"), ("😀\u200b\t", " \u3000\n"), ("\ufeff", "\n\n\n"))):
        for row in (LEFT, LEFT_ZH):
            body = before + row["body"].replace("\n", between) + between
            rows.append(row | {"id": f"{number} {row['id']}", "title": f"  {row['title']} ", "body": body})
    found = run("scan", "--jsonl", "-", stdin=jsonl(*rows))
    results = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(results) == len(rows)
    assert sum(bool(r["events"]) for r in results) >= 4
    for row, result in zip(rows, results, strict=True):
        check_evidence(row, result)


def test_scan_goes_on_after_bad_lines_and_says_so():
    found = run("scan", "--jsonl", "-", stdin=jsonl(PHONE, "{bad", {"body": "x"}, PHONE | {"id": "last"}))
    assert found.exit_code == status.PARTLY
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == ["3", "last"]
    first, second = found.stderr.splitlines()
    assert first.startswith("founderwatch: -: line 2: Expecting")
    assert second == "founderwatch: -: line 3: id is missing"
    assert run("scan", "--jsonl", "-", stdin="{bad").exit_code == status.PARTLY


def test_scan_judges_the_smallest_and_the_largest():
    bodies = ["", "x", "离", "left Orrin " * 200_000]
    found = run("scan", "--jsonl", "-", stdin=jsonl(*({"id": str(i), "body": b} for i, b in enumerate(bodies))))
    assert found.exit_code == status.DONE
    results = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(r["id"], r["flagged"]) for r in results] == [(str(i), False) for i in range(4)]
    assert results[0]["skipped"] == "empty"


def test_scan_makes_one_array_or_a_card(here):
    (here / "a.jsonl").write_text(jsonl(LEFT, PHONE))
    (here / "b.txt").write_text(LEFT_ZH["body"])
    array = json.loads(run("scan", "--json", "a.jsonl", "b.txt").stdout)
    assert [r["id"] for r in array] == ["en", "3", "b.txt"]
    cards = run("scan", "a.jsonl", "b.txt").stdout
    assert "FLAGGED  Senior Orrin Cloud engineer leaves" in cards
    assert "not flagged  New phone goes on sale" in cards
    assert "“Mara Lindqvist, who led" in cards


def test_a_title_cannot_rule_the_terminal():
    row = PHONE | {"id": "\x1b[2J", "title": "New \x1b]0;owned\x07 phone \u202e on sale\x9b31m"}
    Path("a.jsonl").write_text(jsonl(row))
    for form in ([], ["--jsonl"], ["--json"]):
        found = run("scan", *form, "a.jsonl")
        assert "phone" in found.stdout or "[2J" in found.stdout
        assert not any(c in found.output for c in "\x1b\x07\x9b\u202e")


def test_saved_stories_are_events_and_saving_again_changes_nothing(here):
    given = jsonl(LEFT, LEFT_ZH, PHONE, LEFT | {"id": "copy", "url": "https://c.example/1", "source": "echo"})
    for _ in range(2):
        assert run("scan", "--jsonl", "--save", "--db", "new/x.db", "-", stdin=given).exit_code == status.DONE
        listed = [json.loads(line) for line in run("events", "--jsonl", "--db", "new/x.db").stdout.splitlines()]
        assert {e["person"]: (len(e["mentions"]), e["sources"]) for e in listed} == {
            "Mara Lindqvist": (2, 1), "陆清野": (1, 1),
        }  # fmt: skip
    with Store("new/x.db").db as db:
        assert db["articles"].count == 4


# Evaluate, corpus, sources


def test_evaluate_measures_and_tells_bad_lines(here):
    gold = [
        LEFT | {"language": "en", "events": [{"kind": "founds", "status": "confirmed", "person": "Mara Lindqvist"}]},
        PHONE | {"language": "en", "events": []},
    ]
    (here / "gold.jsonl").write_text(jsonl(*gold))
    (here / "bad.jsonl").write_text(jsonl(*gold, "{bad", LEFT | {"events": [{"person": "x"}], "flag": True}))
    found = run("evaluate", "--json", "gold.jsonl")
    assert found.exit_code == status.DONE, found.output
    assert json.loads(found.stdout)["languages"]["en"]["stories"] == 2
    found = run("evaluate", "--json", "bad.jsonl")
    assert found.exit_code == status.PARTLY
    assert [line.split(": ")[2] for line in found.stderr.splitlines()] == ["line 3", "line 4"]
    assert json.loads(found.stdout)["languages"]["en"]["stories"] == 2


def test_evaluate_without_a_gold_story_fails(here):
    (here / "bad.jsonl").write_text("{bad\n")
    assert run("evaluate", "bad.jsonl").exit_code == status.FAILED


def test_corpus_check_tells_what_is_wrong(here):
    assert run("corpus", "check", here).exit_code == status.FAILED
    (here / "x.txt").write_text("no record at all\n")
    found = run("corpus", "check", here)
    assert found.exit_code == status.PARTLY
    assert "x.txt" in found.stderr


def test_sources_are_listed(here):
    (here / "s.toml").write_text(
        '[[source]]\nname = "wire"\ntitle = "The [bold]Wire"\nhome = "https://wire.example/"\nlanguage = "en"\n'
        'feeds = ["https://wire.example/feed"]\n'
    )
    listed = run("sources", "list", "--sources", "s.toml", "--json")
    assert [s["name"] for s in json.loads(listed.stdout)] == ["wire"]
    shown = run("sources", "list", "--sources", "s.toml")
    assert "1 sources, 0 of them Chinese" in shown.stdout
    assert "The [bold]Wire" in shown.stdout
    assert "of them" not in run("sources", "list", "--sources", "s.toml", "--quiet").stdout


def test_events_is_empty_but_well_formed_on_a_new_database(here):
    saved(Store(here / "founderwatch.db"), story("https://a.example/1", mention("Jo Park", kind="leaves")))
    assert json.loads(run("events", "--json").stdout) == []
    assert run("events", "--jsonl").stdout == ""
    assert "No departures found" in run("events").stdout
