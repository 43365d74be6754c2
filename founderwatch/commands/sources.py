"""`founderwatch sources`: shows the registry, checks it against the web, and keeps the user's own."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from founderwatch import status
from founderwatch.address import clean
from founderwatch.config import Config
from founderwatch.options import common, fail, open_registry
from founderwatch.progress import progress
from founderwatch.render import as_json as to_json
from founderwatch.render import safe, shortened
from founderwatch.turns import stored
from spiders.sources import PACKAGED, Registry, RegistryError, Source

_NEVER = "-"


@click.group("sources")
def command():
    """Show, check and extend the registry of sources.

    \b
    Example:  founderwatch sources list
              founderwatch sources check
              founderwatch sources add https://example.com/
    """


# The command receives the file as `path`, and None for the configured registry.
_registry = click.option(
    "--sources",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A registry to use alone (default: the configured one and your own).",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")


@command.command("list")
@_registry
@_json
@common
def list_sources(path, as_json, config, quiet):
    """List the sources, their channels and when each is due; a registry with mistakes names each with its line.

    \b
    Example:  founderwatch sources list --sources my-sources.toml
    """
    registry = open_registry(config, path)
    now, turns = datetime.now(UTC), stored(config.database)
    if as_json:
        rows = [
            {"name": s.name, "title": s.title, "home": s.home, "language": s.language, "kind": s.kind,
             "feeds": list(s.feeds), "sitemaps": list(s.sitemaps), "listings": list(s.listings),
             "apis": [api.url for api in s.apis],
             "due": _iso(turns[s.name].due_at) if s.name in turns else None,
             "state": turns[s.name].state if s.name in turns else None,
             "turn": turns[s.name].in_words(now) if s.name in turns else None,
             "disabled": s.name in registry.disabled}
            for s in registry.sources
        ]  # fmt: skip
        click.echo(to_json(rows, indent=2))
        return
    rows = [
        (
            s.name + (" (disabled)" if s.name in registry.disabled else ""),
            s.title,
            s.language,
            s.kind,
            safe(turns[s.name].in_words(now)) if s.name in turns else _NEVER,
            "\n".join(s.channels),
        )
        for s in registry.sources
    ]
    _print(("name", "title", "language", "kind", "asked", "channels"), rows)
    if not quiet:
        off = len(registry.sources) - len(registry.enabled)
        chinese = sum(s.language == "zh" for s in registry.sources)
        click.echo(f"{len(registry.sources)} sources, {chinese} of them Chinese" + (f", {off} disabled" if off else ""))


@command.command("check")
@click.argument("names", nargs=-1, metavar="[NAME] ...")
@_registry
@_json
@common
def check_sources(names, path, as_json, config, quiet):
    """Ask each source, and say how it does: healthy, quiet, failing, blocked or thin.

    \b
    Nothing is stored. Each channel is asked once, and three stories of each source are read.
    Exit status: 1 where some sources are failing or blocked, 3 where all are.
    \b
    Example:  founderwatch sources check
              founderwatch sources check 36kr techcrunch --json
    """
    chosen = _chosen(open_registry(config, path), names)
    results = [_result(check) for check in _check(chosen, config, quiet or as_json)]
    now, turns = datetime.now(UTC), stored(config.database)
    told = {name: turn.in_words(now) for name, turn in turns.items() if turn.trouble or turn.is_held(now)}
    if as_json:
        rows = [_as_row(check, health) | {"turn": told.get(check.source.name)} for check, health in results]
        click.echo(to_json(rows, indent=2))
    else:
        rows = [
            (check.source.name, health.verdict, str(check.named), _age(check.newest), health.robots,
             f"{_readable(check)}/{len(check.stories)}",
             "\n".join(safe(line) for line in (health.reason, health.advice, told.get(check.source.name)) if line))
            for check, health in results
        ]  # fmt: skip
        _print(("name", "verdict", "stories", "newest", "robots", "read", "why, and what to do"), rows)
        if not quiet:
            words = [health.verdict for _, health in results]
            click.echo(", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words))))
    sys.exit(_status([health for _, health in results]))


@command.command("test")
@click.argument("name")
@_registry
@_json
@common
def test_source(name, path, as_json, config, quiet):
    """Ask one source, and show what each channel gave and how its first stories read.

    \b
    Example:  founderwatch sources test 36kr
    """
    [(check, health)] = [
        _result(check)
        for check in _check(_chosen(open_registry(config, path), [name]), config, quiet or as_json, sample=5)
    ]
    if as_json:
        click.echo(to_json([_as_row(check, health)], indent=2))
    else:
        _show(check, health)
    sys.exit(_status([health]))


@command.command("add")
@click.argument("url")
@_registry
@common
def add_source(url, path, config, quiet):
    """Find a site's feed, sitemap or list of stories, check it, and write it into your own registry.

    \b
    The address may be the site's, a section's, or that of a feed or sitemap itself.
    \b
    Example:  founderwatch sources add https://example.com/
    """
    from pipelines.extract import Extract
    from spiders.crawl import find
    from spiders.edit import add
    from spiders.health import BROKEN

    address = clean(url if "://" in url else f"https://{url}")
    if address is None:
        fail(status.USAGE, f"{safe(url)}: not an http or https address")
    registry, target = _to_extend(config, path), _own(config, path)
    _refuse_double(registry, [address])
    found, tried = find(
        address, {"extract": Extract()}, taken={s.name for s in registry.sources}, contact=config.contact
    )
    if found is None:
        for why in dict.fromkeys(why for _, why in tried):
            first, *others = [where for where, reason in tried if reason == why]
            more = f" and {len(others)} more" if others else ""
            click.echo(f"founderwatch: {safe(first)}{more}: {safe(why)}", err=True)
        fail(status.FAILED, f"{safe(address)}: no feed, sitemap or list of stories was found; nothing was added")
    # Many authors share a host: who gives a feed means that feed, who gives a page means the site.
    own_channel = address in found.source.channels
    _refuse_double(registry, found.source.channels if own_channel else found.source.addresses)
    found, health = _result(found)
    if health.verdict in BROKEN:
        fail(status.FAILED, f"{safe(address)}: {health.verdict}: {safe(health.reason)}; nothing was added")
    _edit(add, target, [found.source])
    if not quiet:
        _show(found, health)
        click.echo(f"added to {target} as {found.source.name}")


@command.command("disable")
@click.argument("name")
@_registry
@common
def disable_source(name, path, config, quiet):
    """Let the crawl leave a source out; your own registry keeps that, and what is stored stays.

    \b
    Example:  founderwatch sources disable 36kr
    """
    from spiders.edit import disable

    registry, target = open_registry(config, path), _own(config, path)
    _chosen(registry, [name])
    already = name in registry.disabled
    if not already:
        _edit(disable, target, name)
    if not quiet:
        click.echo(f"{name} was disabled already" if already else f"{name} is disabled ({target})")


@command.command("enable")
@click.argument("name")
@_registry
@common
def enable_source(name, path, config, quiet):
    """Let the crawl read a disabled source again.

    \b
    Example:  founderwatch sources enable 36kr
    """
    from spiders.edit import enable

    registry, target = open_registry(config, path), _own(config, path)
    _chosen(registry, [name])
    if name in registry.disabled:
        _edit(enable, target, name)
    if name in open_registry(config, path).disabled:
        fail(status.FAILED, f"{name} is disabled in {config.sources}: take it out of `disabled` there")
    if not quiet:
        click.echo(f"{name} is enabled" + ("" if name in registry.disabled else " already"))


@command.command("export")
@click.option("--opml", is_flag=True, expose_value=False, help="As OPML, which feed readers import: the only form.")
@_registry
@common
def export_sources(path, config, quiet):
    """Print the feeds of all sources that are not disabled, as OPML for a feed reader.

    \b
    Example:  founderwatch sources export > feeds.opml
    """
    from spiders.opml import write_opml

    registry = open_registry(config, path)
    click.echo(write_opml(registry.enabled), nl=False)
    left = [source.name for source in registry.enabled if not source.feeds]
    if left and not quiet:
        click.echo(f"founderwatch: left out, having no feed: {safe(', '.join(left))}", err=True)


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_registry
@common
def import_sources(file, path, config, quiet):
    """Write the feeds of an OPML file into your own registry; those that are there already are left out.

    \b
    Nothing is asked of the network: `founderwatch sources check` does that afterwards.
    \b
    Example:  founderwatch sources import feeds.opml
    """
    from spiders.edit import add
    from spiders.opml import OpmlError, read_opml

    registry, target = _to_extend(config, path), _own(config, path)
    try:
        given = read_opml(file.read_bytes(), [source.name for source in registry.sources])
    except (OSError, OpmlError) as error:
        fail(status.FAILED, f"{file}: {error}")
    if not given:
        fail(status.FAILED, f"{file}: names no feed; nothing was added")
    known = _known(registry)
    new = [source for source in given if not any(_key(feed) in known for feed in source.feeds)]
    if new:
        _edit(add, target, new)
    if not quiet:
        click.echo(f"{len(new)} of {len(given)} feeds added to {target}, {len(given) - len(new)} were there already")


def _chosen(registry: Registry, names) -> tuple[Source, ...]:
    try:
        return registry.choose(names)
    except RegistryError as error:
        fail(status.USAGE, str(error))


def _to_extend(config: Config, path: Path | None) -> Registry:
    """The registry that sources are added to; one that is named and not there is about to be made."""
    return Registry() if path and not path.exists() else open_registry(config, path)


def _own(config: Config, path: Path | None) -> Path:
    """The file that edits go to: the registry given, else the user's own. The packaged one is never changed."""
    target = path or config.own_sources
    if target.resolve() == PACKAGED.resolve():
        fail(status.USAGE, f"{target} comes with founderwatch and changes with it: name a file of your own")
    return target


def _edit(function, target: Path, what) -> None:
    try:
        function(target, what)
    except RegistryError as error:
        fail(status.FAILED, str(error))


def _key(url: str) -> str:
    """An address without what two spellings of the same site differ in."""
    parts = urlsplit(clean(url) or url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}{query}"


def _known(registry: Registry) -> dict[str, str]:
    return {_key(address): source.name for source in registry.sources for address in source.addresses}


def _refuse_double(registry: Registry, addresses) -> None:
    known = _known(registry)
    for address in addresses:
        if name := known.get(_key(address)):
            off = f", but disabled: say `founderwatch sources enable {name}`" if name in registry.disabled else ""
            fail(status.USAGE, f"{safe(address)} is in the registry already as {name}{off}; nothing was added")


def _check(sources: tuple[Source, ...], config: Config, quiet: bool, sample: int = 3):
    from pipelines.extract import Extract
    from spiders.crawl import check

    with progress("checking", quiet) as on_progress:
        return check(sources, {"extract": Extract()}, sample=sample, on_progress=on_progress, contact=config.contact)


def _result(check):
    from spiders.health import judge

    return check, judge(check)


def _status(healths) -> int:
    from spiders.health import BROKEN

    ill = sum(health.verdict in BROKEN for health in healths)
    return status.DONE if not ill else status.FAILED if ill == len(healths) else status.PARTLY


def _readable(check) -> int:
    from spiders.health import readable

    return readable(check)


def _age(moment: datetime | None) -> str:
    if moment is None:
        return _NEVER
    hours = max(0, (datetime.now(UTC) - moment).total_seconds() / 3600)
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"


def _as_row(check, health) -> dict:
    from spiders.health import lack, length

    return {
        "name": check.source.name,
        "verdict": health.verdict,
        "reason": health.reason,
        "advice": health.advice or None,
        "robots": health.robots,
        "stories": check.named,
        "newest": _iso(check.newest),
        "sample": len(check.stories),
        "readable": _readable(check),
        "channels": [
            {
                "kind": c.kind,
                "url": c.url,
                "stories": c.named,
                "newest": _iso(c.newest),
                "problem": c.failure or c.problem,
            }
            for c in check.channels
        ],
        "read": [
            {
                "url": s.page.requested_url or s.page.url,
                "title": (s.article.title if s.article else s.page.title) or None,
                "published": _iso(s.article.published if s.article else None),
                "language": s.article.language if s.article else None,
                "length": length(s.article.body) if s.article else 0,
                "problem": lack(s) or None,
            }
            for s in check.stories
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None


def _show(check, health) -> None:
    """What was seen of one source: each channel, then the stories of the sample."""
    source, row = check.source, _as_row(check, health)
    click.echo(safe(f"{source.name}: {source.title}, {source.home}, {source.language}"))
    click.echo(safe(f"{health.verdict}: {health.reason}"))
    if health.advice:
        click.echo(safe(f"  {health.advice}"))
    click.echo(f"robots.txt: {health.robots}")
    for channel in check.channels:
        gave = channel.failure or (
            "an index" if channel.index else f"{channel.named} stories, newest {_age(channel.newest)}"
        )
        click.echo(safe(f"{channel.kind} {channel.url}: {gave}" + (f" ({channel.problem})" if channel.problem else "")))
    rows = [
        (shortened(read["title"] or _NEVER, 60), (read["published"] or _NEVER)[:10], read["language"] or _NEVER,
         str(read["length"]), read["problem"] or "", read["url"])
        for read in row["read"]
    ]  # fmt: skip
    if rows:
        _print(("title", "date", "language", "length", "lacks", "address"), rows)


def _print(columns, rows) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        # Names stay whole, so that they can be searched for.
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
