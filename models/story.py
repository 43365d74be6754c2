"""From a whole story to its events: finds the persons, reads each, settles who did what.

The finder looks at every passage; the reader then sees a digest of the sentences about each candidate. What
the two say is turned into mentions with exact evidence here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from founderwatch.items import Assessment, Evidence, Mention
from models import dates, fields
from models import document as documents
from models.chance import Signals, probability
from models.document import Document
from models.encoder import ALARMS, Encoder
from models.gate import Gate
from models.language import READ, detect
from models.persons import HAN, NameMention, Person, join, name_parts
from models.reader import FoundSpan, Reading, find, read

LONGEST = 40_000  # characters of a story that are read; the news stands in front of them
AGE_LIMIT = timedelta(days=3 * 365 + 1)  # between the departure and the story's publication
_CANDIDATE = 0.08  # weight from which a person is read
_MOST_CANDIDATES = 40
_TOLD = 0.5  # how sure the reader must be of a kind of departure to tell it at all
_PLAIN = 0.9  # how sure of a founding it must be by the title alone, against what the whole says
# Any sign that a person or an employer speaks: verbs, channels, quotation marks, the first person.
_SPEAKS = re.compile(
    r"\b(?:sa(?:id|ys|ying)|t(?:old|ells)|announc\w*|wr(?:ote|ites|itten)|post(?:ed|s)?|memo|letter|e-?mail\w*|confirm\w*"
    r"|statement|fil(?:ed|ing)s?|tweet\w*|blog|spokes\w*|disclos\w*|shar(?:ed|es|ing)|message|LinkedIn|notice|reveal\w*|add(?:ed|s)"
    r"|explain\w*|inform\w*|resign\w*|I|my|me|we|our)\b|[“”\"「」『』《：:]|宣布|宣佈|发文|發文|内部信|公告|官宣|表示|透露|称|稱|微博|朋友圈"
    r"|声明|聲明|回应|回應|告诉|告訴|写道|寫道|我|博客|推文|帖|确认|確認|证实|證實|公布|披露|告别|辞职|辭職|邮件|郵件|说|說"
)


class StoryReader:
    """Judges stories with one model: `StoryReader(Encoder()).judge(title, body)`.

    `alarms` is how many of 1,000 ordinary stories may be flagged wrongly.
    """

    def __init__(self, encoder: Encoder, alarms: float = ALARMS):
        self.encoder = encoder
        self.threshold = encoder.threshold(alarms)
        self.chance = encoder.chance

    def judge(
        self, title: str | None, body: str | None, language: str | None = None, published: datetime | None = None
    ) -> Assessment:
        """All departures of a story. A story in a language that the model does not read says so in `skipped`."""
        told, skipped = self.told(title or "", body or "", language, published)
        kept = _settle([mention for mention, signals in told if signals.kind >= _TOLD])
        founds = [m for m in kept if m.kind == "founds" and m.status != "denied"]
        score = max((m.score for m in founds), default=0.0)
        return Assessment(self.encoder.version, score, bool(founds) and score >= self.threshold, tuple(kept), skipped)

    def glance(self, excerpt: str, language: str) -> float:
        """How likely it is that somebody founds something, by a few sentences: far cheaper than to judge a story whole."""
        doc = documents.document(excerpt[:LONGEST], language, self.encoder.tokenizer)
        return max((reading.kind["founds"] for _, _, reading in self._readings(doc)), default=0.0)

    def told(
        self, title: str, body: str, language: str | None = None, published: datetime | None = None
    ) -> tuple[list[tuple[Mention, Signals]], str | None]:
        """Every event that the encoder thinks of, likely or not, with what speaks for it; or why it did not read."""
        text = (f"{title}\n{body}" if title else body)[:LONGEST]
        if not text.strip():
            return [], "empty"
        found = detect(title, body, language)
        if found not in READ:
            return [], f"language: {found or 'none'}"
        doc = documents.document(text, found, self.encoder.tokenizer)
        body_at = len(title) + 1 if title else 0
        thought = [self._mention(doc, found, *reading, body_at, published) for reading in self._readings(doc, body_at)]
        return [pair for pair in thought if pair is not None], None

    def _readings(self, doc: Document, body_at: int = 0) -> Iterable[tuple[Person | None, float, Reading]]:
        """What the reader says of each person (None for one without a name) who may, as the finder sees it, leave.

        `body_at` is where the title ends, if there is one.
        """
        names, nameless = find(doc, self.encoder)
        people = [p for p in join(names, doc.text) if p.weight >= _CANDIDATE]
        people = sorted(people, key=lambda p: -p.weight)[:_MOST_CANDIDATES]
        people.sort(key=lambda p: p.mentions[0].start)
        subjects = [(p, p.mentions) for p in people] + [(None, [m]) for m in nameless[:10]]
        looks = []
        for _, mentions in subjects:
            spans = [(m.start, m.end) for m in mentions]
            chosen = documents.digest(doc, spans, [m.weight for m in mentions])
            looks.append(documents.look(doc, chosen, self.encoder.tokenizer, spans))
        for (person, mentions), look, answer in zip(subjects, looks, self.encoder.answers(looks), strict=True):
            reading = self._by_title(doc, mentions, read(look, answer, doc.text), body_at)
            yield person, max(m.weight for m in mentions), reading

    def _by_title(self, doc: Document, mentions: Sequence[NameMention], reading: Reading, body_at: int) -> Reading:
        """What the title alone says of a person, where it tells a founding plainly and the whole tells nothing.

        The years of a career in the body (2016年加入…，近期已离职) make it look like the biography of a known founder.
        """
        titles = [n for n, sentence in enumerate(doc.sentences) if sentence.end <= body_at]
        spans = [(m.start, m.end) for m in mentions if m.end <= body_at]
        if not titles or not spans or max(reading.kind[k] for k in ("founds", "joins", "leaves")) >= _TOLD:
            return reading
        look = documents.look(doc, titles, self.encoder.tokenizer, spans)
        alone = read(look, self.encoder.answers([look])[0], doc.text)
        return alone if alone.kind["founds"] >= _PLAIN else reading

    def _mention(
        self,
        doc: Document,
        language: str,
        person: Person | None,
        leaver: float,
        reading: Reading,
        body_at: int,
        published: datetime | None,
    ) -> tuple[Mention, Signals] | None:
        """The likeliest event of a reading, with what speaks for it; None where it would be too old to count."""
        kind = max(("founds", "joins", "leaves"), key=lambda k: reading.kind[k])
        words = _words(doc, language, reading) if kind == "founds" else 0.5
        signals = Signals(reading.kind[kind], reading.trigger, leaver, words)
        score = self.chance.of(signals)
        best = {role: _best(spans) for role, spans in reading.arguments.items()} | {
            "employer": _best(_employers(reading))
        }
        when = best["when"].text if best["when"] else None
        told = published or datetime.now(UTC)
        departed = dates.resolve(when, told)
        evidence = _evidence(doc, person, reading, body_at)
        if departed is None:
            departed = dates.latest_year(" ".join(e.text for e in evidence), told, arrivals=kind == "joins")
        if departed and told.date() - departed.end > AGE_LIMIT:
            return None  # a biography, not news
        triggers = [span.text for span in reading.arguments["trigger"]]
        role = best["role"].text if best["role"] else None
        venture, focus = (best[name].text if best[name] else None for name in ("venture", "focus"))
        mention = Mention(
            person=person.name if person else None,
            kind=kind,
            status=_status(reading, " ".join((doc.text[:body_at], *(e.text for e in evidence)))),
            score=round(score, 4),
            employer=best["employer"].text if best["employer"] else None,
            role=role,
            seniority=fields.seniority(role),
            venture=venture,
            venture_kind=fields.venture_kind(venture, focus, *triggers),
            focus=focus,
            when=when,
            departed_from=departed.start if departed and when else None,
            departed_to=departed.end if departed and when else None,
            first_reported_by=best["first_reported_by"].text if best["first_reported_by"] else None,
            evidence=evidence,
            triggers=tuple(dict.fromkeys(triggers)),
        )
        return mention, signals


def _employers(reading: Reading) -> list[FoundSpan]:
    """The spans for an employer but those that are none: the new venture, a lone Chinese character."""
    ventures = {span.text for span in reading.arguments["venture"]} if reading.kind["founds"] >= _TOLD else set()
    return [s for s in reading.arguments["employer"] if s.text not in ventures and not HAN.fullmatch(s.text)]


def _words(doc: Document, language: str, reading: Reading) -> float:
    """How likely the plain words of what was read of a person tell of a founding: they err elsewhere than the encoder."""
    said = " ".join(doc.text[doc.sentences[at].start : doc.sentences[at].end] for at in reading.sentences)
    return probability(Gate.read().score(said, language))


def _status(reading: Reading, text: str) -> str:
    """The likeliest status; nothing is announced where nobody is heard or quoted."""
    likely = sorted(reading.status, key=lambda s: -reading.status[s])
    return likely[1] if likely[0] == "announced" and not _SPEAKS.search(text) else likely[0]


def _best(spans: list[FoundSpan]) -> FoundSpan | None:
    """The surest span; of equally sure ones the first."""
    return max(spans, key=lambda s: (round(s.score, 1), -s.start)) if spans else None


def _evidence(doc: Document, person: Person | None, reading: Reading, body_at: int) -> tuple[Evidence, ...]:
    """The sentences that hold the deciding words, at most three, exact in the title or the body."""
    spans = sorted(reading.arguments["trigger"], key=lambda s: -s.score)
    chosen = list(dict.fromkeys(doc.at(span.start) for span in spans))[:3]
    if not chosen and person:
        chosen = [doc.at(max(person.mentions, key=lambda m: m.weight).start)]
    evidence = []
    for index in sorted(chosen or reading.sentences[:1]):
        sentence = doc.sentences[index]
        start, end = sentence.start, sentence.end
        while start < end and doc.text[start].isspace():
            start += 1
        while start < end and doc.text[end - 1].isspace():
            end -= 1
        in_title = end < body_at
        shift = 0 if in_title else body_at
        evidence.append(Evidence(doc.text[start:end], start - shift, end - shift, "title" if in_title else "body"))
    return tuple(evidence)


def _settle(mentions: list[Mention]) -> list[Mention]:
    """Drops what is another's event told a second time.

    A leaver without a name is most often one of the named ("An AI expert …" is Zhou Chang). So is one who goes by a
    single word and is never introduced in full: a slip of the pen, or a company taken for a person.
    """
    mentions = [replace(m, person=None) if m.person and m.person == m.employer else m for m in mentions]
    named = [m for m in mentions if m.person and not _is_bare(m.person)]
    bare = [
        m for m in mentions if m.person and _is_bare(m.person) and not any(_may_be_same(m, other) for other in named)
    ]
    nameless: dict[tuple, Mention] = {}
    for mention in mentions:
        if mention.person or any(_may_be_same(mention, other) for other in (*named, *bare)):
            continue
        key = (mention.kind, mention.employer)
        if key not in nameless or nameless[key].score < mention.score:
            nameless[key] = mention
    kept = {id(m) for m in (*named, *bare, *nameless.values())}
    return [m for m in mentions if id(m) in kept]


def _is_bare(name: str) -> bool:
    """Whether a name is a single word or a single character, as no story introduces anybody."""
    return len(name_parts(name)) == 1


def _may_be_same(vague: Mention, named: Mention) -> bool:
    """Whether a vague leaver's event can be the named one's: kinds and employers do not contradict each other."""
    if vague.kind != named.kind and not ({vague.kind, named.kind} <= {"founds", "leaves"}):
        return False
    if not vague.employer or not named.employer:
        return True
    one, other = vague.employer.casefold(), named.employer.casefold()
    return one in other or other in one or one.split()[0] == other.split()[0] or one[:2] == other[:2]
