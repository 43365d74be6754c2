"""Says in one word how a source does, why, and what to do about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from founderwatch.items import Story
from spiders.check import SourceCheck
from spiders.failures import FORBIDDEN, SHUT
from spiders.report import length

# A crawl looks back so far unless told otherwise: of an older source it takes nothing.
QUIET = timedelta(days=30)
# Fewer letters are a headline or a teaser; a Chinese character says as much as three letters.
THIN = 500

# What leaves a source without news, as against what leaves it with less.
BROKEN = frozenset({"failing", "blocked"})


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict (healthy, quiet, failing, blocked, thin), its reason, what to do, and what robots.txt says."""

    verdict: str
    reason: str
    advice: str = ""
    robots: str = "allows"  # allows, forbids, unknown


def judge(check: SourceCheck, now: datetime | None = None) -> Health:
    """Weighs what a check has seen; the gravest finding is the verdict."""
    robots = _robots(check)
    for finding in (_channels(check), _fetching(check), _age(check, now or datetime.now(UTC)), _texts(check)):
        if finding is not None:
            verdict, reason, advice = finding
            return Health(verdict, reason, advice.format(name=check.source.name, home=check.source.home), robots)
    problems = [f"; {channel.kind} {channel.url} {channel.problem}" for channel in check.channels if channel.problem]
    named = "1 story" if check.named == 1 else f"{check.named} stories"
    reason = f"{named} named, {readable(check)} of {len(check.stories)} read in full{''.join(problems)}"
    return Health("healthy", reason, robots=robots)


_ADVICE = {
    "robots": "the site does not want to be read so: look for another channel, or `founderwatch sources disable {name}`",
    "shut": "set `contact` in founderwatch.toml so that the operator knows you; if it stays, `founderwatch sources disable {name}`",
    "feed": "name this address under `feeds` in the registry",
    "moved": "its address may have moved: `founderwatch sources add {home}` looks for the new one, or `founderwatch sources disable {name}`",
    "later": "ask again later; if it stays, look at {home}, or `founderwatch sources disable {name}`",
    "quiet": "look at {home}: it may have moved its news to another channel, or publish nothing new",
    "thin": "little but headlines will be judged: look for a fuller feed, or leave it as it is",
}


def _channels(check: SourceCheck) -> tuple[str, str, str] | None:
    """What the channels themselves tell: failing or blocked, if only one of several."""
    if not check.channels:
        return "failing", "was not asked: the check was stopped", _ADVICE["later"]
    failed = [channel for channel in check.channels if channel.failure]
    if not failed:
        return None
    first = failed[0]
    reason = f"{first.kind} {first.url}: {first.failure}"
    if len(check.channels) > 1:
        reason = f"{len(failed)} of {len(check.channels)} channels failed: {reason}"
    if first.failure == FORBIDDEN:
        return "blocked", reason, _ADVICE["robots"]
    if first.status in SHUT:
        return "blocked", reason, _ADVICE["shut"]
    if (first.failure or "").endswith("but a feed"):
        return "failing", reason, _ADVICE["feed"]
    moved = first.status in (200, 404, 410) or first.failure == "the host name cannot be resolved"
    return "failing", reason, _ADVICE["moved" if moved else "later"]


def _fetching(check: SourceCheck) -> tuple[str, str, str] | None:
    """What fetching the sample tells: failing or blocked where more than half of it did not come."""
    failed = [story.failure.reason for story in check.stories if story.failure and story.failure.stage == "fetch"]
    if len(failed) * 2 <= len(check.stories):
        return None
    [(reason, number)] = Counter(failed).most_common(1)
    told = f"{number} of {len(check.stories)} stories: {reason}"
    if reason == FORBIDDEN:
        return "blocked", told, _ADVICE["robots"]
    if any(story.page and story.page.status in SHUT for story in check.stories):
        return "blocked", told, _ADVICE["shut"]
    return "failing", told, _ADVICE["later"]


def _age(check: SourceCheck, now: datetime) -> tuple[str, str, str] | None:
    if not check.named:
        return "quiet", "its channels name no story", _ADVICE["quiet"]
    if check.newest is not None and now - check.newest > QUIET:
        return "quiet", f"its newest story is {(now - check.newest).days} days old", _ADVICE["quiet"]
    return None


def _texts(check: SourceCheck) -> tuple[str, str, str] | None:
    good, asked = readable(check), len(check.stories)
    if good * 2 >= asked and asked:
        return None
    return "thin", f"{good} of {asked} stories could be read with title, date and text{_why(check)}", _ADVICE["thin"]


def _why(check: SourceCheck) -> str:
    reasons = [reason for story in check.stories if (reason := lack(story))]
    return f" ({Counter(reasons).most_common(1)[0][0]})" if reasons else ""


def lack(story: Story) -> str:
    """What a story lacks; empty where it has all."""
    if story.failure is not None:
        return story.failure.reason
    if any(note.startswith("from the feed") for note in story.notes):
        return next((note for note in story.notes if note.startswith("not fetched")), "the page does not show its text")
    article = story.article
    if article is None:
        return "no text"
    missing = [word for word, there in (("title", article.title), ("date", article.published)) if not there]
    if length(article.body) < THIN:
        missing.append("text of some length")
    return f"no {' and no '.join(missing)}" if missing else ""


def readable(check: SourceCheck) -> int:
    """How many stories of the sample have title, date and text."""
    return sum(not lack(story) for story in check.stories)


def _robots(check: SourceCheck) -> str:
    reasons = [channel.failure for channel in check.channels]
    reasons += [story.failure.reason if story.failure else None for story in check.stories]
    if FORBIDDEN in reasons:
        return "forbids"
    # Where nothing was answered, robots.txt was not, either.
    return "allows" if any(channel.failure is None or channel.status for channel in check.channels) else "unknown"
