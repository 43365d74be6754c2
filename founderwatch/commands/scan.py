"""`founderwatch scan`: judges stories without a crawl."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, timedelta

import click

from founderwatch import status
from founderwatch.intake import read
from founderwatch.items import Assessment, Story
from founderwatch.options import Config, common, fail, open_reader, open_registry, open_store
from founderwatch.render import as_json as to_json
from founderwatch.render import safe
from pipelines.classify import Classify
from pipelines.stage import Stage, advance

# A copy appears within weeks of its original.
_COPIES_WITHIN = timedelta(days=60)
_FIELDS = [
    "person",
    "kind",
    "status",
    "employer",
    "role",
    "seniority",
    "venture",
    "venture_kind",
    "focus",
    "when",
    "first_reported_by",
    "score",
]


@click.command("scan")
@click.argument("inputs", nargs=-1, required=True, metavar="[URL | FILE.html | FILE.txt | FILE.jsonl | -] ...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.option(
    "--jsonl", is_flag=True, help="Print one JSON object a line, as each story is done; `-` is read as JSON Lines."
)
@click.option("--save", is_flag=True, help="Store the stories, as a crawl would.")
@common
def command(*, inputs, as_json, jsonl, save, config, quiet):
    """Judge stories without a crawl.

    \b
    Example:  founderwatch scan https://example.com/story.html
              founderwatch scan --jsonl stories.jsonl | jq 'select(.flagged)'
    """
    if as_json and jsonl:
        fail(status.USAGE, "--json and --jsonl exclude each other")
    sources = open_registry(config).sources
    stages = _stages(config, save)
    # A failed stage comes out as the story's failure: the log would say it a second time, with its traceback.
    logging.getLogger("pipelines").addHandler(logging.NullHandler())
    results, judged, problems, lines = [], 0, 0, 0
    for given in read(inputs, jsonl, sources, config.contact, _archive(config) if save else None):
        story, problem = given.story, given.problem
        if story is not None:
            for name, stage in stages:
                story = advance(stage, name, story)
            if story.failure is not None:
                problem = f"{given.id}: {story.failure.stage}: {story.failure.reason}"
        lines += given.line is not None
        if problem:
            problems += 1
            click.echo(f"founderwatch: {safe(problem)}", err=True)
        if story is None or story.assessment is None:
            continue
        judged += 1
        result = as_row(given.id, story.assessment)
        if jsonl:
            click.echo(to_json(result))
            sys.stdout.flush()
        elif as_json:
            results.append(result)
        else:
            click.echo(card(given.id, story, color=sys.stdout.isatty()))
    if as_json:
        click.echo(to_json(results, indent=2))
    if problems:
        sys.exit(status.PARTLY if judged or lines else status.FAILED)


def _archive(config: Config) -> Stage | None:
    """Keeps the pages that are fetched to be stored."""
    from pipelines.archive import Archive

    return Archive.configured(config)


def _stages(config: Config, save: bool) -> list[tuple[str, Stage]]:
    reader = open_reader(config)
    if not save:
        return [("classify", Classify(reader))]
    # A scan that stores nothing need not pay for what storing needs.
    from founderwatch.database.store import recent_texts
    from pipelines.deduplicate import Deduplicate
    from pipelines.store import Keep

    store = open_store(config)
    since = datetime.now(UTC) - _COPIES_WITHIN
    return [
        ("deduplicate", Deduplicate(lambda: recent_texts(config.database, since))),
        ("classify", Classify(reader)),
        ("store", Keep(store, reader.threshold, config.archive_folder)),
    ]


def as_row(identifier: str, assessment: Assessment) -> dict:
    """The story's judgement in the published form."""
    row = {"id": identifier, "flagged": assessment.flagged, "score": round(assessment.score, 4), "events": []}
    for mention in assessment.mentions:
        event = {name: getattr(mention, name) for name in _FIELDS}
        event["evidence"] = [{"text": e.text, "start": e.start, "end": e.end, "in": e.field} for e in mention.evidence]
        row["events"].append(event)
    if assessment.skipped:
        row["skipped"] = assessment.skipped
    return row


def card(identifier: str, story: Story, color: bool) -> str:
    """A judgement for people: what it is, then each event with the sentence that says so."""
    found = story.assessment
    title = safe((story.article.title if story.article else "") or identifier)
    head = "FLAGGED" if found.flagged else "not flagged"
    lines = [
        f"{click.style(head, fg='green' if found.flagged else None, bold=found.flagged) if color else head}  {title}"
    ]
    if found.skipped:
        lines.append(f"    passed over: {found.skipped}")
    elif not found.mentions:
        lines.append("    no departure told")
    for m in found.mentions:
        who = " · ".join(safe(part) for part in (m.person or "(no name)", m.role, m.employer) if part)
        goal = f" → {safe(m.venture or m.focus or '')}" if m.venture or m.focus else ""
        lines.append(f"    {m.kind} ({m.status}, {m.score:.2f})  {who}{goal}")
        credit = f"first reported by {safe(m.first_reported_by)}" if m.first_reported_by else ""
        extra = "; ".join(part for part in (safe(m.when or ""), credit) if part)
        if extra:
            lines.append(f"        {extra}")
        lines += [f"        “{safe(e.text)}”" for e in m.evidence]
        if m.triggers:
            lines.append(f"        decided by: {safe(' · '.join(m.triggers))}")
    return "\n".join(lines)
