"""Runs a crawl, or fetches single pages, in this process.

A process runs one crawl: Twisted's reactor does not start twice.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings
from twisted.logger import globalLogBeginner

import founderwatch.settings
from founderwatch.address import clean
from founderwatch.items import Story
from spiders.channel import ChannelSpider
from spiders.check import CheckSpider, SourceCheck
from spiders.deadline import Deadline
from spiders.entries import Entry
from spiders.find import FindSpider
from spiders.news import NewsSpider
from spiders.page import PageSpider
from spiders.politeness import slot
from spiders.report import CrawlReport, Progress, SourceReport
from spiders.sources import RegistryError, Source
from spiders.state import ChannelStates
from spiders.timetable import midnight

_SPIDERS = (NewsSpider, PageSpider, CheckSpider, FindSpider)

Stages = Mapping[str, Callable[[Story], Story]]


class _OneLine(logging.Formatter):
    """What the reactor could not do, for want of file handles for one, without a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        why = record.exc_info[1] if record.exc_info else None
        return " ".join(f"founderwatch: {record.getMessage()}{f': {why}' if why else ''}".split())


def run(
    sources: Iterable[Source],
    stages: Stages,
    *,
    only: Iterable[str] = (),
    since: str | datetime | None = None,
    limit: int | None = None,
    seen: Callable[[str], bool] | None = None,
    edited: Callable[[str, str, Entry], bool] | None = None,
    states: ChannelStates | None = None,
    used: Mapping[str, int] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    contact: str | None = None,
    longest: float | None = None,
    settings: Mapping[str, Any] | None = None,
) -> CrawlReport:
    """Crawls all channels of the sources, and passes each story through the stages.

    `stages` maps the names in `settings.ITEM_PIPELINES` ("extract", "since", "deduplicate", "classify",
    "store") to objects; a name that is missing is left out. `seen` tells of a requested address
    whether its story is stored, `edited` of a source's stored address whether its entry tells of a change;
    `states` remembers channels between crawls, and `used` counts each source's requests of the day. After `longest` seconds
    nothing more is asked for, and the report counts what is left. `settings` goes over the project's own.
    Raises ValueError for a wrong `since`, RegistryError for an unknown name.
    """
    return _run(
        NewsSpider,
        settings={**({"FOUNDERWATCH_LONGEST": longest} if longest else {}), **(settings or {})},
        contact=contact,
        sources=tuple(sources),
        only=tuple(only),
        since=since,
        limit=limit,
        seen=seen,
        edited=edited,
        states=states,
        used=used,
        stages=stages,
        on_progress=on_progress,
    )


def fetch(
    urls: Iterable[str],
    stages: Stages,
    *,
    sources: Iterable[Source] = (),
    contact: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Story, ...]:
    """Fetches addresses as a crawl would; gives a story for each, in their order.

    A story's `page.requested_url` is the address in its uniform spelling. Loopback and private hosts
    are refused unless `sources` name them.
    """
    urls = tuple(urls)
    stories: dict[str, Story] = {}

    def keep(item: Story, **_: Any) -> None:
        if item.page is not None:
            stories[item.page.requested_url or item.page.url] = item

    _run(
        PageSpider,
        settings=settings,
        contact=contact,
        on_story=keep,
        urls=urls,
        sources=tuple(sources),
        stages=stages,
    )
    return tuple(stories[key] for url in urls if (key := clean(url) or url) in stories)


def check(
    sources: Iterable[Source],
    stages: Stages,
    *,
    sample: int = 3,
    on_progress: Callable[[Progress], None] | None = None,
    contact: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[SourceCheck, ...]:
    """Asks each channel of the sources and fetches `sample` stories of each; stores nothing."""
    _, spider = _perform(
        CheckSpider,
        settings=settings,
        contact=contact,
        sources=tuple(sources),
        sample=sample,
        stages=stages,
        on_progress=on_progress,
    )
    return tuple(spider.checks.values()) if isinstance(spider, CheckSpider) else ()


def find(
    url: str,
    stages: Stages,
    *,
    taken: Iterable[str] = (),
    contact: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[SourceCheck | None, tuple[tuple[str, str], ...]]:
    """Makes a source of the site at an address, and checks it; with it, what was tried in vain and why.

    The source's language is that of most stories of the sample, else what the page declares.
    """
    _, spider = _perform(FindSpider, settings=settings, contact=contact, url=url, taken=frozenset(taken), stages=stages)
    if not isinstance(spider, FindSpider) or spider.source is None:
        return None, tuple(spider.tried) if isinstance(spider, FindSpider) else ()
    [found] = spider.checks.values()
    languages = Counter(story.article.language for story in found.stories if story.article and story.article.language)
    if languages:
        found.source = replace(found.source, language=languages.most_common(1)[0][0])
    return found, tuple(spider.tried)


def _run(spider: type[ChannelSpider], **arguments: Any) -> CrawlReport:
    return _perform(spider, **arguments)[0]


class _Process(AsyncCrawlerProcess):
    """Scrapy's own, but for a signal that ends it: a slow host's queue is not waited for."""

    async def stop(self) -> None:
        for crawler in self.crawlers:
            if crawler.engine is not None and (deadline := crawler.get_downloader_middleware(Deadline)):
                deadline.cut_short()
        await super().stop()


def _perform(
    spider: type[ChannelSpider],
    settings: Mapping[str, Any] | None,
    contact: str | None,
    on_story: Callable[..., None] | None = None,
    **arguments: Any,
) -> tuple[CrawlReport, ChannelSpider | None]:
    """Runs a spider to its end; gives the report, and the spider with what it remembers."""
    merged = Settings()
    merged.setmodule(founderwatch.settings, priority="project")
    merged.update({"USER_AGENT": founderwatch.settings.user_agent(contact)}, priority="project")
    merged.update(_rendering(arguments.get("sources", ()), arguments.get("only", ())), priority="cmdline")
    merged.update({"LOG_ENABLED": False, **(settings or {})}, priority="cmdline")
    logged = merged.getbool("LOG_ENABLED")
    merged.set("LOG_INSTALL_ROOT_HANDLER", logged, priority="cmdline")
    started = datetime.now(UTC)
    process = _Process(merged)
    if not logged:
        # Each failure comes out as a story with its reason: the log would say it a second time.
        lines = logging.StreamHandler()
        lines.setFormatter(_OneLine())
        # That a host's certificate is wrong is no trouble of the reactor's, though Twisted calls it critical.
        lines.addFilter(lambda record: "certificate" not in record.getMessage())
        for name in ("scrapy", "scrapy-playwright", "twisted", "pipelines", *(spider.name for spider in _SPIDERS)):
            logging.getLogger(name).setLevel(logging.CRITICAL)
            logging.getLogger(name).handlers = [lines]
            logging.getLogger(name).propagate = False
        # Twisted prints some of them by itself, with a traceback, as long as nobody takes its log.
        globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
    crawler = process.create_crawler(spider)
    outcome: dict[str, Any] = {"reason": "failed"}

    def closed(spider: ChannelSpider, reason: str) -> None:
        outcome.update(spider=spider, reason=spider.given_up or reason)

    crawler.signals.connect(closed, signals.spider_closed)
    if on_story is not None:
        crawler.signals.connect(on_story, signals.item_scraped)
    task = process.crawl(crawler, **arguments)
    process.start()
    if task.done() and not task.cancelled() and (error := task.exception()) is not None:
        raise error
    finished: ChannelSpider | None = outcome.get("spider")
    report = CrawlReport(
        started_at=started,
        finished_at=datetime.now(UTC),
        reason=outcome["reason"],
        sources=tuple(_told(finished, name) for name in finished.reported) if finished else (),
    )
    return report, finished


def _rendering(sources: Iterable[Source], only: Iterable[str]) -> dict[str, Any]:
    """The settings that hand pages to a browser, where a source that is asked wants it."""
    wanted = [source.name for source in sources if source.render and (not only or source.name in only)]
    if not wanted:
        return {}
    if find_spec("scrapy_playwright") is None:
        raise RegistryError(
            [f"{name}: render needs the browser extra: pip install 'founderwatch[browser]'" for name in wanted]
        )
    handler = "spiders.browser.BrowserHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, "file": None, "ftp": None, "s3": None},
        "PLAYWRIGHT_ABORT_REQUEST": "spiders.browser.is_heavy",
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 2,
    }


def _told(spider: ChannelSpider, name: str) -> SourceReport:
    """One source's report, with what its hosts have asked for."""
    source = spider.sources.get(name)
    until, because = spider.restraint.closed({slot(url) for url in source.channels} if source else set())
    if spider.restraint.is_used_up(name):
        until, because = (
            midnight(datetime.now(UTC)),
            f"the day's quota of {spider.restraint.quotas[name]} requests is used up",
        )
    return spider.tally.report(name, requests=spider.restraint.requests[name], held_until=until, held_because=because)
