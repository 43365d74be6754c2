"""What an alert says: plain text that is fit for a mail's subject, a chat and a webhook, in English or Chinese.

All that comes from the web goes through `_plain`: one line, no control or direction characters, nothing that a chat
would take for a call to everybody.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from founderwatch.events.history import evidence_by_language
from founderwatch.events.organisation_names import HAN
from founderwatch.render import shortened

_LONGEST_TITLE = 200
_LONGEST_SENTENCE = 400
_LONGEST_FIELD = 160
_LONGEST_ADDRESS = 1000
_MOST_REPORTS = 6
_MOST_IN_ONE = 40  # departures that one message tells in full
_MOST_NAMES = 4
# `@all` and `<!channel>` would call a whole team; mail addresses stay as they are.
_CALL = re.compile(r"(?<!\w)@(?=\w)|<(?=[!@#])")


@dataclass(frozen=True)
class Message:
    """One message, whatever channel it goes to. `key` is the same at every attempt; `thread` is what it is about."""

    key: str
    thread: str
    title: str
    body: str
    data: Mapping = field(default_factory=dict)  # the same for machines, where a channel carries it


@dataclass(frozen=True)
class Told:
    """An event, as `Store.event` gives it, and the status that is to be told of it."""

    event: Mapping
    status: str
    before: str | None = None  # the last status that the channel was told


@cache
def words(language: str) -> dict:
    """All words in a language."""
    known = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    return known[language] | {"language": language}


def of_event(told: Told, language: str, desk: str, key: str) -> Message:
    """Tells one departure."""
    w = words(language)
    title = headline(told, language)
    return Message(key, told.event["event"], title, "\n".join([*_card(told, w, desk), "", key]), _data(key, [told]))


def of_events(all_told: Sequence[Told], language: str, desk: str, key: str, first: bool = False) -> Message:
    """Tells several departures in one message: a digest, what the first crawl found, or what came in a flood."""
    w = words(language)
    who = list(dict.fromkeys(_name(told.event, w) for told in all_told))
    names = w["comma"].join(who[:_MOST_NAMES]) + (w["others"].format(n=len(who) - _MOST_NAMES) if len(who) > _MOST_NAMES else "")  # fmt: skip
    title = w["first_run" if first else "digest"].format(n=len(all_told), names=names)
    lines = [w["first_note"], ""] if first else []
    for number, told in enumerate(all_told[:_MOST_IN_ONE], 1):
        lines += [f"{number}. {headline(told, language)}", *(f"   {line}" for line in _brief(told, w, desk)), ""]
    if len(all_told) > _MOST_IN_ONE:
        lines += [f"{w['all_in_desk'].format(n=len(all_told) - _MOST_IN_ONE)}: {desk.rstrip('/')}/", ""]
    return Message(key, key, shortened(title, _LONGEST_TITLE), "\n".join([*lines, key]), _data(key, all_told))


def of_trouble(trouble: Mapping, status: str, language: str, key: str) -> Message:
    """Tells the beginning or the end of one of founderwatch's own troubles."""
    w = words(language)
    kind, figures = trouble["kind"], trouble["figures"]
    what = w["trouble"][kind].format(**figures)
    began = _minute(trouble["began_at"])
    lines = (
        [w["trouble"]["since"].format(began=began), w["detail"][kind].format(**figures)]
        if status == "begun"
        else [w["trouble"]["lasted"].format(began=began, ended=_minute(trouble["ended_at"] or ""))]
    )
    data = {"id": key, "trouble": kind, "status": status, "began_at": trouble["began_at"], "figures": figures}
    return Message(
        key, f"trouble-{trouble['id']}", _plain(w["trouble"][status].format(what=what)), "\n".join([*lines, "", key]), data
    )  # fmt: skip


def sample(name: str, told: Told, language: str, desk: str, key: str) -> Message:
    """A message of an invented departure, by which a channel is tried."""
    w = words(language)
    message = of_event(told, language, desk, key)
    title = shortened(f"{w['sample']}{w['colon']}{message.title}", _LONGEST_TITLE)
    return Message(key, key, title, f"{w['sample_note'].format(name=name)}\n\n{message.body}", message.data)


def headline(told: Told, language: str) -> str:
    """The departure on one line: who, from where, to what, how sure."""
    w, event = words(language), told.event
    who = [_name(event, w), _plain(_own(event, "role", w)), _plain(_own(event, "employer", w))]
    goal = w["comma"].join(filter(None, [_goal(event, w), _plain(_own(event, "focus", w))]))
    status = w["bracket"].format(text=w["told"][told.status])
    line = f"{w['comma'].join(filter(None, who))} → {goal}"
    return shortened(line, _LONGEST_TITLE - len(status)) + status


def _card(told: Told, w: Mapping, desk: str) -> list[str]:
    """The lines that tell one departure: what is said, the fields, the reports, where to look."""
    event = told.event
    lines = _sentences(event, w)
    facts = {
        "who": _name(event, w),
        "from": _plain(_own(event, "employer", w)),
        "role": _plain(_own(event, "role", w)),
        "to": _goal(event, w),
        "about": _plain(_own(event, "focus", w)),
        "when": _plain(_own(event, "when", w)) or event["departed"]["from"],
        "status": _status(told, w),
        "score": f"{event['score']:.2f}",
        "first": _plain(event["first_reported_by"]),
        "reports": _outlets(event, w),
    }
    lines += [""] if lines else []
    lines += [f"{w[name]}{w['colon']}{fact}" for name, fact in facts.items() if fact]
    mentions = event["mentions"]
    for report in mentions[:_MOST_REPORTS]:
        source = _plain(report["source"]) or "?"
        marks = [report["language"] or "und", _minute(report["published"]) if report["published"] else w["no_date"]]
        marks += [w["copy"]] if report.get("copy_of") else []
        lines.append(
            f"- {source}{w['bracket'].format(text=w['comma'].join(marks))}{w['colon']}{_plain(report['title'])}"
        )
        lines.append(f"  {_plain(report['url'], _LONGEST_ADDRESS)}")
    if len(mentions) > _MOST_REPORTS:
        lines.append(f"- {w['more'].format(n=len(mentions) - _MOST_REPORTS)}")
    review = f"{desk.rstrip('/')}/-/desk?event={event['event']}"
    return [*lines, "", *_links(event, w, desk), f"{w['review']}{w['colon']}{review}"]


def _brief(told: Told, w: Mapping, desk: str) -> list[str]:
    """A departure among others: one sentence, who had it first, where to look."""
    event = told.event
    first = f"{w['first']}{w['colon']}{_plain(event['first_reported_by'])}" if event["first_reported_by"] else ""
    facts = [first, _outlets(event, w), f"{w['score']} {event['score']:.2f}"]
    return [*_sentences(event, w)[:1], w["comma"].join(filter(None, facts)), *_links(event, w, desk)]


def _sentences(event: Mapping, w: Mapping) -> list[str]:
    """The sentence that says it in each language, the reader's first."""
    quoted = evidence_by_language(event["mentions"], event["kind"])
    ours_first = sorted(quoted, key=lambda language: language != w["language"])
    return [w["quote"].format(text=_plain(quoted[one]["evidence"], _LONGEST_SENTENCE)) for one in ours_first]


def _outlets(event: Mapping, w: Mapping) -> str:
    return w["outlet"] if event["sources"] == 1 else w["outlets"].format(n=event["sources"])


def _links(event: Mapping, w: Mapping, desk: str) -> list[str]:
    """The story that came first, and the event's page."""
    mentions = event["mentions"]
    original = next((m for m in mentions if not m.get("copy_of")), None) or next(iter(mentions), None)
    lines = [f"{w['original']}{w['colon']}{_plain(original['url'], _LONGEST_ADDRESS)}"] if original else []
    return [*lines, f"{w['desk']}{w['colon']}{desk.rstrip('/')}/-/event/{event['event']}"]


def _name(event: Mapping, w: Mapping) -> str:
    """The name in the reader's script first, with one in the other script behind it."""
    names = [name for name in [event["person"], *event["names"]] if name]
    if not names:
        return w["no_name"]
    own = next((name for name in names if _is_in(name, w)), names[0])
    other = next((name for name in names if _is_in(name, w) != _is_in(own, w)), None)
    return _plain(own) + (w["bracket"].format(text=_plain(other)) if other else "")


def _own(event: Mapping, name: str, w: Mapping) -> str | None:
    """A field in the reader's script, where a story says it so; a reviewer's correction stays as it is."""
    value = event["departed"]["words"] if name == "when" else event[name]
    told = [m.get(name) for m in event["mentions"] if m["kind"] == event["kind"] and m.get(name)]
    if value is None or value not in told or _is_in(value, w):
        return value
    return next((one for one in told if _is_in(one, w)), value)


def _is_in(text: str, w: Mapping) -> bool:
    """Whether a text is in the script of the reader's language."""
    return bool(HAN.search(text)) == (w["language"] == "zh")


def _goal(event: Mapping, w: Mapping) -> str:
    venture = _plain(_own(event, "venture", w))
    if event["kind"] == "founds":
        own = w["kind"][event["venture_kind"]]
        return f"{venture}{w['bracket'].format(text=own)}" if venture else own
    return venture or w["unknown_goal"]


def _status(told: Told, w: Mapping) -> str:
    notes = []
    if told.before and told.before != told.status:
        notes.append(w["before"].format(status=w["told"][told.before]))
    if told.event["status"] != told.status:
        notes.append(w["now"].format(status=w["told"][told.event["status"]]))
    return w["told"][told.status] + (w["bracket"].format(text=w["comma"].join(notes)) if notes else "")


def _data(key: str, all_told: Iterable[Told]) -> dict:
    """What a program wants to know: the fields as `founderwatch events --json` calls them."""
    names = ("event", "person", "names", "kind", "status", "employer", "role", "venture", "focus", "first_reported_by", "score", "sources")  # fmt: skip
    rows = [
        {name: t.event[name] for name in names}
        | {"told": t.status, "urls": [m["url"] for m in t.event["mentions"][:_MOST_REPORTS]]}
        for t in all_told
    ]
    return {"id": key, "events": rows}


def _plain(text: str | None, width: int = _LONGEST_FIELD) -> str:
    """A text from the web, fit for any channel."""
    return _CALL.sub(lambda match: f"{match[0]} ", " ".join(shortened(text or "", width).split()))


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"
