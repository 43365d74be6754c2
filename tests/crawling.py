"""Runs a crawl in a process of its own: Twisted's reactor starts only once in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from founderwatch.items import Story
from pipelines.deduplicate import Deduplicate
from pipelines.extract import Extract
from pipelines.since import Since
from spiders.crawl import fetch, run
from spiders.entries import oldest
from spiders.report import CrawlReport, Progress, SourceReport
from spiders.sources import parse
from spiders.state import ChannelState
from tests.forked import CONTEXT

LONGEST = 120  # seconds


@dataclass
class Crawled:
    """What a crawl brought: its report, its stories as they were stored, and the channels' states."""

    report: CrawlReport
    stories: list[Story] = field(default_factory=list)
    states: dict[tuple[str, str], ChannelState] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)

    def source(self, name: str) -> SourceReport:
        return next(source for source in self.report.sources if source.name == name)

    def story(self, end: str) -> Story:
        """The story whose requested address ends so."""
        [found] = [
            story for story in self.stories if story.page and (story.page.requested_url or story.page.url).endswith(end)
        ]
        return found

    def reason(self, end: str) -> str:
        failure = self.story(end).failure
        return f"{failure.stage}: {failure.reason}" if failure else "none"

    @property
    def addresses(self) -> set[str]:
        """The addresses whose stories were stored without a failure."""
        return {story.page.requested_url or "" for story in self.stories if story.page and not story.failure}


class Shelf:
    """Keeps stories and channel states in memory; it is a stage and a store of states."""

    def __init__(self, states: Mapping[tuple[str, str], ChannelState]):
        self.stories: list[Story] = []
        self.states = dict(states)

    def __call__(self, story: Story) -> Story:
        self.stories.append(story)
        return story

    def get(self, source: str, url: str) -> ChannelState | None:
        return self.states.get((source, url))

    def set(self, source: str, url: str, state: ChannelState) -> None:
        self.states[source, url] = state


def crawl(
    registry: str,
    *,
    known: frozenset[str] | set[str] = frozenset(),
    states: Mapping[tuple[str, str], ChannelState] | None = None,
    stages: Mapping[str, Callable[[Story], Story]] | None = None,
    **options: Any,
) -> Crawled:
    """Crawls a registry's text; `known` addresses count as stored, `stages` replace the usual ones."""
    return _apart(_crawl, registry, frozenset(known), dict(states or {}), dict(stages or {}), options)


def fetch_pages(urls: list[str], registry: str | None = None, **options: Any) -> tuple[Story, ...]:
    """Fetches single addresses."""
    return _apart(_fetch, urls, registry, options)


def _apart(function: Callable[..., Any], *arguments: Any) -> Any:
    # No pool: a pool whose worker cannot import its task waits for ever.
    here, there = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_report, args=(there, function, arguments, dict(os.environ)))
    process.start()
    there.close()
    try:
        if not here.poll(LONGEST):
            raise TimeoutError(f"the crawl took longer than {LONGEST} s")
        result = here.recv()
    except EOFError:
        raise RuntimeError("the crawl's process ended without a result: see its traceback") from None
    finally:
        process.kill()
        process.join()
    if isinstance(result, BaseException):
        raise result
    return result


def _report(
    there: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], environment: dict[str, str]
) -> None:
    os.environ.update(environment)  # it was forked from a process that started before
    try:
        result = function(*arguments)
    except Exception as error:
        result = error
    there.send(result)


def _crawl(registry: str, known: frozenset[str], states: Any, stages: Any, options: dict[str, Any]) -> Crawled:
    shelf = Shelf(states)
    progress: list[Progress] = []
    usual = {
        "extract": Extract(),
        "since": Since(oldest(options.get("since"))),
        "deduplicate": Deduplicate(),
        "store": shelf,
    }
    report = run(
        parse(registry),
        {**usual, **stages},
        seen=known.__contains__,
        states=shelf,
        on_progress=progress.append,
        **options,
    )
    return Crawled(report, shelf.stories, shelf.states, progress)


def _fetch(urls: list[str], registry: str | None, options: dict[str, Any]) -> tuple[Story, ...]:
    return fetch(urls, {"extract": Extract()}, sources=parse(registry) if registry else (), **options)
