"""What an event's reports tell one after the other: how its status moved, and where they contradict each other."""

from __future__ import annotations

from founderwatch.events.event import bears, settled
from founderwatch.events.organisations import same_organisation
from founderwatch.events.people import SLIP, alike, parse


def turns(reports: list[dict]) -> list[bool]:
    """For each report, oldest first, whether it says what none said before: another kind, status or venture."""
    told: set[tuple] = set()
    new = []
    for report in reports:
        says = {("status", report["kind"], report["status"]), ("venture", report["venture"])}
        new.append(bool({claim for claim in says if claim[-1]} - told))
        told |= says
    return new


def statuses(reports: list[dict], kind: str) -> list[dict]:
    """How the event's status moved: each status that it had, since when, and by whose report."""
    steps: list[dict] = []
    for at, report in enumerate(reports, 1):
        bearing = [r for r in reports[:at] if bears(r["kind"], r["status"], kind)]
        status = settled([(r["status"], r["published"] or r["first_seen_at"]) for r in bearing])
        if status and (not steps or steps[-1]["status"] != status):
            since = report["published"] or report["first_seen_at"]
            steps.append({"status": status, "since": since, "source": report["source"], "url": report["url"]})
    return steps


def evidence_by_language(reports: list[dict], kind: str) -> dict[str, dict]:
    """For each language, the surest report of this kind that quotes a sentence; of equally sure ones the oldest."""
    best: dict[str, dict] = {}
    for report in sorted(reports, key=lambda r: (r["kind"] != kind, -r["score"])):
        if report["evidence"]:
            best.setdefault(report["language"] or "und", report)
    return dict(sorted(best.items()))


def contradictions(reports: list[dict]) -> dict[str, dict[str, list[str]]]:
    """For each field on which the reports cannot all be right, what was told and by which sources."""
    denied = {r["status"] == "denied" for r in reports}
    against = {"status": _told(reports, "status")} if len(denied) > 1 else {}
    tests = {
        "kind": _different_goals,
        "employer": _other_organisation,
        "venture": _other_venture,
        "person": _other_name,
    }
    for field, differ in tests.items():
        told = _told(reports, field)
        if any(differ(one, other) for one in told for other in told):
            against[field] = told
    return against


def _told(reports: list[dict], field: str) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for report in reports:
        if report[field]:
            sources = told.setdefault(report[field], [])
            if (source := report["source"] or report["url"]) not in sources:
                sources.append(source)
    return told


def _different_goals(one: str, other: str) -> bool:
    return {one, other} == {"founds", "joins"}  # who leaves may do either


def _other_organisation(one: str, other: str) -> bool:
    return not same_organisation(one, other)


def _other_venture(one: str, other: str) -> bool:
    # In two scripts one name may be the other's translation.
    return one.casefold() != other.casefold() and one.isascii() == other.isascii()


def _other_name(one: str, other: str) -> bool:
    """Whether two full names are not merely two spellings."""
    first, second = parse(one), parse(other)
    return bool(first and second and not (first.is_short or second.is_short)) and alike(first, second) in (SLIP, None)
