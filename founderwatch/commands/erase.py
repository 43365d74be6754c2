"""`founderwatch erase`: forgets a person who asks for it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from founderwatch import status
from founderwatch.options import common, fail, locked, open_existing
from founderwatch.render import as_json, safe

_MOST_EVENTS = 20


@click.command("erase")
@click.argument("person", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--list", "in_list", is_flag=True, help="List the erasures that were done, as JSON: when, and how much went."
)
@common
def command(*, person, yes, dry_run, in_list, config, quiet):
    """Forget PERSON, under every form of the name, and keep later crawls from bringing the person back.

    Events, reports, evidence, alerts, watches and corrections go, and so do the stories that tell of nobody else. In other
    stories the name is blotted out. The kept pages of all of them are overwritten.
    Says what would go, and asks. Backups are not touched.

    \b
    Example:  founderwatch erase "Mara Lindqvist" --dry-run
              founderwatch erase 林婉清 --yes
    """
    from founderwatch.database import erasure

    if in_list == bool(person):
        fail(status.USAGE, "name a person, or say --list")
    if in_list:
        store = open_existing(config)
        click.echo(as_json(erasure.listed(store.db.conn), indent=2))
        store.close()
        return
    with locked(config):
        store = open_existing(config)
        try:
            _erase(store.db, config.archive_folder, person, yes, dry_run, quiet)
        except erasure.ErasureError as error:
            fail(status.USAGE, safe(str(error)))
        finally:
            store.close()


def _erase(db, folder: Path, person: str, yes: bool, dry_run: bool, quiet: bool) -> None:
    from founderwatch.database import erasure

    found = erasure.look(db, person)
    if not quiet:
        _say(found)
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            fail(status.USAGE, "nothing was done: say --yes to erase without being asked")
        click.confirm("Erase all this?", abort=True, err=True)
    pages = _blanked(db, folder, found)
    counts = erasure.erase(db, person) | {"pages": pages}
    clean = erasure.clean_up(db)
    if not quiet:
        click.echo(f"erased: {_words(counts)}")
    if not clean:
        click.echo("founderwatch: another program reads the database: end it, then `founderwatch vacuum` clears the last traces", err=True)  # fmt: skip
        sys.exit(status.PARTLY)


def _blanked(db, folder: Path, found) -> int:
    """Overwrites the kept pages of the stories that name the person; gives their number."""
    from founderwatch.archive.folder import blank, read
    from founderwatch.archive.records import Unreadable
    from founderwatch.database import captures
    from founderwatch.database.transaction import writing
    from pipelines.decode import decode

    def names(capture) -> bool:
        try:
            page = read(folder, capture).page
        except Unreadable:
            return False
        return bool(found.forms.stand_in(decode(page.body, page.encoding)) or found.forms.stand_in(page.url))

    pages = captures.naming(db, [*found.told, *found.named], names)
    try:
        blank(folder, pages.values())
    except OSError as error:
        fail(status.FAILED, f"nothing was erased: {folder} cannot be written: {error.strerror or error}")
    with writing(db.conn):
        captures.drop(db, pages)
    return len(pages)


def _say(found) -> None:
    click.echo(f"names: {', '.join(safe(name) for name in found.forms.names)}")
    for event in found.events[:_MOST_EVENTS]:
        what = ", ".join(safe(str(event[key])) for key in ("person", "employer", "kind", "status") if event[key])
        click.echo(f"{event['id']}  {(event['published'] or '')[:10]:<10}  {what}")
    if len(found.events) > _MOST_EVENTS:
        click.echo(f"… and {len(found.events) - _MOST_EVENTS} more")
    if len(found.employers) > 1:
        click.echo("They name several employers: make sure that all of them are this one person's.")
    click.echo(_words(found.counts))
    if found.archived:
        click.echo(f"Their kept pages are overwritten, too, in {', '.join(found.archived)}.")


def _words(counts) -> str:
    names = {
        "pages": "kept pages overwritten",
        "stories_deleted": "stories deleted",
        "stories_blotted": "stories with the name blotted out",
    }
    return ", ".join(f"{number} {names.get(what, what)}" for what, number in counts.items())
