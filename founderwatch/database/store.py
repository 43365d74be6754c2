"""The database's verbs: everything that writes, each in one transaction that leaves the file true."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlite_utils

from founderwatch.address import fold, site
from founderwatch.database import captures, careers, erasure, gathering, missed, reviews, settling, texts
from founderwatch.database.migrations import migrations, unknown
from founderwatch.database.rows import dicts
from founderwatch.database.transaction import writing
from founderwatch.events import score
from founderwatch.events.departure import precision
from founderwatch.events.people import person_key
from founderwatch.items import EVENT_FIELDS, PAGE_DOWN, Article, Assessment, Failure, Mention, Story
from spiders.entries import Entry
from spiders.state import ChannelState
from spiders.timetable import Turn

_CLOCKS_DIFFER = timedelta(days=1)
_GIVE_UP = 3  # an address that failed so often is left alone
_GIVE_UP_PASSING = 100  # where asking again may help
_RUNS_KEPT = timedelta(days=60)
_EDITED_WITHIN = timedelta(days=14)
_MOST_LOOKS = 3
_MOST_LOOKS_AT_ERRORS = 20  # a page that is gone for good may answer like one that is down
_BUSY_MS = 30_000  # a reviewer's or reader's lock is waited for
_CACHE_KB = 65_536  # at most; SQLite's own two megabytes hold too little of a large database's indexes


class DatabaseError(RuntimeError):
    """The database cannot be used; the message says which file, why, and what to do."""


@dataclass(frozen=True)
class Stored:
    """What became of a story: `new` or `known` article, `old`, `failed` or `erased`, and whether it was flagged.

    `blotted`: it names somebody who was erased, so that its page may not be kept.
    """

    outcome: str
    article: int | None = None
    flagged: bool = False
    blotted: bool = False


class Store:
    """An open founderwatch database."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self._waiting: dict[int, texts.Text] | None = None  # texts that the full-text index is yet to be told
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.db = sqlite_utils.Database(sqlite3.connect(self.path, timeout=_BUSY_MS / 1000))
            try:
                self._prepare()
            except BaseException:
                self.db.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise DatabaseError(f"{self.path} cannot be used: {_why(error, self.path)}") from error

    def _prepare(self) -> None:
        if newer := unknown(self.db):
            raise DatabaseError(
                f"{self.path} was written by a newer founderwatch ({', '.join(sorted(newer))}): upgrade, or name another --db"
            )
        self.db.execute("pragma foreign_keys = on")
        self.db.execute(f"pragma cache_size = -{_CACHE_KB}")
        self.db.register_function(fold, deterministic=True)  # for the migrations
        with self._writing():
            migrations.apply(self.db)
            if gathering.is_unfiled(self.db):
                gathering.file_all(self.db)
            self.db.execute("delete from failures where 0")  # a read-only file says so at a statement, not at "begin"
        self._write_ahead()

    def _write_ahead(self) -> None:
        """Switches to write-ahead logging, for which SQLite does not wait while another process opens the new file."""
        until = time.monotonic() + _BUSY_MS / 1000
        while True:
            try:
                return self.db.enable_wal()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.02)

    def together(self):
        """Makes one transaction of what is written within: a story, and what the crawl remembers of its channel."""
        return self._writing()

    def _writing(self):
        return writing(self.db.conn)

    @contextmanager
    def unhurried(self) -> Iterator[None]:
        """Within, a commit does not wait until the disk has it: a power cut may undo the latest ones, in order, and nothing else.

        That suits what the next crawl fetches again. Alerts and reviews are written over connections of their own: what
        one of them commits takes all that was committed before to the disk with it, before anything is sent.
        """
        self.db.execute("pragma synchronous = normal")
        try:
            yield
        finally:
            self.db.execute("pragma synchronous = full")

    def close(self) -> None:
        self.db.close()

    def look_over(self, seconds: float = 0.3) -> None:
        """Raises DatabaseError where damage is found within so short a time: a small file is read whole, of a large one the beginning."""
        until = time.monotonic() + seconds
        self.db.conn.set_progress_handler(lambda: time.monotonic() > until, 1000)
        try:
            found = self.db.execute("pragma quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            found = "ok" if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT else str(error)
        except sqlite3.DatabaseError as error:
            found = str(error)
        finally:
            self.db.conn.set_progress_handler(None, 0)
        if found != "ok":
            raise DatabaseError(f"{self.path} is damaged ({found}): `founderwatch restore` a backup")

    def tune(self) -> None:
        """Samples the tables where their statistics are old, so that SQLite asks the better index; takes a moment only."""
        with suppress(sqlite3.OperationalError):  # another program writes: the next start will do
            self.db.execute("pragma analysis_limit = 400")
            self.db.execute("pragma optimize = 0x10002").fetchall()

    def vacuum(self) -> None:
        """Writes the file anew without gaps, and takes the write-ahead log into it."""
        self.db.execute("vacuum")
        self.db.execute("pragma wal_checkpoint(truncate)").fetchall()

    # Runs and sources

    def register_sources(self, sources: Iterable) -> None:
        """Writes the registry's sources; those that have left it stay, with their articles."""
        with self._writing():
            self.db["sources"].upsert_all(
                [
                    {"name": s.name, "title": s.title, "home": s.home, "language": s.language, "kind": s.kind}
                    for s in sources
                ],
                pk="name",
            )

    def start_run(self, command: str) -> int:
        with self._writing():
            return self.db["runs"].insert({"command": command, "started_at": _now()}).last_pk

    def finish_run(
        self,
        run: int,
        counts: dict[str, int],
        sources: Iterable[dict] = (),
        turns: Mapping[str, Turn] | None = None,
    ) -> None:
        """Closes a run with its counts, with one row for each source that it asked, and with their next turns."""
        with self._writing():
            self.db["runs"].update(run, {"finished_at": _now(), **counts})
            for row in sources:
                self.db["source_runs"].insert({"run": run, **row}, replace=True)
                self.db["sources"].update(row["source"], {"last_run": run})
                if row.get("channels") and not row.get("channels_failed"):
                    # Its channels answer again: what they failed by is over.
                    self.db.execute("delete from failures where stage = 'channel' and source = ?", [row["source"]])
            for source, turn in (turns or {}).items():
                self._take_turn(source, turn)
            # What health is measured against reaches 35 days back.
            self.db.execute(
                "delete from source_runs where run < (select min(id) from runs where started_at >= ?)",
                [_iso(datetime.now(UTC) - _RUNS_KEPT)],
            )

    def turns(self) -> dict[str, Turn]:
        """When each source is due, by name (spiders.timetable)."""
        return turns_of(self.db.conn)

    def _take_turn(self, source: str, turn: Turn) -> None:
        row = {name: getattr(turn, name) for name in ("state", "trouble", "reason", "day", "requests")}
        times = {name: _iso(getattr(turn, name)) for name in ("asked_at", "due_at", "held_until")}
        every = int(turn.every.total_seconds())
        self.db["timetable"].upsert({"source": source, "every": every, **row, **times}, pk="source")

    def published_since(self, day: datetime) -> dict[str, int]:
        """How many stories each source has published since a day."""
        return dict(
            self.db.execute(
                "select source, count(*) from articles where coalesce(published, first_seen_at) >= ? group by source",
                [_iso(day)],
            ).fetchall()
        )

    def health(self) -> dict[str, tuple[str, str | None]]:
        """Each source's verdict and why, by name (the view source_health)."""
        rows = self.db.execute("select name, verdict, message from source_health")
        return {name: (verdict, message) for name, verdict, message in rows}

    # What a crawl must not fetch again

    def is_known(self, url: str) -> bool:
        """Whether an address need not be fetched: its story is stored, or it has failed again and again."""
        return (
            self.db.execute(
                """select 1 from addresses where url = :url or folded = :folded union all select 1 from failures
                   where url = :url and (stage = 'since' or (times >= :few and not passing) or times >= :many)""",
                {"url": url, "folded": fold(url), "few": _GIVE_UP, "many": _GIVE_UP_PASSING},
            ).fetchone()
            is not None
        ) or erasure.is_erased(self.db, url)

    def is_edited(self, source: str, url: str, entry: Entry) -> bool:
        """Whether a stored story is worth a second look: its channel now tells it otherwise, or its page was down.

        Only its own source's word counts, while it is young, and a few times: some feeds date every entry anew.
        """
        row = self.db.execute(
            """select a.announced, a.revised, a.looked, coalesce(a.notes, ''),
                      (select times from failures where url = d.url and not passing)
               from addresses d join articles a on a.id = d.article
               where d.url = ? and a.source = ? and a.first_seen_at >= ? and a.looked < ?""",
            [url, source, _iso(datetime.now(UTC) - _EDITED_WITHIN), _MOST_LOOKS_AT_ERRORS],
        ).fetchone()
        if row is None:
            return False
        announced, revised, looked, notes, refused = row
        if PAGE_DOWN in notes:
            return (refused or 0) < _GIVE_UP
        if looked >= _MOST_LOOKS:
            return False
        if entry.revised and revised and _iso(entry.revised) > revised:
            return True
        return bool(entry.title and announced and entry.title != announced)

    def get(self, source: str, url: str) -> ChannelState | None:
        """What is remembered of a channel (spiders.state.ChannelStates)."""
        row = self.db.execute(
            "select etag, last_modified, oldest, digest from channels where source = ? and url = ?", [source, url]
        ).fetchone()
        return ChannelState(row[0], row[1], datetime.fromisoformat(row[2]) if row[2] else None, row[3]) if row else None

    def set(self, source: str, url: str, state: ChannelState) -> None:
        """Remembers a channel whose stories were all dealt with."""
        with self._writing():
            self.db["channels"].upsert(
                {
                    "source": source,
                    "url": url,
                    "etag": state.etag,
                    "last_modified": state.last_modified,
                    "oldest": _iso(state.oldest),
                    "digest": state.digest,
                    "checked_at": _now(),
                },
                pk=("source", "url"),
            )

    # What is kept of fetched pages

    def forget_captures(self, files: Iterable[str]) -> None:
        """Forgets the pages in files of the archive that are about to be deleted."""
        with self._writing():
            captures.forget(self.db, files)

    # What others read

    def flagged(self) -> dict[str, dict]:
        """The departures that a person should look at, by identifier."""
        return {row.pop("id"): row for row in list(self.db.query("select * from flagged"))}

    def events(self, everything: bool = False) -> list[dict]:
        """Events with their mentions, newest first: what `flagged` shows, or all; corrected and judged as reviewers said."""
        chosen = "e.merged_into is null" if everything else "e.id in (select id from flagged)"
        rows = self.db.query(
            f"""select e.*, v.corrected, v.verdict from events e left join verdicts v on v.event = e.id
                where {chosen} order by e.first_seen_at desc, e.score desc, e.id"""
        )
        return [self._event(row) for row in list(rows)]

    def event(self, identifier: str) -> dict | None:
        """One event with everything that its stories say, oldest first; None where there is none.

        One that was merged away is the event that has its reports now.
        """
        identifier = reviews.current_event(self.db.conn, identifier)
        rows = self.db.query(
            "select e.*, v.corrected, v.verdict from events e left join verdicts v on v.event = e.id where e.id = ?",
            [identifier],
        )
        row = next(rows, None)
        if row is None:
            return None
        reports = list(
            self.db.query(
                """select m.id as mention, a.url, a.title, coalesce(a.site_name, a.source) as source, a.language, a.published, a.first_seen_at,
                          o.url as copy_of, m.person, m.kind, m.status, m.employer, m.role, m.venture, m.focus, m."when",
                          m.first_reported_by, m.score, json_extract(m.evidence, '$[0].text') as evidence
                   from mentions m join articles a on a.id = m.article left join articles o on o.id = a.copy_of
                   where m.event = ? order by coalesce(a.published, a.first_seen_at), a.url, m.kind, m.employer""",
                [identifier],
            )
        )
        return self._event(row) | {
            "verdict": row["verdict"],
            "retells": row["retells"],
            "mentions": reports,
            "time_line": careers.time_line(self.db, identifier),
        }

    def _event(self, row: dict) -> dict:
        mentions = self.db.query(
            """select a.url, a.title, coalesce(a.site_name, a.source) as source, a.language, a.published, m.kind, m.status,
                      json_extract(m.evidence, '$[0].text') as evidence
               from mentions m join articles a on a.id = m.article
               where m.event = ? order by coalesce(a.published, a.first_seen_at), a.url, m.kind, m.employer""",
            [row["id"]],
        )
        basis = (
            json.loads(row["basis"]) if row["basis"] else None
        )  # of an older version's events until they are told again
        row = row | json.loads(row["corrected"] or "{}") | {"score": score.judged(row["score"], row["verdict"])}
        return {
            "event": row["id"],
            **{name: row[name] for name in EVENT_FIELDS},
            "names": json.loads(row["names"]),
            "seniority": row["seniority"],
            "venture_kind": row["venture_kind"],
            "departed": {"from": row["departed_from"], "to": row["departed_to"], "words": row["departed_words"]},
            "departed_precision": precision(row["departed_from"], row["departed_to"]),
            "basis": basis and basis | {"words": score.words(basis, row["verdict"])},
            "mentions": list(mentions),
        }

    # Stories

    def save(self, story: Story, threshold: float) -> Stored:
        """Stores a story with its judgement and events, or its failure; saying it twice changes nothing."""
        with self._writing():
            return self._save(story, threshold)

    def save_all(
        self, stories: Iterable[Story], threshold: float, also: Callable[[sqlite_utils.Database, list[Stored]], None]
    ) -> list[Stored]:
        """Stores stories, and what `also` writes of how far this has come, in one transaction: all of it or nothing."""
        with self._writing(), self._indexing():
            stored = [self._save(story, threshold) for story in stories]
            also(self.db, stored)
            return stored

    def _save(self, story: Story, threshold: float) -> Stored:
        screened = erasure.screened(self.db, story, threshold)
        if screened is None:
            return Stored("erased", blotted=True)
        # The page as it was fetched still names the erased: nothing leads to it, or is made of it.
        blotted = screened is not story
        story = screened.grown(capture=None, likeness=None) if blotted else story
        too_old = story.failure is not None and story.failure.stage == "since"
        if too_old:
            self._save_failure(story)
            return Stored("old")
        if story.article is None:
            captures.keep(self.db, story, None)
            self._save_failure(story)
            return Stored("failed")
        judged = story.assessment is not None
        article, new = self._save_article(story, judged)
        captures.keep(self.db, story, article)
        if story.failure is not None:
            self._save_failure(story)
        flagged = False
        if story.assessment is not None:
            self._save_assessment(article, story.assessment, threshold)
            flagged = story.assessment.flagged
        return Stored("new" if new else "known", article, flagged, blotted)

    def save_again(
        self,
        told: Iterable[tuple[captures.Told, Story]],
        threshold: float,
        also: Callable[[sqlite_utils.Database], None],
    ) -> Counter[str]:
        """Stores what a later extractor or model made of stories, and what `also` writes, in one transaction.

        Counts the `new` articles, and those `changed` by a crawl since they were read for this, which stay as they are.
        """
        counts: Counter[str] = Counter()
        with self._writing(), self._indexing():
            for before, story in told:
                if before.article is None:
                    stored = self._save(story, threshold)
                    counts["new"] += stored.outcome == "new"
                elif not self._save_again(before, story, threshold):
                    counts["changed"] += 1
            also(self.db)
        return counts

    def _save_again(self, before: captures.Told, story: Story, threshold: float) -> bool:
        screened = erasure.screened(self.db, story, threshold)
        row = self.db.execute("select title, body from articles where id = ?", [before.article]).fetchone()
        if screened is None or row != (before.title, before.body):
            return False
        article, identifier, judged = screened.article, before.article, screened.assessment
        assert article is not None and judged is not None
        # A text that was dropped because it tells of nobody comes back only if it does.
        dropped = not before.body and not judged.mentions
        if row != (article.title, article.body) and not dropped:
            self._replace_text(identifier, *row, article, screened.notes)
        self.db["articles"].update(
            identifier,
            {
                "author": article.author or before.author,
                "site_name": article.site_name or before.site_name,
                "published": _iso(article.published or before.published),
            },
        )
        self._save_assessment(identifier, judged, threshold)
        return True

    def _save_failure(self, story: Story) -> None:
        failure = story.failure or Failure("store", "the story came without text and without a reason")
        url = story.page.url if story.page else (story.article.url if story.article else "")
        self.db.execute(
            """insert into failures (url, source, stage, reason, passing, first_at, last_at)
               values (:url, :source, :stage, :reason, :passing, :now, :now)
               on conflict (url) do update set stage = :stage, reason = :reason, passing = :passing, last_at = :now, times = times + 1""",
            {"url": url, "source": story.page.source if story.page else None, "stage": failure.stage, "reason": failure.reason,
             "passing": failure.passing, "now": _now()},
        )  # fmt: skip

    def _save_article(self, story: Story, judged: bool) -> tuple[int, bool]:
        """The article's id, and whether it is new; a known one takes over a text that was judged anew."""
        article, page, notes = story.article, story.page, story.notes
        assert article is not None
        if page and article.published and article.published > self._latest(page.fetched_at) + _CLOCKS_DIFFER:
            # A page cannot be younger than its fetching: its date is wrong, and would stand first for years.
            notes = (*notes, f"dated in the future: {article.published:%Y-%m-%d}")
            article = replace(article, published=None)
        url = article.url or text_address(article.title, article.body)
        addresses = {url} | {a for a in (page.url, page.requested_url) if a} if page else {url}
        site_name = article.site_name or self._registered_name(article)
        found = self._article_at(url, addresses, story.version_of, page is not None)
        if found is None:
            original = self._article_at(story.copy_of, {story.copy_of}) if story.copy_of else None
            row = {
                "url": url,
                "source": article.source,
                "title": article.title,
                "body": article.body,
                "language": article.language,
                "author": article.author,
                "site_name": site_name,
                "published": _iso(article.published),
                "first_seen_at": _iso(page.fetched_at) if page else _now(),
                "copy_of": original[0] if original else None,
                "notes": "; ".join(notes) or None,
            }
            identifier = self.db["articles"].insert(row).last_pk
            self._enter(identifier, (article.title, article.body))
            if story.likeness is not None and original is None:  # what repeats a copy repeats the first
                self.db["likenesses"].insert({"article": identifier, "likeness": story.likeness})
        else:
            identifier, title, body = found
            if judged and (title, body) != (article.title, article.body):
                self._replace_text(identifier, title, body, article, notes)
            # Which form of a page came first (AMP, print) is chance; what one of them lacks, the other may say.
            self.db.execute(
                """update articles set published = coalesce(published, :published), author = coalesce(author, :author),
                   site_name = coalesce(:said, site_name, :name) where id = :id""",
                {"published": _iso(article.published), "author": article.author, "said": article.site_name,
                 "name": site_name, "id": identifier},
            )  # fmt: skip
        if page is not None:
            self.db.execute(
                "update articles set announced = ?, revised = ?, looked = looked + 1 where id = ? and source = ?",
                [page.title, _iso(page.revised), identifier, page.source],
            )
        self.db["addresses"].insert_all(
            [{"url": a, "article": identifier, "folded": fold(a)} for a in addresses], ignore=True
        )
        # What failed before and is now here is no failure any more.
        self.db.execute(f"delete from failures where url in ({_marks(addresses)})", list(addresses))
        return identifier, found is None

    def _registered_name(self, article: Article) -> str | None:
        """What the registry calls the site that an article stands on; None elsewhere.

        Many AMP forms do not name their site, and once one of them is stored, the page itself is not fetched.
        """
        found = self.db.execute("select title, home from sources where name = ?", [article.source]).fetchone()
        return found[0] if found and article.url and site(found[1]) == site(article.url) else None

    def _article_at(
        self, url: str, addresses: set[str], version_of: str | None = None, fetched: bool = True
    ) -> tuple[int, str, str] | None:
        """The article (id, title, body) that one of the addresses leads to; of what was fetched, in whatever spelling."""
        wanted = [*addresses, *([version_of] if version_of else [])]
        # Beside an empty list SQLite would read the whole table.
        folded = [fold(address) for address in wanted] if fetched else [None]
        return self.db.execute(
            f"""select a.id, a.title, a.body from addresses d join articles a on a.id = d.article
                where d.url in ({_marks(wanted)}) or d.folded in ({_marks(folded)}) order by d.url <> ?, d.article""",
            [*wanted, *folded, url],
        ).fetchone()

    def _replace_text(self, identifier: int, title: str, body: str, article: Article, notes: Iterable[str]) -> None:
        """Puts another text in an article's place, and keeps the former one as a version."""
        self.db["versions"].insert({"article": identifier, "title": title, "body": body, "replaced_at": _now()})
        self.db.execute("delete from likenesses where article = ?", [identifier])
        # Evidence counts its characters in the text that was judged.
        if self._waiting is None or identifier not in self._waiting:
            texts.leave(self.db, identifier, (title, body))
        self._enter(identifier, (article.title, article.body))
        self.db["articles"].update(
            identifier,
            {
                "title": article.title,
                "body": article.body,
                "language": article.language,
                "notes": "; ".join(notes) or None,
            },
        )

    def _latest(self, now: datetime) -> datetime:
        """This machine's time, or the latest that the database has seen: a clock may have been set back."""
        (seen,) = self.db.execute("select max(first_seen_at) from articles").fetchone()
        return max(now, datetime.fromisoformat(seen)) if seen else now

    def _enter(self, article: int, text: texts.Text) -> None:
        """Enters a text in the full-text index, within `_indexing` at its end."""
        if self._waiting is None:
            texts.enter(self.db, article, text)
        else:
            self._waiting[article] = text

    @contextmanager
    def _indexing(self) -> Iterator[None]:
        """Enters all texts of a transaction together: SQLite writes what it has of the index at each savepoint, and such scraps
        are slow to merge.
        """
        self._waiting = waiting = {}
        try:
            yield
            for article, text in waiting.items():
                texts.enter(self.db, article, text)
        finally:
            self._waiting = None

    def _save_assessment(self, article: int, assessment: Assessment, threshold: float) -> None:
        """Replaces this model version's judgement of an article, and brings its events up to date."""
        old = list(
            self.db.query(
                "select id, person_key, kind, employer, event from mentions where article = ? order by id", [article]
            )
        )
        former = {row["id"] for row in old}
        keys = {row["person_key"] for row in old}
        # Those that an old mention held together may part without it.
        touched = {report.id for report in gathering.gather(self.db, former)[0]} - former
        before = {row["event"] for row in old if row["event"]}
        # One judgement counts for the events: the latest. Older versions' rows stay in `assessments`, without mentions.
        self.db.execute("delete from mentions where article = ?", [article])
        self.db.execute("delete from assessments where article = ? and model = ?", [article, assessment.model])
        judged = (
            self.db["assessments"]
            .insert(
                {
                    "article": article,
                    "model": assessment.model,
                    "score": assessment.score,
                    "flagged": int(assessment.flagged),
                    "skipped": assessment.skipped,
                    "made_at": _now(),
                }
            )
            .last_pk
        )
        for mention in assessment.mentions:
            key = person_key(mention.person)
            row = {f.name: getattr(mention, f.name) for f in fields(mention)}
            row["evidence"] = json.dumps(
                [{"text": e.text, "start": e.start, "end": e.end, "in": e.field} for e in mention.evidence],
                ensure_ascii=False,
            )
            row["triggers"] = json.dumps(mention.triggers, ensure_ascii=False)
            row["departed_from"] = mention.departed_from.isoformat() if mention.departed_from else None
            row["departed_to"] = mention.departed_to.isoformat() if mention.departed_to else None
            new = (
                self.db["mentions"]
                .insert(
                    {
                        "assessment": judged,
                        "article": article,
                        "person_key": key,
                        "event": _same_event(old, key, mention),
                        **row,
                    }
                )
                .last_pk
            )
            gathering.file(self.db, new)
            keys.add(key)
            touched.add(new)
        touched |= missed.retell(self.db, article, judged)
        touched |= gathering.weigh(self.db, keys - {None})
        settling.keep_threshold(self.db, threshold)
        settling.settle(self.db, touched, before, threshold)

    def rebuild_events(self, threshold: float) -> tuple[int, int]:
        """Computes all events anew from the stories' judgements; gives the numbers of events and of mentions."""
        with self._writing():
            gathering.file_all(self.db)
            settling.keep_threshold(self.db, threshold)
            settling.rebuild(self.db, threshold)
            return self.db["events"].count_where("merged_into is null"), self.db["mentions"].count


def _same_event(old: list[dict], key: str | None, mention: Mention) -> str | None:
    """The event to which the article's former judgement gave such a mention."""
    like = [
        row
        for row in old
        if row["person_key"] == key and (key or (row["kind"], row["employer"]) == (mention.kind, mention.employer))
    ]
    if not like:
        return None
    return max(like, key=lambda row: (row["kind"] == mention.kind, row["employer"] == mention.employer))["event"]


def turns_of(connection: sqlite3.Connection) -> dict[str, Turn]:
    """When each source is due, by name, as a database holds it."""
    return {
        row["source"]: Turn(
            asked_at=datetime.fromisoformat(row["asked_at"]),
            due_at=datetime.fromisoformat(row["due_at"]),
            every=timedelta(seconds=row["every"]),
            trouble=row["trouble"],
            held_until=datetime.fromisoformat(row["held_until"]) if row["held_until"] else None,
            reason=row["reason"],
            day=row["day"],
            requests=row["requests"],
        )
        for row in dicts(connection.execute("select * from timetable"))
    }


def text_address(title: str, body: str) -> str:
    """What stands for the address of a text that has none: the same text is the same story."""
    return f"text:{_digest(title + body)}"


def recent_texts(
    path: Path, since: datetime, until: datetime | None = None
) -> Iterator[tuple[str, str | None, str, str | bytes]]:
    """(url, source, title, likeness or else body) of the stories since a day that are no copies: what a new story may repeat.

    Opens a connection of its own, since it is asked for in the thread that computes.
    """
    with closing(sqlite3.connect(path, timeout=_BUSY_MS / 1000)) as connection:
        yield from connection.execute(
            """select a.url, a.source, a.title, coalesce(l.likeness, a.body)
               from articles a left join likenesses l on l.article = a.id
               where a.first_seen_at >= ? and a.first_seen_at < ? and a.copy_of is null order by a.id""",
            [_iso(since), _iso(until) or "9999"],
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _marks(values: Sized) -> str:
    return ",".join("?" * len(values))


def _why(error: Exception, path: Path) -> str:
    text = str(error)
    if path.is_dir():
        return "it is a folder; name a file"
    locked_up = "unable to open" in text and not os.access(path.absolute().parent, os.W_OK)
    if "readonly" in text or locked_up or isinstance(error, PermissionError):
        return f"it is read-only ({text}); give the account that runs this the right to write, or name another --db"
    if "malformed" in text:
        return f"it is damaged ({text}): `founderwatch restore` a backup"
    if "full" in text:
        return f"{text}: make room"
    if "not a database" in text:
        return "it is no SQLite file; name another --db"
    if "already exists" in text:
        return f"it belongs to another program ({text}); name another --db"
    return text
