"""Reads JSON APIs, as the registry describes them: where a site has no feed, or a poor one.

[[source.apis]]
url = "https://news.example/api/flashes"
body = '{"size": 20, "after": "{cursor}"}'    # makes it a POST; {cursor} and {now} (milliseconds) are filled in
items = "data.list"                           # where the stories are: keys and numbers, parted by dots
link = "https://news.example/flash/{id}"      # {…} is looked up in the item
title = "title"
summary = "content"
published = "time"                            # seconds, milliseconds, ISO or "2026-11-27 09:30" in China's time
whole = true                                  # the summary is the whole story: its page is not asked for
cursor = "data.next"                          # what the next page is asked with
"""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar

from scrapy.http import Response

from founderwatch.address import clean
from spiders.channel import ChannelSpider
from spiders.entries import ChannelError, Entry, Reading, plausible
from spiders.feed import plain
from spiders.sources import Api, Source

_FIELD = re.compile(r"\{([A-Za-z0-9_.]+)\}")
_COMPLAINTS = ("msg", "message", "error", "errmsg")
_CHINA = timezone(timedelta(hours=8))


class ApiSpider(ChannelSpider):
    """Follows the JSON APIs of each source."""

    name = "api"
    channels: ClassVar = {"apis": "api"}

    def composed(self, source: str, url: str, cursor: str) -> dict[str, Any]:
        found = self.sources[source].api(url) if source in self.sources else None
        if found is None:
            return super().composed(source, url, cursor)
        filled = {"cursor": cursor, "turn": "1" if cursor else "0", "now": str(int(time.time() * 1000))}
        asked: dict[str, Any] = {"url": _filled(url, filled)}
        if found.body:
            asked |= {"method": "POST", "body": _filled(found.body, filled)}
            asked["headers"] = {"Content-Type": "application/json"}
        return asked

    def read_api(self, response: Response, source: Source) -> Reading:
        api = source.api(response.meta["channel"])
        assert api is not None
        return read_api(response.body, response.url, api)


def read_api(body: bytes, url: str, api: Api) -> Reading:
    """Reads an API's answer; raises ChannelError where the stories are not where the registry says."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ChannelError(f"is not JSON: {error}") from error
    items = _at(answer, api.items)
    if not isinstance(items, list):
        said = _words(answer)
        raise ChannelError(f"holds no list at {api.items!r}{f': it says {said!r}' if said else ''}")
    entries = tuple(entry for item in items if isinstance(item, dict) and (entry := _entry(item, url, api)))
    if items and not entries:
        raise ChannelError(f"names {len(items)} items, and none has what the registry says of link and title")
    cursor = _at(answer, api.cursor) if api.cursor else None
    return Reading(entries, cursor=str(cursor) if isinstance(cursor, (str, int)) and entries and cursor else "")


def _entry(item: dict[str, Any], base: str, api: Api) -> Entry | None:
    fields = {name: _at(item, name) for name in _FIELD.findall(api.link)}
    if not all(isinstance(value, (str, int)) and str(value) for value in fields.values()):
        return None
    link = _filled(api.link, {name: str(value) for name, value in fields.items()}) if fields else _at(item, api.link)
    url = clean(link, base) if isinstance(link, str) and link.strip() else None
    title = plain(_at(item, api.title))
    if url is None or not title:
        return None
    summary = plain(_at(item, api.summary)) if api.summary else None
    published = _moment(_at(item, api.published)) if api.published else None
    return Entry(url, title, summary, published, whole=api.whole and bool(summary))


def _at(value: Any, path: str) -> Any:
    """The value at a path such as data.items.0.id; None where there is none."""
    for step in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _filled(text: str, values: dict[str, str]) -> str:
    return _FIELD.sub(lambda match: values.get(match[1], match[0]), text)


def _moment(value: Any) -> datetime | None:
    """Seconds or milliseconds since 1970, or a date and time; without a zone it is China's."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return plausible(datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC))
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return plausible(moment if moment.tzinfo else moment.replace(tzinfo=_CHINA))


def _words(answer: Any) -> str:
    """What an API says is wrong."""
    said = [answer.get(key) for key in _COMPLAINTS] if isinstance(answer, dict) else []
    return next((words[:200] for words in said if isinstance(words, str) and words), "")
