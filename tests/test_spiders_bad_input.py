"""What the web gets wrong: each fault gives one clear message and costs no other source anything."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.crawling import Crawled, crawl
from tests.mockserver import PAGES, Server, mockserver
from tests.site import Answer, html, site

TIMEOUT = 10  # what a machine with other work needs
SETTINGS = {"DOWNLOAD_TIMEOUT": TIMEOUT, "RETRY_TIMES": 1}
FEEDS = ("html", "empty", "cut", "undated", "bomb", "odd", "json", "loopback", "huge", "500")


def source(name: str, base: str, field: str, path: str, more: str = "") -> str:
    head = f'[[source]]\nname = "{name}"\nhome = "{base}/"\nlanguage = "en"\n'
    return f'{head}{field} = ["{base}{path}"]\n{more}\n'


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server, Server]]:
    with mockserver() as bad, mockserver(5) as good, mockserver() as silent:
        yield bad, good, silent


@pytest.fixture(scope="module")
def crawled(servers: tuple[Server, Server, Server]) -> Crawled:
    """One crawl of every fault at once, beside one good source."""
    bad, good, silent = servers
    registry = "".join(
        [
            source("silent", silent.base, "feeds", "/silent/feed"),
            *(source(f"feed-{name}", bad.base, "feeds", f"/feed/{name}") for name in FEEDS),
            source("pages", bad.base, "feeds", "/feed/pages"),
            *(
                source(f"map-{name}", bad.base, "sitemaps", f"/sitemap/{name}")
                for name in ("self", "cut.gz", "bomb.gz")
            ),
            source("good", good.base, "feeds", "/feed/good"),
        ]
    )
    started = time.monotonic()
    result = crawl(registry, settings=SETTINGS)
    result.seconds = time.monotonic() - started  # type: ignore[attr-defined]
    return result


def test_the_good_source_is_whole(crawled: Crawled) -> None:
    good = crawled.source("good")
    assert (good.channels_read, good.found, good.fetched, good.stored, good.failed) == (1, 2, 2, 2, 0)
    assert good.messages == ()


def test_every_failure_names_source_address_and_reason(crawled: Crawled) -> None:
    for story in crawled.stories:
        if story.failure:
            assert story.page and story.page.source and story.page.url.startswith("http"), story
            assert 5 < len(story.failure.reason) < 300 and "\n" not in story.failure.reason
    said = [(message.source, message.url) for message in crawled.report.messages if message.stage != "note"]
    assert len(said) == len(set(said)), "one message each"


def test_exit_status_is_partial(crawled: Crawled) -> None:
    assert crawled.report.reason == "finished"
    assert crawled.report.exit_status == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("html", "is not a feed but an HTML page"),
        ("empty", "is empty"),
        ("huge", "larger than 10 MB"),
        ("500", "HTTP 500 Internal Server Error"),
    ],
)
def test_feed_that_is_none(crawled: Crawled, name: str, reason: str) -> None:
    report = crawled.source(f"feed-{name}")
    assert report.broken and report.silent
    [message] = report.messages
    assert message.reason == reason and message.url.endswith(f"/feed/{name}") and message.stage == "channel"


def test_truncated_feed_gives_what_came(crawled: Crawled) -> None:
    report = crawled.source("feed-cut")
    assert report.stored == 2
    assert "is cut off" in report.messages[0].reason and "2 items" in report.messages[0].reason
    assert not any(source == "feed-cut" for source, _ in crawled.states), "a broken channel is read again"


def test_undated_feed_is_taken_as_new(crawled: Crawled) -> None:
    assert crawled.source("feed-undated").stored == 1


def test_entity_bomb_does_not_go_off(crawled: Crawled) -> None:
    titles = [story.page.title or "" for story in crawled.stories if story.page and story.page.source == "feed-bomb"]
    assert all(len(title) < 10_000 for title in titles)
    assert crawled.source("feed-bomb").stored or crawled.source("feed-bomb").messages


def test_impossible_dates_count_as_none(crawled: Crawled) -> None:
    report = crawled.source("feed-odd")
    assert crawled.story("/story/1970").page.published is None
    assert crawled.story("/story/2099").page.published is None
    assert crawled.story("/story/relative").failure is None
    assert (report.found, report.old) == (4, 1), "2015 is old; javascript: is no address and names no story"


def test_json_feed(crawled: Crawled) -> None:
    assert crawled.story("/story/json").page.title == "From JSON"


def test_other_ports_and_metadata_addresses_are_refused(crawled: Crawled) -> None:
    reasons = [message.reason for message in crawled.source("feed-loopback").messages]
    assert sorted(reasons) == [
        "127.0.0.1 is on this machine, and the registry does not name it",
        "169.254.169.254 is on a private network, and the registry does not name it",
    ]


def test_source_that_never_answers(crawled: Crawled) -> None:
    report = crawled.source("silent")
    [message] = report.messages
    assert message.reason == f"no complete answer within {TIMEOUT} s"
    assert crawled.seconds < 55  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/page/empty", "extract: the page is empty"),
        ("/page/huge", "fetch: larger than 10 MB"),
        ("/page/endless", "fetch: larger than 10 MB"),
        ("/page/pdf", "extract: the page is not HTML: application/pdf"),
        ("/page/binary", "extract: the page is not HTML: a binary file"),
        ("/page/404", "fetch: HTTP 404 Not Found"),
        ("/page/loop", "fetch: redirected too often"),
        ("/page/inside", "fetch: 127.0.0.1 is on this machine, and the registry does not name it"),
        ("/forbidden/page", "fetch: forbidden by robots.txt"),
    ],
)
def test_page_that_is_no_story(crawled: Crawled, path: str, reason: str) -> None:
    assert path in PAGES
    assert crawled.reason(path) == reason


def test_truncated_page_gives_what_came(crawled: Crawled) -> None:
    story = crawled.story("/page/cut")
    assert story.failure is None and story.article and "Mara Lindqvist" in story.article.body
    assert "the server broke off the answer" in story.notes


def test_wrong_declared_encoding(crawled: Crawled) -> None:
    article = crawled.story("/page/liar").article
    assert article and "林婉清" in article.body and article.title == "离职创业" and article.language == "zh"


def test_shut_door_leaves_the_headline(crawled: Crawled) -> None:
    story = crawled.story("/page/403")
    assert story.article and story.article.title == "The page /page/403" and story.article.body == ""
    assert "not fetched: HTTP 403 Forbidden" in story.notes


def test_one_character_and_two_megabytes(crawled: Crawled) -> None:
    assert crawled.story("/page/letter").article.body == "x"
    long = crawled.story("/page/long")
    assert long.article and len(long.article.body) > 1_900_000


def test_sitemaps(crawled: Crawled) -> None:
    whole, cut, bomb = (crawled.source(f"map-{name}") for name in ("self", "cut.gz", "bomb.gz"))
    assert whole.stored == 40 and whole.channels_read == 2, "an index that names itself is read once"
    assert cut.found + cut.channels_failed > 0 and "is cut off" in cut.messages[0].reason
    assert bomb.messages[0].reason == "is larger than 50 MB once unpacked"


def test_robots_holds_for_all_that_wait_while_it_is_fetched() -> None:
    with mockserver() as mock:
        asked = ("/feed/good", "/forbidden/1", "/forbidden/2", "/forbidden/3")
        crawled = crawl("".join(source(path[1:], mock.base, "feeds", path) for path in asked))
        assert not [path for path in mock.asked if path.startswith("/forbidden")]
    assert [message.reason for message in crawled.report.messages] == ["forbidden by robots.txt"] * 3


def test_a_sitemap_has_more_time_than_a_feed() -> None:
    def slowly(body: bytes) -> Answer:
        def rest() -> Iterator[bytes]:
            time.sleep(3)
            yield body[20:]

        return Answer(body[:20], headers={"Content-Type": "application/xml"}, stream=rest)

    pages = {"/robots.txt": Answer(b"", 404), "/story/1": html("Story", "Words of it. " * 60)}
    with site(pages) as running:
        address = f"{running.base}/story/1".encode()
        pages["/map.xml"] = slowly(b"<?xml version='1.0'?><urlset><url><loc>" + address + b"</loc></url></urlset>")
        pages["/feed"] = slowly(
            b"<rss><channel><item><title>A</title><link>" + address + b"</link></item></channel></rss>"
        )
        found = crawl(
            running.registry("/map.xml", field="sitemaps"), settings={"DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0}
        )
        assert found.addresses == {address.decode()} and not found.report.messages
        found = crawl(running.registry("/feed"), settings={"DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0})
        assert [message.reason for message in found.report.messages] == ["no complete answer within 2 s"]
