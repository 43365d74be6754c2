"""Writes `gold.jsonl` and `expected_failures.json` from the stories: `python -m tests.newsroom.gold`.

`gold.jsonl` has one line for each article that a crawl must store, under its canonical address, with the
events that `LABELS.md` finds in it. `event` names the departure in the world: mentions that share it are to
be merged. `copy_of` is the address of the story that a syndicated one repeats word for word; `aliases` are
other addresses that lead to the same page. `expected_failures.json` maps the addresses in the channels of
which no article comes to the reason.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.newsroom.stories import Site, Story, load_sites

GOLD = Path(__file__).with_name("gold.jsonl")
FAILURES = Path(__file__).with_name("expected_failures.json")
FIELDS = ("person", "kind", "status", "employer", "role", "venture", "focus", "when", "first_reported_by")
STRENGTH = ("denied", "rumoured", "expected", "announced", "confirmed")


def _event(event: dict[str, Any], slug: str) -> dict[str, Any]:
    """Completes one event with nulls and its name in the world."""
    name = (event.get("person") or slug).lower().replace(" ", "-")
    unknown = event.keys() - {*FIELDS, "event"}
    if unknown:
        raise ValueError(f"{slug}: unknown fields {sorted(unknown)}")
    return {key: event.get(key) for key in FIELDS} | {"event": event.get("event", f"{name}/{event['kind']}")}


def _line(site: Site, story: Story, originals: dict[str, str]) -> dict[str, Any]:
    """Gives the gold of one story; `originals` maps stories to their addresses."""
    founds = [event["status"] for event in story.events if event["kind"] == "founds"]
    path = site.path(story)
    return {
        "url": site.base + path,
        "site": site.name,
        "title": story.title,
        "language": story.language,
        "what": story.what,
        "flag": any(status != "denied" for status in founds),
        "status": max(founds, key=STRENGTH.index, default=None),
        "events": [_event(event, story.slug) for event in story.events],
        "copy_of": originals.get(story.copy_of),
        "aliases": [site.base + link for link in site.links(story) if link != path],
    }


def gold() -> list[dict[str, Any]]:
    """Gives the gold of every story that must be stored, site by site, newest first."""
    sites = load_sites()
    addresses = {f"{site.name}/{story.slug}": site.base + site.path(story) for site in sites for story in site.stories}
    return [_line(site, story, addresses) for site in sites for story in site.stories if story.stored]


def failures() -> dict[str, str]:
    """Gives the reason for each listed address of which no article comes."""
    found: dict[str, str] = {}
    for site in load_sites():
        found |= {site.base + extra.path: extra.kind for extra in site.extras}
        found |= {site.base + site.path(story): "language" for story in site.stories if not story.stored}
    return found


def gold_text() -> str:
    """Gives the content of `gold.jsonl`."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in gold())


def failures_text() -> str:
    """Gives the content of `expected_failures.json`."""
    return json.dumps(failures(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GOLD.write_text(gold_text(), encoding="utf-8")
    FAILURES.write_text(failures_text(), encoding="utf-8")
