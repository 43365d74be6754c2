"""Reads the sites and their stories from `sites/<site>/`.

`site.toml` describes a site; each file in `stories/` is one article: TOML front matter between two
`+++` lines, then paragraphs with blank lines between them. A paragraph that starts with `## ` is a
subheading. `{date}`, `{weekday}`, `{month}` and `{year}` in the text stand for the publication date,
`{date-3}` for three days before it, so that a story reads well whenever it is served.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

SITES = Path(__file__).parent / "sites"
ONCE = {"amp": "", "tracked": "", "redirect": ""}  # a copy has none of its original's other addresses
PLACEHOLDER = re.compile(r"\{(date|weekday|month|year)(?:-(\d+))?\}")


def moment(epoch: datetime, days_ago: int, at: time) -> datetime:
    """Counts back from the epoch's day, in the epoch's own zone."""
    return datetime.combine((epoch - timedelta(days=days_ago)).date(), at, tzinfo=epoch.tzinfo)


@dataclass(frozen=True)
class Story:
    """One article as it was written, before any template."""

    slug: str
    title: str
    author: str
    days_ago: int
    at: time
    section: str
    language: str
    what: str
    body: tuple[str, ...]
    summary: str = ""
    id: int = 0
    events: tuple[dict[str, Any], ...] = ()
    stored: bool = True
    """False where a monitor of English and Chinese passes the page over."""
    amp: str = ""
    """Path of an AMP copy, which the channel lists as well."""
    tracked: str = ""
    """Query string of a second entry for the story in its channel."""
    redirect: str = ""
    """Path that answers 301; the channel lists it instead of the article's own."""
    paywall: bool = False
    copy_of: str = ""
    credit: str = ""
    """The outlet that a syndicated copy names in its footer."""
    encoding: str = "utf-8"
    declared: str = "utf-8"
    """The charset of the meta tag; the header agrees with `encoding` or says nothing."""
    charset_in_header: bool = True
    cut_after: str = ""
    """The page's last words: it breaks off in the middle of the next tag."""

    def published(self, epoch: datetime, zone: timezone) -> datetime:
        """Gives the time of publication in the site's zone, never later than the epoch."""
        return moment(epoch, self.days_ago, self.at).astimezone(zone)

    def paragraphs(self, published: datetime) -> list[str]:
        """Gives the text with its dates filled in."""

        def fill(match: re.Match[str]) -> str:
            return _date_words(match, published, self.language)

        return [PLACEHOLDER.sub(fill, paragraph) for paragraph in self.body]


@dataclass(frozen=True)
class Extra:
    """An address in a site's channel that is no article: a missing page, a PDF, a disallowed page."""

    path: str
    title: str
    kind: str
    """`404`, `not html`, `empty`, `robots` or `denied`: why no article comes of it."""
    days_ago: int = 2
    at: time = time(6)

    def published(self, epoch: datetime, zone: timezone) -> datetime:
        """Gives the time that the channel prints beside the address."""
        return moment(epoch, self.days_ago, self.at).astimezone(zone)


@dataclass(frozen=True)
class Site:
    """One news site: its own words and pages, and the address at which it is served."""

    name: str
    title: str
    tagline: str
    language: str
    locale: str
    port: int
    utc_offset: int
    article: str
    sections: tuple[str, ...]
    related: tuple[str, ...]
    robots: str
    stories: tuple[Story, ...] = ()
    extras: tuple[Extra, ...] = ()
    pages: dict[str, str] = field(default_factory=dict)
    """Template of each page that is not an article, by path."""
    base: str = ""

    @property
    def zone(self) -> timezone:
        """Gives the zone in which the site prints its times."""
        return timezone(timedelta(hours=self.utc_offset))

    def path(self, story: Story) -> str:
        """Gives the canonical path of a story."""
        return self.article.format(slug=story.slug, id=story.id)

    def links(self, story: Story) -> list[str]:
        """Gives the paths at which the site's channel lists a story."""
        path = self.path(story)
        others = [story.amp, path + story.tracked if story.tracked else ""]
        return [story.redirect or path, *filter(None, others)]


def _date_words(match: re.Match[str], published: datetime, language: str) -> str:
    """Words one placeholder in the story's language."""
    day = published - timedelta(days=int(match[2] or 0))
    if language == "zh":
        words = {
            "date": f"{day.month}月{day.day}日",
            "weekday": "周" + "一二三四五六日"[day.weekday()],
            "month": f"{day.month}月",
            "year": f"{day.year}年",
        }
    else:
        words = {
            "date": f"{day:%B} {day.day}",
            "weekday": f"{day:%A}",
            "month": f"{day:%B}",
            "year": str(day.year),
        }
    return words[match[1]]


def load_story(path: Path, language: str) -> Story:
    """Reads one story file; an unknown key in its front matter is an error.

    `copy_of = "<site>/<slug>"` takes over what the file does not give, the text above all.
    """
    _, front, text = path.read_text(encoding="utf-8").split("+++\n", 2)
    values: dict[str, Any] = tomllib.loads(front)
    if "event" in values:
        values["events"] = tuple(values.pop("event"))
    if original := values.pop("copy_of", None):
        site, slug = original.split("/")
        first = load_story(SITES / site / "stories" / f"{slug}.txt", language)
        return replace(first, slug=path.stem, copy_of=original, **(ONCE | values))
    joint = "" if language == "zh" else " "
    body = tuple(joint.join(paragraph.split("\n")) for paragraph in _blocks(text))
    return Story(body=body, **({"slug": path.stem, "language": language} | values))


def _blocks(text: str) -> list[str]:
    """Splits a text at its blank lines."""
    return [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]


def load_site(folder: Path) -> Site:
    """Reads one site with its stories, newest first."""
    values: dict[str, Any] = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
    stories = [load_story(path, values["language"]) for path in sorted((folder / "stories").glob("*.txt"))]
    stories.sort(key=lambda story: (-story.days_ago, story.at), reverse=True)
    values["extras"] = tuple(Extra(**extra) for extra in values.pop("extra", ()))
    values |= {key: tuple(values[key]) for key in ("sections", "related")}
    base = f"http://127.0.0.1:{values['port']}"
    return Site(name=folder.name, stories=tuple(stories), base=base, **values)


def load_sites() -> list[Site]:
    """Reads every site, in the order of their ports."""
    sites = [load_site(path.parent) for path in SITES.glob("*/site.toml")]
    return sorted(sites, key=lambda site: site.port)
