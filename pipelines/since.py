"""Leaves out stories that turn out to be older than the crawl asked for.

Listings and many sitemaps give no dates, so an old story is recognised only once its page is read.
"""

from __future__ import annotations

from datetime import datetime

from founderwatch.items import Failure, Story


class Since:
    """Fails a story that was published before `oldest`; the failure's stage is "since"."""

    def __init__(self, oldest: datetime):
        self.oldest = oldest

    def __call__(self, story: Story) -> Story:
        published = story.article.published if story.article else None
        if story.failure is not None or published is None or published >= self.oldest:
            return story
        return story.grown(failure=Failure("since", f"published {published:%Y-%m-%d}, before {self.oldest:%Y-%m-%d}"))
