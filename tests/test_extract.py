"""From a page's bytes to an article."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from trafilatura.xpaths import AUTHOR_XPATHS

from founderwatch.items import GUESSED, Article, Failure, Page, Story
from models.language import detect
from pipelines.decode import decode
from pipelines.extract import (
    MOST_ELEMENTS,
    SIGNED,
    Extract,
    NotExtracted,
    article_from_html,
    article_from_text,
    extract,
)
from pipelines.furniture import without_furniture
from pipelines.metadata import moment
from pipelines.since import Since
from pipelines.stage import advance
from tests.mockserver import CHINESE, TEXT, article

URL = "https://news.example.com/2026/story-1?utm_source=feed"
ZH = "据两位知情人士透露，阿里云算法工程师周畅已经离职，将创办一家人工智能应用公司。该消息由三十六氪首先报道。"
TRADITIONAL = (
    "據兩位知情人士透露，這家公司的首席技術官已經離開，將在臺北創辦一家新的公司，並與過去的同事們一起發展業務。"
)


def page(body: bytes | str, **values: Any) -> Page:
    data = body.encode() if isinstance(body, str) else body
    defaults = {"url": URL, "source": "test", "content_type": "text/html", "fetched_at": datetime.now(UTC)}
    return Page(body=data, **{**defaults, **values})


def story(body: bytes | str, **values: Any) -> Story:
    return Extract()(Story(page=page(body, **values)))


# What is read


def test_a_whole_page() -> None:
    linked = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Example"},
            {
                "@type": ["NewsArticle"],
                "headline": "Engineer leaves  to found a company",
                "datePublished": "2026-11-20T09:30:00+08:00",
                "author": [{"@type": "Person", "name": "Ada Byron"}, {"name": "Bo Li"}],
            },
        ],
    }
    head = (
        f'<script type="application/ld+json">{json.dumps(linked)}</script>'
        '<link rel="canonical" href="/2026/story-1"><meta property="og:site_name" content="The Example">'
    )
    found = story(
        article("Engineer leaves to found a company | Example", TEXT, "A second paragraph, " + TEXT, head=head)
    )
    assert found.failure is None and found.article
    made = found.article
    assert made.title == "Engineer leaves to found a company"
    assert made.body.count("\n") == 1 and made.body.startswith("Mara Lindqvist")
    assert made.published == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert made.url == "https://news.example.com/2026/story-1"
    assert made.language == "en" and made.site_name == "The Example" and "Ada Byron" in (made.author or "")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://m.example.com/story-1?fbclid=x", "https://m.example.com/story-1"),
        ("https://other.example.org/story-1", "https://news.example.com/2026/story-1"),
        ("https://www.example.com/", "https://news.example.com/2026/story-1"),
        ("javascript:void(0)", "https://news.example.com/2026/story-1"),
        ("", "https://news.example.com/2026/story-1"),
    ],
)
def test_canonical_address_stays_on_the_site(link: str, expected: str) -> None:
    found = story(article("Title of it", TEXT, head=f'<link rel="canonical" href="{link}">'))
    assert found.article and found.article.url == expected


def test_times_prefer_the_exact_one() -> None:
    channel = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    exact = article("T", TEXT, head='<meta property="article:published_time" content="2026-11-19T22:00:00Z">')
    vague = article("T", TEXT, head='<meta name="date" content="2026-11-18">')
    assert story(exact, published=channel).article.published == datetime(2026, 11, 19, 22, tzinfo=UTC)
    assert story(vague, published=channel).article.published == channel
    assert story(vague).article.published == datetime(2026, 11, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "Copyright © 1998-2019 The Outlet",
        "The firm was founded on 3 March 2011.",
        "Visit us at 12 May 2015 Street, room 2016-01-12.",
    ],
)
def test_a_date_in_the_text_makes_no_new_story_old(words: str) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    found = story(
        article("T", f"{TEXT} {words}"), url="https://a.example/x", requested_url="https://a.example/x", fetched_at=now
    )
    assert found.article.published is None and Since(now - timedelta(days=30))(found) is found


def test_a_date_in_the_text_of_these_weeks_is_taken_with_a_note() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    found = story(
        article("T", f"{TEXT} Berlin, 20 November 2026."),
        url="https://a.example/x",
        requested_url="https://a.example/x",
        fetched_at=now,
    )
    assert found.article.published == datetime(2026, 11, 20, tzinfo=UTC) and GUESSED in found.notes
    assert Since(now - timedelta(days=2))(found) is found


def test_what_a_page_declares_goes_before_its_address_and_that_before_its_text() -> None:
    address = "https://a.example/2026/11/03/x"
    declared = article("T", TEXT, head='<meta name="dc.date" content="2026-11-05">')
    assert story(declared, url=address, requested_url=address).article.published == datetime(2026, 11, 5, tzinfo=UTC)
    told = story(article("T", f"{TEXT} Berlin, 20 November 2026."), url=address, requested_url=address)
    assert told.article.published == datetime(2026, 11, 3, tzinfo=UTC) and GUESSED not in told.notes


def test_naive_times_of_chinese_pages_are_chinas() -> None:
    html = f'<html lang="zh-CN"><head><meta name="publishdate" content="2026-11-20 08:30:00"></head><body><article><h1>标题在此</h1><p>{ZH * 3}</p></article></body></html>'
    assert story(html).article.published == datetime(2026, 11, 20, 0, 30, tzinfo=UTC)


def test_impossible_times() -> None:
    assert moment("2099-01-01T00:00:00Z") is None and moment("1970-01-01T00:00:00Z") is None
    assert moment("0000-13-45T99:99") is None and moment(5) is None
    assert moment("Fri, 20 Nov 2026 09:30:00 +0800") == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


# Encodings


@pytest.mark.parametrize(
    ("text", "encoding", "header", "meta"),
    [
        (ZH, "utf-8", None, None),
        (ZH, "gb18030", "gb2312", None),
        (ZH, "gb18030", None, "gbk"),
        (ZH, "gb18030", None, None),
        (ZH, "gb18030", "utf-8", "utf-8"),
        (ZH, "gb18030", "iso-8859-1", None),
        (ZH, "utf-8", "gb2312", "gb2312"),
        (ZH, "utf-8", "iso-8859-1", None),
        (TRADITIONAL, "big5hkscs", None, "big5"),
        (TRADITIONAL, "big5hkscs", "utf-8", None),
        (ZH, "utf-16", "utf-8", None),
        ("Café — naïve “quotes” of an économie", "cp1252", None, "windows-1252"),
        ("Café — naïve “quotes” of an économie", "utf-8", "iso-8859-1", "iso-8859-1"),
        ("Привет, мир: основатель уходит из компании", "koi8-r", None, "koi8-r"),
    ],
)
def test_decode(text: str, encoding: str, header: str | None, meta: str | None) -> None:
    declared = f'<meta charset="{meta}">' if meta else ""
    html = f"<html><head>{declared}</head><body><p>{text}</p></body></html>"
    assert text in decode(html.encode(encoding), header)


def test_decode_survives_a_cut_character_and_nonsense_names() -> None:
    assert decode(ZH.encode()[:-1], "no-such-charset").startswith(ZH[:-1])
    assert decode(b"plain", "\x00") == "plain" and decode(b"", None) == ""


# Languages


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("", "周畅离职", "zh"),
        ("", "據兩位知情人士透露", "zh"),
        ("OpenAI、Anthropic、Google DeepMind 之后，他离职创业", "", "zh"),
        ("", "同社の最高技術責任者は退職し、起業する", "ja"),
        ("", "최고기술책임자가 회사를 떠나 창업한다", "ko"),
        ("", TEXT, "en"),
        ("", "Le directeur technique quitte le groupe pour fonder sa propre entreprise à Paris, dit-il.", "fr"),
        ("", "12 345", None),
    ],
)
def test_language(title: str, body: str, language: str | None) -> None:
    assert detect(title, body) == language


def test_short_texts_take_the_declared_language() -> None:
    assert detect("CTO out", "", "en-GB") == "en"
    assert detect("CTO out", "", "zh") != "zh", "a Latin text is not Chinese, whatever the page says"


# What is no article


@pytest.mark.parametrize(
    ("body", "values", "reason"),
    [
        (b"", {}, "the page is empty"),
        (b" \n\t ", {}, "the page is empty"),
        (b"%PDF-1.4 ...", {}, "the page is not HTML: a binary file"),
        (b"{}", {"content_type": "application/json"}, "the page is not HTML: application/json"),
        (bytes(range(256)) * 9, {}, "the page is not HTML: a binary file"),
        (b"<html><body></body></html>", {}, "no text found in the page"),
        (b"<p>x" * (MOST_ELEMENTS + 9), {}, "elements, more than"),
        (b"<p>" + b"x" * 10_000_001, {}, "the page is larger than 10 MB"),
    ],
)
def test_failures_say_why(body: bytes, values: dict[str, Any], reason: str) -> None:
    found = story(body, **values)
    assert found.article is None and found.failure and found.failure.stage == "extract"
    assert reason in found.failure.reason


def test_a_script_shell_leaves_the_channels_words() -> None:
    shell = "<html><head><title>App</title></head><body><div id=root></div><script src=x></script></body></html>"
    found = story(shell, title="周畅离职创业", summary=ZH)
    assert found.failure is None and found.article
    assert (found.article.title, found.article.body, found.article.language) == ("周畅离职创业", ZH, "zh")
    assert any(note.startswith("from the feed") for note in found.notes)


def test_a_teaser_is_kept_and_marked() -> None:
    wall = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>'
    found = story(article("Behind the wall", TEXT, head=wall))
    assert found.article and "teaser" in found.notes and "Mara Lindqvist" in found.article.body


def test_stages_leave_failures_and_articles_alone() -> None:
    failed = Story(page=page(b""), failure=Failure("fetch", "HTTP 404"))
    assert Extract()(failed) is failed
    given = Story(article=article_from_text("a text"))
    assert Extract()(given) is given


# Bounds


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 40_000 + b"x",
        b"<b><i>" * 20_000 + TEXT.encode(),
        b"<" * 300_000,
        b"<p>" + b"2024-01-02 " * 150_000,
        b'<script type="application/ld+json">' + b"[" * 100_000 + b"</script><p>" + TEXT.encode() * 3,
        b'<div data-x="' + b"a" * 3_000_000 + b'"><p>' + TEXT.encode(),
        b"<p><span>word</span> <a href=/x>b</a> text of some</p>" * 12_000,
    ],
)
def test_pathological_pages_end_soon(body: bytes) -> None:
    started = time.process_time()
    found = story(body)
    assert found.article or found.failure
    assert time.process_time() - started < 20


def test_two_megabytes_of_chinese() -> None:
    found = story(article("很长的文章", CHINESE * 13_000))
    assert found.article and len(found.article.body) > 600_000 and found.article.language == "zh"


# Entry points of `scan`


def test_html_without_a_crawl() -> None:
    made = article_from_html(article("Title of it", TEXT), "https://news.example.com/a", "Example")
    assert (made.title, made.url, made.source) == ("Title of it", "https://news.example.com/a", "Example")
    assert article_from_html(article("Title of it", TEXT).decode()).url is None
    with pytest.raises(NotExtracted, match="empty"):
        article_from_html(b"")


def test_text_is_taken_letter_for_letter() -> None:
    text = "  First line.\r\n\r\nSecond\tline. \n"
    assert article_from_text(text).body == text


def test_extract_raises_for_the_caller_to_tell() -> None:
    with pytest.raises(NotExtracted):
        extract(page(b""))


# Furniture


def test_credits_go_and_news_stays() -> None:
    lines = [
        "标题在此",
        "文｜张三",
        "责任编辑：李四",
        "编辑部主任张三离职创业。",
        "周畅已经离职。",
        "（责任编辑：韦一鸣）",
    ]
    assert without_furniture("\n".join(lines), "标题在此") == "编辑部主任张三离职创业。\n周畅已经离职。"
    assert without_furniture("Only title", "Only title") == "Only title"
    assert without_furniture("Ada Byron · November 20, 2026\nThe news.", "T", "Ada Byron") == "The news."


def test_hot_lists_are_no_part_of_the_story() -> None:
    html = (
        f"<html><body><div class=main><div><h1>机器人公司融资</h1><div>{ZH}<br><br>{ZH}<br><br>{ZH}</div></div>"
        "<div class=right><h3>24小时热榜</h3><div>1 某大厂副总裁被曝离职创业</div></div></div></body></html>"
    )
    found = story(html)
    assert found.article and "热榜" not in found.article.body and "副总裁" not in found.article.body


# Stages in general


def test_since_fails_old_stories_only() -> None:
    stage = Since(datetime(2026, 11, 1, tzinfo=UTC))
    old = Article(url=None, source=None, title="", body="x", published=datetime(2026, 10, 1, tzinfo=UTC))
    assert stage(Story(article=old)).failure == Failure("since", "published 2026-10-01, before 2026-11-01")
    undated = Story(article=article_from_text("x"))
    assert stage(undated) is undated


def test_advance_keeps_the_first_cause() -> None:
    def broken(_: Story) -> Story:
        raise ValueError("two\nlines")

    assert advance(broken, "classify", Story()).failure == Failure("classify", "ValueError: two lines")
    first = Story(failure=Failure("fetch", "HTTP 404"))
    assert advance(broken, "classify", first) is first


def test_the_headline_with_the_outlets_name_is_furniture() -> None:
    assert without_furniture("A title of it | Outlet\nThe news.", "A title of it") == "The news."
    flash = "邱正阳已离职创业，新公司主攻车载语音。\n他没有回应。"
    assert without_furniture(flash, "邱正阳已离职创业") == flash


def test_an_author_is_looked_for_wherever_trafilatura_would_find_one():
    words = {
        re.sub(r"\[[Aa]a\]|\[[Bb]b\]|\?", lambda m: m[0].strip("[]?")[:1], word)
        for path in AUTHOR_XPATHS
        for told in re.findall(r"'([^']*)'", re.sub(r"\srel='me'", "", path.path))  # asks for an element, by mistake
        for word in told.split("|")
    }
    assert len(words) > 15
    assert [word for word in words if not SIGNED.search(word)] == []
