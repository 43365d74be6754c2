"""Reads and checks the labelled corpus; the form is described in models/corpus/README.md."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from rensa import RMinHash, RMinHashDeduplicator

from models.labels import KINDS, STATUSES

CORPUS = Path(__file__).parent.parent / "corpus"
REGISTERS = frozenset(
    [
        "wire",
        "daily",
        "blog",
        "roundup",
        "flash",
        "memo",
        "post",
        "interview",
        "filing",
        "qa",
        "headline",
        "caption",
        "mt",
        "trad",
        "speech",
        "podcast",
    ]
)
PERSON, NAMELESS, OTHER = "p", "x", "o"
ARGUMENTS = {
    "e": "employer",
    "r": "role",
    "v": "venture",
    "f": "focus",
    "w": "when",
    "s": "first_reported_by",
    "t": "trigger",
}

_HASHES = 128
_SPAN = re.compile(r"\[([^\[\]|]+)\|([a-z])(\d*)\]")
_EVENT = re.compile(r"(\d)=(\w+)/(\w+)")


class CorpusError(ValueError):
    """A record that breaks the form; the message names file and line."""


@dataclass(frozen=True)
class Span:
    """Labelled text: `text[start:end]`, one letter of the guide's table, the events it belongs to."""

    start: int
    end: int
    label: str
    events: tuple[int, ...] = ()


@dataclass(frozen=True)
class Record:
    """One labelled passage or story; `text` joins the title and the paragraphs by newlines."""

    where: str
    group: str
    language: str
    register: str
    title: str
    body: str
    events: dict[int, tuple[str, str]]
    spans: tuple[Span, ...]
    published: str | None = None
    long: bool = False

    @property
    def moment(self) -> datetime | None:
        """When the text was published."""
        return datetime.fromisoformat(self.published).replace(tzinfo=UTC) if self.published else None

    @property
    def text(self) -> str:
        return f"{self.title}\n{self.body}" if self.title else self.body

    def words(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def argument(self, event: int, label: str) -> str | None:
        """The first span of a label for an event, word for word."""
        found = [s for s in self.spans if s.label == label and event in s.events]
        return self.words(found[0]) if found else None

    def person(self, event: int) -> str | None:
        """The fullest form of the leaver's name; None for a leaver without a name."""
        names = [self.words(s) for s in self.spans if s.label == PERSON and event in s.events]
        return max(names, key=len) if names else None

    @cached_property
    def flagged(self) -> bool:
        return any(kind == "founds" and status != "denied" for kind, status in self.events.values())


def read_file(path: Path, folder: Path | None = None) -> tuple[list[Record], list[str]]:
    """Returns the records of a file and one message for each record that breaks the form.

    A record is named by the file and its line; below a `folder`, where files of one name may stand, by the file's path in it.
    """
    records, problems = [], []
    name = path.relative_to(folder).as_posix() if folder else path.name
    group = ""
    block: list[str] = []
    block_start = 0

    def finish():
        nonlocal group
        if block:
            # Named by its first record's text, so that text added elsewhere moves no group to another part.
            group = group or f"{path.stem}:{hashlib.sha256(block[-1].encode()).hexdigest()[:10]}"
            try:
                records.append(_parse(block, f"{name}:{block_start}", group))
            except CorpusError as error:
                problems.append(str(error))

    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() == "--" or line.startswith("@"):
            finish()
            block = []
            if line.startswith("@"):
                block, block_start = [line], number
            else:
                group = ""
        elif block and line.strip():
            block.append(line.strip())
        elif line.strip() and not block:
            problems.append(f"{name}:{number}: text before a header line (@)")
    finish()
    return records, problems


def read(folder: Path = CORPUS) -> list[Record]:
    """All records below a folder; raises CorpusError with every problem found."""
    records, problems = [], []
    for path in sorted(folder.rglob("*.txt")):
        more, wrong = read_file(path, folder)
        records += more
        problems += wrong
    if problems:
        raise CorpusError("\n".join(problems))
    return records


def about_departures(records: Iterable[Record]) -> set[str]:
    """The groups in which somebody leaves; what else stands in them sounds like it, what stands in others is ordinary news."""
    return {record.group for record in records if record.events}


def split(record: Record) -> str:
    """train, dev or test: by the group's hash, so that a group is never parted."""
    point = int(hashlib.sha256(record.group.encode()).hexdigest()[:8], 16) % 100
    return "test" if point < 10 else "dev" if point < 20 else "train"


def _parse(block: list[str], where: str, group: str) -> Record:
    head = block[0][1:].split()
    if len(head) < 2 or head[0] not in ("en", "zh"):
        raise CorpusError(f"{where}: header needs a language (en, zh) and a register: {block[0]!r}")
    language, register, *rest = head
    if register not in REGISTERS:
        raise CorpusError(f"{where}: unknown register {register!r}; one of {' '.join(sorted(REGISTERS))}")
    events, published, long = {}, None, False
    for word in rest:
        if match := _EVENT.fullmatch(word):
            number, kind, status = int(match[1]), match[2], match[3]
            if kind not in KINDS or status not in STATUSES:
                raise CorpusError(f"{where}: unknown kind or status in {word!r}")
            events[number] = (kind, status)
        elif word.startswith("published="):
            published = word.partition("=")[2]
        elif word == "long":
            long = True
        else:
            raise CorpusError(f"{where}: header word {word!r} not understood")
    lines = block[1:]
    if not lines:
        raise CorpusError(f"{where}: no text")
    title, spans = "", []
    texts: list[str] = []
    offset = 0
    for index, marked in enumerate(lines):
        is_title = index == 0 and marked.startswith("# ")
        plain, found = _unmark(marked[2:] if is_title else marked, where)
        spans += [Span(s.start + offset, s.end + offset, s.label, s.events) for s in found]
        offset += len(plain) + 1
        if is_title:
            title = plain
        else:
            texts.append(plain)
    record = Record(
        where=where,
        group=group,
        language=language,
        register=register,
        title=title,
        body="\n".join(texts),
        events=events,
        spans=tuple(spans),
        published=published,
        long=long,
    )
    _check(record)
    return record


def _unmark(marked: str, where: str) -> tuple[str, list[Span]]:
    plain, spans, at = "", [], 0
    for match in _SPAN.finditer(marked):
        plain += marked[at : match.start()]
        words, label, numbers = match.groups()
        if label not in ARGUMENTS and label not in (PERSON, NAMELESS, OTHER):
            raise CorpusError(f"{where}: unknown label {label!r} in {match[0]!r}")
        spans.append(Span(len(plain), len(plain) + len(words), label, tuple(int(n) for n in numbers)))
        plain += words
        at = match.end()
    plain += marked[at:]
    if re.search(r"[\[\]|]", plain):
        raise CorpusError(f"{where}: stray bracket or bar (nested or broken span?) in {plain[:80]!r}")
    return plain, spans


def _check(record: Record) -> None:
    for span in record.spans:
        words = record.words(span)
        if words != words.strip():
            raise CorpusError(f"{record.where}: span {words!r} begins or ends with a space")
        if span.label == OTHER:
            continue
        if not span.events:
            raise CorpusError(f"{record.where}: span {words!r} ({span.label}) names no event number")
        if unknown := set(span.events) - record.events.keys():
            raise CorpusError(f"{record.where}: span {words!r} names event {unknown}, which the header lacks")
    for number in record.events:
        labels = {s.label for s in record.spans if number in s.events}
        if not labels & {PERSON, NAMELESS}:
            raise CorpusError(f"{record.where}: event {number} has no leaver (p{number} or x{number})")
        if "t" not in labels:
            raise CorpusError(f"{record.where}: event {number} has no trigger (t{number})")


def summary(records: list[Record]) -> str:
    """Counts by language and kind, for people."""
    lines = [f"{len(records)} records in {len({r.group for r in records})} groups"]
    for language in ("en", "zh"):
        mine = [r for r in records if r.language == language]
        kinds = Counter(kind for r in mine for kind, _ in r.events.values())
        statuses = Counter(status for r in mine for _, status in r.events.values())
        lines.append(
            f"{language}: {len(mine)} records, {sum(r.long for r in mine)} whole stories, "
            f"{sum(r.flagged for r in mine)} flagged, {sum(not r.events for r in mine)} without events; "
            f"kinds {dict(kinds)}; statuses {dict(statuses)}"
        )
        lines.append(f"    registers {dict(Counter(r.register for r in mine).most_common())}")
    return "\n".join(lines)


def gold(record: Record) -> dict:
    """A record in the form in which gold stories are evaluated."""
    fields = {name: label for label, name in ARGUMENTS.items() if name != "trigger"}
    return {
        "id": record.where,
        "language": record.language,
        "title": record.title,
        "body": record.body,
        "published": record.published,
        "events": [
            {"person": record.person(number), "kind": kind, "status": state}
            | {name: record.argument(number, label) for name, label in fields.items()}
            for number, (kind, state) in record.events.items()
        ],
    }


def digest(records: list[Record]) -> str:
    """A short name for exactly these records: floors for quality are pinned to it."""
    whole = hashlib.sha256()
    for record in sorted(records, key=lambda r: r.where):
        whole.update(f"{record.text}|{record.events}|{record.spans}".encode())
    return whole.hexdigest()[:16]


def near_copies(records: list[Record], alike: float = 0.6) -> list[tuple[Record, Record, float]]:
    """Pairs of records in different parts (train, dev, test) whose texts share so many character runs."""
    index = RMinHashDeduplicator(alike, _HASHES, True, 32, 7)
    hashes: dict[str, tuple[Record, RMinHash]] = {}
    found = []
    for record in records:
        text = re.sub(r"\W+", "", record.text.casefold())
        size = 3 if record.language == "zh" else 6
        pieces = [text[i : i + size] for i in range(max(1, len(text) - size + 1))]
        minhash = RMinHash(_HASHES, 7)
        minhash.update(pieces)
        for where in index.get_duplicates(minhash):
            other, known = hashes[where]
            likeness = minhash.jaccard(known)
            if likeness >= alike and split(other) != split(record):
                found.append((other, record, likeness))
        index.add(record.where, minhash)
        hashes[record.where] = (record, minhash)
    return found
