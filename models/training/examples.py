"""From labelled records to the encoder's inputs, with names changed at random."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from models import document as documents
from models.labels import ARGUMENTS, FINDER, KIND_CLASSES, STATUSES
from models.persons import NameMention, join
from models.training import corpus as marks
from models.training import names
from models.training.corpus import Record, Span

IGNORED = -100
_DECOY_SHARE = 0.4
# What the finder may take for a person: names of things, and of organisations.
_THING = re.compile(r"\b[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]+){0,2}")
# Words for people without a name, in texts where none of them leaves: the reader must learn to say so.
_NAMELESS = re.compile(
    r"(?:an?|the|one|its|her|his|top|senior|former)? ?(?:[a-z]+ )?(?:engineer|executive|founder|researcher|scientist|chief"
    r"|director|manager|professor|employee|partner|analyst)s?\b|[\u3400-\u9fff]{0,4}(?:高管|工程师|研究员|负责人|创始人|科学家|员工|经理|教授|总监|合伙人)",
    re.I,
)


@dataclass(frozen=True)
class Example:
    """One input with its labels; a finder's example has no kind, a reader's no finder labels."""

    input_ids: list[int]
    token_type_ids: list[int]
    finder_labels: list[int]
    argument_labels: list[int]
    kind_labels: int
    status_labels: int


@dataclass(frozen=True)
class Marked:
    """One person of a record: where the name stands, and which event it is (None: no departure)."""

    spans: tuple[tuple[int, int], ...]
    event: int | None


def people(record: Record) -> list[Marked]:
    """Every person of a record: each leaver with all mentions, then the others joined by name."""
    found = []
    for event in record.events:
        spans = [
            (s.start, s.end) for s in record.spans if s.label in (marks.PERSON, marks.NAMELESS) and event in s.events
        ]
        if spans:
            found.append(Marked(tuple(spans), event))
    others = [NameMention(s.start, s.end, record.words(s)) for s in record.spans if s.label == marks.OTHER]
    found += [Marked(tuple((m.start, m.end) for m in p.mentions), None) for p in join(others, record.text)]
    return found


def renamed(record: Record, source: random.Random) -> Record:
    """The record with other people, and sometimes other employers and ventures."""
    table: dict[str, str] = {}
    by_person: dict[object, list[str]] = defaultdict(list)
    for person in people(record):
        forms = [record.text[a:b] for a, b in person.spans]
        label = next((s.label for s in record.spans if (s.start, s.end) == person.spans[0]), "")
        if label != marks.NAMELESS:
            by_person[person.spans] = sorted(set(forms), key=len, reverse=True)
    for forms in by_person.values():
        if source.random() < 0.7 and not any(f in table for f in forms):
            table |= {k: v for k, v in (names.new_name(forms[0], forms, source) or {}).items() if k in forms}
    for label in "ev":
        for text in {record.words(s) for s in record.spans if s.label == label}:
            if text not in table and source.random() < 0.4 and (fresh := names.new_organisation(text, source)):
                table[text] = fresh
    return _replaced(record, table) if table else record


def _replaced(record: Record, table: dict[str, str]) -> Record:
    """Replaces whole spans, and the same words where they stand without a label."""
    free = [k for k in table if len(k) > 1]
    pattern = re.compile(
        "|".join(rf"(?<![A-Za-z]){re.escape(k)}(?![A-Za-z])" for k in sorted(free, key=len, reverse=True)) or r"(?!)"
    )
    text, spans, at = "", [], 0
    ordered = sorted(record.spans, key=lambda s: s.start)
    for span in ordered:
        text += pattern.sub(lambda m: table[m[0]], record.text[at : span.start])
        words = record.words(span)
        fresh = table.get(words) or pattern.sub(lambda m: table[m[0]], words)
        spans.append(Span(len(text), len(text) + len(fresh), span.label, span.events))
        text += fresh
        at = span.end
    text += pattern.sub(lambda m: table[m[0]], record.text[at:])
    title, _, body = text.partition("\n") if record.title else ("", "", text)
    return replace(record, title=title, body=body, spans=tuple(spans))


def tags(doc_text: str, look: documents.Look, spans: list[tuple[int, int, str]], classes: tuple[str, ...]) -> list[int]:
    """B-I-O class numbers for the tokens of a look; special tokens are ignored."""
    labels = []
    for token in look.offsets:
        if token == (0, 0):
            labels.append(IGNORED)
            continue
        name = "O"
        for start, end, role in spans:
            if documents.covers(doc_text, token, (start, end)):
                # The first token that lies in the span begins it, whatever space it carries in front.
                begins = token[0] <= start or not doc_text[start : token[0]].strip()
                name = ("B-" if begins else "I-") + role
                break
        labels.append(classes.index(name))
    return labels


def finder_examples(record: Record, doc: documents.Document, tokenizer) -> Iterator[Example]:
    roles = {marks.PERSON: "leaver", marks.NAMELESS: "nameless", marks.OTHER: "other"}
    spans = [(s.start, s.end, roles[s.label]) for s in record.spans if s.label in roles]
    for window in documents.windows(doc):
        look = documents.look(doc, window, tokenizer)
        yield Example(
            list(look.ids), [0] * len(look.ids), tags(doc.text, look, spans, FINDER), [IGNORED] * len(look.ids), IGNORED, IGNORED
        )  # fmt: skip


def reader_examples(
    record: Record, doc: documents.Document, tokenizer, source: random.Random, others: int = 2
) -> Iterator[Example]:
    """One example for each leaver and for at most `others` of the other persons."""
    everyone = people(record)
    bystanders = [p for p in everyone if p.event is None]
    source.shuffle(bystanders)
    for person in [p for p in everyone if p.event is not None] + bystanders[:others] + _decoys(record, source):
        spans = person.spans
        chosen = documents.digest(
            doc, spans, [1.0 if _tells(record, doc, span, person.event) else 0.3 for span in spans]
        )
        look = documents.look(doc, chosen, tokenizer, spans)
        if not any(look.marks):
            continue
        arguments = [
            (s.start, s.end, marks.ARGUMENTS[s.label])
            for s in record.spans
            if person.event in s.events and s.label in marks.ARGUMENTS
        ]
        kind, status = record.events[person.event] if person.event is not None else ("none", None)
        yield Example(
            list(look.ids),
            list(look.marks),
            [IGNORED] * len(look.ids),
            tags(doc.text, look, arguments, ARGUMENTS),
            KIND_CLASSES.index(kind),
            IGNORED if status is None else STATUSES.index(status),
        )


def _decoys(record: Record, source: random.Random) -> list[Marked]:
    """Sometimes a thing, an organisation or (where nobody leaves) a person without a name, as one that does not leave."""
    if source.random() > _DECOY_SHARE:
        return []
    found = [m.span() for m in _THING.finditer(record.text)]
    found += [(s.start, s.end) for s in record.spans if s.label in ("e", "v", "s")]
    if not record.events:
        found += [m.span() for m in _NAMELESS.finditer(record.text) if m[0].strip()] * 2
    people = [(s.start, s.end) for s in record.spans if s.label in (marks.PERSON, marks.NAMELESS, marks.OTHER)]
    free = [(a, b) for a, b in found if not any(a < end and start < b for start, end in people)]
    return [Marked((source.choice(free),), None)] if free else []


def _tells(record: Record, doc: documents.Document, span: tuple[int, int], event: int | None) -> bool:
    """Whether the sentence of a mention holds one of the event's triggers."""
    sentence = doc.sentences[doc.at(span[0])]
    return any(s.label == "t" and event in s.events and sentence.start <= s.start < sentence.end for s in record.spans)
