"""From a story's appearance in its channel to the alert: real newsroom, real crawl, real model, real receiver."""

import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from tests.newsroom.server import serve
from tests.newsroom.stories import SITES
from tests.receiver import Receiver, receiving

# What tells of nobody; the rest of Harbor Wire is held back.
SHOWN = {
    "orkney-hydrogen-ferry-trial",
    "eu-battery-passport-delay",
    "undersea-cable-faroe-route",
    "password-manager-flaw-clipboard",
}
HELD = {path.stem for path in (SITES / "harborwire" / "stories").iterdir()} - SHOWN
LATE = "spotify-personalisation-head-weighing"


@dataclass(frozen=True)
class Told:
    folder: Path
    receiver: Receiver
    before: int  # alerts after the first crawl
    appeared: datetime  # when the story came into its channel
    began: datetime  # when the crawl began that could see it
    runs: tuple


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A crawl of a site, a story that appears in its feed after it, and the next crawl."""
    folder = tmp_path_factory.mktemp("latency")
    with serve(0, held=lambda story: story.slug in HELD) as newsroom, receiving() as receiver:
        (folder / "sources.toml").write_text(newsroom.sources())
        (folder / "founderwatch.toml").write_text(
            f'sources = "sources.toml"\nping_url = "{receiver.url("/ping", "http")}"\n'
            f'[[alert]]\nname = "me"\nurl = "{receiver.url("/me")}"\n'
        )
        command = [Path(sys.executable).with_name("founderwatch"), "crawl", "--only", "harborwire"]

        def crawl(*options):
            began = datetime.now(UTC)
            done = subprocess.run(
                [*command, *options], cwd=folder, capture_output=True, text=True, timeout=280, check=False
            )
            return began, done

        _, first = crawl()
        before = len(receiver.at("/me"))
        appeared = newsroom.publish(LATE)
        began, second = crawl()
        third = crawl("--due")[1]
        yield Told(folder, receiver, before, appeared, began, (first, second, third))


def test_the_alert_comes_within_a_minute_of_the_next_crawl(told):
    assert [run.returncode for run in told.runs] == [0, 0, 0], [run.stderr for run in told.runs]
    assert told.before == 0
    (alert,) = told.receiver.at("/me")
    assert LATE in alert.json["message"]
    assert (alert.received - told.began).total_seconds() < 60


def test_the_way_stands_in_the_database(told):
    with closing(Store(told.folder / "founderwatch.db")) as store:
        (row,) = store.db.query("select * from latency where alerted_at is not null")
    published, seen, alerted = (datetime.fromisoformat(row[n]) for n in ("published", "first_seen_at", "alerted_at"))
    assert abs((published - told.appeared).total_seconds()) < 2
    assert told.began.replace(microsecond=0) <= seen <= alerted
    assert row["seconds_to_see"] + row["seconds_to_alert"] == row["seconds"] < 120
    print(
        f"seconds from publication to alert: {row['seconds']}, of which {row['seconds_to_alert']} after it was stored"
    )


def test_each_crawl_tells_that_it_lives(told):
    assert [one.path for one in told.receiver.kept if one.path != "/me"] == ["/ping/start", "/ping"] * 3
