"""Lets Scrapy's item pipeline call the plain stages.

`settings.ITEM_PIPELINES` gives the order. Which object does the work of a stage is either injected
(`spider.stages["classify"]`, see `spiders.crawl.run`) or made from the class that
`settings.FOUNDERWATCH_STAGES` names: with its `from_settings(settings)` where it has one.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import ClassVar

from pebble import ProcessExpired
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured
from scrapy.utils.misc import load_object

from founderwatch.items import Failure, Story
from pipelines import since
from pipelines.stage import Stage, advance, is_of_machine
from spiders.deadline import TIME_UP

logger = logging.getLogger(__name__)


class StagePipeline:
    """Calls one stage for each story; a stage that raises costs no other story anything."""

    name: ClassVar[str]
    # Stages that compute leave the reactor to the network. They share one thread: that keeps the
    # order of stories, and no stage has to be thread-safe. One that can `submit` has processes of its own.
    threaded: ClassVar[bool] = True
    _threads: ClassVar[ThreadPoolExecutor | None] = None

    def __init__(self, stage: Stage, crawler: Crawler):
        self.stage = stage
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StagePipeline:
        injected = getattr(crawler.spider, "stages", None)
        if injected is not None:
            if cls.name not in injected:
                raise NotConfigured
            return cls(injected[cls.name], crawler)
        return cls(cls.make(crawler), crawler)

    @classmethod
    def make(cls, crawler: Crawler) -> Stage:
        """Makes the object that the settings name."""
        path = crawler.settings.getdict("FOUNDERWATCH_STAGES").get(cls.name)
        if not path:
            raise NotConfigured
        made = load_object(path)
        stage = made.from_settings(crawler.settings) if hasattr(made, "from_settings") else made()
        if stage is None:
            raise NotConfigured
        return stage

    async def process_item(self, item: Story) -> Story:
        if not self.threaded:
            return advance(self.stage, self.name, item)
        if (future := self._submitted(item)) is not None:
            return await self._outcome(future, item)
        if StagePipeline._threads is None:
            StagePipeline._threads = ThreadPoolExecutor(1, thread_name_prefix="stage")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(StagePipeline._threads, self._work, item)

    def _work(self, item: Story) -> Story:
        """Drops the story once the crawl's time is up: hundreds of fetched pages may wait here to be judged."""
        self._drop_late()
        return advance(self.stage, self.name, item)

    def _drop_late(self) -> None:
        if getattr(self.crawler.spider, "time_is_up", False):
            raise DropItem(TIME_UP)  # the next crawl fetches it again

    def _submitted(self, item: Story) -> Future | None:
        submit = getattr(self.stage, "submit", None)
        return submit(item) if submit is not None and not getattr(self.crawler.spider, "time_is_up", False) else None

    async def _outcome(self, future: Future, item: Story) -> Story:
        """Awaits what another process makes of a story; one that kills its process fails alone."""
        try:
            story = await asyncio.wrap_future(future)
        except Exception as error:
            reason = "took too long" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
            # SIGKILL is what the system sends for want of memory; a page that crashes its reader would do so again.
            killed = isinstance(error, ProcessExpired) and error.exitcode == -signal.SIGKILL
            passing = killed or is_of_machine(error)
            story = item.grown(failure=Failure(self.name, " ".join(reason.split())[:500], passing=passing))
        self._drop_late()
        return story

    def close_spider(self) -> None:
        close = getattr(self.stage, "close", None)
        if callable(close) and getattr(self.crawler.spider, "stages", None) is None:
            close()


class Archive(StagePipeline):
    name = "archive"


class Extract(StagePipeline):
    name = "extract"


class Since(StagePipeline):
    """Leaves out what is older than the spider was told to look for."""

    name = "since"

    @classmethod
    def make(cls, crawler: Crawler) -> Stage:
        return since.Since(crawler.spider.oldest)  # type: ignore[union-attr]


class Deduplicate(StagePipeline):
    name = "deduplicate"


class Classify(StagePipeline):
    name = "classify"


class Store(StagePipeline):
    """Stores in the main thread, where the database was opened, and ends a crawl that cannot store."""

    name = "store"
    threaded = False
    PATIENCE = 5

    def __init__(self, stage: Stage, crawler: Crawler):
        super().__init__(stage, crawler)
        self._failed = 0

    def open_spider(self) -> None:
        """Lets the spider remember what is stored, where nobody else gave it a memory."""
        spider, store = self.crawler.spider, getattr(self.stage, "store", None)
        if store is not None and getattr(spider, "stages", None) is None:
            store.register_sources(spider.sources.values())  # type: ignore[union-attr]
            spider.remember(store.is_known, store)  # type: ignore[union-attr]

    async def process_item(self, item: Story) -> Story:
        """Stores a story, and with it what it settles of its channel: both or neither."""
        together = self.stage.store.together if hasattr(self.stage, "store") else nullcontext
        with together():
            story = advance(self.stage, self.name, item)
            self.crawler.spider.settle(story)  # type: ignore[union-attr]
        if story.failure is None or story.failure.stage != self.name:
            self._failed = 0
            return story
        self._failed += 1
        if self._failed == self.PATIENCE:
            self.crawler.spider.given_up = (  # type: ignore[union-attr]
                f"the database takes no stories: {story.failure.reason}"
            )
            # Not awaited: closing waits for this very story.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="given up"))
        return story
