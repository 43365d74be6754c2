"""Whatever comes from outside: each parser gives a value of its form or the one error that it promises, and nothing else."""

from __future__ import annotations

import ipaddress
import json
import socket
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import sqlite_utils
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from founderwatch.address import clean, site
from founderwatch.database import search
from founderwatch.events.forms import Forms, runs
from founderwatch.events.people import alike, parse
from founderwatch.intake import _lines
from founderwatch.items import Page
from founderwatch.render import as_json, for_spreadsheet, safe, shortened
from models import dates
from models.training.corpus import read_file
from pipelines.decode import decode
from pipelines.extract import NotExtracted, extract
from pipelines.metadata import moment
from spiders.api import read_api
from spiders.entries import ChannelError, plausible
from spiders.feed import read_feed
from spiders.guard import Refused, check
from spiders.listing import read_listing
from spiders.opml import OpmlError, read_opml
from spiders.sitemap import read_sitemap
from spiders.sources import Api, RegistryError, Source, parse_registry
from tests.faults.conftest import PROFILE

PROFILED = settings.get_profile(PROFILE)
NOW = datetime(2026, 7, 6, tzinfo=UTC)
URL = "https://a.example/list"
SOURCE = Source("a", "A", "https://a.example/", "en")
API = Api(URL, items="data.items", link="url", title="title", published="time", cursor="next")

# Words that mean something to a parser, strung together in any order, with any text and bytes between them.
MARKS = [
    "<rss>", "<channel>", "<item>", "<title>", "</title>", "<link>", "</link>", "</item>", "</channel></rss>", "<pubDate>", "<feed>",
    "<entry>", "<urlset>", "<sitemapindex>", "<sitemap>", "<url>", "<loc>", "</loc>", "<lastmod>", "</lastmod>", "</url>", "</urlset>",
    "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "&amp;", "&#0;", "&#x110000;", "<?xml version='1.0' encoding='gbk'?>",
    "<html>", "<head>", "<body>", "<article>", "<p>", "<a href='", "'>", "</a>", "<base href='//[::1'>", "<script type='application/ld+json'>",
    "</script>", "<meta charset='utf-7'>", "<meta property='article:published_time' content='", "<time datetime='", "<h1>", "<opml><body>",
    "<outline xmlUrl='", "'/>", "{", "}", "[", "]", '"', ":", ",", '"items"', '"url"', '"data"', '"@type": "NewsArticle"', '"datePublished"',
    "[[source]]", "name = ", "feeds = [", '"https://a.example/"', "allow = [", "'('", "disabled = ", "\n", "\0", "\ud83d".encode("utf-8", "replace").decode(),
    "https://a.example/story/", "http://127.0.0.1/", "//", "javascript:", "?", "#!", "%zz", "%00", "2026-07-06T09:00:00+24:00", "Mon, 99 Foo 0000",
    "0000-00-00", "9999-12-31T23:59:59-14:00", "last month", "上个月", "三年前", "999999999999 years ago", "去年五月", "in May 20266", "周一",
    "离职", "创业", "OR", "NOT", "NEAR(", "*", "^", "'", "--", ";", "drop table articles", "@en news", "@zh x founds.confirmed", "[p1 ", "|", "{e1 ",
    "\u202e", "\x1b]0;x\x07", "\u2028", "=cmd|'/c'!A0", "1e999", "NaN", "-" * 300, "<div>" * 300, "[" * 300, "🙂", "ﷺ", "İ", "ß", "周畅", "Zhou Chang",
]  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(MARKS), st.text(max_size=12)), max_size=24).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "gb18030", "big5", "utf-16", "cp1252", "iso2022_jp", "utf-7"])
BYTES = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda text, name: text.encode(name, "replace"), TEXT, ENCODINGS),
    st.builds(lambda text, tail, name: text.encode(name, "replace") + tail, TEXT, st.binary(max_size=20), ENCODINGS),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["items", "data", "url", "title", "time", "next", "id", "body", "published", "version"]), inner, max_size=6)),
    max_leaves=12,
)  # fmt: skip


def check_reading(reading):
    for entry in reading.entries:
        assert clean(entry.url) == entry.url, "an address in its one spelling"
        for moment_ in (entry.published, entry.updated):
            assert moment_ is None or moment_.tzinfo is not None
    assert all(address.startswith(("http://", "https://")) for address in reading.further)


@settings(PROFILED)
@given(BYTES, st.sampled_from(["", "application/rss+xml", "text/html; charset=gbk", "application/json"]))
def test_feeds(body, kind):
    try:
        check_reading(read_feed(body, URL, kind))
    except ChannelError as error:
        assert str(error)


@settings(PROFILED)
@given(JSON)
def test_json_feeds_and_apis(value):
    body = json.dumps(value).encode()
    for read in (lambda: read_feed(body, URL), lambda: read_api(body, URL, API)):
        try:
            check_reading(read())
        except ChannelError as error:
            assert str(error)


@settings(PROFILED)
@given(BYTES)
def test_sitemaps(body):
    try:
        check_reading(read_sitemap(body, URL, NOW))
    except ChannelError as error:
        assert str(error)


@settings(PROFILED)
@given(BYTES)
@example(b"<a href='/story/1'{>A headline of some length</a>")
@example(b"<a href='/story/1'\x01>A headline of some length</a>")
def test_listings(body):
    try:
        check_reading(read_listing(HtmlResponse(URL, body=body), SOURCE))
    except ChannelError as error:
        assert str(error)


@settings(PROFILED)
@given(BYTES)
def test_opml(body):
    try:
        for source in read_opml(body):
            assert source.feeds and source.name
    except OpmlError as error:
        assert str(error)


@settings(PROFILED)
@given(BYTES, st.one_of(st.none(), st.text(max_size=12), ENCODINGS))
@example(b"\xe9\xff.a\x80", "hex")
@example(b"\xe9\xff.a\x80", "idna")
@example(b"<meta charset='punycode'>\xe9\xff.a\x80", "undefined")
def test_encodings(body, charset):
    assert isinstance(decode(body, charset), str)


@settings(PROFILED)
@given(BYTES, st.sampled_from(["text/html", "", "text/html; charset=gb2312", "application/xhtml+xml"]))
def test_pages(body, kind):
    try:
        found = extract(Page(URL, "a", body, NOW, content_type=kind))
    except NotExtracted as error:
        assert str(error)
    else:
        article = found.article
        assert isinstance(article.title + article.body, str)
        (article.title + article.body).encode("utf-8")
        assert article.published is None or article.published.tzinfo is not None


@settings(PROFILED)
@given(TEXT, st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
@example("999999999999 years ago", datetime(2026, 1, 1))
def test_dates(text, published):
    published = published.replace(tzinfo=UTC)
    found = dates.resolve(text, published)
    assert found is None or (isinstance(found.start, date) and found.start <= found.end)
    dates.latest_year(text, published)
    for said in (moment(text), plausible(published, NOW)):
        assert said is None or said.tzinfo is not None


@settings(PROFILED)
@given(
    st.lists(
        st.one_of(
            BYTES.map(lambda line: line.replace(b"\n", b" ")), JSON.map(lambda value: json.dumps(value).encode())
        ),
        max_size=4,
    )
)
def test_json_lines(lines):
    found = list(_lines("x", lines))
    assert len(found) <= len(lines)
    for given_ in found:
        assert (given_.story is None) == (given_.problem is not None)
        if given_.story:
            article = given_.story.article
            (article.title + article.body + (article.url or "") + (article.source or "")).encode("utf-8")


@settings(PROFILED)
@given(TEXT)
def test_registries(text):
    try:
        parse_registry(text)
    except RegistryError as error:
        assert error.problems and all("<registry>" in problem for problem in error.problems)


@settings(PROFILED)
@given(
    st.lists(
        st.one_of(TEXT, st.sampled_from(["\n--\n", "\n@en news founds.confirmed\n", "[p1 Jo Park] left", "{t1 left}"])),
        max_size=12,
    ).map("".join)
)
def test_corpus_mark_up(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.txt")
        path.write_text(text, encoding="utf-8", errors="replace")
        records, problems = read_file(path)
        assert all(problem.startswith("x.txt:") for problem in problems)
        for record in records:
            for span in record.spans:
                assert 0 <= span.start < span.end <= len(record.text)


_INDEX = sqlite_utils.Database(memory=True)
_INDEX.execute("create virtual table t using fts5(title, body)")
_INDEX.execute("insert into t values ('a', 'b'), ('离职', 'c')")


@settings(PROFILED)
@given(TEXT)
def test_what_people_search_for(words):
    _INDEX.execute("select rowid from t where t match ?", [search.query(words)]).fetchall()
    assert _INDEX.execute("select count(*) from t").fetchone() == (2,)
    search.indexed(words).encode("utf-8", "surrogatepass")


@settings(PROFILED)
@given(TEXT, st.one_of(st.none(), TEXT))
@example("", "https://a.example/story/ ")
@example("", "https://a.example/story/\x1f")
def test_addresses(url, base):
    for found in (clean(url, base), clean(f"https://a.example/{url}")):
        if found is not None:
            assert found.startswith(("http://", "https://")) and not set("\r\n\t \0") & set(found)
            assert clean(found) == found
            site(found)


@settings(PROFILED)
@given(
    st.one_of(
        TEXT,
        st.builds("http://{}/{}".format, st.ip_addresses(), st.text(max_size=5)),
        st.builds("http://{}".format, st.integers(0, 2**33)),
    )
)
@example("http://[::ffff:10.0.0.1]/")
@example("http://0177.0.0.1/")
@example("http://127.0.0.1.:80/")
def test_the_guard_lets_nothing_inside(url):
    asked = []

    def resolve(host, *_, **__):
        asked.append(host)
        raise OSError

    real, socket.getaddrinfo = socket.getaddrinfo, resolve
    try:
        check(url)
    except Refused:
        pass
    else:
        host = urlsplit(url).hostname
        assert (
            not asked
            and ipaddress.ip_address(socket.inet_ntoa(socket.inet_aton(host)) if ":" not in host else host).is_global
        )
    finally:
        socket.getaddrinfo = real


@settings(PROFILED)
@given(TEXT)
@example("<rss>%00<rss>")
@example("周畅 https://a.example/%E5%91%A8%E7%95%85/1")
def test_names_and_output(text):
    name = parse(text)
    if name is not None:
        assert alike(name, name) is not None or name.han
    forms = Forms([text])
    blotted = forms.blotted(text)
    assert len(blotted) == len(text) and not Forms([text]).stand_in(blotted)
    list(runs(text))
    for shown in (safe(text), shortened(text, 20), as_json({"x": text})):
        assert not set(shown) & set("\x1b\x07\x00\r\u202e\u2028\x9b")
    cell = for_spreadsheet(text)
    assert cell == text or cell == "'" + text
