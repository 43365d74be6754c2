"""The spiders on healthy sites: the sample newsroom, limits, repetition, and the commands of Scrapy."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from founderwatch.address import clean, site
from founderwatch.items import Story
from spiders.entries import oldest, plausible
from spiders.feed import read_feed
from spiders.sitemap import MOST_CHILDREN, read_sitemap
from tests.crawling import Crawled, crawl, fetch_pages
from tests.mockserver import TEXT, Server, mockserver
from tests.newsroom.gold import FAILURES, GOLD
from tests.newsroom.server import Newsroom, serve

ROOT = Path(__file__).parent.parent


def registry(server: Server, field: str = "feeds", path: str = "/feed/good", more: str = "") -> str:
    head = f'[[source]]\nname = "site"\nhome = "{server.base}/"\nlanguage = "en"\n'
    return f'{head}{field} = ["{server.base}{path}"]\n{more}\n'


# The sample newsroom


@pytest.fixture(scope="module")
def newsroom():
    with serve(ports=0) as room:
        yield room


@pytest.fixture(scope="module")
def first(newsroom: Newsroom) -> Crawled:
    return crawl(newsroom.sources())


def test_every_gold_story_is_stored(newsroom: Newsroom, first: Crawled) -> None:
    gold = [json.loads(newsroom.local(line)) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    articles = {story.article.url: story.article for story in first.stories if story.article}
    for story in gold:
        article = articles[story["url"]]
        assert (article.title, article.language) == (story["title"], story["language"])
        assert article.body and article.published


def test_every_expected_failure_is_told(newsroom: Newsroom, first: Crawled) -> None:
    failures = json.loads(newsroom.local(FAILURES.read_text(encoding="utf-8")))
    stored = {story.page.url for story in first.stories if story.page and story.article}
    said = {message.url for message in first.report.messages}
    for url, kind in failures.items():
        if kind == "language":  # for the classifier to say
            continue
        assert url not in stored, kind
        assert kind == "denied" or url in said, kind
    assert first.report.exit_status == 0, "single pages that fail do not make a source fail"


def test_what_robots_txt_and_deny_forbid_is_not_asked_for(newsroom: Newsroom, first: Crawled) -> None:
    paths = [request.path for request in newsroom.requests]
    assert not [path for path in paths if path.startswith(("/private/", "/video/"))]
    assert paths.count("/robots.txt") == 5


def test_syndicated_story_links_to_the_first(first: Crawled) -> None:
    copies = {story.article.url: story.copy_of for story in first.stories if story.article and story.copy_of}
    assert len(copies) >= 1
    assert all(copy not in copies.values() for copy in copies), "no chains"


def test_second_crawl_finds_nothing_new(newsroom: Newsroom, first: Crawled) -> None:
    before = len(newsroom.requests)
    known = {story.page.requested_url or "" for story in first.stories if story.page}
    second = crawl(newsroom.sources(), known=known, states=first.states)
    assert second.stories == [] and second.report.total("fetched") == 0
    asked = newsroom.requests[before:]
    channels = [request for request in asked if request.path != "/robots.txt"]
    # The sitemap index is read in full: it can stay the same while its sitemaps change.
    assert sorted(request.status for request in channels) == [200] + [304] * 6, channels
    assert second.report.exit_status == 0


def test_progress_ends_where_it_should(first: Crawled) -> None:
    last = first.progress[-1]
    assert last.done == last.expected > 50


# Limits and repetition


def test_limit_leaves_the_rest_for_the_next_crawl() -> None:
    with mockserver() as server:
        part = crawl(registry(server), limit=1)
        assert len(part.stories) == 1 and part.report.total("postponed") == 1
        assert part.states == {}, "the channel must be read again, in full"
        rest = crawl(registry(server), known=part.addresses, states=part.states)
        assert len(rest.stories) == 1
        assert list(rest.states) == [("site", f"{server.base}/feed/good")]


def test_when_the_time_is_up_the_rest_is_left_for_the_next_crawl() -> None:
    with mockserver() as server:
        text = registry(server, "sitemaps", "/sitemap/news.gz")
        slow = {"DOWNLOAD_SLOTS": {server.base.removeprefix("http://"): {"delay": 1, "concurrency": 1, "jitter": 0}}}
        part = crawl(text, longest=4, settings=slow)
        told = part.report
        assert (told.reason, told.exit_status) == ("time is up", 1)
        assert (told.finished_at - told.started_at).total_seconds() < 15, "the queue of a slow host is not waited for"
        assert part.stories and not [s for s in part.stories if s.failure], "what was left is no failure"
        assert (told.total("left"), told.total("failed")) == (40 - len(part.stories), 0)
        assert part.states == {}, "the channel must be read again, in full"
        rest = crawl(text, known=part.addresses, states=part.states, longest=60)
        assert (rest.report.reason, rest.report.exit_status, rest.report.total("left")) == ("finished", 0, 0)
        assert len(part.addresses | rest.addresses) == len(part.stories) + len(rest.stories) == 40


class Slow:
    """A stage that takes its time, as the model does."""

    def __call__(self, story: Story) -> Story:
        time.sleep(0.5)
        return story


def test_what_was_fetched_in_time_but_not_judged_is_left_too() -> None:
    with mockserver() as server:
        part = crawl(registry(server, "sitemaps", "/sitemap/news.gz"), longest=3, stages={"classify": Slow()})
        told = part.report
        assert told.reason == "time is up"
        assert (told.finished_at - told.started_at).total_seconds() < 12
        assert (told.total("left"), told.total("failed")) == (40 - len(part.stories), 0)
        assert 0 < len(part.stories) < 40
        assert part.states == {}


def test_channels_that_were_not_reached_are_left_too() -> None:
    with mockserver() as server:
        other = registry(server).replace('name = "site"', 'name = "other"')
        slow = {"DOWNLOAD_SLOTS": {server.base.removeprefix("http://"): {"delay": 60, "concurrency": 1}}}
        part = crawl(registry(server, path="/silent/feed") + other, longest=1, settings=slow | {"DOWNLOAD_TIMEOUT": 2})
        assert part.report.reason == "time is up"
        assert (part.source("other").left, part.source("other").channels_failed) == (1, 0)


def test_a_longer_span_reads_an_unchanged_channel_again() -> None:
    with mockserver() as server:
        week = crawl(registry(server), since="7d")
        again = crawl(registry(server), since="7d", known=week.addresses, states=week.states)
        assert again.source("site").channels_unchanged == 1
        year = crawl(registry(server), since="1y", known=week.addresses, states=week.states)
        assert year.source("site").channels_read == 1 and year.source("site").known == 2


def test_listing_turns_pages_up_to_the_limit() -> None:
    with mockserver() as server:
        text = registry(server, "listings", "/list/1", "max_pages = 4")
        whole = crawl(text)
        assert len(whole.stories) == 12 and server.asked.count("/list/5") == 0
        server.asked.clear()
        again = crawl(text, known=whole.addresses, states=whole.states)
        assert again.stories == [] and "/list/2" not in server.asked
        # A crawl that was interrupted has no state: known stories are no reason to stop.
        server.asked.clear()
        crawl(text, known={address for address in whole.addresses if "/list1-" in address})
        assert "/list/2" in server.asked


class Fails:
    """A stage that raises."""

    def __call__(self, story: Story) -> Story:
        raise RuntimeError("no luck")


def test_a_stage_that_raises_fails_the_story_and_not_the_crawl() -> None:
    with mockserver() as server:
        result = crawl(registry(server), stages={"deduplicate": Fails()})
        assert [story.failure.reason for story in result.stories] == ["RuntimeError: no luck"] * 2
        assert {story.failure.stage for story in result.stories} == {"deduplicate"}
        assert result.report.reason == "finished"


def test_a_database_that_takes_nothing_ends_the_crawl() -> None:
    with mockserver() as server:
        result = crawl(registry(server, "sitemaps", "/sitemap/news.gz"), stages={"store": Fails()})
        assert result.report.reason == "the database takes no stories: RuntimeError: no luck"
        assert result.report.exit_status == 3 and result.states == {}


def test_no_source_answers() -> None:
    with mockserver() as server:
        text = registry(server)
    result = crawl(text)
    assert result.report.exit_status == 3
    assert [message.reason for message in result.report.messages] == ["the host refuses connections"]


# Single pages


def test_fetch_gives_a_story_for_each_address() -> None:
    with mockserver() as server:
        urls = [
            f"{server.base}/story/1?utm_source=x",
            f"{server.base}/page/404",
            "http://127.0.0.1:9/",
            "ftp://x.example/",
        ]
        good, gone, inside, ftp = fetch_pages(urls, registry(server))
    assert good.article and TEXT.split(",")[0] in good.article.body
    assert gone.failure and gone.failure.reason == "HTTP 404 Not Found"
    assert inside.failure and "this machine" in inside.failure.reason
    assert ftp.failure and ftp.failure.reason == "not an http or https address"


def test_fetch_refuses_loopback_without_a_registry() -> None:
    with mockserver() as server:
        [story] = fetch_pages([f"{server.base}/story/1"])
        assert story.failure and "the registry does not name it" in story.failure.reason
        assert server.asked == []


# Scrapy's own commands


def scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_scrapy_list() -> None:
    assert scrapy("list").stdout.split() == ["api", "check", "feed", "find", "listing", "news", "page", "sitemap"]


def test_scrapy_check_needs_no_network() -> None:
    done = scrapy("check")
    assert done.returncode == 0 and "OK" in done.stderr, done.stderr


def test_scrapy_crawl_takes_arguments(tmp_path: Path) -> None:
    with mockserver() as server:
        (tmp_path / "sources.toml").write_text(registry(server) + registry(server).replace('"site"', '"other"'))
        done = scrapy(
            "crawl", "feed", "-a", f"sources={tmp_path / 'sources.toml'}", "-a", "only=site", "-a", "since=7d",
            "-a", "limit=1", "-s", 'FOUNDERWATCH_STAGES={"extract": "pipelines.extract.Extract"}',
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert sum(path.startswith("/story/") for path in server.asked) == 1


# Reading channels


def test_a_feed_item_without_link_uses_an_id_that_is_one() -> None:
    feed = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>
      <entry><id>https://a.example/1</id><title>A &amp; B</title><published>2026-11-01T08:00:00+08:00</published></entry>
      <entry><id>urn:uuid:1</id><title>no address</title></entry></feed>"""
    [entry] = read_feed(feed, "https://a.example/feed").entries
    assert (entry.url, entry.title) == ("https://a.example/1", "A & B")
    assert entry.published == datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


def test_a_feed_summary_keeps_its_paragraphs() -> None:
    feed = (
        "<rss><channel><item><link>https://a.example/1</link><description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two "
        "&lt;b&gt;bold&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>"
    )
    assert read_feed(feed.encode(), "https://a.example/feed").entries[0].summary == "One.\nTwo bold."


def test_gbk_feed() -> None:
    feed = '<?xml version="1.0" encoding="gb2312"?><rss><channel><item><title>离职创业</title><link>https://a.example/1</link></item></channel></rss>'
    assert read_feed(feed.encode("gb18030"), "https://a.example/").entries[0].title == "离职创业"


def test_sitemap_index_takes_the_newest() -> None:
    months = [f"https://a.example/sitemap-{2000 + n // 12}-{n % 12 + 1:02}.xml" for n in range(300)]
    index = f"<sitemapindex>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in months)}</sitemapindex>"
    reading = read_sitemap(index.encode(), "https://a.example/sitemap.xml")
    assert reading.further == tuple(reversed(months[-MOST_CHILDREN:])) and "newest" in (reading.problem or "")


def test_old_sitemaps_of_an_index_are_left_out() -> None:
    index = (
        b"<sitemapindex><sitemap><loc>https://a.example/old.xml</loc><lastmod>2020-01-01</lastmod></sitemap>"
        b"<sitemap><loc>https://a.example/new.xml</loc><lastmod>2026-11-01</lastmod></sitemap></sitemapindex>"
    )
    reading = read_sitemap(index, "https://a.example/", datetime(2026, 10, 1, tzinfo=UTC))
    assert reading.further == ("https://a.example/new.xml",)


# Dates and addresses


def test_since() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert oldest(None, now) == now - timedelta(days=30)
    assert oldest("12h", now) == now - timedelta(hours=12)
    assert oldest("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)
    with pytest.raises(ValueError, match="not 'soon'"):
        oldest("soon")


def test_plausible_dates() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert plausible(datetime(1970, 1, 1, tzinfo=UTC), now) is None
    assert plausible(datetime(2099, 1, 1, tzinfo=UTC), now) is None
    assert plausible(now + timedelta(hours=8), now) == now + timedelta(hours=8), "a wrong time zone is no wrong date"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://A.example:443/x?utm_source=rss&id=7#top", "https://a.example/x?id=7"),
        ("http://127.0.0.1:18801/x?fbclid=1", "http://127.0.0.1:18801/x"),
        ("https://a.example/detail.jsp?8723", "https://a.example/detail.jsp?8723"),
        ("https://a.example/view?cid=12", "https://a.example/view?cid=12"),
        ("https://a.example/p/1?from=https://b.example/2", "https://a.example/p/1?from=https://b.example/2"),
        ("https://a.example", "https://a.example/"),
        ("javascript:alert(1)", None),
        ("mailto:a@a.example", None),
        ("//a.example/x", None),
        ("http://a.example:99999/", None),
    ],
)
def test_clean(url: str, expected: str | None) -> None:
    assert clean(url) == expected


def test_site_is_the_registered_domain() -> None:
    assert site("https://m.news.example.co.uk/x") == site("https://www.example.co.uk/") == "example.co.uk"
    assert site("http://127.0.0.1:18801/") != site("http://127.0.0.1:18802/")


# Worker processes


def test_many_pages_are_extracted_in_a_process_of_their_own() -> None:
    from contextlib import closing

    from pipelines.extract_apart import ExtractApart

    with mockserver() as server, closing(ExtractApart()) as unused:
        result = crawl(registry(server, "sitemaps", "/sitemap/news.gz"), stages={"extract": ExtractApart(few=5)})
        assert len(result.addresses) == 40 and not [story for story in result.stories if story.failure]
        assert unused._workers is None, "none is started before it is needed"


class Deadly:
    """A stage whose process dies."""

    def submit(self, story: Story):
        from concurrent.futures import Future

        future: Future = Future()
        future.set_exception(TimeoutError())
        return future

    def __call__(self, story: Story) -> Story:
        raise AssertionError("is not called")


def test_a_page_that_kills_its_process_fails_alone() -> None:
    with mockserver() as server:
        result = crawl(registry(server), stages={"extract": Deadly()})
        assert [str(story.failure.reason) for story in result.stories] == ["took too long"] * 2
        assert result.report.reason == "finished"
