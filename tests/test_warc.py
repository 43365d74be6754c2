"""WARC files of every make, and broken in every way that archives are."""

import gzip
import io
import zlib
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import zstandard

from founderwatch.archive.records import opening
from founderwatch.archive.records import packed as packed_page
from founderwatch.items import Page
from spiders.warc import LARGEST, Warc, WarcError
from tests.archives import record

PAGE = "<html><body><p>Page number {}. {}</p></body></html>"


def page(number, **how):
    return record(f"http://news.example/{number}", PAGE.format(number, "word " * 60).encode(), **how)


PAGES = [page(n) for n in range(4)]


def warc(data, name="made.warc.gz"):
    def open_at(position):
        stream = io.BytesIO(data)
        stream.seek(position)
        return stream

    return Warc(name, open_at)


def numbers(records):
    """The pages' numbers in the order in which they were read."""
    return [int(r.url.rsplit("/", 1)[1]) for r in records if r.page]


def problems(records):
    return [r.problem for r in records if r.problem]


def packed(records):
    return b"".join(gzip.compress(one) for one in records)


def zstd(records):
    return b"".join(zstandard.compress(one) for one in records)


FORMS = {
    "plain": b"".join(PAGES),
    "gzip": packed(PAGES),
    "gzip in one piece": gzip.compress(b"".join(PAGES)),
    "zstd": zstd(PAGES),
    "zstd in one piece": zstandard.compress(b"".join(PAGES)),
}


@pytest.mark.parametrize("form", FORMS)
def test_reads_every_packing(form):
    archive = warc(FORMS[form])
    assert archive.parted == (not form.endswith("in one piece"))
    read = list(archive.records())
    assert numbers(read) == [0, 1, 2, 3] and not problems(read)
    first = read[0].page
    assert (first.url, first.status, first.encoding) == ("http://news.example/0", 200, "utf-8")
    assert first.body.startswith(b"<html>") and first.fetched_at == datetime(2026, 7, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_spans_hold_each_record_once_wherever_they_part(form):
    data = FORMS[form]
    for step in (50, 97, 240, 1000):
        ends = [*range(0, len(data), step), len(data)]
        spans = [list(warc(data).records(a, b)) for a, b in pairwise(ends)]
        assert numbers([r for span in spans for r in span]) == [0, 1, 2, 3], step


def test_reading_goes_on_at_a_record_whose_place_is_known():
    places = [r.position for r in warc(FORMS["gzip"]).records()]
    assert numbers(warc(FORMS["gzip"]).records(places[2])) == [2, 3]
    assert numbers(warc(FORMS["gzip"]).records(places[2] + 1)) == [3]


def test_members_that_break_off_or_are_damaged_cost_only_themselves():
    members = [gzip.compress(one) for one in PAGES]
    for damaged in (members[1][: len(members[1]) // 2], members[1][:30] + b"\x00\xff" * 10 + members[1][50:]):
        read = list(warc(members[0] + damaged + members[2] + members[3]).records())
        assert numbers(read) == [0, 2, 3]
        assert len(problems(read)) == 1
    read = list(warc(members[0] + b"garbage" * 20 + members[1]).records())
    assert numbers(read) == [0, 1] and len(problems(read)) == 1


@pytest.mark.parametrize("form", [packed, b"".join, zstd], ids=["gzip", "plain", "zstd"])
@pytest.mark.parametrize("length", [5_000, 100_000, 20_000_000, 60, -5, 0])
def test_a_record_that_lies_about_its_length_costs_no_other(form, length):
    read = list(warc(form([PAGES[0], page(1, length=length), PAGES[2], PAGES[3]])).records())
    assert [n for n in numbers(read) if n != 1] == [0, 2, 3]
    assert problems(read)


@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_a_file_that_ends_within_a_record_says_where(form):
    *whole, last = warc(FORMS[form][:-90]).records()
    assert numbers(whole) == [0, 1, 2]
    assert last.cut and "the file ends within this record" in last.problem
    assert last.position == [r.position for r in warc(FORMS[form]).records()][3]


def test_what_is_no_page_is_passed_over_in_silence():
    others = [
        record("http://news.example/r", b"GET / HTTP/1.1\r\n\r\n", kind="request"),
        record("http://news.example/v", b"", kind="revisit"),
        record("http://news.example/m", b"fetch: 3 ms", "text/plain", kind="metadata", http=False),
        record("dns:news.example", b"203.0.113.7", "text/dns", kind="response", http=False),
        record("urn:pageinfo:http://news.example/", b"{}", "application/json", kind="resource", http=False),
        record("http://news.example/i.png", b"\x89PNG", "image/png"),
        record("http://news.example/404", b"<html>gone</html>", status=404),
        record("http://news.example/301", b"", status=301),
    ]
    read = list(warc(packed([*others, PAGES[0]])).records())
    assert numbers(read) == [0] and not problems(read)


def test_answers_without_headers_and_resources_are_pages():
    bare = page(7, http=False, content_type="application/http; msgtype=response")
    resource = page(8, http=False, kind="resource", content_type="text/html")
    read = list(warc(packed([bare, resource])).records())
    assert numbers(read) == [7, 8]
    assert all(r.page.body.startswith(b"<html>") for r in read)


def test_wgets_brackets_are_no_part_of_the_address():
    data = PAGES[0].replace(b"http://news.example/0", b"<http://news.example/0>")
    assert [r.url for r in warc(data).records()] == ["http://news.example/0"]


def test_a_record_without_an_address_or_date():
    nameless, undated = PAGES[0].replace(b"WARC-Target-URI", b"X-Was-URI"), PAGES[1].replace(b"2026-07-06", b"some day")
    first, second = warc(packed([nameless, undated])).records()
    assert first.problem == "the record names no address"
    assert second.page.fetched_at.tzinfo is not None


def chunked(body):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


HELLO = b"<html><body>" + b"hello " * 50 + b"</body></html>"


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Content-Encoding: gzip", gzip.compress(HELLO)),
        ("Content-Encoding: gzip", HELLO),
        ("Content-Encoding: deflate", zlib.compress(HELLO)),
        ("Content-Encoding: deflate", zlib.compress(HELLO)[2:-4]),
        ("Content-Encoding: zstd", zstandard.compress(HELLO)),
        ("Content-Encoding: br", HELLO),
        ("Transfer-Encoding: chunked", chunked(HELLO)),
        ("Transfer-Encoding: chunked", HELLO),
        ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunked(gzip.compress(HELLO))),
    ],
)
def test_bodies_are_unpacked_whatever_the_headers_say(header, body):
    [read] = warc(packed([record("http://news.example/1", body, headers=f"{header}\r\n")])).records()
    assert read.page and read.page.body == HELLO


def test_a_body_that_cannot_be_unpacked_is_told():
    [read] = warc(
        packed([record("http://news.example/1", b"\x91nonsense", headers="Content-Encoding: br\r\n")])
    ).records()
    assert read.page is None and "cannot be unpacked" in read.problem


def test_huge_pages_are_left_out_and_cost_no_memory():
    huge, bomb = b"<p>" + b"x" * 30_000_000, gzip.compress(b"<p>" + b"\0" * 100_000_000)
    records = [
        record("http://news.example/8", huge),
        record("http://news.example/9", bomb, headers="Content-Encoding: gzip\r\n"),
        PAGES[0],
    ]
    read = list(warc(packed(records)).records())
    assert numbers(read) == [0]
    assert [r.problem for r in read[:2]] == [f"larger than {LARGEST // 1_000_000} MB"] * 2


def test_what_is_no_warc_file_is_refused_or_gives_nothing():
    for data in (b"<html>a page</html>" * 100, b"PK\x03\x04" + b"\0" * 100):
        with pytest.raises(WarcError, match=r"made\.warc\.gz: not a WARC file"):
            warc(data)
    assert list(warc(b"").records()) == []
    assert problems(warc(gzip.compress(b"hello " * 100)).records()) == ["Invalid WARC header"]


def test_our_own_archive_is_read():
    page_made = Page(
        "https://news.example/1",
        "wire",
        PAGE.format(1, "word").encode(),
        datetime.now(UTC),
        content_type="text/html",
        title="A story",
    )
    read = list(warc(opening(datetime.now(UTC)) + packed_page(page_made) + packed([PAGES[2]])).records())
    assert [r.url for r in read] == ["https://news.example/1", "http://news.example/2"] and not problems(read)
    assert read[0].page.body == page_made.body
