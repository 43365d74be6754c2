"""Sites in a process of their own: what serving them costs is not measured."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def served(serve: Callable[..., None], *given: object) -> Iterator:
    """Runs `serve(*given, there)`, which sends over `there` where its sites are, and ends it; gives what it sent."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(*given, there), daemon=True)
    server.start()
    try:
        yield here.recv()
    finally:
        server.kill()
