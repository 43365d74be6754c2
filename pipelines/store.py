"""Writes a finished story to the database, in one transaction."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from filelock import FileLock, Timeout

from founderwatch.archive.folder import blank
from founderwatch.config import load
from founderwatch.database.store import Store
from founderwatch.events import organisations
from founderwatch.items import Failure, Story
from models.encoder import Encoder


class Keep:
    """A stage: stores the story, whatever became of it, and counts the outcomes in `counts`.

    `counts` has `new`, `known`, `old`, `failed` and `flagged` (of the new ones); `new` those of each source. `pages` is
    the folder of the archive, out of which a page is taken again that names somebody who was erased.
    """

    def __init__(self, store: Store, threshold: float, pages: Path | None = None):
        self.store = store
        self.threshold = threshold
        self.pages = pages
        self.lock: FileLock | None = None
        self.counts: Counter[str] = Counter()
        self.new: Counter[str] = Counter()

    @classmethod
    def from_settings(cls, settings) -> Keep:
        """As `scrapy crawl` makes it: on the configured database.

        It stays open until the process ends: the channels' states are written after the last stage has closed.
        """
        config = load()
        lock = FileLock(f"{config.database}.lock")
        try:
            lock.acquire(timeout=0)  # held until the process ends, as `founderwatch crawl` holds it
        except Timeout:
            raise RuntimeError(f"another crawl is using {config.database}; nothing was done") from None
        organisations.use(config.organisations)
        encoder = Encoder(config.model)
        made = cls(Store(config.database), encoder.threshold(config.alarms_per_1000), config.archive_folder)
        made.lock = lock
        return made

    def __call__(self, story: Story) -> Story:
        try:
            stored = self.store.save(story, self.threshold)
            if stored.blotted and story.capture and self.pages:
                blank(self.pages, [story.capture])
        except Exception as error:  # the story must come out again, or the crawl would lose sight of it
            self.counts["failed"] += 1
            return story.grown(failure=Failure("store", f"{type(error).__name__}: {error}"))
        self.counts[stored.outcome] += 1
        if stored.outcome == "new":
            self.counts["flagged"] += stored.flagged
            self.new[story.page.source if story.page else ""] += 1
        return story
