"""Sends what is due: each channel's message in a thread of its own, so that one that hangs holds up no other.

Who sends holds the lock `<database>.alerts.lock`, which a crash releases. So whoever has it knows that no message is
under way but its own, and takes up at once what a killed one had claimed.
"""

from __future__ import annotations

import queue
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from filelock import FileLock, Timeout

from founderwatch.alerts import message, watchdog
from founderwatch.alerts.channel import Channel, ChannelError
from founderwatch.alerts.message import Message, Told
from founderwatch.alerts.rules import wants
from founderwatch.alerts.transport import Transport
from founderwatch.config import Config
from founderwatch.database.outbox import Batch, Outbox
from founderwatch.database.store import Store

_PATIENCE = 30.0  # seconds for a message; then it counts as failed
_LAST_WORDS = 60.0  # seconds at the end of a run for all that is due
_TICK = 1.0


class Busy(RuntimeError):
    """Another program is sending."""


@dataclass
class Report:
    """What was sent, and which channels failed and why."""

    sent: int = 0
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class _Attempt:
    batch: Batch
    began: float
    given_up: bool = False


class Sender:
    """Collects and sends for one database; it belongs to the thread that made it. Raises Busy."""

    def __init__(self, config: Config):
        self.config = config
        self.channels = {channel.name: channel for channel in config.alert}
        self.report = Report()
        self._lock = FileLock(f"{config.database}.alerts.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Busy(f"another run is sending the alerts of {config.database}") from None
        try:
            self._store = Store(config.database)
        except BaseException:
            self._lock.release()
            raise
        self.outbox = Outbox(self._store.db.conn)
        self._transports: dict[str, Transport] = {}
        self._under_way: dict[str, _Attempt] = {}
        self._done: queue.SimpleQueue[tuple[_Attempt, str | None]] = queue.SimpleQueue()
        self.outbox.add_channels(self.channels, datetime.now(UTC))
        self.outbox.recover()

    def close(self) -> None:
        self._store.close()
        self._lock.release()

    def collect(self) -> None:
        """Puts on the list what is new."""
        if not self.outbox.has_changed():
            return
        for channel in self.channels.values():
            self.outbox.collect(
                channel.name, channel.newer_than, partial(wants, channel), channel.watched, datetime.now(UTC)
            )

    def turn(self, wait: float = _TICK, final: bool = False) -> bool:
        """Puts on the list what is new, sends what is due, takes what came back; tells whether there may be more."""
        self.collect()
        for channel in self.channels.values():
            if channel.name not in self._under_way:
                self._begin(channel, final)
        busy = self._is_busy()
        self._take(wait)
        return busy

    def finish(self) -> None:
        """Sends all that is due, as long as channels answer."""
        until = time.monotonic() + _LAST_WORDS
        while self.turn(final=True) and time.monotonic() < until:
            pass

    def _is_busy(self) -> bool:
        return any(not attempt.given_up for attempt in self._under_way.values())

    def _begin(self, channel: Channel, final: bool) -> None:
        now = datetime.now(UTC)
        batch = self.outbox.claim(channel.name, channel.digest and channel.digest.last(now), now, final)
        if batch is None:
            return
        try:
            told = self._message(channel, batch)
        except LookupError:
            self.outbox.release(batch)  # the next claim leaves out what is gone
            return
        attempt = self._under_way[channel.name] = _Attempt(batch, time.monotonic())
        # A daemon: one that hangs must not keep the program from ending.
        threading.Thread(target=self._send, args=(channel, told, attempt), daemon=True).start()

    def _send(self, channel: Channel, told: Message, attempt: _Attempt) -> None:
        """Runs in a thread of its own, and touches nothing but the channel's transport."""
        try:
            if channel.name not in self._transports:
                self._transports[channel.name] = Transport(channel)
            reason = self._transports[channel.name].send(told)
        except ChannelError as error:
            reason = str(error)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        self._done.put((attempt, reason))

    def _take(self, wait: float) -> None:
        """Notes what came back within a time, and gives up what does not come."""
        until = time.monotonic() + wait
        while self._is_busy():
            for attempt in self._under_way.values():
                if not attempt.given_up and time.monotonic() - attempt.began > _PATIENCE:
                    attempt.given_up = True
                    self._failed(attempt.batch, f"no answer within {_PATIENCE:.0f} s")
            try:
                self._note(*self._done.get(timeout=max(0.0, min(0.2, until - time.monotonic()))))
                return  # the channel is free: its next message need not wait
            except queue.Empty:
                if time.monotonic() >= until:
                    return
        # What was given up may come all the same.
        while not self._done.empty():
            self._note(*self._done.get())

    def _note(self, attempt: _Attempt, reason: str | None) -> None:
        del self._under_way[attempt.batch.channel]
        if reason is None:
            self.outbox.sent(attempt.batch, datetime.now(UTC))
            self.report.sent += 1
            self.report.failed.pop(attempt.batch.channel, None)
        elif not attempt.given_up:
            self._failed(attempt.batch, reason)

    def _failed(self, batch: Batch, reason: str) -> None:
        self.outbox.failed(batch, reason, datetime.now(UTC))
        self.report.failed[batch.channel] = reason

    def _message(self, channel: Channel, batch: Batch) -> Message:
        entry, *others = batch.entries
        language, desk = channel.language, self.config.desk
        if entry.trouble is not None:
            return message.of_trouble(self.outbox.trouble(entry.trouble), entry.status, language, batch.key)
        told = [Told(self._event(e.event), e.status, self.outbox.told_before(e, channel.name)) for e in batch.entries]
        if others or batch.first:
            return message.of_events(told, language, desk, batch.key, batch.first)
        return message.of_event(told[0], language, desk, batch.key)

    def _event(self, identifier: str) -> dict:
        """An event as a reviewer corrected it; LookupError where it has gone since it was claimed."""
        event, corrected = self._store.event(identifier), self.outbox.corrections(identifier)
        if event is None:
            raise LookupError(identifier)
        words = corrected.pop("departed_words", event["departed"]["words"])
        return event | corrected | {"departed": event["departed"] | {"words": words}}


class Alarm:
    """Sends in the background while a crawl runs, and the rest when it ends. Nothing that happens here ends a crawl."""

    def __init__(self, config: Config):
        self.config = config
        self.report = Report()
        self._trouble: str | None = None  # why nothing could be sent at all
        self._ended = self._found = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def __enter__(self) -> Alarm:
        if self.config.alert:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self.config.alert:
            self._thread.join(_LAST_WORDS + _PATIENCE)

    @property
    def troubles(self) -> list[str]:
        """What a person should know: channels that failed, and whether anything could be sent at all."""
        lines = [f"alerts: {name} failed and is tried again later: {why}" for name, why in self.report.failed.items()]
        if self._trouble or self._thread.is_alive():
            lines.append(f"alerts: {self._trouble or 'sending did not come to an end'}; they wait for the next run")
        return lines

    def ended(self, found: bool = True) -> None:
        """Says that the crawl came to its end, and whether it found anything out: then what the first one found may go."""
        self._ended, self._found = True, found

    def _run(self) -> None:
        try:
            with closing(Sender(self.config)) as sender:
                self.report = sender.report
                while not self._stop.is_set():
                    if not sender.turn():
                        self._stop.wait(_TICK)
                if self._ended:
                    sender.collect()
                    watchdog.examine(sender.outbox, self.config, datetime.now(UTC))
                if self._found:
                    sender.outbox.open_channels(datetime.now(UTC))
                sender.finish()
        except Exception as error:
            self._trouble = f"{type(error).__name__}: {error}"
