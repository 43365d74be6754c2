"""Judges an article: Article → Assessment, by the fine-tuned encoder."""

from __future__ import annotations

from founderwatch.config import load
from founderwatch.items import Story
from models.encoder import Encoder
from models.story import StoryReader


class Classify:
    """A stage: grows a story by the model's judgement of its article.

    A copy is judged too, since it is still a witness: only its share in an event's independence is lost.
    """

    def __init__(self, reader: StoryReader):
        self.reader = reader

    @classmethod
    def from_settings(cls, settings) -> Classify:
        """As `scrapy crawl` makes it: with the configured model."""
        config = load()
        return cls(StoryReader(Encoder(config.model), config.alarms_per_1000))

    def __call__(self, story: Story) -> Story:
        article = story.article
        if article is None:
            return story
        # A page out of an archive is as old as the archive, where nothing else says how old it is.
        published = article.published or (story.page.fetched_at if story.page else None)
        return story.grown(assessment=self.reader.judge(article.title, article.body, article.language, published))
