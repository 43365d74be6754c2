"""The story and its sections: frozen dataclasses, grown stage by stage.

A crawl, `scan`, and every later adapter pass one `Story` through the stages of pipelines/.
A stage takes a story and returns it grown by one section; it never changes a section that
an earlier stage wrote. All times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

# What is told of an event in plain values, wherever it is listed.
EVENT_FIELDS = (
    "person",
    "kind",
    "status",
    "employer",
    "role",
    "venture",
    "focus",
    "first_reported_by",
    "first_seen_at",
    "sources",
    "score",
)


@dataclass(frozen=True, slots=True)
class Page:
    """What one request brought, before anything was read from it.

    `title`, `summary`, `published` and `revised` are what the channel (feed, sitemap) said of the story: they stand
    in where the page itself says nothing. `whole`: the summary is the whole text, and no page was asked for.
    """

    url: str
    source: str
    body: bytes
    fetched_at: datetime
    status: int = 200
    content_type: str = ""
    encoding: str | None = None
    requested_url: str | None = None
    title: str | None = None
    summary: str | None = None
    published: datetime | None = None
    revised: datetime | None = None
    whole: bool = False
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Capture:
    """Where a page's records stand in the archive: a file in its folder, the first byte, and how many."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Article:
    """A story's text. `url` is its canonical address; paragraphs of `body` are parted by newlines."""

    url: str | None
    source: str | None
    title: str
    body: str
    language: str | None = None
    author: str | None = None
    site_name: str | None = None
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of the story, word for word: `getattr(article, field)[start:end] == text`."""

    text: str
    start: int
    end: int
    field: str  # "title" or "body"


@dataclass(frozen=True, slots=True)
class Mention:
    """One article's report of one departure; the fields are those of docs/labelling.md."""

    person: str | None
    kind: str  # founds, joins, leaves
    status: str  # rumoured, expected, announced, confirmed, denied
    score: float
    employer: str | None = None
    role: str | None = None
    seniority: str = "unknown"  # executive, lead, senior, unknown
    venture: str | None = None
    venture_kind: str = "unknown"  # company, fund, nonprofit, lab, unknown
    focus: str | None = None
    when: str | None = None
    departed_from: date | None = None  # first and last day that `when` allows, seen from the publication
    departed_to: date | None = None
    first_reported_by: str | None = None
    evidence: tuple[Evidence, ...] = ()
    triggers: tuple[str, ...] = ()  # the words that decided it


@dataclass(frozen=True, slots=True)
class Assessment:
    """One judgement of one article by one model version."""

    model: str
    score: float
    flagged: bool
    mentions: tuple[Mention, ...] = ()
    skipped: str | None = None  # why the text was not read: "language: fr", "empty"


# The beginning of a note: the page was down and said so with status 200. Its headline is judged, the page asked for again.
PAGE_DOWN = "from the feed: error page"
# The note on a story that nothing dates but its text, in which a date may stand for anything: it is not left out as old.
GUESSED = "its date is a guess"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page yielded no article: kept, never dropped in silence. `passing`: asking again may help."""

    stage: str
    reason: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One story on its way: each stage fills one section with `story.grown(section=…)`."""

    page: Page | None = None
    capture: Capture | None = None
    article: Article | None = None
    copy_of: str | None = None  # canonical address of the story that this one repeats
    version_of: str | None = None  # canonical address of the story whose other version this is: one article
    likeness: bytes | None = None  # what copies of its text are known by
    assessment: Assessment | None = None
    failure: Failure | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def unfinished(self) -> bool:
        """Whether its page may yet say more than what is known of it."""
        return any(note.startswith(PAGE_DOWN) for note in self.notes)

    def grown(self, **sections) -> Story:
        return replace(self, **sections)
