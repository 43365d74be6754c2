"""JSON APIs as channels, keys and proxies, on a site that answers as 36Kr's newsflashes do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from spiders.access import MissingSecret, expand
from spiders.api import read_api
from spiders.entries import ChannelError
from spiders.sources import Api, RegistryError, load, parse
from tests.crawling import crawl
from tests.site import Answer, Asked, Site, feed, html, site

NOW = datetime.now(UTC)
FLASH = "据悉，云图科技算法负责人林婉清已于本周离职，将创办一家人工智能公司，方向是工业设计智能体，第{}条。"


def flashes(asked: Asked) -> Answer:
    """Three pages of two newsflashes each; the cursor of a page is its number."""
    question = json.loads(asked.body)
    page = int(question["param"]["pageCallback"] or 0)
    assert question["param"]["pageEvent"] == (1 if page else 0) and question["timestamp"] > 1.7e12
    items = [
        {
            "itemId": 3_500_000_000_000 + number,
            "templateMaterial": {
                "widgetTitle": f"快讯第{number}条",
                "widgetContent": FLASH.format(number),
                "publishTime": int((NOW - timedelta(hours=number)).timestamp() * 1000),
            },
        }
        for number in (2 * page, 2 * page + 1)
    ]
    data = {"itemList": items, "pageCallback": str(page + 1) if page < 2 else ""}
    return Answer(json.dumps({"code": 0, "data": data}).encode(), headers={"Content-Type": "application/json"})


def newsflashes(running: Site) -> str:
    """The packaged 36Kr source, turned to this site: what is tested is the registry's own description."""
    [source] = [source for source in load() if source.name == "36kr"]
    [api] = source.apis
    table = "".join(
        f"{key} = '{getattr(api, key)}'\n" for key in ("body", "items", "title", "summary", "published", "cursor")
    )
    link = api.link.replace("https://36kr.com", running.base)
    head = f'[[source]]\nname = "36kr"\nhome = "{running.base}/"\nlanguage = "zh"\n[[source.apis]]\n'
    return f'{head}url = "{running.base}/flow"\nlink = "{link}"\nwhole = true\n{table}'


def test_36krs_newsflashes_are_read_whole_and_page_by_page() -> None:
    with site({"/flow": flashes}) as running:
        registry = newsflashes(running)
        first = crawl(registry)
        assert len(first.stories) == 6 and not [story for story in first.stories if story.failure]
        articles = {story.article.url: story.article for story in first.stories}
        flash = articles[f"{running.base}/newsflashes/3500000000004"]
        assert (flash.title, flash.body, flash.language) == ("快讯第4条", FLASH.format(4), "zh")
        assert flash.published == (NOW - timedelta(hours=4)).replace(microsecond=flash.published.microsecond)
        assert running.paths == ["/robots.txt", "/flow", "/flow", "/flow"], "no page is asked for"
        known = {story.page.requested_url for story in first.stories}
        again = crawl(registry, known=known, states=first.states)
        assert again.stories == [] and running.paths[4:] == ["/robots.txt", "/flow"], (
            "one question where nothing is new"
        )
        assert again.report.exit_status == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"<html>", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (
            b'{"code": 429, "msg": "\\u8bbf\\u95ee\\u8fc7\\u4e8e\\u9891\\u7e41"}',
            "holds no list at 'data.list': it says '访问过于频繁'",
        ),
        (b'{"data": {"list": 3}}', "holds no list at 'data.list'"),
        (b'{"data": {"list": [{"id": 1}, 7, null]}}', "names 3 items, and none has"),
    ],
)
def test_an_api_that_answers_otherwise(answer: bytes, reason: str) -> None:
    with pytest.raises(ChannelError) as error:
        read_api(answer, "https://a.example/", Api("https://a.example/", "data.list", "/flash/{id}", "title"))
    assert str(error.value).startswith(reason)


@pytest.mark.parametrize(
    ("given", "hour"),
    [("2026-07-06 09:30", 1), (1783301400, 1), (1783301400000, 1), ("1783301400", 1), ("2026-07-06T09:30:00Z", 9),
     ("soon", None), (None, None), (True, None), (1e300, None), (-5, None), ({}, None)],
)  # fmt: skip
def test_times(given, hour: int | None) -> None:
    api = Api("https://a.example/", "", "url", "title", published="at")
    [entry] = read_api(json.dumps([{"url": "/1", "title": "T", "at": given}]).encode(), api.url, api).entries
    assert (entry.published.hour if entry.published else None) == hour


def test_links_that_lead_elsewhere_are_no_stories() -> None:
    items = [{"u": link, "t": "x"} for link in ("javascript:alert(1)", "/good", "", None, 3, "//[bad")]
    found = read_api(json.dumps(items).encode(), "https://a.example/", Api("https://a.example/", "", "u", "t"))
    assert [entry.url for entry in found.entries] == ["https://a.example/good"]


REGISTRY = """\
[[source]]
name = "a"
home = "https://a.example/"
language = "en"
[[source.apis]]
url = "https://a.example/api"
items = "list"
link = "url"
title = "t"
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('title = "t"', 'titel = "t"', "r:9: titel is unknown in apis (did you mean 'title'?)"),
        ('items = "list"\n', "", "items is missing in apis"),
        ('title = "t"', 'title = "t"\nwhole = "yes"', "r:10: whole must be true or false, not 'yes'"),
        ('"https://a.example/api"', '"file:///etc/passwd"', "r:6: url must be an http or https address"),
        ('language = "en"', 'language = "en"\nevery = "5"', "r:5: every must be a time such as 30m, 2h or 1d, not '5'"),
        ('language = "en"', 'language = "en"\nquota = 0', "r:5: quota must be a whole number from 1 to 1000000, not 0"),
        ('language = "en"', 'language = "en"\nheaders = { "A B" = "x" }', "r:5: headers must be names and texts"),
        ('language = "en"', 'language = "en"\nheaders = { A = "x\\r\\nB: y" }', "r:5: headers must be names and texts"),
    ],
)
def test_a_mistake_names_its_line(old: str, new: str, expected: str) -> None:
    assert parse(REGISTRY)[0].api("https://a.example/api")
    with pytest.raises(RegistryError) as error:
        parse(REGISTRY.replace(old, new), "r")
    assert any(expected in problem for problem in error.value.problems), error.value.problems


# Keys and proxies


def test_secrets_come_from_the_environment() -> None:
    assert expand("Bearer ${KEY}", {"KEY": " s3cret\n"}) == "Bearer s3cret"
    assert expand("$KEY {KEY}", {}) == "$KEY {KEY}"
    for environment in ({}, {"KEY": " "}):
        with pytest.raises(MissingSecret, match=r"needs \$KEY in the environment"):
            expand("${KEY}", environment)


def paid(asked: Asked) -> Answer:
    allowed = asked.headers.get("authorization") == "Bearer s3cret"
    return feed(("One", "/story/1"), ("Away", "/away")) if allowed else Answer(b"who are you?", 401)


def test_a_key_goes_to_its_own_host_alone_and_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWS_KEY", "s3cret")
    page = html("A story", "Words of some length. " * 40)
    with site({"/story/2": page}) as other:
        pages = {"/feed": paid, "/story/1": page, "/away": Answer(b"", 302, {"Location": f"{other.base}/story/2"}),
                 "/gone?key=s3cret": Answer(b"", 404)}  # fmt: skip
        with site(pages) as own:
            registry = own.registry(
                "/feed", "/gone?key=${NEWS_KEY}", more='headers = { Authorization = "Bearer ${NEWS_KEY}" }'
            )
            registry += other.registry("/none", name="other")
            result = crawl(registry, only=["site"])
        assert len(result.addresses) == 2
        assert not [asked for asked in other.asked if "authorization" in asked.headers], "a redirect takes no key along"
        assert [asked.path for asked in own.asked if asked.headers.get("authorization")][-1] != "/robots.txt"
        told = repr((result.report, result.states, [(s.page.url, s.failure) for s in result.stories]))
        assert "s3cret" not in told and "/gone?key=${NEWS_KEY}" in told


def test_a_key_that_is_not_set_fails_its_source_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWS_KEY", raising=False)
    with site({"/feed": feed(("One", "/story/1")), "/story/1": html("A story", "Words. " * 90)}) as running:
        registry = running.registry("/feed") + running.registry("/f?k=${NEWS_KEY}", name="paid")
        registry += running.registry("/feed", name="headed", more='headers = { X = "${NEWS_KEY}" }')
        result = crawl(registry)
        for name in ("paid", "headed"):
            assert "needs $NEWS_KEY in the environment" in result.source(name).messages[0].reason
            assert result.source(name).grade == "hard"
        assert result.source("site").stored == 1 and result.report.exit_status == 1


def test_a_source_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy alone knows the host; a site that the registry does not send through it is asked directly."""
    pages = {
        "http://inside.example/robots.txt": Answer(b"", 404),
        "http://inside.example/feed": Answer(
            feed(("One", "/story/1")).body.replace(b"{base}", b"http://inside.example")
        ),
        "http://inside.example/story/1": html("A story", "Words of some length. " * 40),
    }
    with site(pages) as proxy:
        monkeypatch.setenv("OUR_PROXY", proxy.base)
        registry = (
            '[[source]]\nname = "a"\nhome = "http://inside.example/"\nlanguage = "en"\n'
            'feeds = ["http://inside.example/feed"]\nproxy = "${OUR_PROXY}"\n'
        )
        result = crawl(registry)
    assert result.addresses == {"http://inside.example/story/1"}, result.report.messages
    assert "http://inside.example/feed" in proxy.paths
