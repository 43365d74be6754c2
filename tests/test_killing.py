"""A crawl that is killed loses nothing and stores nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killing import kill_and_finish


def test_a_few_kills(here: Path) -> None:
    killed = kill_and_finish(40, 4, here)
    assert killed.faults == []
    assert killed.articles == 43, "one page of 40 is missing, four are repeated by another source"


@pytest.mark.soak
@pytest.mark.long
def test_fifteen_kills_over_two_hundred_pages(here: Path) -> None:
    """`python -m tests.killing` does more of it."""
    killed = kill_and_finish(200, 15, here)
    assert killed.faults == []
    assert len(set(killed.stored_at_kill)) > 5, "at many different moments"
