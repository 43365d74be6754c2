"""Stored stories are read again: from the kept page or the stored text, by another model, and what that changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from founderwatch import status
from founderwatch.archive.folder import Writer
from founderwatch.cli import main
from founderwatch.database import captures, reviews
from founderwatch.database.captures import Asked
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from founderwatch.items import Assessment, Failure, Page, Story
from founderwatch.rescan import Reread, Rescan
from models.encoder import WEIGHTS, Encoder
from models.story import StoryReader
from pipelines.archive import Archive
from pipelines.classify import Classify
from pipelines.extract import Extract
from tests.judged import THRESHOLD, counts, mention, story
from tests.mockserver import TEXT, article

NEWS = "https://a.example/news/{}"
DULL = "The town council met on Monday and spoke of the new bridge, which will be opened in spring. " * 4


@pytest.fixture(scope="module")
def reader():
    return StoryReader(Encoder(WEIGHTS))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db"


@pytest.fixture
def store(path):
    with closing(Store(path)) as store:
        yield store


FIRST = ("Odalys", "Bertram", "Wilhelmina", "Kazuo", "Ingrid", "Thaddeus")
LAST = ("Corvin", "Abernathy", "Zielinski", "Okonkwo", "Fairweather", "Murakami", "Lindqvist", "Petrov", "Haddad")


def person(number):
    """A name that is like no other."""
    return f"{FIRST[number // 9]} {LAST[number % 9]}"


def page(number, body, **fields):
    return Page(
        url=NEWS.format(number), source="wire", body=body, fetched_at=datetime(2026, 7, 6, 9, tzinfo=UTC),
        content_type="text/html", requested_url=NEWS.format(number), published=datetime(2026, 7, 6, 8, tzinfo=UTC), **fields,
    )  # fmt: skip


def crawled(store, reader, *pages, judge=True):
    """Stores pages as a crawl would."""
    stage = Archive(Writer(store.path.with_name("x.db.archive"), 10**8))
    for one in pages:
        told = Extract()(stage(Story(page=one)))
        told = Classify(reader)(told) if judge else told.grown(assessment=Assessment("older", 0.0, False))
        store.save(told, reader.threshold)
    stage.close()


def rescan(path, *arguments):
    return CliRunner().invoke(main, ["rescan", "--db", str(path), *map(str, arguments)])


def texts(store):
    return dict(store.db.execute("select url, body from articles").fetchall())


def test_what_an_older_version_missed_is_gained_once(store, path, reader):
    crawled(store, reader, page(1, article("Lindqvist leaves Northwind", TEXT, TEXT)), judge=False)
    crawled(store, reader, page(2, article("The new bridge", DULL)))
    assert not store.flagged()
    before = counts(store)
    tried = rescan(path, "--dry-run")
    assert tried.exit_code == status.DONE and counts(store) == before and not store.flagged()
    assert (
        "dry run, nothing was changed: 2 stories read again, 2 from kept pages and 0 from stored text" in tried.stdout
    )
    done = rescan(path)
    assert (done.exit_code, done.stderr) == (status.DONE, "")
    assert done.stdout.replace("dry run, nothing was changed: ", "") == tried.stdout.replace("dry run, nothing was changed: ", "")  # fmt: skip
    [(event, row)] = store.flagged().items()
    assert f"gained  Mara Lindqvist · {row['role']} · Northwind Systems" in done.stdout.replace("None", "")
    assert event in done.stdout and "1 departures gained, 0 lost, 0 the same" in done.stdout
    again = json.loads(rescan(path, "--json").stdout)
    assert (again["gained"], again["lost"], again["same"], again["changed"]) == ([], [], 1, {})
    assert list(store.flagged()) == [event]
    assert not list(path.parent.glob(".founderwatch-rescan-*")), "the copy of the dry run is gone"


def test_an_event_that_is_no_more_is_lost_unless_a_person_has_judged_it(store, path, reader):
    crawled(
        store,
        reader,
        page(1, article("The new bridge", DULL)),
        page(2, article("Another new bridge", DULL + "It is long.")),
    )
    for number in (1, 2):
        told = story(NEWS.format(number), mention(person(number), employer=f"{LAST[number]} Works"))
        row = store.db.execute("select title, body from articles where id = ?", [number]).fetchone()
        store.save(told.grown(article=replace(told.article, title=row[0], body=row[1])), THRESHOLD)
    first, second = sorted(store.flagged(), key=lambda event: store.flagged()[event]["person"])
    reviews.record(store.db.conn, Verdict("ana", "accept", event=first))
    done = rescan(path, "--json")
    found = json.loads(done.stdout)
    assert [row["event"] for row in found["lost"]] == [second] and found["same"] == 1 and not found["gained"]
    assert list(store.flagged()) == [first] and store.db["reviews"].count == 1


def test_a_better_extractor_reads_the_page_again(store, path, reader):
    crawled(
        store, reader, page(1, article("Lindqvist leaves Northwind", TEXT, "The last line of it, which had been lost."))
    )
    store.db.execute("update articles set body = 'Half of it.', author = null, published = null")
    store.db.conn.commit()
    assert rescan(path).exit_code == status.DONE
    assert texts(store)[NEWS.format(1)].endswith("which had been lost.")
    assert store.db.execute("select published from articles").fetchone()[0] == "2026-07-06T08:00:00+00:00"
    assert store.db.execute("select count(*) from articles_fts where articles_fts match 'lost'").fetchone()[0] == 1
    [(evidence, body, title)] = store.db.execute("select evidence, body, title from mentions m join articles a on a.id = m.article").fetchall()  # fmt: skip
    for one in json.loads(evidence):
        assert {"title": title, "body": body}[one["in"]][one["start"] : one["end"]] == one["text"]


def test_without_its_page_the_stored_text_is_judged(store, path, reader):
    crawled(store, reader, page(1, article("Lindqvist leaves Northwind", TEXT, TEXT)), judge=False)
    crawled(
        store, reader, page(2, article("Lindqvist leaves Northwind, again", TEXT, TEXT, "A third paragraph of it."))
    )
    shutil.rmtree(path.with_name("x.db.archive"))
    before = texts(store)
    done = rescan(path)
    assert (done.exit_code, done.stderr) == (status.DONE, "") and texts(store) == before
    assert "0 from kept pages and 2 from stored text: " in done.stdout and len(store.flagged()) == 1


def test_a_damaged_page_is_named_and_its_text_judged(store, path, reader):
    crawled(store, reader, page(1, article("Lindqvist leaves Northwind", TEXT, TEXT)), judge=False)
    [file] = path.with_name("x.db.archive").iterdir()
    data = bytearray(file.read_bytes())
    data[-400] ^= 0xFF
    file.write_bytes(data)
    done = rescan(path)
    assert done.exit_code == status.PARTLY and len(store.flagged()) == 1
    assert f"{file}, byte " in done.stderr and "damaged" in done.stderr


def test_a_page_that_gave_no_story_may_give_one_now(store, path, reader):
    stage = Archive(Writer(path.with_name("x.db.archive"), 10**8))
    for number in (1, 2, 2):
        fetched = replace(
            page(number, article("Lindqvist leaves Northwind", TEXT, TEXT)), source=("wire", "post")[number - 1]
        )
        told = stage(Story(page=fetched))
        store.save(told.grown(failure=Failure("extract", "no text found in the page")), THRESHOLD)
    empty = stage(Story(page=page(3, b"<html></html>")))
    store.save(empty.grown(failure=Failure("extract", "no text found in the page")), THRESHOLD)
    stage.close()
    done = rescan(path)
    assert done.exit_code == status.DONE and "2 stories could be read for the first time" in done.stdout
    assert sorted(texts(store)) == [NEWS.format(1), NEWS.format(2)]
    assert [row["url"] for row in store.db["failures"].rows] == [NEWS.format(3)]
    assert store.db.execute("select count(*) from articles where copy_of is not null").fetchone()[0] == 1
    assert len(store.flagged()) == 1 and "1 departures gained" in done.stdout
    assert "first time" not in rescan(path).stdout


def test_only_what_is_asked_for(store, path):
    for number, source, days in ((1, "wire", 0), (2, "post", 0), (3, "post", -400)):
        store.save(story(NEWS.format(number), mention("Mara Lind"), source=source, days=days), THRESHOLD)
    store.db.execute("insert into sources (name) values ('wire'), ('post')")
    store.db.conn.commit()
    assert "2 stories read" in rescan(path, "--only", "post").stdout
    assert "1 stories read" in rescan(path, "--only", "post", "--since", "2026-01-01").stdout
    assert "3 stories read" in rescan(path, "--only", "post", "--only", "wire").stdout
    assert "0 stories read" in rescan(path, "--since", "2026-11-01").stdout


def test_another_model(store, path, reader, tmp_path):
    crawled(store, reader, page(1, article("Lindqvist leaves Northwind", TEXT, TEXT)))
    model = tmp_path / "other"
    shutil.copytree(WEIGHTS, model)
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config["founderwatch"]["version"] = "other-1"
    (model / "config.json").write_text(json.dumps(config), encoding="utf-8")
    found = rescan(path, "--model", model)
    assert found.exit_code == status.DONE and "0 departures gained, 0 lost, 1 the same" in found.stdout
    models = [row["model"] for row in store.db.query("select model from assessments order by id")]
    assert models[-1] == "other-1" and len(models) == 2, "the earlier judgement stays beside the new one"
    assert store.db.execute("select distinct model from mentions m join assessments a on a.id = m.assessment").fetchall() == [("other-1",)]  # fmt: skip


class _Stopped(Exception):
    pass


def _again(told, **fields):
    """A judgement without a model: each story gains a person of its own."""
    made = story(
        told.url, mention(person(told.article), employer=f"{LAST[told.article % 9]} {FIRST[told.article // 9]}")
    )
    return Reread(told, made.grown(article=replace(made.article, title=told.title, body=told.body)), **fields)


def test_an_interrupted_run_goes_on_and_tells_the_whole(store, path):
    for number in range(1, 46):
        store.save(story(NEWS.format(number)), THRESHOLD)

    def stopping(stories):
        for told in stories:
            if told.article == 30:
                raise KeyboardInterrupt
            yield _again(told)

    first = Rescan(store, stopping, Asked(), "m", THRESHOLD)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    assert (first.report.stories, first.report.left, len(first.report.gained)) == (20, 25, 20)
    other = Rescan(store, lambda stories: map(_again, stories), Asked(only=("nobody",)), "m", THRESHOLD).run()
    assert (other.stories, other.resumed) == (0, 0), "another question begins anew"
    seen = []
    rest = Rescan(store, lambda stories: (seen.append(t.article) or _again(t) for t in stories), Asked(), "m", THRESHOLD).run()  # fmt: skip
    assert seen == list(range(21, 46)) and (rest.resumed, rest.stories, rest.left) == (20, 25, 0)
    assert len(rest.gained) == 45, "what the interrupted part gained is told, too"


def test_a_story_that_fails_costs_no_other(store):
    for number in range(1, 4):
        store.save(story(NEWS.format(number)), THRESHOLD)

    def read(stories):
        for told in stories:
            one = _again(told)
            if told.article == 1:
                one = Reread(told, Story(failure=Failure("classify", "ValueError: odd")))
            if told.article == 2:  # the database does not take it
                one = Reread(told, one.story.grown(assessment=replace(one.story.assessment, score=None)))
            yield one

    report = Rescan(store, read, Asked(), "m", THRESHOLD).run()
    assert len(report.gained) == 1 and report.stories == 3
    assert report.failed[0].startswith(f"{NEWS.format(2)}: store: ") and f"{NEWS.format(1)}: classify: ValueError: odd" in report.failed  # fmt: skip


def test_a_crawl_that_changes_a_story_meanwhile_wins(store):
    store.save(story(NEWS.format(1), mention("Mara Lind")), THRESHOLD)

    def read(stories):
        for told in stories:
            store.save(story(NEWS.format(1), mention("Mara Lind"), body="Edited since."), THRESHOLD)
            yield _again(told)

    report = Rescan(store, read, Asked(), "m", THRESHOLD).run()
    assert report.overtaken == 1 and texts(store) == {NEWS.format(1): "Edited since."}
    assert [row["person"] for row in store.flagged().values()] == ["Mara Lind"]


def test_what_a_crawl_finds_meanwhile_is_not_gained(store):
    store.save(story(NEWS.format(1)), THRESHOLD)

    def read(stories):
        for told in stories:
            late = page(9, b"x")
            later = story(NEWS.format(9), mention("New Comer", employer="Else")).grown(page=replace(late, fetched_at=datetime(2099, 1, 1, tzinfo=UTC)))  # fmt: skip
            store.save(later, THRESHOLD)
            yield _again(told)

    report = Rescan(store, read, Asked(), "m", THRESHOLD).run()
    assert [row["person"] for row in report.gained.values()] == [person(1)]


def test_wrong_usage_and_locks(store, path, tmp_path):
    store.save(story(NEWS.format(1)), THRESHOLD)
    for arguments, message in (
        (["--since", "soon"], "since must be a span"),
        (["--only", "nobody"], "no source is called 'nobody'"),
    ):
        found = rescan(path, *arguments)
        assert found.exit_code == status.USAGE and message in found.stderr
    missing = rescan(tmp_path / "none.db")
    assert missing.exit_code == status.FAILED and "does not exist yet" in missing.stderr
    assert rescan(path, "--model", tmp_path).exit_code == status.FAILED
    with FileLock(f"{path}.rescan.lock"):
        assert rescan(path).exit_code == status.BUSY
        assert rescan(path, "--dry-run").exit_code == status.DONE, "a copy needs no lock"
    with FileLock(f"{path}.lock"):
        assert rescan(path).exit_code == status.DONE, "a crawl may run meanwhile"


def test_no_stories_at_all(store, path):
    assert rescan(path).stdout.startswith("0 stories read again, 0 from kept pages")
    assert captures.count(store.db, Asked()) == 0


@pytest.mark.long
def test_many_stories_are_read_by_worker_processes(store, path, reader):
    crawled(
        store, reader, *(page(n, article(f"Story {n}", TEXT, f"Number {n} of them.")) for n in range(70)), judge=False
    )
    command = [Path(sys.executable).with_name("founderwatch"), "rescan", "--db", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "70 from kept pages" in done.stdout and store.flagged()
