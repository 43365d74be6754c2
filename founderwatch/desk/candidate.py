"""One candidate as the desk shows it: what a story says, with the model's words marked in place, and who else says it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from founderwatch.database.reviews import FIELDS
from founderwatch.database.rows import dicts
from founderwatch.desk.cells import story_link
from founderwatch.render import safe

_BEFORE, _SHOWN = 500, 2500  # characters of the body before the first evidence, and in all
_REPORTS = 30
_MARKED = ("person", "employer", "role", "venture", "focus", "departed_words", "trigger")


@dataclass(frozen=True)
class Item:
    """What is asked: an event, or a story that was not flagged."""

    event: str | None = None
    article: int | None = None

    @property
    def query(self) -> dict[str, str | int]:
        return {"event": self.event} if self.event else {"story": self.article}


@dataclass(frozen=True)
class Candidate:
    """An item with all that a reviewer needs to judge it."""

    item: Item
    story: Mapping | None  # the article shown; None where it was deleted
    title: Markup | str
    paragraphs: list[Markup]
    invisible: int  # characters that are left out, since they could turn the text round or hide a part of it
    told: Mapping | None  # the event's row, as the model told it
    fields: Mapping[str, str | None]  # as they stand now, corrections included
    corrected: Mapping
    triggers: list[str]
    model: str | None
    model_score: float | None
    reports: list[Mapping]  # the other ones
    all_reports: list[Mapping]
    reviews: list[Mapping]


def load(connection: sqlite3.Connection, item: Item) -> Candidate | None:
    """Reads a candidate; None where neither the event nor the story is there."""
    if item.event:
        told = _one(connection, "select * from events where id = ?", item.event)
        reports = reports_of(connection, "m.event = ?", item.event)
        reports.sort(key=lambda r: (r["kind"] != (told or {}).get("kind"), -r["score"], r["id"]))
    else:
        told, reports = None, reports_of(connection, "m.article = ?", item.article)
    main = reports[0] if reports and item.event else {}
    article = main.get("article") if item.event else item.article
    reviews = reviews_of(connection, item)
    corrected = next((json.loads(r["corrected"] or "{}") for r in reviews if r["in_force"]), {})
    fields = {n: told[n] for n in _EDITED if n in told} if told else {}
    fields = fields | corrected
    evidence = json.loads(main["evidence"]) if main else []
    story = _story(connection, article, evidence)
    if told is None and story is None:
        return None
    triggers = json.loads(main["triggers"]) if main else []
    shown = story or {"title": "", "body": "", "from": 0}
    words = {name: [main.get(_MENTIONED.get(name, name)), fields.get(name)] for name in _MARKED[:-1]}
    words["trigger"] = [*triggers, fields.get("trigger")]
    words["person"] += json.loads(told["names"]) if told else []
    title, hidden = marked(shown["title"], words, [e["text"] for e in evidence if e["in"] == "title"])
    body, more = marked(shown["body"], words, [e["text"] for e in evidence if e["in"] == "body"])
    return Candidate(
        item=item,
        story=story,
        title=title[0] if title else "",
        paragraphs=body,
        invisible=hidden + more,
        told=told,
        fields=fields,
        corrected=corrected,
        triggers=triggers,
        model=main.get("model") or (story or {}).get("model"),
        model_score=told["score"] if told else (story or {}).get("model_score"),
        reports=[r for r in reports if r is not main],
        all_reports=reports,
        reviews=reviews,
    )


_EDITED = tuple(name for name in FIELDS if name != "trigger")
_MENTIONED = {"departed_words": "when"}


def marked(text: str, words: Mapping[str, Iterable[str | None]], evidence: Iterable[str]) -> tuple[list[Markup], int]:
    """The paragraphs of a text with its evidence and the fields' words marked, and how many characters are left out."""
    labels: list[str | None] = [None] * len(text)
    quoted = bytearray(len(text))
    for sentence in filter(None, evidence):
        if (at := text.find(sentence)) >= 0:
            quoted[at : at + len(sentence)] = b"\1" * len(sentence)
    wanted = {(word, label) for label, some in words.items() for word in some if word and word.strip()}
    for word, label in sorted(wanted, key=lambda pair: (-len(pair[0]), _MARKED.index(pair[1]))):
        for found in re.finditer(_bounded(word), text, re.IGNORECASE):
            elsewhere = label == "trigger" and any(quoted) and not quoted[found.start()]  # "left", but of somebody else
            if not elsewhere and not any(labels[found.start() : found.end()]):
                labels[found.start() : found.end()] = [label] * (found.end() - found.start())
    paragraphs, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            paragraphs.append(_paragraph(line, labels[at : at + len(line)], quoted[at : at + len(line)]))
        at += len(line) + 1
    return paragraphs, sum(len(line) - len(safe(line)) for line in text.split("\n"))


def _paragraph(line: str, labels: list[str | None], quoted: bytearray) -> Markup:
    done = Markup()
    for is_quoted, part in groupby(range(len(line)), key=lambda i: quoted[i]):
        inner = Markup()
        for label, run in groupby(part, key=lambda i: labels[i]):
            words = safe("".join(line[i] for i in run))
            inner += Markup('<mark class="{}">{}</mark>').format(label, words) if label else words
        done += Markup('<span class="evidence">{}</span>').format(inner) if is_quoted else inner
    return done


def _bounded(word: str) -> str:
    return rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word)


def _story(connection, article: int | None, evidence: list[dict]) -> dict | None:
    """The article with the part of its body that is shown, cut at the ends of words or sentences."""
    starts = [e["start"] for e in evidence if e["in"] == "body"]
    first = max(0, min(starts, default=0) - _BEFORE)
    found = _one(
        connection,
        """select a.id, a.url, a.title, a.language, a.published, a.first_seen_at, a.notes, length(a.body) as size,
                  substr(a.body, :first + 1, :most) as body, coalesce(a.site_name, s.title, a.source) as outlet,
                  (select model from assessments x where x.article = a.id order by x.id desc limit 1) as model,
                  (select score from assessments x where x.article = a.id order by x.id desc limit 1) as model_score
           from articles a left join sources s on s.name = a.source where a.id = :article""",
        {"article": article, "first": first, "most": _SHOWN},
    )
    if found is None:
        return None
    body = found["body"]
    if first:  # from the beginning of a paragraph or sentence, where there is one before the evidence
        begun = re.search(r"\n|(?<=[.!?] )|(?<=[。！？])", body[: _BEFORE - 20])
        body = "…" + body[begun.end() if begun else 0 :]
    if first + _SHOWN < found["size"]:
        body += "…"
    return found | {"body": body, "link": found["url"] if story_link(found["url"]) else None}


def reports_of(connection, where: str, given) -> list[dict]:
    """The mentions that a condition chooses, with their stories, oldest first."""
    rows = connection.execute(
        f"""select m.*, a.title, a.url, a.language, coalesce(a.published, a.first_seen_at) as at, x.model,
                   coalesce(a.site_name, s.title, a.source) as outlet, a.copy_of, json_extract(m.evidence, '$[0].text') as said,
                   exists (select 1 from captures k where k.article = a.id) as kept
            from mentions m join articles a on a.id = m.article join assessments x on x.id = m.assessment
            left join sources s on s.name = a.source where {where} order by at limit {_REPORTS}""",
        [given],
    )
    return [row | {"link": row["url"] if story_link(row["url"]) else None} for row in dicts(rows)]


def reviews_of(connection: sqlite3.Connection, item: Item) -> list[dict]:
    """What people said of it, newest first."""
    where = "r.event = ?" if item.event else "r.event is null and r.article = ?"
    return dicts(
        connection.execute(
            f"""select r.id, r.reviewer, r.verdict, r.reason, r.corrected, r.made_at,
                       exists (select 1 from verdicts v where v.id = r.id) as in_force,
                       exists (select 1 from reviews u where u.undoes = r.id) as undone
                from reviews r where {where} and r.verdict <> 'undo' order by r.id desc limit 20""",
            [item.event or item.article],
        )
    )


def _one(connection, sql: str, given) -> dict | None:
    rows = dicts(connection.execute(sql, given if isinstance(given, dict) else [given]))
    return rows[0] if rows else None
