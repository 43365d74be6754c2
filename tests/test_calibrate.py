"""`founderwatch calibrate`: the reviewers' verdicts move the threshold."""

import tomllib
from contextlib import closing

import pytest
from click.testing import CliRunner

from founderwatch import calibration
from founderwatch.commands.calibrate import command
from founderwatch.database import reviews
from founderwatch.database.store import Store
from models.encoder import WEIGHTS, Encoder
from tests.judged import THRESHOLD, mention, story


def judged(path, *verdicts):
    """Stores one event for each score, with its verdict."""
    with closing(Store(path)) as store:
        for number, (score, _) in enumerate(verdicts):
            name = f"{'Abcdefghijklmnopqrstuvwxyz'[number % 26]}nna {'BCDFGHKLMNPRST'[number % 14]}olm{'aeiou'[number % 5]}k"
            store.save(
                story(f"https://a.example/{number}", mention(name, employer=f"Firm {number}", score=score)), THRESHOLD
            )
        events = {e["employer"]: e["event"] for e in store.events(everything=True)}
        for number, (_, right) in enumerate(verdicts):
            said = "accept" if right else "reject"
            reviews.record(store.db.conn, reviews.Verdict("ana", said, event=events[f"Firm {number}"]))


def run(path, *arguments):
    return CliRunner().invoke(command, ["--db", str(path), *arguments])


HALF = [(0.55 + number / 100, False) for number in range(10)] + [(0.75 + number / 100, True) for number in range(20)]


def test_the_lowest_threshold_that_is_right_often_enough():
    found = calibration.steps(HALF)
    assert calibration.lowest(found, 1.0).threshold == pytest.approx(0.75)
    assert calibration.lowest(found, 0.6).threshold == pytest.approx(0.55)
    assert calibration.lowest(calibration.steps([(0.5, False)] * 30), 0.5) is None
    assert calibration.steps(HALF[:19]) == []


def test_it_writes_the_configuration_and_flags_anew(here):
    path = here / "founderwatch.db"
    judged(path, *HALF)
    config = here / "founderwatch.toml"
    config.write_text('# mine\nsince = "9d"\n', encoding="utf-8")
    result = run(path, "--precision", "1")
    assert result.exit_code == 0, result.output
    assert "1.00 of 20 judged events" in result.output
    text = config.read_text(encoding="utf-8")
    assert text.startswith("# mine\nsince") and tomllib.loads(text)["alarms_per_1000"] > 0
    threshold = Encoder(WEIGHTS).threshold(tomllib.loads(text)["alarms_per_1000"])
    with closing(Store(path)) as store:
        rows = store.db.execute("select score, flagged from events").fetchall()
    assert all(flagged == (score >= threshold) for score, flagged in rows)


def test_a_dry_run_changes_nothing(here):
    path = here / "founderwatch.db"
    judged(path, *HALF)
    result = run(path, "--precision", "1", "--dry-run")
    assert result.exit_code == 0 and "from a score of 0.750" in result.output
    assert not (here / "founderwatch.toml").exists()


def test_too_few_verdicts_and_a_precision_out_of_reach_are_told(here):
    path = here / "founderwatch.db"
    judged(path, *HALF[:5])
    result = run(path)
    assert result.exit_code == 3 and "5 verdicts on events are too few" in result.output
    (here / "other").mkdir()
    judged(here / "other" / "founderwatch.db", *[(0.6 + n / 100, n % 2 == 0) for n in range(30)])
    result = run(here / "other" / "founderwatch.db", "--precision", "0.99")
    assert result.exit_code == 3 and "no threshold gives a precision of 0.99" in result.output
    assert not (here / "founderwatch.toml").exists()
    assert run(path, "--precision", "1.5").exit_code == 2
