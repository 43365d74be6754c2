"""Leaves out stories that turn out to be older than was asked for, or newer.

Listings and many sitemaps give no dates, so an old story is recognised only once its page is read.
"""

from __future__ import annotations

from datetime import datetime

from founderwatch.items import GUESSED, Failure, Story


class Since:
    """Fails a story that was published before `oldest`, or not before `newest`; the failure's stage is "since".

    A date that is only guessed fails none.
    """

    def __init__(self, oldest: datetime | None, newest: datetime | None = None):
        self.oldest = oldest
        self.newest = newest

    def __call__(self, story: Story) -> Story:
        published = story.article.published if story.article else None
        if story.failure is not None or published is None or GUESSED in story.notes:
            return story
        if self.oldest is not None and published < self.oldest:
            return story.grown(failure=_failure(published, "before", self.oldest))
        if self.newest is not None and published >= self.newest:
            return story.grown(failure=_failure(published, "not before", self.newest))
        return story


def _failure(published: datetime, how: str, limit: datetime) -> Failure:
    return Failure("since", f"published {published:%Y-%m-%d}, {how} {limit:%Y-%m-%d}")
