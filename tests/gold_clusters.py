"""The gold clusters (tests/clusters) and how well reports of one departure are merged: measures on tuning and test.

Whole clusters are either for tuning or for test. The first three files were tuned on as a whole; of those called news_*
a hash of the cluster's name decides, so that nobody chooses; held_out was written last, and is for test as a whole.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

from founderwatch.items import Story
from models.fields import seniority
from tests.judged import mention, story

FOLDER = Path(__file__).parent / "clusters"
TUNED_ON = ("english", "chinese", "both")
HELD_OUT = "held_out"
LOOKALIKES = FOLDER / "lookalikes.txt"


@dataclass(frozen=True)
class Gold:
    """One report, and the cluster to which it belongs."""

    cluster: str
    story: Story

    @property
    def url(self) -> str:
        return self.story.article.url

    @property
    def language(self) -> str:
        return self.story.article.language

    @property
    def part(self) -> str:
        """`test` or `tuning`."""
        file = self.cluster.partition(":")[0]
        if file in (*TUNED_ON, HELD_OUT):
            return "test" if file == HELD_OUT else "tuning"
        return "test" if hashlib.sha256(self.cluster.encode()).digest()[0] % 2 else "tuning"


def files() -> dict[str, Path]:
    """The files of clusters by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.txt")) if path != LOOKALIKES}


def read(path: Path) -> Iterator[Gold]:
    """The reports of a file, one a line."""
    for number, (name, lines) in enumerate(_blocks(path).items()):
        urls: dict[str, str] = {}
        for at, (day, source, person, employer, what, more, title) in enumerate(lines):
            kind, status = what.split(", ")
            given = _fields(more)
            copied = urls[given.pop("copy")] if "copy" in given else None
            given.setdefault("seniority", seniority(given.get("role")))
            url = f"https://{path.stem.replace('_', '-')}.example/{number}/{at}"
            urls.setdefault(source, url)
            told = [] if kind == "none" else [mention(_or_none(person), _or_none(employer), kind, status, **given)]
            language = "zh" if any("\u3400" <= c <= "\u9fff" for c in title[:12]) else "en"
            yield Gold(
                name,
                story(url, *told, days=int(day), title=title, source=source, copy_of=copied, language=language),
            )


def everything() -> list[Gold]:
    return [gold for path in files().values() for gold in read(path)]


@dataclass(frozen=True)
class Measures:
    """How well reports were merged. None where there is nothing to measure."""

    clusters: int
    stories: int
    precision: float | None  # of pairs of reports that were merged
    recall: float | None  # of pairs that belong together
    b_cubed: float | None
    across: float | None  # recall of pairs in two languages
    across_precision: float | None


def measure(gold: Sequence[Gold], found: Mapping[str, str], of: Sequence[Gold]) -> Measures:
    """Measures the merging `found` (address → event) of all of `gold` on the reports `of`.

    A pair counts where one of the two is among `of`, so that what is wrongly merged with another part's report is seen.
    """
    chosen = {g.url for g in of}
    by_cluster, by_event = defaultdict(set), defaultdict(set)
    for g in gold:
        by_cluster[g.cluster].add(g.url)
        by_event[found.get(g.url, g.url)].add(g.url)
    language = {g.url: g.language for g in gold}
    cluster = {g.url: g.cluster for g in gold}
    belong, together = _pairs(by_cluster.values(), chosen), _pairs(by_event.values(), chosen)
    right = belong & together

    def two(pairs):
        return {pair for pair in pairs if len({language[url] for url in pair}) == 2}

    event = {url: urls for urls in by_event.values() for url in urls}
    shared = {url: len(event[url] & by_cluster[cluster[url]]) for url in chosen}
    precise = _mean([shared[url] / len(event[url]) for url in chosen])
    recalled = _mean([shared[url] / len(by_cluster[cluster[url]]) for url in chosen])
    return Measures(
        clusters=len({g.cluster for g in of}),
        stories=len(of),
        precision=_share(right, together),
        recall=_share(right, belong),
        b_cubed=2 * precise * recalled / (precise + recalled) if chosen else None,
        across=_share(two(right), two(belong)),
        across_precision=_share(two(right), two(together)),
    )


def wrong(gold: Sequence[Gold], found: Mapping[str, str], of: Sequence[Gold]) -> list[str]:
    """The clusters that came out otherwise, for the eye: those that share an event, and those that are parted."""
    events, parts = defaultdict(set), defaultdict(set)
    mine = {g.cluster for g in of}
    for g in gold:
        event = found.get(g.url, g.url)
        events[event].add(g.cluster)
        parts[g.cluster].add(event)
    mixed = [f"one event: {' + '.join(sorted(names))}" for names in events.values() if len(names) > 1 and names & mine]
    parted = [f"in {len(events)} parts: {name}" for name, events in parts.items() if len(events) > 1 and name in mine]
    return sorted(mixed) + sorted(parted)


def _pairs(groups, chosen: set[str]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in combinations(sorted(group), 2) if chosen & set(pair)}


def _share(part: set, whole: set) -> float | None:
    return len(part) / len(whole) if whole else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _blocks(path: Path) -> dict[str, list[list[str]]]:
    """Each cluster's lines, in cells."""
    name, lines = "", defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            name = f"{path.stem}: {line[3:]}"
            if name in lines:
                raise ValueError(f"two clusters are called {name}")
        elif line.strip() and not line.startswith("#"):
            lines[name].append([cell.strip() for cell in line.split("|")])
    return lines


def _fields(more: str) -> dict:
    """`role=head of robotics venture=Orrin` as a dictionary."""
    given: dict = {}
    last = None
    for word in more.split():
        if "=" in word:
            last, _, start = word.partition("=")
            given[last] = start
        else:
            given[last] += f" {word}"
    for name, field in (("from", "departed_from"), ("to", "departed_to")):
        if name in given:
            given[field] = date.fromisoformat(given.pop(name))
    return given


def _or_none(cell: str) -> str | None:
    return None if cell == "-" else cell
