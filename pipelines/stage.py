"""The form of a stage, and the one way to call it."""

from __future__ import annotations

import logging
from typing import Protocol

from founderwatch.items import Failure, Story

logger = logging.getLogger(__name__)


class Stage(Protocol):
    """Takes a story and gives it back grown by one section. It does not know who calls it.

    A story that an earlier stage failed, or that lacks what the stage reads, passes unchanged.
    """

    def __call__(self, story: Story) -> Story: ...


def advance(stage: Stage, name: str, story: Story) -> Story:
    """Calls a stage; if it raises, the story goes on with a Failure that names the stage.

    A failure that the story already has stays: the first cause is the one to know.
    """
    try:
        return stage(story)
    except Exception as error:
        page = story.page
        logger.exception("%s failed on %s", name, page.url if page else "a story")
        if story.failure is not None and name != "store":
            return story
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        return story.grown(failure=Failure(name, reason, passing=is_of_machine(error)))


def is_of_machine(error: BaseException) -> bool:
    """Whether the machine is to blame and not the story: no handle, memory or room is left. Asking again may help.

    A story that was given up for that would be lost: its channel would not be read for it again.
    """
    return isinstance(error, OSError | MemoryError) and not isinstance(error, TimeoutError)
