"""Worker processes: each makes its stages once, and then does the tasks that it is given.

    with Workers(make, (settings,), count=2) as workers:
        for task, outcome in workers.ordered(tasks):
            …

`make(*arguments)` is called in each worker and gives what does a task there: a function of one argument. A crawl may await
single tasks (`asyncio.wrap_future(workers.submit(task))`); a back-fill takes outcomes in the order of its tasks, of which
only a few wait at a time, so that neither tasks nor outcomes pile up. A worker that is killed or does not come to
an end costs its own task alone: another takes its place.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from multiprocessing.connection import wait
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

# Each worker computes in one thread: more would only take the cores from each other.
_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
} | {"TOKENIZERS_PARALLELISM": "false"}
_AHEAD = 2  # tasks for each worker that are under way or wait

_work: Callable[[Any], Any] | None = None


class WorkerDied(RuntimeError):
    """The process that did the task was killed, or took too long and was ended; the message says which."""


class Workers:
    """A pool of processes. `longest` is how many seconds a task may take, `lifetime` after how many a worker is replaced."""

    def __init__(
        self,
        make: Callable[..., Callable[[Any], Any]],
        arguments: tuple = (),
        count: int | None = None,
        longest: float | None = None,
        lifetime: int = 0,
    ):
        self.count = count or cores()
        self.longest = longest
        # Not forked: the parent's threads and locks would be copied in whatever state they are in.
        self._pool = ProcessPool(
            self.count,
            max_tasks=lifetime,
            initializer=_start,
            initargs=(pickle.dumps((make, arguments)),),
            context=multiprocessing.get_context("spawn"),
        )

    def submit(self, task: Any, longest: float | None = None) -> Future:
        """Hands a task to the next free worker; the future gives its outcome, or what went wrong."""
        return self._pool.submit(_do, longest or self.longest, task)

    def ordered(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Any]]:
        """Each task with its outcome, in the tasks' order; an outcome may be a WorkerDied or what the task raised."""
        waiting: deque[tuple[Task, Future]] = deque()
        tasks = iter(tasks)
        while True:
            while len(waiting) < self.count * _AHEAD:
                try:
                    task = next(tasks)
                except StopIteration:
                    break
                waiting.append((task, self.submit(task)))
            if not waiting:
                return
            task, future = waiting.popleft()
            yield task, outcome(future)

    def close(self) -> None:
        """Ends the workers; what they have not finished is given up."""
        self._pool.stop()
        self._pool.join()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error) -> None:
        self.close()


def outcome(future: Future) -> Any:
    """What came of a task: its outcome, or the error in its place."""
    try:
        return future.result()
    except ProcessExpired as error:
        return WorkerDied(f"the worker process was killed (exit code {error.exitcode})")
    except LateError:
        return WorkerDied("the worker process took too long")
    except Exception as error:
        return error


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(made: bytes) -> None:
    """Prepares a fresh worker; what `make` needs is imported only after its threads are bounded."""
    global _work  # noqa: PLW0603 -- one process, one work
    os.environ.update(_ONE_THREAD)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_follow_parent, daemon=True).start()
    make, arguments = pickle.loads(made)  # noqa: S301 -- the parent process has made it
    _work = make(*arguments)


def _follow_parent() -> None:
    """Ends the worker when its parent is killed, also in the middle of a task that nobody waits for any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _do(task: Any) -> Any:
    assert _work is not None
    return _work(task)
