"""Measures the extraction on a folder of pages with an index.json: `python -m benchmarks.extraction FOLDER [--each]`.

Each entry of the index names a page (`file`, which may be gzipped) and what is expected of it: `expected_body`; or
`expected_with` and `expected_without`, pieces that must and must not come out; or `expected_by_parser_version`, as the Fundus
project keeps it (title, authors, publishing_date, body in sections), of which the version that fits best counts. Texts are
compared by their words, Chinese and Japanese by their characters, each as often as it comes: precision, recall, F1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from founderwatch.items import Page
from pipelines.extract import Extracted, NotExtracted, extract

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_]+")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", action="store_true", help="print a line for each page")
    arguments = parser.parse_args()
    sums: dict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    seconds = 0.0
    entries = json.loads((arguments.folder / "index.json").read_text(encoding="utf-8"))
    for entry in entries:
        page = _page(arguments.folder, entry)
        began = time.perf_counter()
        try:
            found = extract(page)
        except NotExtracted as reason:
            found = None
            print(f"{_name(entry)}: {reason}")
        seconds += time.perf_counter() - began
        scores = _scores(entry, found)
        language = found.article.language if found else "none"
        for what, value in scores.items():
            for group in (language or "none", "all"):
                sums[group][what].append(value)
        if arguments.each:
            print(
                f"{_name(entry):<60} {language}  " + "  ".join(f"{what} {value:.2f}" for what, value in scores.items())
            )
    columns = ["precision", "recall", "F1", "with", "without", "title", "authors", "date"]
    print(f"\n{'':<8}{'pages':>7}" + "".join(f"{column:>11}" for column in columns))
    for group in sorted(sums, key=lambda group: (group == "all", group)):
        values = sums[group]
        pages = len(values["page"])
        cells = "".join(f"{sum(v) / len(v):>11.3f}" if (v := values[column]) else f"{'–':>11}" for column in columns)
        print(f"{group:<8}{pages:>7}{cells}")
    print(f"{len(entries)} pages, {len(entries) / seconds:.1f} a second")


def _name(entry: dict[str, Any]) -> str:
    return Path(entry.get("file") or entry.get("source_path") or entry.get("url") or "?").name


def _page(folder: Path, entry: dict[str, Any]) -> Page:
    path = folder / entry["file"]
    path = path if path.exists() else path.with_name(f"{path.name}.gz")
    data = path.read_bytes()
    body = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    seen = entry.get("crawl_date")
    return Page(
        url=entry.get("url") or "",
        source="",
        body=body,
        fetched_at=datetime.fromisoformat(seen).replace(tzinfo=UTC) if seen else datetime.now(UTC),
    )


def _scores(entry: dict[str, Any], found: Extracted | None) -> dict[str, float]:
    scores = {"page": 1.0}
    body = found.article.body if found else ""
    if "expected_body" in entry:
        scores |= _overlap(body, entry["expected_body"])
    for key, wanted in (("with", True), ("without", False)):
        if pieces := entry.get(f"expected_{key}"):
            scores[key] = sum((_flat(piece) in _flat(body)) == wanted for piece in pieces) / len(pieces)
    versions = entry.get("expected_by_parser_version")
    if versions:
        best = max(versions.values(), key=lambda truth: _overlap(body, _told(truth))["F1"])
        scores |= _overlap(body, _told(best)) | _fields(best, found)
    return scores


def _told(truth: dict[str, Any]) -> str:
    body = truth.get("body") or {}
    parts = list(body.get("summary") or [])
    for section in body.get("sections") or []:
        parts += [*(section.get("headline") or []), *(section.get("paragraphs") or [])]
    return "\n".join(parts)


def _fields(truth: dict[str, Any], found: Extracted | None) -> dict[str, float]:
    scores = {}
    article = found.article if found else None
    if truth.get("title"):
        scores["title"] = _overlap(article.title if article else "", truth["title"])["F1"]
    if truth.get("authors"):
        told = (article.author or "") if article else ""
        scores["authors"] = sum(_flat(name) in _flat(told) for name in truth["authors"]) / len(truth["authors"])
    if truth.get("publishing_date"):
        day = datetime.fromisoformat(truth["publishing_date"])
        day = day.astimezone(UTC) if day.tzinfo else day
        near = article is not None and article.published is not None and abs((article.published.replace(tzinfo=None) - day.replace(tzinfo=None)).total_seconds()) <= 86_400  # fmt: skip
        scores["date"] = float(near)
    return scores


def _overlap(found: str, wanted: str) -> dict[str, float]:
    ours, theirs = (Counter(_WORD.findall(text.lower())) for text in (found, wanted))
    common = (ours & theirs).total()
    precision, recall = common / max(ours.total(), 1), common / max(theirs.total(), 1)
    f1 = 2 * precision * recall / (precision + recall) if common else 0.0
    return {"precision": precision, "recall": recall, "F1": f1}


def _flat(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


if __name__ == "__main__":
    main()
