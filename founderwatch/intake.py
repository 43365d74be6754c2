"""Reads what `scan` is given: addresses, HTML and text files, JSON Lines, standard input."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from founderwatch.address import clean
from founderwatch.items import Article, Story
from pipelines.decode import decode
from pipelines.extract import Extract, NotExtracted, article_from_html, article_from_text
from pipelines.stage import Stage
from spiders.sources import Source

_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|\?xml)\b", re.I | re.S)
_HALF = re.compile("[\ud800-\udfff]")
_ADDRESS = re.compile(r"https?://", re.I)


@dataclass(frozen=True)
class Given:
    """One story to judge, or the reason why it could not be read."""

    id: str
    story: Story | None = None
    problem: str | None = None
    line: int | None = None  # of the JSON Lines that it stood in


def read(
    names: Sequence[str],
    jsonl: bool,
    sources: Iterable[Source] = (),
    contact: str | None = None,
    archive: Stage | None = None,
) -> Iterator[Given]:
    """Yields the stories of all inputs in their order; all addresses are fetched first, in one go.

    What is fetched goes through `archive` before it is read.
    """
    fetched = _fetched([n for n in names if _ADDRESS.match(n)], sources, contact, archive)
    for name in names:
        if name in fetched:
            yield fetched[name]
        elif name == "-":
            yield from _lines("-", sys.stdin.buffer) if jsonl else _whole("-", sys.stdin.buffer.read(), "")
        else:
            yield from _file(Path(name))


def _fetched(
    addresses: list[str], sources: Iterable[Source], contact: str | None, archive: Stage | None
) -> dict[str, Given]:
    """What each address gave; one that cannot even be asked for is no story of the crawl's."""
    wrong = {
        address: Given(address, problem=f"{address}: not an address") for address in addresses if not clean(address)
    }
    asked = [address for address in addresses if address not in wrong]
    if not asked:
        return wrong
    from spiders.crawl import fetch  # Scrapy: a second that only an address is worth

    stages = {"archive": archive} if archive else {}
    stories = fetch(asked, {**stages, "extract": Extract()}, sources=sources, contact=contact)
    given = dict(wrong)
    for address, story in zip(asked, stories, strict=True):
        reason = story.failure.reason if story.failure else "no text"
        given[address] = Given(address, story) if story.article else Given(address, problem=f"{address}: {reason}")
    return given


def _file(path: Path) -> Iterator[Given]:
    kind = path.suffix.lstrip(".").lower()
    try:
        with path.open("rb") as stream:
            yield from (
                _lines(str(path), stream) if kind in ("jsonl", "ndjson") else _whole(str(path), stream.read(), kind)
            )
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        yield Given(str(path), problem=f"{path}: {getattr(error, 'strerror', None) or error}")


def _whole(name: str, data: bytes, kind: str) -> Iterator[Given]:
    """One story: HTML, or a plain text, which is a body letter for letter."""
    text = decode(data)
    if "\0" in text[:1000]:
        yield Given(name, problem=f"{name}: neither text nor HTML, but a binary file")
    elif kind in ("html", "htm", "xhtml") or (kind not in ("txt", "md") and _HTML.match(text[:2000])):
        try:
            yield Given(name, Story(article=article_from_html(data)))
        except NotExtracted as reason:
            yield Given(name, problem=f"{name}: {reason}")
    else:
        yield Given(name, Story(article=article_from_text(text)))


def _lines(name: str, stream: Iterable[bytes]) -> Iterator[Given]:
    """One story a line, each as soon as it has come."""
    for number, data in enumerate(stream, 1):
        line = data.removeprefix(codecs.BOM_UTF8).strip()
        if not line:
            continue
        try:
            yield replace(story_of(json.loads(line.decode("utf-8"))), line=number)
        except RecursionError:
            yield Given(f"{name}:{number}", problem=f"{name}: line {number}: nested too deeply", line=number)
        except (ValueError, TypeError) as error:
            yield Given(f"{name}:{number}", problem=f"{name}: line {number}: {error}", line=number)


def story_of(row: object) -> Given:
    """A story from one JSON object; raises ValueError with what is wrong with it."""
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    for key in ("title", "body", "url", "source", "language", "published"):
        if row.get(key) is not None and not isinstance(row[key], str):
            raise ValueError(f"{key} must be a text or null, not {type(row[key]).__name__}")
    if row.get("title") is None and row.get("body") is None:
        raise ValueError("neither title nor body")
    if row.get("id") is None:
        raise ValueError("id is missing")
    if not isinstance(row["id"], str | int) or isinstance(row["id"], bool):
        raise ValueError(f"id must be a text or a whole number, not {type(row['id']).__name__}")
    article = Article(
        url=_whole_characters(row.get("url")) or None,
        source=_whole_characters(row.get("source")) or None,
        title=_whole_characters(row.get("title")),
        body=_whole_characters(row.get("body")),
        language=row.get("language"),
        published=moment(row.get("published")),
    )
    return Given(str(row["id"]), Story(article=article))


def _whole_characters(text: str | None) -> str:
    """The text with U+FFFD for each half of an emoji that a careless cut has left: neither model nor database takes it."""
    return _HALF.sub("\ufffd", text or "")


def moment(text: str | None) -> datetime | None:
    """An ISO date or time, a month or a year alone too, as an aware one in UTC; raises ValueError for anything else."""
    if not text or not text.strip():
        return None
    try:
        written = text.strip()
        # ISO 8601 has months and years alone; Python does not read them.
        if re.fullmatch(r"\d{4}(-\d{2})?", written):
            written = f"{written}-01" if "-" in written else f"{written}-01-01"
        found = datetime.fromisoformat(written)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"published must be an ISO date or time, not {text[:40]!r}") from None
