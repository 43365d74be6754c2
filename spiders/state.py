"""What a crawl remembers of a channel, so that an unchanged one costs one small request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChannelState:
    """The validators of a channel's last answer whose stories were all dealt with.

    `oldest` is how far back that crawl looked: one that looks further back must read the channel anew.
    """

    etag: str | None = None
    last_modified: str | None = None
    oldest: datetime | None = None


class ChannelStates(Protocol):
    """Where channel states are kept between crawls (the database, or memory)."""

    def get(self, source: str, url: str) -> ChannelState | None: ...

    def set(self, source: str, url: str, state: ChannelState) -> None: ...


class MemoryStates:
    """Keeps channel states as long as the process runs."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], ChannelState] = {}

    def get(self, source: str, url: str) -> ChannelState | None:
        return self._states.get((source, url))

    def set(self, source: str, url: str, state: ChannelState) -> None:
        self._states[source, url] = state


class ChannelBook:
    """Follows each channel of a crawl until the last of its stories has an outcome.

    A state that is written too early loses stories: the next crawl is told "not modified" and never
    learns what this one left undone. So a channel's state is written only once every page of it was
    read and every story it named was stored or will not change by asking again.
    """

    def __init__(self, states: ChannelStates, oldest: datetime):
        self.states = states
        self.oldest = oldest
        self._new: dict[tuple[str, str], ChannelState] = {}
        self._open: dict[tuple[str, str], int] = {}
        self._spoilt: set[tuple[str, str]] = set()

    def known(self, key: tuple[str, str]) -> ChannelState | None:
        """The remembered state, if that crawl looked back at least as far as this one."""
        state = self.states.get(*key)
        if state is None or state.oldest is None or state.oldest > self.oldest:
            return None
        return state

    def begin(self, key: tuple[str, str], etag: str | None, last_modified: str | None) -> None:
        """Notes the validators of a channel's first page."""
        self._new[key] = ChannelState(etag, last_modified, self.oldest)

    def owe(self, key: tuple[str, str]) -> None:
        """A page or a story of the channel is under way."""
        self._open[key] = self._open.get(key, 0) + 1

    def settle(self, key: tuple[str, str]) -> None:
        """A page or a story of the channel has its outcome."""
        self._open[key] = self._open.get(key, 0) - 1

    def spoil(self, key: tuple[str, str]) -> None:
        """Something of the channel was left for the next crawl."""
        self._spoilt.add(key)

    def write(self) -> int:
        """Hands the finished channels' states to the store; gives their number."""
        done = [key for key in self._new if not self._open.get(key) and key not in self._spoilt]
        for key in done:
            self.states.set(*key, self._new[key])
        return len(done)
