"""Killed at random moments, whatever it is at: the next run ends with what an undisturbed one stores."""

import random

import pytest

from tests.faults import kills

pytestmark = [pytest.mark.long, pytest.mark.soak]


@pytest.mark.parametrize("task", kills.TASKS, ids=lambda task: task.name)
def test_work_on_the_database(task):
    outcome = kills.try_task(task, 8, random.Random(7))
    assert outcome.kills >= 4, "it must be hit at work"
    assert (outcome.lost, outcome.extra) == ([], [])


@pytest.mark.parametrize("attempt", [kills.try_scan, kills.try_crawl], ids=lambda attempt: attempt.__name__)
def test_the_commands_with_network_and_model(attempt):
    outcome = attempt(4, random.Random(7))
    assert outcome.kills >= 2
    assert (outcome.lost, outcome.extra) == ([], [])
