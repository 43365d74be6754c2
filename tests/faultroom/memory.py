"""What a process and all its children have of the memory, while they run."""

from __future__ import annotations

import threading
from pathlib import Path

_EVERY = 0.5  # seconds


class Together:
    """Samples what a process and its children hold, in MB, shared pages counted once: `peak` is the most of all at one
    moment, `child` the most of one child.

    Only Linux tells; elsewhere both stay 0. A child's own `ru_maxrss` would say what its parent had when it was born.
    """

    def __init__(self, pid: int):
        self.pid = pid
        self.peak = self.child = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Together:
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_EVERY):
            own, *children = map(_share, _family(self.pid))
            self.child = max(self.child, *children, 0.0)
            self.peak = max(self.peak, own + sum(children))


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for tasks in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (tasks / "children").read_text().split())
        except OSError:
            continue
    return found


def _share(pid: int) -> float:
    """A process's own memory and its part of what it shares, in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
