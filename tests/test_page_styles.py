"""Pages of many styles, saved in tests/pages with what is to be read from them: text, times, authors, and walls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from lxml.html import fromstring

from founderwatch.items import Page, Story
from pipelines import walls
from pipelines.extract import Extract
from pipelines.shown import moment_shown, shown

PAGES = Path(__file__).parent / "pages"
ABOUT = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(PAGES.glob("*.json"))}
STORIES = [name for name, about in ABOUT.items() if "expected" in about]
WALLS = [name for name, about in ABOUT.items() if "wall" in about]
CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 7, 6, 1, 30, tzinfo=UTC)


def read(name: str, feed: dict[str, str] | None) -> Story:
    about = ABOUT[name]
    charset = about["content_type"].partition("charset=")[2] or None
    page = Page(
        url=about["url"],
        source="test",
        body=(PAGES / f"{name}.html").read_bytes(),
        fetched_at=datetime.fromisoformat(about["fetched_at"]),
        content_type=about["content_type"],
        encoding=charset,
        **(feed or {}),
    )
    return Extract()(Story(page=page))


def test_every_page_has_its_description() -> None:
    assert {path.stem for path in PAGES.glob("*.html")} == set(ABOUT) == {*STORIES, *WALLS}


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    expected: dict[str, Any] = ABOUT[name]["expected"]
    found = read(name, ABOUT[name].get("feed"))
    assert found.failure is None and found.article
    article = found.article
    assert article.title == expected["title"] and article.language == expected["language"]
    if "body" in expected:
        assert article.body.split("\n") == expected["body"]
    for piece in expected.get("has", ()):
        assert article.body.count(piece) == 1, piece
    for piece in expected.get("without", ()):
        assert piece not in article.body
    if "published" in expected:
        assert article.published == datetime.fromisoformat(expected["published"])
    for key in ("author", "url"):
        if key in expected:
            assert getattr(article, key) == expected[key]
    if "notes" in expected:
        assert list(found.notes) == expected["notes"]
    if "noted" in expected:
        assert any(note.startswith(expected["noted"]) for note in found.notes)


@pytest.mark.parametrize("name", WALLS)
def test_behind_a_wall_the_feeds_words_are_judged(name: str) -> None:
    feed, wall = ABOUT[name]["feed"], ABOUT[name]["wall"]
    found = read(name, feed)
    assert found.failure is None and found.article
    assert (found.article.title, found.article.body) == (feed["title"], feed["summary"])
    assert found.notes == (f"from the feed: {wall}: the page does not show the story",)
    headline = read(name, {"title": feed["title"]})
    assert headline.article and (headline.article.title, headline.article.body) == (feed["title"], "")


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_without_a_feed_is_a_failure_that_says_which(name: str) -> None:
    found = read(name, None)
    assert found.article is None and found.failure is not None
    assert found.failure.reason.startswith(ABOUT[name]["wall"])


# What only looks like a notice


@pytest.mark.parametrize(
    "line",
    [
        "Lind said the company would use customers' data and cookies no more.",
        "The regulator said sites must let users reject all cookies.",
        "The start-up sells a subscription to read the full archive of court records.",
        "Why is Norway not a member of the union?",
        "The CTO told staff that the app needs JavaScript engineers.",
        "We store data on our own device, he said.",
        "周畅离职后将创办一家付费内容公司。",
        "负责安全验证业务的周畅离职创业。",
        "她曾负责微信登录与支付，离职后创业。",
        "我们的会员内容团队负责人离职。",
        "机器人公司称正在加载新的模型，创始人离职。",
    ],
)
def test_news_is_no_notice(line: str) -> None:
    assert walls.kind_of(line) is None


@pytest.mark.parametrize(
    "title",
    [
        "Oops: the chief scientist left to found a rival",
        "404 Media's editor leaves to start a newsletter",
        "Access denied no more: founder of Lock leaves",
        "Something went wrong at Northwind: how a CTO left",
        "该文章作者离职创业",
        "抱歉，我离职创业了",
        "服务器厂商高管离职",
        "安全验证公司CTO离职创业",
    ],
)
def test_headlines_are_no_errors(title: str) -> None:
    assert walls.in_place_of(walls.Facts(), title) is None


def test_a_short_story_with_such_a_title_is_kept_where_the_feed_has_it_too() -> None:
    html = "<html><head><title>Access denied</title></head><body><article><h1>Access denied</h1><p>Odalys Brandt has left Lorne Micro to found a company that makes locks, the Courier has learnt from her.</p></article></body></html>"
    page = Page(
        "https://a.example/1", "test", html.encode(), NOW, title="Access denied", summary="Odalys Brandt leaves."
    )
    found = Extract()(Story(page=page))
    assert found.article and "makes locks" in found.article.body and not found.notes


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("She left on Friday. Continue reading →", "She left on Friday."),
        ("She left on Friday. [...]", "She left on Friday."),
        ("She left on Friday.\nThe post She leaves appeared first on The Courier.", "She left on Friday."),
        ("她上周离职。\n阅读全文", "她上周离职。"),
        ("她上周离职。 查看原文", "她上周离职。"),
        ("Read more", ""),
        ("Odalys Brandt has left … Read the full story", "Odalys Brandt has left …"),
        ("He said that people should read more", "He said that people should read more"),
        ("She likes to read more than to write.", "She likes to read more than to write."),
        ("", ""),
    ],
)
def test_stumps_go(text: str, kept: str) -> None:
    assert walls.without_stump(text) == kept


# Times that are shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3小时前", "2026-07-05T22:30"),
        ("3小時前", "2026-07-05T22:30"),
        ("5分钟前 · 沈若水", "2026-07-06T01:25"),
        ("刚刚", "2026-07-06T01:30"),
        ("昨天 14:20", "2026-07-05T06:20"),
        ("前天 08:00", "2026-07-04T00:00"),
        ("今天 08:10", "2026-07-06T00:10"),
        ("2026年7月5日", "2026-07-04T16:00"),
        ("2026年07月05日 星期日 10:20", "2026-07-05T02:20"),
        ("2026年7月5日 下午3:20", "2026-07-05T07:20"),
        ("来源：岚海 2026/07/05 08:30", "2026-07-05T00:30"),
        ("07-05 08:30", "2026-07-05T00:30"),
        ("12月31日 23:00", "2025-12-31T15:00"),
        ("7 hours ago", "2026-07-05T18:30"),
        ("Updated 2 days ago", "2026-07-04T01:30"),
        ("Yesterday at 8:15 PM", "2026-07-05T12:15"),
        ("July 5, 2026 8:30 PM ET", "2026-07-06T00:30"),
        ("Jul 5, 2026, 8:30 AM PDT", "2026-07-05T15:30"),
        ("Jan 5, 2026, 8:30 AM ET", "2026-01-05T13:30"),
        ("Published 5 July 2026 08:30 BST", "2026-07-05T07:30"),
    ],
)
def test_shown_times(text: str, expected: str) -> None:
    assert moment_shown(text, CHINA, NOW) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "2099年1月1日", "2026年13月45日", "May 2026", "字数 3000", "10-15 people", "1-800-555-0199", "99999999小时前", "2026-99-99 25:61"]
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert moment_shown(text, CHINA, NOW) is None


@pytest.mark.parametrize(
    "line",
    [
        "<p>The firm was founded on 3 March 2011.</p>",
        "<p>公司成立于2011年3月3日，总部在杭州。</p>",
        "</article><footer>2008-05-12 Road, London</footer>",
        "<figure><img src=a.jpg><figcaption>The plant on 3 March 2011</figcaption></figure>",
    ],
)
def test_a_sentence_or_caption_below_the_headline_is_no_time_of_publication(line: str) -> None:
    tree = fromstring(
        f"<html><body><article><h1>A headline</h1>{line}<p>{'More of it. ' * 20}</p></article></body></html>"
    )
    assert shown(tree, CHINA, NOW) is None
    line = "<div>By Jane Doe | 5 July 2026, 8:30 p.m.</div>"
    tree = fromstring(
        f"<html><body><article><h1>A headline</h1>{line}<p>{'More of it. ' * 20}</p></article></body></html>"
    )
    assert shown(tree, UTC, NOW) == datetime(2026, 7, 5, 20, 30, tzinfo=UTC)
