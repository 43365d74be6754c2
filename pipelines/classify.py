"""Judges an article: Article → Assessment, by the fine-tuned encoder."""

from __future__ import annotations

from founderwatch.config import JUDGE_ALL, load
from founderwatch.items import Assessment, Story
from models.encoder import Encoder
from models.story import StoryReader
from pipelines.sift import GLANCED, Sift


class Classify:
    """A stage: grows a story by the model's judgement of its article.

    A copy is judged too, since it is still a witness: only its share in an event's independence is lost.
    Unless `everything` is to be read whole, a story is left out whose words do not sound like a founding.
    """

    def __init__(self, reader: StoryReader, everything: bool = True):
        self.reader = reader
        self._sift = None if everything else Sift()

    @classmethod
    def from_settings(cls, settings) -> Classify:
        """As `scrapy crawl` makes it: with the configured model."""
        config = load()
        return cls(StoryReader(Encoder(config.model), config.alarms_per_1000), config.judge == JUDGE_ALL)

    def __call__(self, story: Story) -> Story:
        article = story.article
        if article is None:
            return story
        if self._sift is not None and not self._sift.likely(article, self.reader):
            return story.grown(assessment=Assessment(self.reader.encoder.version, 0.0, False, (), GLANCED))
        # A page out of an archive is as old as the archive, where nothing else says how old it is.
        published = article.published or (story.page.fetched_at if story.page else None)
        return story.grown(assessment=self.reader.judge(article.title, article.body, article.language, published))
