"""What a crawl remembers of a channel, so that an unchanged one costs one small request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Key = tuple[str, str]  # source, channel


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What tells a channel's last answer, whose stories were all dealt with, from a new one.

    `digest` stands for the bytes of an answer: of a server that gives no validators, or ignores them.
    `oldest` is how far back that crawl looked: one that looks further back must read the channel anew.
    """

    etag: str | None = None
    last_modified: str | None = None
    oldest: datetime | None = None
    digest: str | None = None


class ChannelStates(Protocol):
    """Where channel states are kept between crawls (the database, or memory)."""

    def get(self, source: str, url: str) -> ChannelState | None: ...

    def set(self, source: str, url: str, state: ChannelState) -> None: ...


class MemoryStates:
    """Keeps channel states as long as the process runs."""

    def __init__(self) -> None:
        self._states: dict[Key, ChannelState] = {}

    def get(self, source: str, url: str) -> ChannelState | None:
        return self._states.get((source, url))

    def set(self, source: str, url: str, state: ChannelState) -> None:
        self._states[source, url] = state


class ChannelBook:
    """Follows each channel of a crawl until the last of its stories has an outcome.

    A state that is written too early loses stories: the next crawl is told "not modified" and never
    learns what this one left undone. So a channel's state is written only once every page of it was
    read and every story it named was stored or will not change by asking again: together with the
    last of them, in its transaction.
    """

    def __init__(self, states: ChannelStates, oldest: datetime):
        self.states = states
        self.oldest = oldest
        self._new: dict[Key, ChannelState] = {}
        self._open: dict[Key, int] = {}
        self._spoilt: set[Key] = set()

    def known(self, key: Key) -> ChannelState | None:
        """The remembered state, if that crawl looked back at least as far as this one."""
        state = self.states.get(*key)
        if state is None or state.oldest is None or state.oldest > self.oldest:
            return None
        return state

    def begin(self, key: Key, etag: str | None, last_modified: str | None, digest: str | None) -> None:
        """Notes what tells a channel's first page from another."""
        self._new[key] = ChannelState(etag, last_modified, self.oldest, digest)

    def owe(self, key: Key) -> None:
        """A page or a story of the channel is under way."""
        self._open[key] = self._open.get(key, 0) + 1

    def settle(self, key: Key) -> None:
        """A page or a story of the channel has its outcome; the last one closes the account."""
        self._open[key] = self._open.get(key, 0) - 1
        if not self._open[key] and key not in self._spoilt and key in self._new:
            self.states.set(*key, self._new.pop(key))

    def spoil(self, key: Key) -> None:
        """Something of the channel was left for the next crawl."""
        self._spoilt.add(key)


class Ledger:
    """Which stories were asked for, which channels named each, and whether it has its outcome.

    `same` gives what the spellings of one story's address have in common.
    """

    def __init__(self, book: ChannelBook, same: Callable[[str], str]):
        self.book = book
        self.same = same
        self.asked = 0
        self._open: dict[str, list[Key]] = {}
        self._done: dict[str, bool] = {}  # whether asking again may help

    def name(self, url: str, key: Key) -> bool:
        """Notes that another channel names a story; False where it was not asked for yet."""
        story = self.same(url)
        if story in self._open:
            # Its outcome settles this channel's account, too.
            self._open[story].append(key)
            self.book.owe(key)
            return True
        if self._done.get(story):
            self.book.spoil(key)
        return story in self._done

    def ask(self, url: str, key: Key) -> None:
        """A story is asked for."""
        self.asked += 1
        self._open[self.same(url)] = [key]
        self.book.owe(key)

    def settle(self, url: str, again: bool = False) -> None:
        """A story has its outcome; `again`: it is to be asked for again, and so are the channels that named it."""
        story = self.same(url)
        keys = self._open.pop(story, [])
        self._done[story] = again or self._done.get(story, False)
        for key in keys:
            if again:
                self.book.spoil(key)
            self.book.settle(key)
