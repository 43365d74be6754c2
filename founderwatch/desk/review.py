"""The review desk, `/-/desk`: shows one candidate at a time, stores verdicts and takes them back.

Every action is a form that is posted and answered with a redirect, so that the address bar is the state, a reload
repeats nothing and the page works without its script, which only adds keys.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Mapping
from pathlib import Path

from datasette import Response

from founderwatch.database import missed, reviews, rulings
from founderwatch.desk import adding, candidate, files, likeness, progress, security
from founderwatch.desk.candidate import Item
from founderwatch.desk.site import Site
from models.labels import STATUSES

LOCAL = "local user"
_PATH = "/-/desk"
_AHEAD = 100  # how much of the queue is looked at for what comes next
_LONGEST = 300
_KINDS = ("likely", "uncertain", "sample")


async def page(datasette, request):
    """Answers a GET with a candidate, a POST with the next one."""
    desk = _Desk(await Site.opened(datasette, request))
    try:
        return await (desk.store() if request.method == "POST" else desk.show())
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        return Response.text(desk.words["older"], status=503)


def reviewer(datasette, request) -> str | None:
    """Who reviews: the signed-in actor; whoever uses this machine, where there is no sign-in; or nobody."""
    if request.actor:
        return str(request.actor.get("id") or request.actor.get("name") or "signed in")
    if datasette.plugin_config("datasette-auth-passwords"):
        return None
    return LOCAL if security.is_local(request.scope) else None


class _Desk:
    """One request to the desk."""

    def __init__(self, site: Site):
        self.site = site
        self.datasette, self.request, self.db, self.words = site.datasette, site.request, site.db, site.words
        self.reviewer = reviewer(site.datasette, site.request)

    def address(self, item: Item | None = None) -> str:
        return self.site.path(_PATH, item.query if item else None)

    # Showing

    async def show(self):
        arguments = self.request.args
        item = _item(arguments.get("event"), arguments.get("story"))
        if item is None:
            first = next(iter(await self.db.execute_fn(_queue)), None)
            if first:
                return Response.redirect(self.address(first[0]))
        return await self.render(item)

    async def render(self, item: Item | None, message: str | None = None, entered: Mapping = {}, status: int = 200):
        def read(connection):
            queue = _queue(connection)
            shown = candidate.load(connection, item) if item else None
            others = likeness.near(connection, item.event) if item and item.event and shown else []
            return queue, shown, others, progress.load(connection), _last(connection, self.reviewer)

        queue, shown, others, done, last = await self.db.execute_fn(read)
        items = [one for one, _ in queue]
        place = items.index(item) if item in items else None
        if item and shown is None:
            message, status = message or self.words["gone_event"], max(status, 404)
        context = {
            "c": shown,
            "others": others,
            "item": item,
            "why_asked": queue[place][1] if place is not None else _kind(entered),
            "previous": self.address(items[place - 1]) if place else None,
            "next": self.address(following) if (following := _after(items, item)) else None,
            "progress": done,
            "last": last,
            "action": self.address(item),
            "page_token": uuid.uuid4().hex,
            "reviewer": self.reviewer if self.db.is_mutable else None,
            "closed": self.closed(),
            "message": message,
            "entered": entered,
            "fields": _shown_fields(shown, entered) if shown else {},
            "statuses": STATUSES,
            "reasons": reviews.REASONS,
            "script": files.address(self.datasette, "desk.js"),
        }
        return await self.site.page("founderwatch_desk.html", context, status)

    def closed(self) -> str | None:
        """Why no verdict can be given, in words."""
        if not self.db.is_mutable:
            return self.words["unwritable"]
        if self.reviewer is None:
            configured = self.datasette.plugin_config("datasette-auth-passwords")
            return self.words["reader_only" if configured else "local_only"]
        return None

    # Storing

    async def store(self):
        try:
            sent = await self.request.post_vars()
        except UnicodeDecodeError:  # no form of ours
            sent = {}
        # Datasette looks for the token only where a request carries cookies; one that carries none has none to match.
        if not secrets.compare_digest(sent.get("csrftoken", "").encode(), self.request.scope["csrftoken"]().encode()):
            return Response.text(self.words["forged"], status=403)
        if closed := self.closed():
            return Response.text(closed, status=403)
        item = _item(sent.get("event"), sent.get("story"))
        for name, action in {
            "undo": self.undo,
            "unrule": self.unrule,
            "add": self.add,
            "merge": self.rule,
            "split": self.rule,
        }.items():
            if name in sent:
                return await action(item, sent)
        return await self.judge(item, sent)

    async def judge(self, item: Item | None, sent: Mapping[str, str]):
        """Stores a verdict, and leads on to the next item."""
        try:
            verdict, reason, touched = _decision(sent)
        except ValueError as error:
            return await self.render(item, self.words[str(error)], sent, status=400)
        if item is None:
            return await self.render(None, self.words["bad"], status=400)

        given = reviews.Verdict(
            self.reviewer,
            verdict,
            event=item.event,
            article=_number(sent.get("article")) or item.article,
            url=sent.get("url") or None,
            reason=reason,
            corrected=touched,
            queue=_kind(sent),
            model=sent.get("model") or None,
            token=sent.get("token") or None,
        )
        told = item.article and verdict == "accept" and missed.tells(touched)

        def store(connection):
            items = [one for one, _ in _queue(connection)]
            if told:
                # What was missed is an event now: it is shown.
                return Item(event=missed.record(connection, given))
            reviews.record(connection, given)
            return _after(items, item)

        try:
            return await self.written(store, item, sent)
        except missed.MissedError as error:
            return await self.render(item, self.words["missed"][error.reason], sent, status=400)

    async def undo(self, item: Item | None, sent: Mapping[str, str]):
        def undo(connection):
            review = _number(sent["undo"]) or 0
            if not missed.undo(connection, review, self.reviewer):
                return None
            event, article, exists = connection.execute(
                """select r.event, r.article, exists (select 1 from mentions m where m.event = r.event)
                   from reviews r where r.id = ?""",
                [review],
            ).fetchone()
            return _item(event if exists or not article else None, article)

        return await self.written(undo, item, {}, refused=self.words["nothing_undone"])

    async def add(self, _item: Item | None, sent: Mapping[str, str]):
        """Adds a story that the crawl missed, and leads to what the model sees in it, or to its fields."""
        try:
            if await self.db.execute_fn(lambda connection: adding.known(connection, sent)) is None:
                await adding.scan(self.datasette, Path(self.db.path), sent)
            article = await self.db.execute_fn(lambda connection: adding.known(connection, sent))
            if article is None:
                raise adding.AddingError("failed")
        except adding.AddingError as error:
            said = " ".join(filter(None, [self.words["unadded"][error.reason], str(error)]))
            return await self.render(None, said, sent, status=400)
        event = await self.db.execute_fn(lambda connection: adding.departure(connection, article))
        return Response.redirect(self.address(Item(event=event) if event else Item(article=article)), status=303)

    async def rule(self, item: Item | None, sent: Mapping[str, str]):
        """Merges another event into this one, or splits the chosen reports off."""
        if item is None or item.event is None:
            return await self.render(None, self.words["bad"], status=400)

        def rule(connection):
            token = sent.get("token") or None
            if "merge" in sent:
                other = sent["merge"].strip() or sent.get("other", "")
                made = rulings.merge(connection, item.event, other, self.reviewer, token)
            else:
                chosen = [
                    n for name in sent if name.startswith("report_") and (n := _number(name.removeprefix("report_")))
                ]
                made = rulings.split(connection, item.event, chosen, self.reviewer, token)
            return Item(event=made.event)

        try:
            return await self.written(rule, item, {})
        except rulings.RulingError as error:
            return await self.render(item, self.words["unruled"][error.reason], status=409)

    async def unrule(self, item: Item | None, sent: Mapping[str, str]):
        def unrule(connection):
            last = rulings.undoable(connection, self.reviewer)
            if last is None or last.ruling != _number(sent["unrule"]):
                return None
            rulings.undo(connection, last.ruling, self.reviewer)
            return Item(event=last.event)

        return await self.written(unrule, item, {}, refused=self.words["nothing_undone"])

    async def written(self, write, item: Item | None, sent: Mapping, refused: str | None = None):
        """Runs a write, and leads on to the item that it gives; what cannot be stored stays on the page."""
        try:
            following = await self.db.execute_write_fn(write)
        except sqlite3.OperationalError as error:
            said = "locked" if "locked" in str(error) or "busy" in str(error) else "failed"
            return await self.render(item, self.words[said], sent, status=503)
        if refused and following is None:
            return await self.render(item, refused, status=409)
        return Response.redirect(self.address(following), status=303)


def _decision(sent: Mapping[str, str]) -> tuple[str, str | None, dict[str, str | None]]:
    """Verdict, reason and changed fields of a form; raises ValueError with the name of what to say."""
    reason = sent.get("reason") or None
    verdict = "reject" if reason else sent.get("verdict")
    if verdict not in reviews.VERDICTS or (reason and reason not in reviews.REASONS):
        raise ValueError("bad")
    touched = {}
    for name in reviews.FIELDS:
        given, before = sent.get(name), sent.get(f"was_{name}", "")
        if given is not None and given.strip() != before.strip():
            touched[name] = given.strip() or None
    if any(len(value or "") > _LONGEST for value in touched.values()):
        raise ValueError("too_long")
    if touched.get("status", STATUSES[0]) not in STATUSES:
        raise ValueError("bad_status")
    return verdict, reason, touched


def _kind(sent: Mapping[str, str]) -> str | None:
    """Why the page asked, as it was when the page was made."""
    return sent.get("queue") if sent.get("queue") in _KINDS else None


def _item(event, story) -> Item | None:
    if event:
        return Item(event=event)
    number = _number(story)
    return Item(article=number) if number else None


def _number(text) -> int | None:
    try:
        number = int(text)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 2**63 else None


def _queue(connection: sqlite3.Connection) -> list[tuple[Item, str]]:
    rows = connection.execute("select id, article, queue from review_queue order by place limit ?", [_AHEAD])
    return [(Item(event, None if event else article), queue) for event, article, queue in rows.fetchall()]


def _after(items: list[Item], item: Item | None) -> Item | None:
    """What comes after an item in the queue; the first where it is the last of them or none of them."""
    place = items.index(item) + 1 if item in items else 0
    return next((one for one in [*items[place:], *items] if one != item), None)


def _last(connection: sqlite3.Connection, who: str | None) -> dict | None:
    """The verdict that `undo` would take back, with what others had said before."""
    number = reviews.undoable(connection, who) if who else None
    ruling = _last_ruling(connection, who) if who else None
    at = connection.execute("select made_at from reviews where id = ?", [number]).fetchone() if number else None
    if ruling and (at is None or ruling["made_at"] >= at[0]):
        return ruling
    if number is None:
        return None
    row = connection.execute(
        """select r.id, r.verdict, r.reason, coalesce(json_extract(r.corrected, '$.person'), e.person) as person, a.title, r.url,
                  r.event is null and r.queue in ('likely', 'uncertain') as gone,
                  (select o.reviewer || '|' || o.verdict from reviews o
                    where o.event = r.event and o.id < r.id and o.verdict <> 'undo'
                      and not exists (select 1 from reviews u where u.undoes = o.id) order by o.id desc limit 1) as before
           from reviews r left join events e on e.id = r.event left join articles a on a.id = r.article where r.id = ?""",
        [number],
    ).fetchone()
    names = ("id", "verdict", "reason", "person", "title", "url", "gone", "before")
    found = dict(zip(names, row, strict=True))
    other, _, said = (found["before"] or "").rpartition("|")
    differs = other and other != who and said != found["verdict"]
    return found | {"other": {"reviewer": other, "verdict": said} if differs else None}


def _last_ruling(connection: sqlite3.Connection, who: str) -> dict | None:
    last = rulings.undoable(connection, who)
    if last is None:
        return None
    row = connection.execute(
        """select r.ruling, r.made_at, e.person, o.person from rulings r
           left join events e on e.id = r.event left join events o on o.id = r.other where r.id = ?""",
        [last.ruling],
    ).fetchone()
    return dict(zip(("ruling", "made_at", "person", "other_person"), row, strict=True)) | {
        "id": last.ruling,
        "other_event": last.other,
    }


def _shown_fields(shown: candidate.Candidate, entered: Mapping[str, str]) -> dict[str, dict]:
    """Each editable field: what stands in it, what stood there when the page was made, and what the model told."""
    names = [n for n in reviews.FIELDS if n != "trigger" or shown.told is None]
    return {
        name: {
            "now": entered.get(name, shown.fields.get(name) or ""),
            "was": entered.get(f"was_{name}", shown.fields.get(name) or ""),
            "told": shown.told[name] if shown.told and name in shown.corrected and name in shown.told else None,
            "corrected": name in shown.corrected,
        }
        for name in names
    }
