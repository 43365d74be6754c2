"""Writes what reviewers judged as passages of the corpus, in the mark-up of models/corpus/README.md.

Only what is wholly known becomes a passage: the training would learn a missing label as "none".
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from founderwatch.database.rows import dicts
from founderwatch.render import safe
from models.training.corpus import ARGUMENTS, OTHER, PERSON

_LABELS = {name: label for label, name in ARGUMENTS.items()}
# The longest and the needed first: spans do not overlap, and an event without trigger is no record.
_PLACED = ("employer", "venture", "trigger", "role", "focus", "when", "first_reported_by")
_COLUMNS = {"when": "departed_words"}  # as the desk and `events` call it
_LANGUAGES = ("en", "zh")
_PARAGRAPH = 2000  # characters; of a longer one only the evidence is taken
_OPENING = 1500  # of a story without evidence
_EVENTS = 9  # the mark-up counts with one digit
# What a rejected founder is instead; other reasons say that there is no event, or leave open which one there is.
_INSTEAD = {"joins": "joins", "leaves": "leaves"}
_NONE = ("stays", "biography", "background", "controlled", "nobody")
_BRACKETS = str.maketrans({"[": "［", "]": "］", "|": "｜"})
_BEFORE_A_SURNAME = ("Mr", "Mrs", "Ms", "Dr", "Prof")


class Unfit(ValueError):
    """A judged story that makes no passage; the message says why."""


@dataclass
class _Passage:
    """A text with the spans placed in it so far."""

    title: str
    paragraphs: list[str]
    spans: dict[tuple[int, int], tuple[str, set[int]]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join([self.title, *self.paragraphs])

    def place(self, words: str, label: str, event: int | None, everywhere: bool = False) -> bool:
        """Labels the first occurrence of some words that is free, or all of them; tells whether there is one."""
        placed = False
        for found in _occurrences(self.text, words):
            placed = self._put(found, label, event) or placed
            if placed and not everywhere:
                break
        return placed

    def place_name(self, name: str, label: str, event: int | None) -> bool:
        """Labels every mention of a person: the full name, and its parts where they stand alone."""
        found = self.place(name, label, event, everywhere=True)
        for part in name.split() if name.isascii() and found else []:
            for span in _occurrences(self.text, part) if len(part) > 1 and part[0].isupper() else []:
                if _alone(self.text, *span):
                    self._put(span, label, event)
        return found

    def _put(self, span: tuple[int, int], label: str, event: int | None) -> bool:
        known = self.spans.get(span)
        if known and known[0] == label:
            known[1].update({event} if event else ())
            return True
        if any(start < span[1] and span[0] < end for start, end in self.spans):
            return False
        self.spans[span] = (label, {event} if event else set())
        return True

    def marked(self) -> str:
        text, done, at = self.text, "", 0
        for (start, end), (label, events) in sorted(self.spans.items()):
            numbers = "".join(str(n) for n in sorted(events))
            done += f"{text[at:start]}[{text[start:end]}|{label}{numbers}]"
            at = end
        title, *paragraphs = (done + text[at:]).split("\n")
        return "\n".join([*([f"# {title}"] if title else []), *paragraphs])


def passages(connection: sqlite3.Connection) -> tuple[list[str], Counter]:
    """The records of all judged stories, and how many stories were left out for which reason."""
    done, left_out = [], Counter()
    for story, mentions, verdict in _judged(connection):
        try:
            done.append(_record(story, mentions, verdict))
        except Unfit as reason:
            left_out[str(reason)] += 1
    return done, left_out


def _judged(connection: sqlite3.Connection) -> Iterator[tuple[dict, list[dict], dict | None]]:
    """Each judged story that is no copy: its row, all its mentions, and the verdict on the story itself."""
    stories = _rows(
        connection,
        """select id, title, body, language, published from articles a
           where copy_of is null and (
               exists (select 1 from mentions m join verdicts v on v.event = m.event
                        where m.article = a.id and v.verdict in ('accept', 'reject'))
            or exists (select 1 from verdicts v where v.article = a.id and v.event is null and v.verdict in ('accept', 'reject')))
           order by id""",
    )
    for story in stories:
        mentions = _rows(
            connection,
            """select m.*, e.names, v.verdict, v.reason, v.corrected, e.status as event_status
               from mentions m left join events e on e.id = m.event left join verdicts v on v.event = m.event
               where m.article = ? order by m.id""",
            story["id"],
        )
        itself = _rows(
            connection,
            "select * from verdicts where article = ? and event is null and verdict in ('accept', 'reject')",
            story["id"],
        )
        yield story, mentions, itself[0] if itself else None


def _record(story: Mapping, mentions: list[dict], verdict: Mapping | None) -> str:
    """One record of the corpus; raises Unfit where the story makes none."""
    if story["language"] not in _LANGUAGES:
        raise Unfit(f"the corpus has no language {story['language'] or 'und'}")
    judged = [m for m in mentions if m["verdict"] in ("accept", "reject")]
    passage = _Passage(_line(story["title"]), _paragraphs(story["body"], judged))
    if not passage.text.strip():
        raise Unfit("no text")
    events: dict[int, str] = {}
    for mention in judged:
        _label(passage, events, mention)
    if verdict and verdict["verdict"] == "accept":
        _label_missed(passage, events, json.loads(verdict["corrected"] or "{}"))
    for mention in mentions:
        if mention not in judged and _tells(passage, mention):
            raise Unfit("another departure in it is not judged yet")
    head = [f"@{story['language']}", "wire", *(f"{number}={what}" for number, what in events.items())]
    if story["published"]:
        head.append(f"published={story['published'][:10]}")
    return f"--\n{' '.join(head)}\n{passage.marked()}\n"


def _label(passage: _Passage, events: dict[int, str], mention: Mapping) -> None:
    """Labels one judged mention: as its event, as the event that it is instead, or as somebody else."""
    corrected = json.loads(mention["corrected"] or "{}")
    names = [n for n in (corrected.get("person"), mention["person"], *json.loads(mention["names"])) if n]
    kind, status = mention["kind"], mention["status"]
    if mention["verdict"] == "accept":
        if "person" in corrected:  # the model's may be somebody else's name
            names = [n for n in [corrected["person"]] if n]
        if status == mention["event_status"]:
            status = corrected.get("status") or status
    elif mention["reason"] in _INSTEAD:
        kind = _INSTEAD[mention["reason"]]
    elif mention["reason"] in _NONE:
        for name in names:
            passage.place_name(_line(name), OTHER, None)
        return
    else:
        raise Unfit("rejected without a reason that says what it is")
    if not names:
        raise Unfit("a leaver without a name")
    told = {name: corrected.get(_COLUMNS.get(name, name), mention.get(name)) for name in _LABELS if name != "trigger"}
    if kind == "leaves":
        told |= {"venture": None, "focus": None}
    _label_event(passage, events, f"{kind}/{status}", names, told, json.loads(mention["triggers"]))


def _label_missed(passage: _Passage, events: dict[int, str], given: Mapping[str, str | None]) -> None:
    """Labels a departure that the model missed, as the reviewer wrote it down."""
    if not (given.get("person") and given.get("trigger") and given.get("status")):
        raise Unfit("a missed departure without person, status and deciding words")
    told = {name: given.get(_COLUMNS.get(name, name)) for name in _LABELS if name != "trigger"}
    _label_event(passage, events, f"founds/{given['status']}", [given["person"]], told, [given["trigger"]])


def _label_event(passage, events, what: str, names: list[str], told: Mapping, triggers: list[str]) -> None:
    number = len(events) + 1
    if number > _EVENTS:
        raise Unfit("more than nine departures in it")
    if not any([passage.place_name(_line(name), PERSON, number) for name in names]):  # all of them, not the first
        raise Unfit("the leaver's name does not stand where the departure is told")
    for name in _PLACED:
        words = triggers if name == "trigger" else [told.get(name)]
        placed = [passage.place(_line(w), _LABELS[name], number) for w in words if w]
        if name == "trigger" and not any(placed):
            raise Unfit("its deciding words do not stand where the departure is told")
    events[number] = what


def _paragraphs(body: str, judged: list[dict]) -> list[str]:
    """The paragraphs in which the judged departures are told; without any, the opening."""
    evidence = [e for m in judged for e in json.loads(m["evidence"]) if e["in"] == "body"]
    taken, at = [], 0
    for raw in body.split("\n"):
        inside = [e for e in evidence if e["start"] < at + len(raw) and at < e["end"]]
        if inside or (not judged and at < _OPENING):
            whole = raw if len(raw) <= _PARAGRAPH else " ".join(e["text"] for e in inside) or raw[:_OPENING]
            taken.append(_line(whole))
        at += len(raw) + 1
    return [line for line in taken if line]


def _tells(passage: _Passage, mention: Mapping) -> bool:
    """Whether a passage tells of a mention: its name, or a sentence that says it."""
    said = [e["text"] for e in json.loads(mention["evidence"])] + ([mention["person"]] if mention["person"] else [])
    return any(words and words in passage.text for words in map(_line, said))


def _line(text: str) -> str:
    """Text that the corpus takes for one plain line."""
    line = " ".join(safe(text).split()).translate(_BRACKETS)
    # What begins a header, a group or a title elsewhere.
    return re.sub(r"^(@|#(?= )|--$)", lambda m: {"@": "＠", "#": "＃", "--": "——"}[m[0]], line)


def _occurrences(text: str, words: str) -> list[tuple[int, int]]:
    if not words:
        return []
    pattern = rf"(?<!\w){re.escape(words)}(?!\w)" if words.isascii() else re.escape(words)
    return [match.span() for match in re.finditer(pattern, text)]


def _alone(text: str, start: int, end: int) -> bool:
    """Whether a part of a name is not a part of somebody else's."""
    before = re.search(r"(\w[\w.'-]*)\s$", text[:start])
    named = before and before[1][0].isupper() and before[1].rstrip(".") not in _BEFORE_A_SURNAME
    return not named and not re.match(r"\s[A-Z]|-\w", text[end:])


def _rows(connection: sqlite3.Connection, sql: str, *given) -> list[dict]:
    return dicts(connection.execute(sql, given))
