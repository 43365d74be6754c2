"""Fetched pages as WARC files: written, torn by kill -9, mended, rotated, deleted, read again."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from fastwarc.stream_io import GzipReader
from fastwarc.warc import ArchiveIterator, WarcRecordType

from founderwatch.archive import folder as archive
from founderwatch.archive.folder import Writer, delete, outdated, usage
from founderwatch.archive.limits import Keeping
from founderwatch.archive.records import Unreadable
from founderwatch.archive.retention import thin
from founderwatch.cli import main
from founderwatch.config import Config, ConfigError, load
from founderwatch.database.store import Store
from founderwatch.items import Capture, Failure, Page, Story
from pipelines.archive import Archive
from pipelines.store import Keep
from tests.judged import THRESHOLD, counts, mention, story

MB = 10**6
PAGE = Page(
    url="https://a.example/1",
    source="wire",
    body=b"<html><p>\xd6\xdc\xb3\xa9\xc0\xeb\xd6\xb0</p></html>",
    fetched_at=datetime(2026, 7, 6, 9, 30, tzinfo=UTC),
    content_type="text/html; charset=gbk",
    encoding="gbk",
    requested_url="https://a.example/r/1",
    title="周畅离职",
    summary="Two lines\nof it.",
    published=datetime(2026, 7, 6, 9, tzinfo=UTC),
    headers=(("Content-Type", "text/html; charset=gbk"), ("X-Odd", "caf\xe9"), ("Set-Cookie", "a=b")),
)


def numbered(number: int) -> Page:
    """A page that packs badly, so that records have some size."""
    return replace(PAGE, url=f"https://a.example/{number}", body=random.Random(number).randbytes(20_000))


def kept(folder, *pages, file_size=200 * MB):
    with closing(Writer(folder, file_size)) as writer:
        return [writer.keep(page) for page in pages]


def read(folder, capture):
    return archive.read(folder, capture).page


# What is written


def test_a_page_comes_back_as_it_was(tmp_path):
    with closing(Writer(tmp_path, MB)) as writer:
        capture = writer.keep(PAGE, ("the server broke off the answer",))
    story = archive.read(tmp_path, capture)
    assert replace(story.page, headers=PAGE.headers) == PAGE
    assert dict(story.page.headers)["X-Odd"] == "caf\xe9" and "Set-Cookie" not in dict(story.page.headers)
    assert story.notes == ("the server broke off the answer",) and story.capture == capture


def test_other_tools_read_it(tmp_path):
    [capture] = kept(tmp_path, PAGE)
    with (tmp_path / capture.file).open("rb") as stream:
        records = list(ArchiveIterator(GzipReader(stream), parse_http=False))
        kinds = [record.record_type for record in records]
    assert kinds == [WarcRecordType.warcinfo, WarcRecordType.response, WarcRecordType.metadata]
    from spiders.warc import Warc

    path = tmp_path / capture.file

    def opened(position: int):
        stream = path.open("rb")
        stream.seek(position)
        return stream

    [record] = Warc(capture.file, opened).records()
    assert (record.page.url, record.page.body, record.position) == (PAGE.url, PAGE.body, capture.offset)
    assert record.page.encoding == "gbk"


@pytest.mark.parametrize("values", [{"headers": ()}, {"headers": (), "content_type": ""}, {"title": None}, {"body": b"x" * 9 * MB},
                                    {"url": "https://a.example/\u5468"}, {"published": None}])  # fmt: skip
def test_pages_of_all_kinds(tmp_path, values):
    page = replace(PAGE, **values)
    found = read(tmp_path, kept(tmp_path, page)[0])
    assert (found.url, found.body, found.title, found.published) == (page.url, page.body, page.title, page.published)
    assert found.content_type == page.content_type


def test_files_turn_by_size_and_day(tmp_path, monkeypatch):
    captures = kept(tmp_path, *map(numbered, range(7)), file_size=45_000)
    assert len({capture.file for capture in captures}) == 3
    again = kept(tmp_path, numbered(7), file_size=45_000)[0]
    assert again.file == captures[-1].file, "a file with room is gone on with"
    assert [read(tmp_path, capture) for capture in (*captures, again)] == [
        replace(numbered(n), headers=read(tmp_path, captures[0]).headers) for n in range(8)
    ]

    class Tomorrow(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(days=1)

    monkeypatch.setattr(archive, "datetime", Tomorrow)
    next_day = kept(tmp_path, PAGE)[0].file
    assert f"{datetime.now(UTC) + timedelta(days=1):%Y%m%d}-00001" in next_day


def test_two_processes_write_to_two_files(tmp_path):
    with closing(Writer(tmp_path, MB)) as one, closing(Writer(tmp_path, MB)) as other:
        captures = [writer.keep(numbered(n)) for n in range(3) for writer in (one, other)]
    assert len({capture.file for capture in captures}) == 2
    for number, capture in enumerate(captures):
        assert read(tmp_path, capture).body == numbered(number // 2).body
    assert len({c.file for c in kept(tmp_path, PAGE)} - {c.file for c in captures}) == 0


# What goes wrong


def test_a_torn_record_is_cut_off_and_costs_no_other(tmp_path):
    captures = kept(tmp_path, *map(numbered, range(3)))
    path, last = tmp_path / captures[-1].file, captures[-1]
    whole = path.read_bytes()
    for cut in (1, 5, 12, 100, 9000, last.length - 1):
        path.write_bytes(whole[: last.offset + cut])
        added = kept(tmp_path, PAGE)[0]
        assert read(tmp_path, added).body == PAGE.body, cut
        for number, capture in enumerate(captures[:2]):
            assert read(tmp_path, capture).body == numbered(number).body
        with path.open("rb") as stream:
            urls = [r.headers.get("WARC-Target-URI") for r in ArchiveIterator(GzipReader(stream), parse_http=False)]
        assert urls[-1] == PAGE.url and urls.count("https://a.example/1") <= 4, "any reader reads it to its end"


@pytest.mark.parametrize("end", [b"\0" * 5000, b"\x1f\x8b\x08" + b"\xff" * 50, b"junk", b"\x1f\x8b\x08\x00\x00"])
def test_what_is_no_record_is_cut_off(tmp_path, end):
    [first] = kept(tmp_path, PAGE)
    path = tmp_path / first.file
    path.write_bytes(path.read_bytes() + end)
    [second] = kept(tmp_path, numbered(2))
    assert second.offset == first.offset + first.length
    assert read(tmp_path, second).body == numbered(2).body and read(tmp_path, first).body == PAGE.body


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"not gzip at all" * 99])
def test_a_file_without_a_whole_record_is_begun_anew(tmp_path, content):
    path = tmp_path / f"founderwatch-{datetime.now(UTC):%Y%m%d}-00001.warc.gz"
    path.write_bytes(content)
    [capture] = kept(tmp_path, PAGE)
    assert capture.file == path.name and read(tmp_path, capture).body == PAGE.body


_KILLED = """
import random, sys
from datetime import datetime, UTC
from pathlib import Path
from founderwatch.archive.folder import Writer
from founderwatch.items import Page
writer = Writer(Path(sys.argv[1]), 300_000)
for number in range(int(sys.argv[2]), 10**6):
    body = random.Random(number).randbytes(20_000)
    capture = writer.keep(Page("https://a.example/", "wire", body, datetime.now(UTC)))
    print(number, capture.file, capture.offset, capture.length, flush=True)
"""


def test_killed_at_random_moments_nothing_that_was_told_is_lost(tmp_path):
    told: dict[int, Capture] = {}
    for turn in range(6):
        begin = turn * 1000
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(tmp_path), str(begin)], stdout=subprocess.PIPE, text=True
        )
        first = process.stdout.readline()
        time.sleep(random.random() * 0.2)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.communicate()[0]
        for line in (first + rest).split("\n")[:-1]:  # the last may have been cut off with its process
            number, file, offset, length = line.split()
            told[int(number)] = Capture(file, int(offset), int(length))
    assert len(told) >= 6
    for number, capture in told.items():
        assert read(tmp_path, capture).body == numbered(number).body


@pytest.mark.parametrize(
    ("capture", "reason", "gone"),
    [
        (Capture("founderwatch-20260706-00009.warc.gz", 0, 10), "is gone", True),
        (Capture("../../etc/passwd", 0, 10), "is no file of the archive", False),
        (Capture("founderwatch-20260706-00001.warc.gz", 10**9, 10), "there is no page's record", False),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, capture, reason, gone):
    (tmp_path / "founderwatch-20260706-00001.warc.gz").write_bytes(b"x")
    with pytest.raises(Unreadable, match=reason) as error:
        archive.read(tmp_path, capture)
    assert error.value.gone is gone


def test_a_flipped_bit_is_noticed(tmp_path):
    [capture] = kept(tmp_path, numbered(1))
    path = tmp_path / capture.file
    data = bytearray(path.read_bytes())
    data[capture.offset + 300] ^= 0x10
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="damaged"):
        archive.read(tmp_path, capture)
    path.write_bytes(path.read_bytes()[: capture.offset + 10_000])
    with pytest.raises(Unreadable, match="damaged"):
        archive.read(tmp_path, capture)


def test_a_full_disk_costs_the_page_and_not_the_story(tmp_path, monkeypatch):
    stage = Archive(Writer(tmp_path, MB))
    first = stage(Story(page=PAGE))
    write = os.pwrite

    def full(file, data, offset):
        if len(data) > 100:
            return write(file, data[:100], offset)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    missed = stage(Story(page=numbered(2)))
    assert missed.capture is None and missed.notes == ("the page was not kept: No space left on device",)
    assert stage.missed == 1 and stage.trouble == f"{tmp_path}: No space left on device"
    monkeypatch.undo()
    after = stage(Story(page=numbered(3)))
    stage.close()
    assert after.capture.offset == first.capture.offset + first.capture.length
    assert read(tmp_path, after.capture).body == numbered(3).body


def test_a_folder_that_cannot_be_made_costs_no_story(tmp_path):
    (tmp_path / "file").write_text("in the way")
    stage = Archive(Writer(tmp_path / "file", MB))
    assert stage(Story(page=PAGE)).notes == ("the page was not kept: File exists",)


def test_what_was_not_fetched_is_not_kept(tmp_path):
    stage = Archive(Writer(tmp_path, MB))
    for one in (Story(page=replace(PAGE, body=b"")), Story(page=PAGE, failure=Failure("fetch", "HTTP 404")), Story()):
        assert stage(one) is one
    assert not list(tmp_path.iterdir())


# What is overwritten


@pytest.mark.parametrize("size", [0, 1, 500, 20_000, 64_990, 130_000, 1_000_000])
def test_an_overwritten_page_says_nothing_and_its_neighbours_stay(tmp_path, size):
    page = replace(PAGE, body=b"Mara Lindqvist " + random.Random(size).randbytes(size))
    captures = kept(tmp_path, numbered(1), page, numbered(2))
    path = tmp_path / captures[0].file
    before = path.stat().st_size
    archive.blank(tmp_path, [captures[1], Capture("founderwatch-20200101-00001.warc.gz", 0, 5)])
    assert path.stat().st_size == before
    assert [read(tmp_path, captures[n]).body for n in (0, 2)] == [numbered(1).body, numbered(2).body]
    with pytest.raises(Unreadable, match="no page's record"):
        archive.read(tmp_path, captures[1])
    with path.open("rb") as stream:
        records = [r.headers.get("WARC-Target-URI") for r in ArchiveIterator(GzipReader(stream), parse_http=False)]
    assert records == [None, "https://a.example/1", "https://a.example/1", None, "https://a.example/2", "https://a.example/2"]  # fmt: skip


@pytest.mark.parametrize("length", range(400, 480))
def test_a_filler_of_any_length(length):
    from founderwatch.archive.records import filler

    assert len(filler(length, PAGE.fetched_at)) == length


def test_who_is_erased_leaves_the_kept_pages(tmp_path):
    db, folder = tmp_path / "x.db", tmp_path / "x.db.archive"
    about = replace(PAGE, url="https://a.example/9", requested_url=None, body=b"<p>Mara Lindqvist left.")
    failed = replace(about, url="https://a.example/8")
    captures = kept(folder, about, failed, numbered(7))
    with closing(Store(db)) as store:
        told = story(about.url, mention("Mara Lindqvist"), title="Mara Lindqvist leaves")
        store.save(told.grown(page=about, capture=captures[0]), THRESHOLD)
        for page, capture in ((failed, captures[1]), (numbered(7), captures[2])):
            store.save(Story(page=page, capture=capture, failure=Failure("extract", "no text")), THRESHOLD)
        done = CliRunner().invoke(main, ["erase", "Mara Lindqvist", "--yes", "--db", str(db)])
        assert done.exit_code == 0 and "2 kept pages overwritten" in done.stdout
        assert read(folder, captures[2]).body == numbered(7).body
        assert [row["offset"] for row in store.db["captures"].rows] == [captures[2].offset]
        # A later crawl brings the person again: the page is taken out of the archive at once.
        keep = Keep(store, THRESHOLD, folder)
        stage = Archive(Writer(folder, MB))
        again = stage(Story(page=replace(about, url="https://b.example/3")))
        keep(
            told.grown(page=again.page, capture=again.capture, article=replace(told.article, url="https://b.example/3"))
        )
        stage.close()
        assert store.db["captures"].count == 1
    for capture in (captures[0], captures[1], again.capture):
        with pytest.raises(Unreadable):
            archive.read(folder, capture)


# What is deleted


def test_the_oldest_go_first(tmp_path):
    for day, size in (("20260101", 100), ("20260301", 300), ("20260302", 200), ("20260302", 200)):
        number = len(list(tmp_path.iterdir())) + 1
        (tmp_path / f"founderwatch-{day}-{number:05}.warc.gz").write_bytes(b"x" * size)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "founderwatch-20269999-00001.warc.gz").write_text("no day")

    def numbers(**limits):
        limits = {"age": None, "size": None, "today": date(2026, 3, 3)} | limits
        return [int(path.name[22:27]) for path in outdated(tmp_path, **limits)]

    assert numbers() == [] and numbers(age=timedelta(days=2)) == [1] and numbers(age=timedelta(days=1)) == [1, 2]
    assert numbers(size=750) == [1] and numbers(size=400) == [1, 2] and numbers(size=1) == [1, 2, 3, 4]
    assert numbers(size=800) == [] and numbers(age=timedelta(days=40), size=500) == [1, 2]
    assert (usage(tmp_path).files, usage(tmp_path).bytes, usage(tmp_path).oldest) == (4, 800, date(2026, 1, 1))
    assert usage(tmp_path / "nowhere").files == 0 and outdated(tmp_path / "nowhere", None, 1) == []


def test_a_file_that_is_written_to_is_not_deleted(tmp_path):
    with closing(Writer(tmp_path, MB)) as writer:
        path = tmp_path / writer.keep(PAGE).file
        assert not delete(path) and path.exists()
    assert delete(path) and not path.exists() and delete(path)


def test_deletion_leaves_stories_events_and_reviews(tmp_path):
    folder = tmp_path / "pages"
    [capture] = kept(folder, PAGE)
    with closing(Store(tmp_path / "x.db")) as store:
        told = story("https://a.example/1", mention("Mara Lind"))
        store.save(told.grown(page=PAGE, capture=capture), THRESHOLD)
        store.save(Story(page=numbered(5), capture=Capture(capture.file, 7, 7), failure=Failure("extract", "no text")), THRESHOLD)  # fmt: skip
        before = counts(store)
        assert before["captures"] == 2
        assert thin(store, folder, Keeping(age=None, size=None)) == []
        assert thin(store, folder, Keeping(age=None, size=10)) == [capture.file]
        assert not list(folder.iterdir())
        assert counts(store) == before | {"captures": 0}


# What the database knows of it


def test_a_pages_place_is_stored_with_its_story(tmp_path):
    captures = [Capture("founderwatch-20260706-00001.warc.gz", n, 10) for n in (0, 10, 20, 30)]
    with closing(Store(tmp_path / "x.db")) as store:
        told = story("https://a.example/1", mention("Mara Lind")).grown(page=PAGE)
        store.save(told.grown(capture=captures[0]), THRESHOLD)
        store.save(told.grown(capture=captures[1]), THRESHOLD)
        store.save(Story(page=PAGE, capture=captures[2], failure=Failure("extract", "no text")), THRESHOLD)
        old = Failure("since", "published 2020-01-01")
        store.save(told.grown(capture=captures[3], failure=old), THRESHOLD)
        rows = store.db.execute('select article, "offset", url, fetched_at from captures order by "offset"').fetchall()
    when = "2026-07-06T09:30:00+00:00"
    assert rows == [(1, 0, PAGE.requested_url, when), (1, 10, PAGE.requested_url, when), (None, 20, PAGE.requested_url, when)]  # fmt: skip


def test_a_failed_store_leaves_no_place(tmp_path):
    with closing(Store(tmp_path / "x.db")) as store:
        told = story("https://a.example/1", mention("Mara Lind")).grown(page=PAGE, capture=Capture("f", 0, 1))
        broken = replace(told, assessment=replace(told.assessment, score=None))
        with pytest.raises(Exception, match="NOT NULL"):
            store.save(broken, THRESHOLD)
        assert counts(store)["captures"] == counts(store)["articles"] == 0


# Configuration


def test_each_database_has_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Config().archive_folder.name == "founderwatch.db.archive"
    (tmp_path / "founderwatch.toml").write_text(
        '[archive]\nfolder = "pages"\nage = "90d"\nsize = "off"\nfile_size = "1MB"\n'
    )
    config = load()
    assert config.archive == Keeping(True, tmp_path.relative_to(tmp_path) / "pages", timedelta(days=90), None, MB)
    tried = config.with_option("database", tmp_path / "try.db", "--db")
    assert tried.archive_folder == tmp_path / "try.db.archive" and tried.archive.age == timedelta(days=90)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[archive]\nagee = "1d"\n', "f.toml:2: archive.agee: unknown key; did you mean age?"),
        ('[archive]\nage = "soon"\n', "f.toml:2: archive.age: must be a length of time"),
        ("[archive]\nsize = 20\n", "f.toml:2: archive.size: must be a size such as 500MB or 20GB, or"),
        ('[archive]\nfile_size = "off"\n', "f.toml:2: archive.file_size: must be a size such as 500MB or 20GB, not"),
        ('[archive]\nkeep = "no"\n', "f.toml:2: archive.keep: must be true or false"),
        ('[archive]\nfolder = ""\n', "f.toml:2: archive.folder: must be a text"),
        ("archive = 3\n", "f.toml:1: archive: must be a table"),
    ],
)
def test_mistakes_name_line_and_key(tmp_path, text, message):
    (tmp_path / "f.toml").write_text(text)
    with pytest.raises(ConfigError, match=message.replace("[", r"\[")):
        load(tmp_path / "f.toml")


# The desk shows it


def test_the_desk_shows_the_kept_page_in_a_sandbox(tmp_path):
    db, folder = tmp_path / "x.db", tmp_path / "x.db.archive"
    markup = "<html><body><script src=/-/static/a.js></script><form action=/-/desk method=post></form><p>周畅离职</p>"
    page = replace(PAGE, url="https://a.example/9", requested_url=None, body=markup.encode("gbk"))
    captures = kept(folder, page, numbered(2))
    with closing(Store(db)) as store:
        told = story(page.url, mention("Mara Lind"))
        event = store.save(told.grown(page=page, capture=captures[0]), THRESHOLD) and store.events()[0]["event"]
        store.save(story("https://a.example/10"), THRESHOLD)

    datasette = Datasette([str(db)])

    def get(address):
        return asyncio.run(datasette.client.get(address))

    found = get("/-/kept/1")
    assert found.status_code == 200 and "周畅离职" in found.text
    policies = found.headers.get_list("content-security-policy")
    assert len(policies) == 1 and policies[0].startswith("sandbox; default-src 'none';")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "/-/kept/1" in get(f"/-/event/{event}").text
    for address, reason in (("/-/kept/2", "no page is kept"), ("/-/kept/99999999999999999999", "no page is kept")):
        missing = get(address)
        assert missing.status_code == 404 and reason in missing.text
        assert not missing.headers["content-security-policy"].startswith("sandbox")
    (folder / captures[0].file).unlink()
    assert "it was deleted" in get("/-/kept/1").text
