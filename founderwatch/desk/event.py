"""The event page, `/-/event/<id>`: one departure, its time line, its reports. Alerts and feeds lead here."""

from __future__ import annotations

import sqlite3

from datasette import Response

from founderwatch.database import reviews
from founderwatch.desk import candidate, charts, departures
from founderwatch.desk.site import Site, event_path
from founderwatch.events import history


async def page(datasette, request):
    """Shows the event, or says that there is none."""
    site = await Site.opened(datasette, request)
    asked = site.given("event")
    current = await site.read(reviews.current_event, asked)
    if current and current != asked:  # it was merged into another: old links lead there
        return Response.redirect(site.path(event_path(current) + (request.url_vars.get("format") or "")))
    found = await site.read(load, asked)
    if request.url_vars.get("format"):
        return site.json(_data(found), 200) if found else site.json({"ok": False, "error": "no such event"}, 404)
    if found is None:
        return await site.page("founderwatch_event.html", {"e": None}, status=404)
    return await site.page("founderwatch_event.html", found)


def load(connection: sqlite3.Connection, event: str) -> dict | None:
    """All that is told of an event; None where there is none."""
    shown = next(iter(departures.load(connection, [event])), None)
    if shown is None:
        return None
    reports = [
        report | {"source": report["outlet"], "evidence": report["said"]}
        for report in candidate.reports_of(connection, "m.event = ?", event)
    ]
    for report, new in zip(reports, history.turns(reports), strict=True):
        report["new"] = new
    dots = (
        charts.Row(report["at"], 1, (report["outlet"] or "", report["status"], report["title"])) for report in reports
    )
    return {
        "e": shown,
        "reports": reports,
        "quotes": history.evidence_by_language(reports, shown["kind"]),
        "against": history.contradictions(reports),
        "reviews": candidate.reviews_of(connection, candidate.Item(event=event)),
        "chart": charts.Chart("dots", "reports", tuple(dots)) if len(reports) > 1 else None,
    }


_TOLD = ("person", "other_names", "kind", "status", "employer", "role", "seniority", "venture", "venture_kind", "focus",
         "departed_from", "departed_to", "departed_words", "first_reported_by", "first_seen_at", "published", "score",
         "sources", "verdict", "evidence", "url")  # fmt: skip
_REPORTED = ("url", "title", "outlet", "language", "at", "copy_of", "person", "kind", "status", "employer", "role", "venture", "focus",
             "when", "score", "said")  # fmt: skip


def _data(found: dict) -> dict:
    event = {"event": found["e"]["id"]} | {name: found["e"][name] for name in _TOLD}
    return event | {"reports": [{name: report[name] for name in _REPORTED} for report in found["reports"]]}
