"""The outbox: what is to be told in which channel, each thing once.

The store notes in `status_changes`, with the event and in its transaction, that there is something to tell. From
these rows and the rules of the channels `collect` makes the rows of `alerts`; saying it again makes no second one.
A row is claimed before it is sent. Who sends holds a lock that a crash releases (`founderwatch.alerts.sender`): a row
that is claimed by nobody alive was sent or was not, and goes out again under the same identifier.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from founderwatch.database.rows import dicts
from founderwatch.database.transaction import writing

AN_HOUR = 10  # messages a channel takes one by one in an hour; what comes on top is gathered in one
_WINDOW = timedelta(days=30)  # what is older is no news, whatever the channel says
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
_BUSY_MS = 30_000

_CANDIDATES = """
    select c.event, c.status, c.at, e.kind, e.score, e.employer, e.seniority,
           c.flagged or exists (select 1 from flagged f where f.id = e.id) as flagged,
           exists (select 1 from watched_events w where w.event = e.id) as watched,
           (select group_concat(distinct a.language) from mentions m join articles a on a.id = m.article
             where m.event = e.id) as languages,
           coalesce(
               (select max(coalesce(a.published, a.first_seen_at)) from mentions m join articles a on a.id = m.article
                 where m.event = e.id and m.status = c.status),
               e.published, e.first_seen_at) as newest,
           (select a.url from mentions m join articles a on a.id = m.article
             where m.event = e.id order by a.published is null, a.published, a.id limit 1) as url
    from status_changes c join events e on e.id = c.event left join verdicts v on v.event = e.id
    where c.at >= :since and e.merged_into is null and coalesce(v.verdict, '') <> 'reject'
      and (c.flagged or c.status = 'denied' or v.verdict = 'accept'
           or exists (select 1 from watched_events w where w.event = e.id))
    order by c.at, c.event, c.status"""
_TOLD = "select 1 from alerts where channel = :channel and event = :event and status = :status and state <> 'cancelled'"
# The same departure under the identifier that it had before its reports were merged anew.
_TOLD_BEFORE = """
    select 1 from alerts x
    where x.channel = :channel and x.status = :status and x.state <> 'cancelled' and x.event <> :event
      and not exists (select 1 from events g where g.id = x.event and g.merged_into is null)
      and x.url in (select a.url from mentions m join articles a on a.id = m.article where m.event = :event)"""
_TOLD_AT_ALL = "select 1 from alerts where channel = :channel and event = :event and state <> 'cancelled'"
_STANDS = """
    select coalesce(v.verdict, '') <> 'reject' as unrejected,
           e.status = 'denied' or exists (select 1 from watched_events w where w.event = e.id)
             or exists (select 1 from flagged f where f.id = e.id) as told
    from events e left join verdicts v on v.event = e.id where e.id = ? and e.merged_into is null"""


@dataclass(frozen=True)
class Entry:
    """One thing to be told in one channel: a status of an event, or the beginning or end of a trouble."""

    id: int
    event: str | None
    trouble: int | None
    status: str


@dataclass(frozen=True)
class Batch:
    """What one message carries; `key` is the message's identifier, the same at every attempt."""

    key: str
    channel: str
    entries: tuple[Entry, ...]
    first: bool  # what the first crawl with the channel found


class Outbox:
    """The outbox of an open database."""

    def __init__(self, connection: sqlite3.Connection):
        self.connection = connection
        connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
        self._version: int | None = None

    # Making rows

    def add_channels(self, names: Iterable[str], now: datetime) -> None:
        """Makes channels known. One that comes to a crawled database is open at once: only what comes later is news."""
        with writing(self.connection):
            crawled = self._one("select 1 from runs where command = 'crawl' and finished_at is not null limit 1")
            self.connection.executemany(
                "insert or ignore into alert_channels (name, added_at, gathers, opened_at) values (?, ?, ?, ?)",
                [(name, _iso(now), not crawled, _iso(now) if crawled else None) for name in names],
            )

    def open_channels(self, now: datetime) -> None:
        """Ends the time in which what is found is kept for one message."""
        with writing(self.connection):
            self.connection.execute("update alert_channels set opened_at = ? where opened_at is null", [_iso(now)])

    def recover(self) -> None:
        """Takes back what a sender had claimed that is gone."""
        with writing(self.connection):
            self.connection.execute("update alerts set state = 'waiting' where state = 'sending'")

    def has_changed(self) -> bool:
        """Whether another connection has written since this was asked last."""
        before, (self._version,) = self._version, self._one("pragma data_version")
        return self._version != before

    def collect(self, name: str, newer_than: timedelta, wants: Callable[[Mapping], bool], watched: bool, now: datetime) -> int:  # fmt: skip
        """Puts on the list what a channel wants and has not been told; gives how many are new."""
        added = self._one("select added_at from alert_channels where name = ?", name)[0]
        since = max(added, _iso(now - _WINDOW))
        candidates = self._rows(_CANDIDATES, {"since": since})
        if not any(self._is_news(row, name, newer_than, wants, watched) for row in candidates):
            return 0
        count = 0
        with writing(self.connection):
            # One after the other: a denial is news once the departure is on the list.
            for row in candidates:
                if not self._is_news(row, name, newer_than, wants, watched):
                    continue
                count += 1
                self.connection.execute(
                    """insert into alerts (channel, event, status, url, due_at, made_at)
                       values (:channel, :event, :status, :url, :now, :now)
                       on conflict (channel, event, status) do update set state = 'waiting', error = null, due_at = :now
                       where state = 'cancelled'""",
                    {"channel": name, "now": _iso(now), **{k: row[k] for k in ("event", "status", "url")}},
                )
        return count

    def _is_news(self, row: dict, name: str, newer_than: timedelta, wants, watched: bool) -> bool:
        row = row | {"languages": (row["languages"] or "").split(",")}
        about = {"channel": name, "event": row["event"], "status": row["status"]}
        if row["status"] == "denied":
            # A denial is news where the departure was.
            interesting = (watched and row["watched"]) or self._one(_TOLD_AT_ALL, about)
        else:
            interesting = row["flagged"] or (watched and row["watched"])
        return bool(
            interesting
            and wants(row)
            and datetime.fromisoformat(row["newest"]) >= datetime.fromisoformat(row["at"]) - newer_than
            and not self._one(_TOLD, about)
            and not self._one(_TOLD_BEFORE, about)
        )

    def begin_trouble(self, kind: str, figures: Mapping, names: Iterable[str], now: datetime) -> None:
        """Notes that a trouble has begun, and puts that on the list of these channels."""
        with writing(self.connection):
            trouble = self.connection.execute(
                "insert into troubles (kind, began_at, figures) values (?, ?, ?)",
                [kind, _iso(now), json.dumps(figures, ensure_ascii=False)],
            ).lastrowid
            self._add_trouble(trouble, "begun", names, now)

    def end_trouble(self, trouble: int, names: Iterable[str], now: datetime) -> None:
        """Notes that a trouble is over, and puts that on the list of these channels."""
        with writing(self.connection):
            self.connection.execute("update troubles set ended_at = ? where id = ?", [_iso(now), trouble])
            self._add_trouble(trouble, "ended", names, now)

    def _add_trouble(self, trouble: int, status: str, names: Iterable[str], now: datetime) -> None:
        self.connection.executemany(
            "insert or ignore into alerts (channel, trouble, status, due_at, made_at) values (?, ?, ?, ?, ?)",
            [(name, trouble, status, _iso(now), _iso(now)) for name in names],
        )

    # Sending rows

    def claim(self, name: str, before: datetime | None, now: datetime, final: bool) -> Batch | None:
        """Takes what the channel's next message carries, if anything is due.

        `before` is the last time for a digest: what was put on the list earlier goes, all in one. Without it everything
        goes at once and by itself, up to `AN_HOUR` messages; then what comes on top waits until `final`.
        """
        with writing(self.connection):
            channel = self._rows("select * from alert_channels where name = ?", [name])[0]
            if channel["retry_at"] and channel["retry_at"] > _iso(now):
                return None
            self._cancel_fallen(name)
            rows = self._chosen(channel, before, now, final)
            if not rows:
                return None
            key = rows[0]["message"] or _key(name, rows)
            ids = [row["id"] for row in rows]
            self.connection.execute(
                f"""update alerts set state = 'sending', message = ?, tries = tries + 1, claimed_at = ?
                    where id in ({_marks(ids)})""",
                [key, _iso(now), *ids],
            )
        entries = tuple(Entry(row["id"], row["event"], row["trouble"], row["status"]) for row in rows)
        return Batch(key, name, entries, all(_is_gathered(row, channel) for row in rows))

    def _cancel_fallen(self, name: str) -> None:
        """Takes off the list what is not to be told any more."""
        waiting = self._rows(
            "select id, event from alerts where channel = ? and state = 'waiting' and event is not null", [name]
        )
        for row in waiting:
            stands = self._rows(_STANDS, [row["event"]])
            if stands and stands[0]["unrejected"] and stands[0]["told"]:
                continue
            why = (
                "its reports became another event"
                if not stands
                else "it is no longer flagged"
                if stands[0]["unrejected"]
                else "a reviewer rejected it"
            )
            self.connection.execute(
                "update alerts set state = 'cancelled', error = ?, message = null where id = ?", [why, row["id"]]
            )

    def _chosen(self, channel: dict, before: datetime | None, now: datetime, final: bool) -> list[dict]:
        due = self._rows(
            "select * from alerts where channel = ? and state = 'waiting' and due_at <= ? order by tries, id",
            [channel["name"], _iso(now)],
        )
        if own := [row for row in due if row["trouble"] is not None]:
            return own[:1]
        if not channel["opened_at"]:
            return []
        # What was never tried goes before: one message that a channel will not take must not stop the others.
        fresh = [row for row in due if not row["message"]]
        if gathered := [row for row in fresh if _is_gathered(row, channel)]:
            return gathered
        if before is not None:
            fresh = [row for row in fresh if row["made_at"] < _iso(before)]
        return self._of_fresh(channel["name"], fresh, before is not None, now, final) or [
            row for row in due if row["message"] and row["message"] == _first_message(due)
        ]

    def _of_fresh(self, name: str, fresh: list[dict], in_one: bool, now: datetime, final: bool) -> list[dict]:
        """One of what is new, or all of it in one message."""
        if not fresh or in_one:
            return fresh
        (sent,) = self._one(
            "select count(distinct message) from alerts where channel = ? and sent_at > ?",
            [name, _iso(now - timedelta(hours=1))],
        )
        if len(fresh) > AN_HOUR - sent:
            return fresh if final or sent < AN_HOUR else []
        return fresh[:1]

    def sent(self, batch: Batch, now: datetime) -> None:
        """Notes that the channel has taken a message."""
        with writing(self.connection):
            self.connection.execute(
                """update alerts set state = 'sent', sent_at = ?, error = null
                   where message = ? and channel = ? and state in ('sending', 'waiting')""",
                [_iso(now), batch.key, batch.channel],
            )
            self.connection.execute(
                "update alert_channels set failures = 0, error = null, retry_at = null, sent_at = ? where name = ?",
                [_iso(now), batch.channel],
            )

    def failed(self, batch: Batch, why: str, now: datetime) -> None:
        """Puts a message that the channel has not taken back on the list, and leaves the channel alone for a while."""
        with writing(self.connection):
            (tries,) = self._one("select max(tries) from alerts where message = ?", batch.key)
            (failures,) = self._one("select failures + 1 from alert_channels where name = ?", batch.channel)
            self.connection.execute(
                """update alerts set state = 'waiting', error = ?, due_at = ?
                   where message = ? and channel = ? and state = 'sending'""",
                [why, _iso(now + _wait(tries)), batch.key, batch.channel],
            )
            self.connection.execute(
                "update alert_channels set failures = ?, failed_at = ?, error = ?, retry_at = ? where name = ?",
                [failures, _iso(now), why, _iso(now + _wait(failures)), batch.channel],
            )

    def release(self, batch: Batch) -> None:
        """Puts a message that was not tried after all back on the list."""
        with writing(self.connection):
            self.connection.execute(
                "update alerts set state = 'waiting', tries = tries - 1 where message = ? and channel = ? and state = 'sending'",
                [batch.key, batch.channel],
            )

    def retry(self, names: Collection[str], now: datetime) -> None:
        """Lets these channels, and all that waits for them, be tried at once."""
        with writing(self.connection):
            for name in names:
                self.connection.execute("update alert_channels set retry_at = null where name = ?", [name])
                self.connection.execute(
                    "update alerts set due_at = ? where channel = ? and state = 'waiting'", [_iso(now), name]
                )

    # Looking

    def corrections(self, event: str) -> dict:
        """The fields of an event that a reviewer corrected."""
        row = self._one("select corrected from verdicts where event = ?", event)
        return json.loads((row and row[0]) or "{}")

    def told_before(self, entry: Entry, channel: str) -> str | None:
        """The status of an event that a channel was last told before this one."""
        row = self._one(
            "select status from alerts where channel = ? and event = ? and state = 'sent' and id <> ? order by sent_at desc, id desc",
            [channel, entry.event, entry.id],
        )
        return row and row[0]

    def trouble(self, identifier: int) -> dict:
        """A trouble with its figures."""
        (row,) = self._rows("select * from troubles where id = ?", [identifier])
        return row | {"figures": json.loads(row["figures"])}

    def channels(self) -> dict[str, dict]:
        """The state of each channel by name, with the numbers of its rows in each state."""
        counted = """select *, (select count(*) from alerts a where a.channel = c.name and a.state in ('waiting', 'sending')) as waiting,
                            (select count(*) from alerts a where a.channel = c.name and a.state = 'sent') as sent
                     from alert_channels c"""
        return {row["name"]: row for row in self._rows(counted)}

    def latest(self, most: int) -> list[dict]:
        """The last rows of the list, newest first, with the person or the trouble that each is about."""
        return self._rows(
            """select a.id, a.channel, a.event, a.trouble, coalesce(e.person, t.kind) as about, a.status, a.state, a.tries, a.error,
                      a.made_at, a.due_at, a.sent_at, a.message
               from alerts a left join events e on e.id = a.event left join troubles t on t.id = a.trouble
               order by a.id desc limit ?""",
            [most],
        )

    # What the watchdog asks

    def lasting_troubles(self) -> dict[str, int]:
        """The troubles that are not over, by kind."""
        return {row["kind"]: row["id"] for row in self._rows("select id, kind from troubles where ended_at is null")}

    def newest_story(self) -> datetime | None:
        """When a story was last stored."""
        return _moment(self._one("select max(first_seen_at) from articles"))

    def oldest_story(self) -> datetime | None:
        """When a story was first stored."""
        return _moment(self._one("select min(first_seen_at) from articles"))

    def flagged_between(self, start: datetime, end: datetime) -> tuple[int, int]:
        """How many stories that are no copies were stored in a time, and how many of them were flagged."""
        return self._one(
            """select count(*), coalesce(sum(exists (select 1 from assessments s where s.article = a.id and s.flagged = 1)), 0)
               from articles a where a.first_seen_at >= ? and a.first_seen_at < ? and a.copy_of is null""",
            [_iso(start), _iso(end)],
        )

    def _rows(self, sql: str, given=()) -> list[dict]:
        return dicts(self.connection.execute(sql, given))

    def _one(self, sql: str, given=()) -> tuple | None:
        return self.connection.execute(sql, [given] if isinstance(given, str) else given).fetchone()


def _key(channel: str, rows: list[dict]) -> str:
    """An identifier that follows from what the message carries: a second attempt has it, too."""
    about = sorted(f"{row['event'] or row['trouble']}|{row['status']}" for row in rows)
    return "fw-" + hashlib.sha256("\n".join([channel, *about]).encode()).hexdigest()[:20]


def _is_gathered(row: Mapping, channel: Mapping) -> bool:
    """Whether a row is of what the first crawl found."""
    return bool(channel["gathers"] and row["event"] and row["made_at"] <= (channel["opened_at"] or ""))


def _first_message(rows: list[dict]) -> str | None:
    return next((row["message"] for row in rows if row["message"]), None)


def _wait(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(_FIRST_WAIT * 2 ** min(failures - 1, 20), _LONGEST_WAIT)


def _moment(row: tuple | None) -> datetime | None:
    return datetime.fromisoformat(row[0]) if row and row[0] else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _marks(values: Collection) -> str:
    return ",".join("?" * len(values))
