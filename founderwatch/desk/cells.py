"""How one cell of a table is shown: links that are safe to follow, JSON as words, times and scores short.

Text is escaped in every case: what is returned as `Markup` was built by `Markup.format`, which escapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from founderwatch.desk.site import event_path
from founderwatch.render import safe, shortened

_LINKED_TABLES = ("flagged", "review_queue", "watch_list")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d)?(?:\.\d+)?(?:\+00:00|Z)")
_MARK = re.compile("«(.*?)»")
_EVIDENCE_SHOWN = 240
_BODY_SHOWN = 100_000
_LINK_SHOWN = 44


@dataclass(frozen=True)
class Place:
    """Where a cell stands; `table` is None in the answer to a query."""

    urls: object  # datasette.urls
    database: str
    table: str | None
    row: Mapping

    @property
    def event(self) -> str | None:
        """The event that a row of a view or of a query is about."""
        names = set(self.row.keys())  # `in row` would search an sqlite3.Row's values
        if self.table in _LINKED_TABLES:
            return self.row["id"] if "id" in names else None
        return self.row["event"] if self.table is None and "event" in names else None

    def link(self, event: str, label: str) -> Markup:
        """A link to an event's own page."""
        return Markup('<a href="{}">{}</a>').format(self.urls.path(event_path(event)), label)


def render(place: Place, column: str, value) -> Markup | str | None:
    """The cell's content, or None where Datasette's own rendering will do."""
    if isinstance(value, dict):  # a foreign key with the label of its row
        nameless = column == "event" and value.get("label") is None
        return place.link(value["value"], "(no name)") if nameless else None
    if value is None:
        return place.link(place.event, "(no name)") if column == "person" and place.event else None
    if column == "score" and isinstance(value, float):
        return f"{value:.2f}"
    return _text(place, column, value) if isinstance(value, str) else None


def _text(place: Place, column: str, value: str) -> Markup | str | None:
    if value.startswith(("http://", "https://")) and not re.search(r"\s", value):
        return story_link(value, host_only=column == "url" and (place.table is None or place.table in _LINKED_TABLES))
    if time := _TIME.fullmatch(value):
        return Markup('<time datetime="{}" title="{} UTC">{}&nbsp;{}</time>').format(value, value[:19], *time.groups())
    if column == "person" and place.event:
        return place.link(place.event, safe(value))
    if value == place.event and column in ("event", "id"):
        return place.link(value, value)
    shown = _COLUMNS.get(column)
    return shown(value) if shown else None


def story_link(url: str | None, host_only: bool = False) -> Markup | None:
    """A link to another site that tells it nothing of us; None for what is no web address."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    path = "" if host_only else parts.path.rstrip("/")
    shown = shortened(parts.netloc.removeprefix("www.") + path, _LINK_SHOWN)
    link = '<a href="{}" rel="noopener noreferrer" target="_blank" title="{}">{}</a>'
    return Markup(link).format(url, safe(url), shown)  # noqa: S704 -- a fixed text; format escapes


def in_order(items: Iterable[dict], first: Sequence[str], key: str) -> list[dict]:
    """Columns or cells with the named ones first."""
    place = {name: number for number, name in enumerate(first)}
    return sorted(items, key=lambda item: place.get(item[key], len(place)))


def _body(value: str) -> Markup:
    cut = "…" if len(value) > _BODY_SHOWN else ""
    return Markup('<div class="body">{}</div>').format(value[:_BODY_SHOWN] + cut)


def _excerpt(value: str) -> Markup:
    return Markup(_MARK.sub(r"<mark>\1</mark>", str(escape(safe(value)))))  # noqa: S704 -- escaped first


def _evidence(value: str) -> Markup:
    """The sentences as quotations; `flagged` has one as plain text, `mentions` a JSON list."""
    parts = [p["text"] for p in _parsed(value, list) if isinstance(p, dict) and isinstance(p.get("text"), str)]
    quote = Markup('<q title="{}">{}</q>')
    return Markup(" ").join(quote.format(safe(text), shortened(text, _EVIDENCE_SHOWN)) for text in parts or [value])


def _list(value: str) -> str | None:
    if value == "[]":
        return Markup("&nbsp;")  # an empty text would be taken for no answer
    return " · ".join(safe(str(item)) for item in _parsed(value, list)) or None


def _fields(value: str) -> str | None:
    return "; ".join(f"{name}: {safe(str(given))}" for name, given in _parsed(value, dict).items()) or None


def _parsed(value: str, kind: type):
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return kind()
    return found if isinstance(found, kind) else kind()


_TEXTS = [
    "title",
    "person",
    "employer",
    "role",
    "venture",
    "went_to",
    "focus",
    "first_reported_by",
    "author",
    "site_name",
    "message",
    "reason",
]
_COLUMNS: dict[str, Callable[[str], Markup | str | None]] = dict.fromkeys(_TEXTS, safe) | {
    "body": _body,
    "excerpt": _excerpt,
    "evidence": _evidence,
    "names": _list,
    "triggers": _list,
    "corrected": _fields,
}
