"""Checks that the sample newsroom serves what its docstring and its gold files say."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from tests.newsroom import gold as gold_files
from tests.newsroom.rendering import render
from tests.newsroom.server import SOURCES, Newsroom, serve
from tests.newsroom.stories import Site, Story, load_sites

GOLD = [json.loads(line) for line in gold_files.GOLD.read_text(encoding="utf-8").splitlines()]
FAILURES: dict[str, str] = json.loads(gold_files.FAILURES.read_text(encoding="utf-8"))
STORIES = {site.base + site.path(story): story for site in load_sites() for story in site.stories}
FLAGGED = [line for line in GOLD if line["status"]]


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """Runs the sites on free ports, so that a newsroom on the fixed ones is not in the way."""
    with serve(ports=0) as running:
        yield running


def ask(newsroom: Newsroom, url: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    """Asks for an address by its fixed port, without following redirects."""
    parts = urlsplit(newsroom.local(url))
    connection = HTTPConnection(parts.netloc, timeout=5)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def channel_links(newsroom: Newsroom, name: str) -> list[str]:
    """Collects the links of one source's channels, the second page and the inner sitemaps included."""
    (source,) = [s for s in tomllib.loads(newsroom.sources())["source"] if s["name"] == name]
    waiting = [*source.get("feeds", ()), *source.get("sitemaps", ()), *source.get("listings", ())]
    allow = re.compile("|".join(source.get("allow", [""])))
    found: dict[str, None] = {}
    for url in waiting:
        body = ask(newsroom, url)[1].decode()
        if url in source.get("listings", ()) or "?page=" in url:
            links = [urljoin(url, link) for link in re.findall(r'href="([^"#]+)"', body)]
            waiting += [link for link in links if "?page=" in link and link not in waiting]
        else:
            tree = ElementTree.fromstring(body)
            links = [node.text or "" for node in tree.iterfind(".//item/link")]
            links += [node.attrib["href"] for node in tree.iterfind(".//{*}entry/{*}link")]
            links += [node.text or "" for node in tree.iterfind(".//{*}url/{*}loc")]
            waiting += [node.text or "" for node in tree.iterfind(".//{*}sitemap/{*}loc")]
        found |= dict.fromkeys(link for link in links if allow.search(link))
    return list(found)


@pytest.mark.parametrize("site", load_sites(), ids=lambda site: site.name)
def test_channel_lists_what_gold_and_failures_say(newsroom: Newsroom, site: Site) -> None:
    expected = {url for url in FAILURES if url.startswith(site.base)}
    for line in GOLD:
        if line["site"] == site.name:
            aliases = set(line["aliases"])
            expected |= aliases | ({line["url"]} if not any("/r/" in alias for alias in aliases) else set())
    assert set(channel_links(newsroom, site.name)) == {newsroom.local(url) for url in expected}


@pytest.mark.parametrize("line", GOLD, ids=lambda line: urlsplit(line["url"]).path)
def test_gold_address_is_served_and_answers_304(newsroom: Newsroom, line: dict[str, Any]) -> None:
    response, body = ask(newsroom, line["url"])
    assert response.status == 200
    assert int(response.headers["Content-Length"]) == len(body)
    assert newsroom.local(line["url"]).encode() in body  # rel=canonical
    packed, squeezed = ask(newsroom, line["url"], Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip" and gzip.decompress(squeezed) == body
    for tag in (response.headers["ETag"], packed.headers["ETag"], f"W/{response.headers['ETag']}"):
        assert ask(newsroom, line["url"], If_None_Match=tag)[0].status == 304
    modified = response.headers["Last-Modified"]
    assert ask(newsroom, line["url"], If_Modified_Since=modified)[0].status == 304
    assert ask(newsroom, line["url"], If_None_Match='"other"', If_Modified_Since=modified)[0].status == 200


def test_head_has_no_body(newsroom: Newsroom) -> None:
    response, body = ask(newsroom, GOLD[0]["url"], method="HEAD")
    assert int(response.headers["Content-Length"]) > 0 and body == b""


@pytest.mark.parametrize(("url", "reason"), FAILURES.items())
def test_expected_failure_fails_for_its_reason(newsroom: Newsroom, url: str, reason: str) -> None:
    response, body = ask(newsroom, url)
    assert response.status == (404 if reason == "404" else 200)
    assert (response.headers["Content-Type"] == "application/pdf") == (reason == "not html")
    assert (body == b"") == (reason == "empty")
    robots = RobotFileParser()
    robots.parse(ask(newsroom, urljoin(url, "/robots.txt"))[1].decode().splitlines())
    assert robots.can_fetch("founderwatch", url) == (reason != "robots")
    denied = [pattern for s in tomllib.loads(SOURCES.read_text())["source"] for pattern in s.get("deny", ())]
    assert any(re.search(pattern, url) for pattern in denied) == (reason == "denied")
    assert (b'<html lang="fr">' in body) == (reason == "language")


def test_aliases_lead_to_the_story(newsroom: Newsroom) -> None:
    kinds: Counter[int] = Counter()
    for line in GOLD:
        for alias in line["aliases"]:
            response, body = ask(newsroom, alias)
            kinds[response.status] += 1
            target = response.headers["Location"] if response.status == 301 else None
            assert target == newsroom.local(line["url"]) or newsroom.local(line["url"]).encode() in body
    assert kinds == {200: 2, 301: 1}


def test_charsets_are_declared_as_documented(newsroom: Newsroom) -> None:
    odd = {story.title: url for url, story in STORIES.items() if story.encoding == "gb18030"}
    declared = {}
    for title, url in odd.items():
        response, body = ask(newsroom, url)
        assert title in body.decode("gb18030")
        meta = re.search(rb"charset=([\w-]+)", body)
        declared[meta[1].decode() if meta else ""] = "charset" in response.headers["Content-Type"]
    assert declared == {"gb18030": True, "utf-8": False}


def test_special_pages_are_there(newsroom: Newsroom) -> None:
    broken = [ask(newsroom, url)[1] for url, story in STORIES.items() if story.cut_after]
    assert len(broken) == 1 and broken[0].endswith(b'<p class="body-te')
    teaser = [ask(newsroom, url)[1] for url, story in STORIES.items() if story.paywall]
    assert len(teaser) == 1 and b'"isAccessibleForFree": false' in teaser[0]
    assert any(len(story.body) == 1 for story in STORIES.values())
    copies = [line for line in GOLD if line["copy_of"]]
    assert [STORIES[c["url"]].body for c in copies] == [STORIES[c["copy_of"]].body for c in copies] != []


def test_two_starts_serve_the_same_bytes(newsroom: Newsroom) -> None:
    for site in newsroom.sites.values():
        assert render(site, newsroom.epoch) == render(site, newsroom.epoch)
        published = [story.published(newsroom.epoch, site.zone) for story in site.stories]
        assert max(published) < newsroom.epoch and published == sorted(published, reverse=True)


def test_gold_files_are_up_to_date() -> None:
    """Run `python -m tests.newsroom.gold` after a change to a story."""
    assert gold_files.GOLD.read_text(encoding="utf-8") == gold_files.gold_text()
    assert gold_files.FAILURES.read_text(encoding="utf-8") == gold_files.failures_text()


@pytest.mark.parametrize("line", [g for g in GOLD if g["events"]], ids=lambda g: urlsplit(g["url"]).path)
def test_gold_fields_are_the_storys_words(line: dict[str, Any]) -> None:
    story: Story = STORIES[line["url"]]
    text = "\n".join([story.title, *story.body]).lower()
    for event in line["events"]:
        assert event["kind"] in {"founds", "joins", "leaves"} and event["status"] in gold_files.STRENGTH
        for name in ("person", "employer", "role", "venture", "focus", "when", "first_reported_by"):
            assert (event[name] or "").lower() in text, name
        assert not re.match(r"former|ex-|原|前(?!端)", event["role"] or "")


def test_counts() -> None:
    what = Counter(line["what"] for line in GOLD)
    languages = Counter(line["language"] for line in GOLD)
    assert len(GOLD) >= 70 and languages["en"] >= 30 and languages["zh"] >= 25
    assert what["founds"] == len(FLAGGED) >= 12 and what["joins"] + what["leaves"] >= 12
    assert what["news"] >= 25
    assert {line["status"] for line in FLAGGED} == set(gold_files.STRENGTH)
    hard = {"promotion", "successor", "biography", "funding", "denial", "spin-out", "layoffs"}
    assert hard | {"conditional", "question", "sports", "politics"} <= what.keys()
    events = [(event["event"], line["language"]) for line in GOLD for event in line["events"]]
    assert any((name, "en") in events and (name, "zh") in events for name, _ in events)
    assert any(event["person"] is None for line in GOLD for event in line["events"])
    assert sum(len(line["events"]) > 1 for line in GOLD) >= 2
