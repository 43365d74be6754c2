"""Keeps the page as it was fetched, so that a better extractor or model can read it again (`founderwatch rescan`)."""

from __future__ import annotations

from founderwatch.archive.folder import Writer
from founderwatch.config import Config, load
from founderwatch.items import Story


class Archive:
    """A stage: writes the story's page into the archive. A page that cannot be kept goes on with a note all the same.

    `missed` counts those, and `trouble` says what was wrong with the first.
    """

    def __init__(self, writer: Writer):
        self.writer = writer
        self.missed = 0
        self.trouble: str | None = None

    @classmethod
    def from_settings(cls, settings) -> Archive | None:
        """As `scrapy crawl` makes it."""
        return cls.configured(load())

    @classmethod
    def configured(cls, config: Config) -> Archive | None:
        """In the configured folder; None where nothing is to be kept."""
        return cls(Writer(config.archive_folder, config.archive.file_size)) if config.archive.keep else None

    def __call__(self, story: Story) -> Story:
        page = story.page
        if page is None or not page.body or story.failure is not None:
            return story
        try:
            return story.grown(capture=self.writer.keep(page, story.notes))
        except OSError as error:
            reason = error.strerror or str(error)
            self.missed += 1
            self.trouble = self.trouble or f"{self.writer.folder}: {reason}"
            return story.grown(notes=(*story.notes, f"the page was not kept: {reason}"))

    def close(self) -> None:
        self.writer.close()
