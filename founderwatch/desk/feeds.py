"""Atom and JSON feeds of flagged departures, `/-/feed.atom` and `/-/feed.json`, with the front page's filter.

An entry's identifier follows from the event's alone, so that a reader shows an event once, whatever feed it came by
and however often its reports, or a reviewer, change what is told of it.
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from datetime import UTC, datetime

from datasette import Response
from datasette.utils.asgi import Forbidden
from feedgenerator import Atom1Feed
from itsdangerous import BadSignature
from markupsafe import Markup

from founderwatch.desk import departures, metadata
from founderwatch.desk.filters import Filter, FilterError
from founderwatch.desk.site import Site, aware
from founderwatch.desk.words import words
from founderwatch.render import as_json, safe

_MOST = 100
_EVENTS = uuid.UUID("6e0d8c1c-3c5e-5b0e-9d6f-5a1f0c7f2a61")
_TYPES = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}
_KEY = "founderwatch-feed"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class _Feed(Atom1Feed):
    """An Atom feed that is the same each time while nothing new is in it, also while it is empty."""

    def latest_post_date(self):
        return max((item["updateddate"] for item in self.items), default=_LONG_AGO)


async def page(datasette, request):
    """A feed. Where a sign-in is configured, the key in the address that a signed-in reader was given opens it."""
    site = await _opened(datasette, request)
    try:
        wanted = Filter.of(request.args)
    except FilterError as error:
        return Response.text(f"{error}\n", status=400)
    form = request.url_vars["format"]
    events = [_entry(site, one) for one in await site.read(departures.flagged, wanted, _MOST)]
    body = (_atom if form == "atom" else _json)(site, wanted, events)
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache", "content-type": _TYPES[form]}
    if request.headers.get("if-none-match") == tag:
        return Response("", status=304, headers=headers, content_type=_TYPES[form])
    return Response(body, headers=headers, content_type=_TYPES[form])


def links(site: Site, wanted: Filter) -> dict[str, str]:
    """The addresses of the feeds with a filter, for readers that come without a cookie, too."""
    key = {"key": _key(site.datasette)} if _locked(site.datasette) else {}
    return {form: site.path(f"/-/feed.{form}", wanted.query | key) for form in _TYPES}


async def _opened(datasette, request) -> Site:
    try:
        return await Site.opened(datasette, request)
    except Forbidden:
        if not _opens(datasette, request.args.get("key") or ""):
            raise
    return Site(datasette, request, metadata.ours(datasette)[0])


def _locked(datasette) -> bool:
    return bool(datasette.plugin_config("datasette-auth-passwords"))


def _key(datasette) -> str:
    return datasette.sign("feed", _KEY)


def _opens(datasette, key: str) -> bool:
    try:
        return _locked(datasette) and datasette.unsign(key, _KEY) == "feed"
    except BadSignature:
        return False


def _entry(site: Site, one: dict) -> dict:
    """What both formats tell of a departure, in English: feeds are read by programs, too."""
    known = words("en")
    who = _plain(one["person"] or known["no_name"])
    to = one["venture"] or one["focus"] or known["own"][one["venture_kind"]]
    title = f"{who}: {_plain(one['employer'] or known['unknown'])} → {_plain(to)} ({one['status']})"
    facts = [one["role"], one["departed_words"], one["first_reported_by"] and f"{one['first_reported_by']} first"]
    return {
        "id": uuid.uuid5(_EVENTS, one["id"]).urn,
        "title": title,
        "link": site.absolute(one["path"]),
        "story": one["link"],
        "text": _plain(one["evidence"] or one["title"] or ""),
        "facts": " · ".join(_plain(fact) for fact in facts if fact),
        "language": one["language"] if one["language"] in ("en", "zh") else None,
        "published": aware(one["first_seen_at"]),
        "updated": aware(one["updated_at"]),
        "author": _plain(one["outlet"] or ""),
        "tags": [_plain(tag) for tag in (one["status"], one["employer"], one["seniority"]) if tag and tag != "unknown"],
    }


def _atom(site: Site, wanted: Filter, events: list[dict]) -> str:
    feed = _Feed(
        title=_title(wanted),
        link=site.absolute(site.path("/", wanted.query)),
        description=words("en")["feed_about"],
        feed_url=site.absolute(site.path("/-/feed.atom", wanted.query)),
        feed_guid=_guid(wanted),
        author_name="founderwatch",
        language="en",
    )
    for one in events:
        feed.add_item(
            title=one["title"],
            link=one["link"],
            description=str(_html(one)),
            unique_id=one["id"],
            pubdate=one["published"],
            updateddate=one["updated"],
            author_name=one["author"] or None,
            categories=one["tags"],
        )
    return feed.writeString("utf-8")


def _json(site: Site, wanted: Filter, events: list[dict]) -> str:
    items = [
        {
            "id": one["id"],
            "url": one["link"],
            "title": one["title"],
            "content_html": str(_html(one)),
            "date_published": one["published"].isoformat(),
            "date_modified": one["updated"].isoformat(),
            "tags": one["tags"],
            **({"external_url": one["story"]} if one["story"] else {}),
            **({"authors": [{"name": one["author"]}]} if one["author"] else {}),
            **({"language": one["language"]} if one["language"] else {}),
        }
        for one in events
    ]
    return as_json(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": _title(wanted),
            "description": words("en")["feed_about"],
            "home_page_url": site.absolute(site.path("/", wanted.query)),
            "feed_url": site.absolute(site.path("/-/feed.json", wanted.query)),
            "items": items,
        },
        indent=1,
    )


def _html(one: dict) -> Markup:
    """What is told, escaped; the quotation is a crawled page's."""
    html = Markup("<p>{}</p>").format(one["facts"]) if one["facts"] else Markup()
    if one["text"]:
        html += Markup('<blockquote{}>{}</blockquote>').format(Markup(' lang="{}"').format(one["language"]) if one["language"] else "", one["text"])  # fmt: skip
    if one["story"]:
        html += Markup('<p><a href="{}" rel="noopener noreferrer">{}</a></p>').format(one["story"], one["author"] or one["story"])  # fmt: skip
    return html


def _title(wanted: Filter) -> str:
    chosen = ", ".join(f"{name} {value}" for name, value in wanted.query.items())
    return _plain(f"founderwatch: {chosen}" if chosen else "founderwatch")


def _guid(wanted: Filter) -> str:
    return uuid.uuid5(_EVENTS, f"feed?{sorted(wanted.query.items())}").urn


def _plain(text: str) -> str:
    """Text that XML can hold: no control characters, and nothing that Unicode will never assign."""
    return "".join(c for c in safe(text) if unicodedata.category(c) != "Cn")
