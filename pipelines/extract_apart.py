"""Extracts in worker processes: reading a page holds Python for tens of milliseconds, and all the network would wait.

The encoder needs no such care: it computes outside Python, beside the thread that the network has.
"""

from __future__ import annotations

from concurrent.futures import Future

from founderwatch.items import Story
from pipelines.extract import Extract
from pipelines.workers import Workers, cores

LONGEST = 60.0  # seconds for one page


class ExtractApart:
    """The stage `extract`; `submit` hands a story to a worker, once there are so many that starting one pays.

    On a machine of two cores there is one worker: the other core has the network, the encoder and the database.
    """

    def __init__(self, few: int = 30, count: int | None = None):
        self.few = few
        self.count = count or max(1, cores() - 1)
        self._here = Extract()
        self._seen = 0
        self._workers: Workers | None = None

    def __call__(self, story: Story) -> Story:
        return self._here(story)

    def submit(self, story: Story) -> Future | None:
        """A future of the story with its article; None where it is done sooner here."""
        if story.failure is not None or story.page is None or story.page.whole:
            return None
        self._seen += 1
        if self._seen <= self.few:
            return None
        if self._workers is None:
            self._workers = Workers(Extract, count=self.count, longest=LONGEST)
        return self._workers.submit(story)

    def close(self) -> None:
        if self._workers is not None:
            self._workers.close()
