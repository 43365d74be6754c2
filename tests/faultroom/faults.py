"""The faults: each makes one source with `number` stories, says what can be had of it, and how the crawl should take it.

`had` are the stories that can be had, however often one has to ask. A fault in a channel has a second, whole channel
where the real web would; a fault in pages stands in some of them.
"""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.faultroom.stories import Id, chinese_page, page, text, title
from tests.site import XML, Answer, Asked, Page, html

NOW = datetime.now(UTC)


@dataclass
class Room:
    """The source that a fault furnishes: its number, its stories, and the other servers of the newsroom."""

    number: int
    stories: list[Id]
    silent: str = ""  # a server that takes requests and does not answer them
    secure: str = ""  # one whose certificate nobody has signed
    closed: str = "http://127.0.0.1:7"

    @property
    def root(self) -> str:
        return f"/s{self.number}"

    def path(self, story: Id, form: str = "{}") -> str:
        return f"{self.root}/story/" + form.format(story[1])


@dataclass
class Plan:
    """What a source serves and what a crawl must make of it."""

    channels: dict[str, list[str]]
    pages: dict[str, Page]
    had: set[Id]
    fails: bool = False  # a channel fails, and the report must say so
    more: str = ""  # registry lines


FAULTS: dict[str, Callable[[Room], Plan]] = {}


def fault(words: str):
    """Registers a fault under the words of the fault table."""

    def register(make: Callable[[Room], Plan]) -> Callable[[Room], Plan]:
        FAULTS[words] = make
        return make

    return register


# What sources are made of


def story_pages(room: Room) -> dict[str, Page]:
    return {room.path(story): (lambda _, story=story: page(story)) for story in room.stories}


def item(words: str, link: str, date: str | None = None) -> str:
    stamp = date if date is not None else format_datetime(NOW - timedelta(hours=3))
    return f"<item><title>{words}</title><link>{link}</link>{f'<pubDate>{stamp}</pubDate>' if stamp else ''}</item>\n"


def items(room: Room) -> list[str]:
    return [item(title(story), "{base}" + room.path(story)) for story in room.stories]


def rss(entries: list[str], head: str = "") -> Answer:
    whole = f'<?xml version="1.0" encoding="utf-8"?>{head}<rss version="2.0"><channel><title>T</title>{"".join(entries)}</channel></rss>'
    return Answer(whole.encode(), headers={"Content-Type": XML})


def urlset(locations: list[tuple[str, datetime | None]]) -> bytes:
    urls = "".join(
        f"<url><loc>{{base}}{path}</loc>{f'<lastmod>{day.isoformat()}</lastmod>' if day else ''}</url>"
        for path, day in locations
    )
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def whole_map(room: Room) -> Answer:
    """A second channel that names every story."""
    return Answer(
        urlset([(room.path(story), NOW) for story in room.stories]), headers={"Content-Type": "application/xml"}
    )


def plain(room: Room, feed: Page, pages: dict[str, Page] | None = None, **more) -> Plan:
    """A source whose one feed is given."""
    served = {**story_pages(room), f"{room.root}/feed": feed, **(pages or {})}
    return Plan({"feeds": [f"{room.root}/feed"]}, served, more.pop("had", set(room.stories)), **more)


def with_map(room: Room, feed: Page, **more) -> Plan:
    """A source whose feed is broken and whose sitemap is whole."""
    plan = plain(room, feed, {f"{room.root}/map.xml": whole_map(room)}, **more)
    plan.channels["sitemaps"] = [f"{room.root}/map.xml"]
    return plan


# Channels


@fault("none: RSS")
def healthy(room: Room) -> Plan:
    return plain(room, rss(items(room)))


@fault("none: RSS with ETag")
def tagged(room: Room) -> Plan:
    answer = rss(items(room))
    tag = {"ETag": f'"{room.number}"'}

    def conditional(asked: Asked) -> Answer:
        same = asked.headers.get("if-none-match") == tag["ETag"]
        return Answer(status=304) if same else Answer(answer.body, headers={**answer.headers, **tag})

    return plain(room, conditional)


@fault("none: listing of ten pages")
def listing(room: Room) -> Plan:
    parts = [room.stories[start : start + 10] for start in range(0, len(room.stories), 10)]

    def leaf(number: int) -> Answer:
        links = "".join(
            f'<li><a href="{room.path(story)}">{title(story)}, told at length</a></li>' for story in parts[number]
        )
        turn = f'<a rel="next" href="{room.root}/list/{number + 1}">Next</a>' if number + 1 < len(parts) else ""
        return html("All", f"<ul>{links}</ul>{turn}")

    pages = {f"{room.root}/list/{number}": leaf(number) for number in range(len(parts))}
    return Plan(
        {"listings": [f"{room.root}/list/0"]}, {**story_pages(room), **pages}, set(room.stories), more="max_pages = 20"
    )


@fault("feed cut off in the middle, whole later")
def cut(room: Room) -> Plan:
    whole = rss(items(room)).body
    times = itertools.count()
    return plain(
        room, lambda _: Answer(whole[: len(whole) // 2] if next(times) == 0 else whole, headers={"Content-Type": XML})
    )


@fault("feed not well-formed (bare &, unclosed tags)")
def malformed(room: Room) -> Plan:
    broken = [entry.replace("</title>", " R&D <br></title>") for entry in items(room)]
    return plain(room, rss(broken))


@fault("feed without end")
def endless(room: Room) -> Plan:
    def stream() -> Iterator[bytes]:
        block = b"<item><title>" + b"x" * 99_000 + b"</title></item>"
        return itertools.repeat(block, 400)

    return with_map(room, Answer(b"<rss><channel>", headers={"Content-Type": XML}, stream=stream), fails=True)


@fault("feed that names itself, sitemap index in a circle")
def circle(room: Room) -> Plan:
    me = f"{room.root}/feed"
    index = "".join(f"<sitemap><loc>{{base}}{room.root}/{name}</loc></sitemap>" for name in ("index.xml", "map.xml"))
    pages = {
        f"{room.root}/index.xml": Answer(f"<sitemapindex>{index}</sitemapindex>".encode()),
        f"{room.root}/map.xml": whole_map(room),
    }
    plan = plain(room, rss([*items(room), item("This feed itself", "{base}" + me)]), pages)
    plan.channels["sitemaps"] = [f"{room.root}/index.xml"]
    return plan


@fault("entity bomb in a feed")
def bomb(room: Room) -> Plan:
    nested = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 10))
    return with_map(
        room,
        rss([item("&b9;", "{base}/nowhere"), *items(room)], f'<!DOCTYPE rss [<!ENTITY b0 "boom">{nested}]>'),
        fails=False,
    )


@fault("dates of 1970 and 2099, and none")
def dates(room: Room) -> Plan:
    odd = ("Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT", "", "yesterday", "Mon, 32 Foo 2026")
    entries = [
        item(title(story), "{base}" + room.path(story), odd[n % len(odd)]) for n, story in enumerate(room.stories)
    ]
    return plain(room, rss(entries))


@fault("no dates but those of a jubilee, an address and the copyright")
def undated(room: Room) -> Plan:
    def old(story: Id) -> Answer:
        jubilee = f"The firm was founded on 3 March 2011 and moved to 14 May 2015 Street in {1990 + story[1] % 30}."
        foot = "<footer>Copyright © 1998-2019 The Outlet Ltd, 2008-05-12 Road</footer></body>"
        whole = html(title(story), text(story), jubilee, *(text(story, paragraph) for paragraph in range(1, 4)))
        return Answer(whole.body.replace(b"</body>", foot.encode()), headers=whole.headers)

    entries = [item(title(story), "{base}" + room.path(story), "") for story in room.stories]
    return plain(room, rss(entries), {room.path(story): (lambda _, story=story: old(story)) for story in room.stories})


@fault("relative, javascript:, data: and mailto: links")
def links(room: Room) -> Plan:
    entries = [item(title(story), room.path(story)) for story in room.stories]
    bad = ("javascript:alert(1)", "data:text/html,x", "mailto:a@a.example", "", "http://[::bad", "file:///etc/passwd")
    return plain(room, rss([*entries, *(item("Bad", link) for link in bad)]))


@fault("sitemap of 50,000 entries")
def many(room: Room) -> Plan:
    old = [(f"{room.root}/old/{n}", NOW - timedelta(days=400)) for n in range(50_000 - len(room.stories))]
    new = [(room.path(story), NOW) for story in room.stories]
    return Plan(
        {"sitemaps": [f"{room.root}/map.xml"]},
        {**story_pages(room), f"{room.root}/map.xml": Answer(urlset(old + new))},
        set(room.stories),
    )


@fault("gzip bomb for a sitemap")
def gzip_bomb(room: Room) -> Plan:
    plan = plain(room, rss(items(room)), {f"{room.root}/bomb.gz": Answer(gzip.compress(b" " * 60_000_000))}, fails=True)
    plan.channels["sitemaps"] = [f"{room.root}/bomb.gz"]
    return plan


@fault("gzip cut off by the server")
def cut_gzip(room: Room) -> Plan:
    whole = rss(items(room)).body

    def packed(_: Asked) -> Answer:
        # The base stands in the text before it is packed.
        body = gzip.compress(whole.replace(b"{base}", b"http://" + _.headers["host"].encode()))
        return Answer(body[:-20], headers={"Content-Type": XML, "Content-Encoding": "gzip"})

    return with_map(room, packed, fails=False)


@fault("HTML, nothing or an error in place of a feed")
def no_feed(room: Room) -> Plan:
    answers = [
        html("Down for maintenance", "Back soon."),
        Answer(b"", headers={"Content-Type": XML}),
        Answer(b"x", 500),
    ]
    return with_map(room, answers[room.number % 3], fails=True)


@fault("feed in GB18030 that says nothing of it, with a byte order mark or in UTF-16")
def encodings(room: Room) -> Plan:
    whole = rss(items(room)).body.decode()
    bodies = [
        whole.replace("utf-8", "gb2312").encode("gb18030"),
        b"\xef\xbb\xbf" + whole.encode(),
        whole.replace("utf-8", "utf-16").encode("utf-16"),
    ]
    body = bodies[room.number % 3]
    if room.number % 3 == 2:  # the base stands in the same encoding
        return plain(
            room,
            lambda asked: Answer(
                whole.replace("utf-8", "utf-16").replace("{base}", f"http://{asked.headers['host']}").encode("utf-16"),
                headers={"Content-Type": XML},
            ),
        )
    return plain(room, Answer(body, headers={"Content-Type": XML}))


@fault("duplicates by the thousand")
def duplicates(room: Room) -> Plan:
    entries = [
        item(title(story), "{base}" + room.path(story) + tail.format(turn))
        for turn in range(10)
        for story in room.stories
        for tail in ("?utm_source=a{}", "#part{}", "/", "/amp")
    ]
    pages = {room.path(story) + "/": (lambda _, story=story: page(story)) for story in room.stories}
    pages |= {room.path(story) + "/amp": (lambda _, story=story: page(story)) for story in room.stories}
    return plain(room, rss(entries), pages)


# Servers


@fault("server that never answers")
def silent(room: Room) -> Plan:
    return Plan({"feeds": [f"{room.silent}/feed"]}, {}, set(), fails=True)


@fault("server that sends one byte a second")
def loris(room: Room) -> Plan:
    return Plan({"feeds": [f"{room.silent}/loris"]}, {}, set(), fails=True)


@fault("server that refuses connections")
def refusing(room: Room) -> Plan:
    return Plan({"feeds": [f"{room.closed}/feed"]}, {}, set(), fails=True)


@fault("host name that does not exist")
def nameless(room: Room) -> Plan:
    return Plan({"feeds": ["http://nowhere.invalid/feed"]}, {}, set(), fails=True)


@fault("certificate that nobody has signed")
def certificate(room: Room) -> Plan:
    return Plan({"feeds": [f"{room.secure}/feed"]}, {}, set(), fails=True)


@fault("robots.txt, 401, 403 and 451")
def shut(room: Room) -> Plan:
    path = "/forbidden/feed" if room.number % 2 else f"{room.root}/feed"
    return Plan({"feeds": [path]}, {path: Answer(b"no", (401, 403, 451)[room.number % 3])}, set(), fails=True)


@fault("429 and 503 with Retry-After")
def busy(room: Room) -> Plan:
    refused = {path: itertools.count() for path in story_pages(room)}

    def wait(asked: Asked, story: Id) -> Answer:
        if story[1] % 20 == 7 and next(refused[asked.path]) == 0:
            return Answer(b"later", 503 if story[1] % 2 else 429, {"Retry-After": "1"})
        return page(story)

    pages = {room.path(story): (lambda asked, story=story: wait(asked, story)) for story in room.stories}
    return plain(room, rss(items(room)), pages)


# Pages


@fault("pages that answer 500 for a while")
def failing(room: Room) -> Plan:
    asked_for = {path: itertools.count() for path in story_pages(room)}

    def late(asked: Asked, story: Id) -> Answer:
        return Answer(b"oops", 500) if story[1] % 10 == 3 and next(asked_for[asked.path]) < 3 else page(story)

    pages = {room.path(story): (lambda asked, story=story: late(asked, story)) for story in room.stories}
    return plain(room, rss(items(room)), pages)


@fault("redirect loops")
def loops(room: Room) -> Plan:
    gone = [story for story in room.stories if story[1] % 10 == 4]
    pages = {room.path(story): Answer(status=302, headers={"Location": room.path(story)}) for story in gone}
    return plain(room, rss(items(room)), pages, had=set(room.stories) - set(gone))


@fault("redirects into this machine, private networks and other schemes")
def inward(room: Room) -> Plan:
    targets = ("http://127.0.0.1:9/x", "http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]:80/", "file:///etc/passwd",
               "ftp://a.example/", "http://2130706433:9/", "http://0x7f.1:9/")  # fmt: skip
    gone = [story for story in room.stories if story[1] % 10 == 5]
    pages = {
        room.path(story): Answer(status=302, headers={"Location": targets[n % len(targets)]})
        for n, story in enumerate(gone)
    }
    return plain(room, rss(items(room)), pages, had=set(room.stories) - set(gone))


@fault("links into this machine, private networks and other ports")
def inner_links(room: Room) -> Plan:
    bad = (
        "http://127.0.0.1:9/x",
        "http://localhost:22/",
        "http://192.168.0.1/",
        "http://169.254.169.254/",
        "http://[fe80::1]/",
    )
    return plain(room, rss([*items(room), *(item("Inside", link) for link in bad)]))


@fault("wrong Content-Length, too long")
def lengths(room: Room) -> Plan:
    def lying(story: Id) -> Answer:
        whole = page(story)
        return Answer(whole.body, headers={**whole.headers, "Content-Length": str(len(whole.body) + 500)}, close=True)

    pages = {room.path(story): (lambda _, story=story: lying(story)) for story in room.stories if story[1] % 10 == 6}
    return plain(room, rss(items(room)), pages)


@fault("200 pages that are error pages")
def soft_errors(room: Room) -> Plan:
    gone = [story for story in room.stories if story[1] % 10 == 8]
    error = html("Page not found", "Sorry, we could not find the page that you were looking for. Try the search.")
    # The headline in the feed is had.
    return plain(room, rss(items(room)), {room.path(story): error for story in gone})


@fault("charset lies")
def charsets(room: Room) -> Plan:
    lies = (("gb18030", "iso-8859-1"), ("utf-8", "gb2312"), ("big5", "utf-8"), ("gb18030", "utf-8"))
    pages = {
        room.path(story): (lambda _, story=story: chinese_page(story, *lies[story[1] % 2])) for story in room.stories
    }
    return plain(room, rss(items(room)), pages)


@fault("pages of 10 MB and more, binary files, empty pages")
def huge(room: Room) -> Plan:
    def stream() -> Iterator[bytes]:
        return itertools.repeat(b"<p>" + b"x" * 99_000, 300)

    odd = (Answer(b"<html>", headers={"Content-Type": "text/html"}, stream=stream), Answer(bytes(range(256)) * 50),
           Answer(b""), Answer(b"%PDF-1.7 x", headers={"Content-Type": "application/pdf"}))  # fmt: skip
    gone = [story for story in room.stories if story[1] % 10 == 9]
    pages = {room.path(story): odd[n % len(odd)] for n, story in enumerate(gone)}
    return plain(room, rss(items(room)), pages, had=set(room.stories) - set(gone))


@fault("one story under five addresses")
def five(room: Room) -> Plan:
    forms = ("{}", "p-{}.html", "print/{}", "m/{}", "{}-again")

    def copy(story: Id) -> Answer:
        return page(story, head=f'<link rel="canonical" href="{room.path(story)}">' if story[1] % 2 else "")

    pages = {room.path(story, form): (lambda _, story=story: copy(story)) for story in room.stories for form in forms}
    entries = [item(title(story), "{base}" + room.path(story, form)) for story in room.stories for form in forms]
    return plain(room, rss(entries), pages)


@fault("syndicated by another source")
def syndicated(room: Room) -> Plan:
    def wire(story: Id) -> Answer:
        paragraphs = (text((0, story[1]), paragraph) for paragraph in range(4))
        return html(title(story), *paragraphs, "First published elsewhere.")

    return plain(
        room, rss(items(room)), {room.path(story): (lambda _, story=story: wire(story)) for story in room.stories}
    )


@dataclass
class Outcome:
    """What became of one source over all runs."""

    number: int
    words: str
    had: int
    missing: set[Id] = field(default_factory=set)
    doubled: set[Id] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)  # stored, and no story
    told: str = ""


def slow_bytes() -> Iterator[bytes]:
    while True:
        time.sleep(1)
        yield b"<"
