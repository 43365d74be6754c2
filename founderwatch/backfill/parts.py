"""Results as Parquet: what a cluster writes and `founderwatch import` merges. One row a story, bad record or piece done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset

from founderwatch.backfill.judge import Bad, Outcome
from founderwatch.items import Article, Assessment, Evidence, Mention, Page, Story

FORMAT = 1  # raised when a column changes its meaning; a later version reads what an earlier one wrote, or says so
STORY, BAD, DONE = "story", "bad", "done"

_MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        pa.field("format", pa.int32()),
        pa.field("kind", pa.string()),
        pa.field("number", pa.int32()),  # of the file, in the order in which they were named
        pa.field("file", pa.string()),
        pa.field("position", pa.int64()),
        pa.field("end", pa.int64()),  # of a piece done
        pa.field("pages", pa.int64()),  # of a piece done
        pa.field("url", pa.string()),
        pa.field("requested_url", pa.string()),
        pa.field("source", pa.string()),
        pa.field("fetched_at", _MOMENT),
        pa.field("title", pa.string()),
        pa.field("body", pa.string()),
        pa.field("language", pa.string()),
        pa.field("author", pa.string()),
        pa.field("site_name", pa.string()),
        pa.field("published", _MOMENT),
        pa.field("notes", pa.list_(pa.string())),
        pa.field("model", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("flagged", pa.bool_()),
        pa.field("skipped", pa.string()),
        pa.field("mentions", pa.string()),  # JSON list
        pa.field("stage", pa.string()),  # of a bad record
        pa.field("reason", pa.string()),
    ]
)


class PartsError(ValueError):
    """The files are no results of a back-fill, or another version's; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one archive gave, in the order of its records."""

    file: str
    stories: tuple[tuple[int, Story], ...]
    bad: tuple[Bad, ...]
    pages: int


def table(number: int, file: str, start: int, end: int, outcome: Outcome) -> pa.Table:
    """The rows of a piece."""
    head = {"format": FORMAT, "number": number, "file": file}
    rows = []
    if not any(b.cut for b in outcome.bad):  # a file that ends within a record may yet grow
        rows = [head | {"kind": DONE, "position": start, "end": end, "pages": outcome.counts["pages"]}]
    rows += [head | {"kind": STORY, "position": place} | _row(story) for place, story in outcome.stories]
    rows += [
        head | {"kind": BAD, "position": b.position, "url": b.url, "stage": b.stage, "reason": b.reason}
        for b in outcome.bad
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def failed(number: int, file: str, start: int, reason: str) -> pa.Table:
    """The row of a piece that could not be read: it is tried again by the next run."""
    row = {
        "format": FORMAT,
        "number": number,
        "file": file,
        "kind": BAD,
        "position": start,
        "stage": "read",
        "reason": reason,
    }
    return pa.Table.from_pylist([row], SCHEMA)


def done(folder: str) -> set[tuple[str, int, int]]:
    """The pieces (file, start, end) whose results a folder holds already."""
    try:
        found = _open([folder])
    except (PartsError, FileNotFoundError):
        return set()
    rows = found.to_table(["file", "position", "end"], filter=pa.dataset.field("kind") == DONE).to_pylist()
    return {(row["file"], row["position"], row["end"]) for row in rows}


def read(names: Iterable[str]) -> Iterator[Part]:
    """The parts of each archive, in the order in which a single process would have read them."""
    found = _open(list(names))
    number, file = pa.dataset.field("number"), pa.dataset.field("file")
    archives = found.to_table(["number", "file"]).group_by(["number", "file"]).aggregate([])
    for archive in archives.sort_by([("number", "ascending"), ("file", "ascending")]).to_pylist():
        mine = found.to_table(filter=(number == archive["number"]) & (file == archive["file"]))
        rows = mine.sort_by([("position", "ascending")]).to_pylist()
        # A piece that was done twice, since its worker had died too late, gave the same twice.
        stories = {row["position"]: _story(row) for row in rows if row["kind"] == STORY}
        bad = {
            (row["position"], row["stage"]): Bad(row["position"], row["url"], row["stage"], row["reason"])
            for row in rows
            if row["kind"] == BAD
        }
        pages = {(row["position"], row["end"]): row["pages"] or 0 for row in rows if row["kind"] == DONE}
        yield Part(archive["file"], tuple(stories.items()), tuple(bad.values()), sum(pages.values()))


def _open(names: list[str]) -> pa.dataset.Dataset:
    files = [
        str(p) for name in names for p in ([name] if not Path(name).is_dir() else sorted(Path(name).rglob("*.parquet")))
    ]
    if not files:
        raise PartsError(f"{', '.join(names)}: no Parquet file there")
    for file in files:
        try:
            schema = pa.dataset.dataset(file, format="parquet").schema
        except (pa.ArrowInvalid, OSError) as error:
            raise PartsError(f"{file}: cannot be read: {str(error).splitlines()[0]}") from error
        if "format" not in schema.names or "kind" not in schema.names:
            raise PartsError(f"{file}: not written by `founderwatch backfill` (no column `format`)")
    found = pa.dataset.dataset(files, schema=SCHEMA, format="parquet")
    formats = set(found.to_table(["format"])["format"].unique().to_pylist())
    if other := formats - {FORMAT}:
        older = all(f is not None and f < FORMAT for f in other)
        what = "an older founderwatch: back-fill again" if older else "a newer founderwatch: upgrade"
        raise PartsError(
            f"{', '.join(names)}: written by {what} (format {', '.join(map(str, sorted(other)))}, this is {FORMAT})"
        )
    return found


def _row(story: Story) -> dict:
    article, assessment, page = story.article, story.assessment, story.page
    assert article is not None and page is not None
    row = {
        "url": article.url,
        "requested_url": page.url,
        "source": article.source,
        "fetched_at": page.fetched_at,
        "title": article.title,
        "body": article.body,
        "language": article.language,
        "author": article.author,
        "site_name": article.site_name,
        "published": article.published,
        "notes": list(story.notes),
    }
    if assessment is not None:
        mentions = json.dumps([asdict(m) for m in assessment.mentions], ensure_ascii=False, default=date.isoformat)
        row |= {
            "model": assessment.model,
            "score": assessment.score,
            "flagged": assessment.flagged,
            "skipped": assessment.skipped,
            "mentions": mentions,
        }
    return row


def _story(row: dict) -> Story:
    article = Article(
        **{key: row[key] for key in ("url", "source", "title", "body", "language", "author", "site_name", "published")}
    )
    page = Page(row["requested_url"], row["source"] or "", b"", row["fetched_at"] or datetime.min)
    assessment = None
    if row["model"] is not None:
        mentions = tuple(map(_mention, json.loads(row["mentions"] or "[]")))
        assessment = Assessment(row["model"], row["score"], row["flagged"], mentions, row["skipped"])
    return Story(page=page, article=article, assessment=assessment, notes=tuple(row["notes"] or ()))


def _mention(told: dict) -> Mention:
    days = {key: date.fromisoformat(told[key]) for key in ("departed_from", "departed_to") if told.get(key)}
    evidence = tuple(Evidence(**e) for e in told["evidence"])
    return Mention(**told | days | {"evidence": evidence, "triggers": tuple(told["triggers"])})
