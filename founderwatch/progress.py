"""The progress bars of commands that take their time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_EVERY = 60.0  # seconds between lines where there is no terminal


@contextmanager
def progress(what: str, quiet: bool):
    """A progress bar on a terminal, nothing elsewhere; yields what to call with each step."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda step: bar.update(task, completed=step.done, total=step.expected, description=step.source)


@contextmanager
def bytes_progress(quiet: bool):
    """Bytes read, stories found and the time left: a bar on a terminal, elsewhere a line every minute."""
    console = Console(stderr=True)
    if quiet:
        yield None
        return
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, speed_estimate_period=120) as bar:
        task = bar.add_task("reading", total=None)

        def show(step) -> None:
            told = f"{PurePath(step.file).name}, {step.counts['stored']} new, {step.counts['flagged']} flagged"
            bar.update(task, completed=step.done, total=step.expected, description=told)

        yield show


class _Lines:
    """Tells in a line now and then how far a long run has come."""

    def __init__(self, console: Console):
        self._console = console
        self._began = self._told = time.monotonic()
        self._first: int | None = None

    def __call__(self, step) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = step.done, now
        if now - self._told < _EVERY:
            return
        self._told = now
        share = (
            f"{step.done / step.expected:.0%} of {step.expected / 1e6:,.0f} MB"
            if step.expected
            else f"{step.done / 1e6:,.0f} MB"
        )
        left = ""
        if step.expected and step.done > self._first:
            seconds = (now - self._began) * (step.expected - step.done) / (step.done - self._first)
            left = f", {timedelta(seconds=round(seconds))} left"
        self._console.print(
            f"{share}, {step.counts['stored']} new, {step.counts['flagged']} flagged{left}", highlight=False
        )
