"""The newsroom of faults: all stories that can be had are had, exactly once, and each failure is told.

`python -m tests.faultroom.run --judge` does it with 200 sources and 20,000 pages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faultroom.faults import FAULTS
from tests.faultroom.run import crawl_all, newsroom, outcomes


@pytest.mark.parametrize(
    ("sources", "stories", "judge"),
    [(len(FAULTS), 10, False), pytest.param(2 * len(FAULTS), 20, True, marks=[pytest.mark.long, pytest.mark.soak])],
)
def test_all_that_can_be_had_is_had_once(tmp_path: Path, sources: int, stories: int, judge: bool) -> None:
    database = tmp_path / "x.db"
    with newsroom(sources, stories, tmp_path) as room:
        runs = crawl_all(room, database, judge, 4 if judge else 2, timeout=10)
        found = outcomes(room, database, runs)
    wrong = [outcome for outcome in found if outcome.missing or outcome.doubled or outcome.strays]
    assert not wrong, wrong
    assert [run.reason for run in runs] == ["finished"] * len(runs)
    assert max(run.peak for run in runs) <= 500, "MB"
