"""`founderwatch serve`: opens the database in the browser."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sqlite3

import click
import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from founderwatch import desk, status
from founderwatch.desk import adding, kept, security, versions
from founderwatch.options import Config, common, fail, open_store

_SETTINGS = {"suggest_facets": False, "default_page_size": 50, "default_cache_ttl": 0, "sql_time_limit_ms": 3000}
_ACCOUNT = "reviewer"
_HASH_VARIABLE = "_FOUNDERWATCH_PASSWORD_HASH"  # not the one that the configuration is read from
_SHORTEST_SECRET = 16
_HOW_TO_SIGN_IN = "`founderwatch config password` makes `password_hash` and `secret` for founderwatch.toml (with --env, for the environment)"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one."
)
@common
def command(host, port, config, quiet):
    """Open the database in the browser.

    On loopback, whoever uses this machine may read, and review at /-/desk. Any other host needs a sign-in:
    `password_hash` and `secret` in the configuration; then every reader signs in as "reviewer". The passage to
    other machines should be encrypted, by a proxy such as Caddy in front.

    \b
    Example:  founderwatch serve
              founderwatch serve --port 9000 --db demo/founderwatch.db
    """
    addresses = _resolved(host, port)
    signed = _sign_in(config)
    if not signed and not _all_loopback(addresses):
        fail(
            status.USAGE,
            f"{host} can be reached by others, and no sign-in is configured: {_HOW_TO_SIGN_IN}, or leave --host away",
        )
    _check(config)
    listening = _bound(addresses[0], host, port)
    with contextlib.suppress(KeyboardInterrupt):  # how a server is ended: nothing has gone wrong
        asyncio.run(_serve(config, host, signed, listening, quiet))


def _resolved(host: str, port: int) -> list[tuple]:
    """Gives what a host's name stands for, as getaddrinfo tells it."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE) if host else []
    except (socket.gaierror, UnicodeError):
        found = []
    if not found:
        fail(status.USAGE, f"--host {host!r} is no address of this machine")
    return found


def _all_loopback(addresses: list[tuple]) -> bool:
    return all(security.is_loopback(address[4][0]) for address in addresses)


def _sign_in(config: Config) -> bool:
    """Tells whether a sign-in is configured; half of one, or one that could not work, ends with status 2."""
    if config.password_hash is None and config.secret is None:
        return False
    if config.password_hash is None or config.secret is None:
        missing, given = ("password_hash", "secret") if config.password_hash is None else ("secret", "password_hash")
        fail(status.USAGE, f"{config.place(given)}: a sign-in needs `{missing}`, too: {_HOW_TO_SIGN_IN}")
    if not config.password_hash.startswith("pbkdf2_sha256$") or config.password_hash.count("$") != 3:
        fail(
            status.USAGE,
            f"{config.place('password_hash')}: password_hash: is no hash; `founderwatch config password` makes one",
        )
    if len(config.secret) < _SHORTEST_SECRET:
        fail(status.USAGE, f"{config.place('secret')}: secret: needs at least {_SHORTEST_SECRET} characters")
    return True


def _check(config: Config) -> None:
    """Ends with status 3 where the database is missing, another program's, newer or damaged; brings an older one up to date."""
    path = config.database
    if not path.is_file():
        fail(status.FAILED, f"{path} does not exist yet; `founderwatch crawl` makes it")
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            names = {row[0] for row in connection.execute("select name from sqlite_master")}
        if names and not {"_sqlite_migrations", "events"} <= names:
            fail(status.FAILED, f"{path} is no founderwatch database; name another --db")
        store = open_store(config)
        try:
            store.db.execute("select * from flagged limit 1").fetchall()
            store.db.execute("select rowid from articles order by rowid desc limit 1").fetchall()
            store.tune()
        finally:
            store.close()
    except sqlite3.DatabaseError as error:
        fail(
            status.FAILED,
            f"{path} cannot be read ({error}): restore it from a backup, or try `sqlite3 {path} .recover`",
        )


def _bound(address: tuple, host: str, port: int) -> socket.socket:
    """Opens a socket that listens; ends with status 3 where there can be none."""
    family, kind, protocol, _, place = address
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(place)
        listening.listen()
    except OSError as error:
        why = {
            errno.EADDRINUSE: f"port {port} is in use, perhaps by another `founderwatch serve`; name another --port",
            errno.EACCES: f"port {port} is for the administrator; name a --port above 1023",
            errno.EADDRNOTAVAIL: f"{host} is no address of this machine; name another --host",
        }.get(error.errno, f"cannot listen on {host}:{port}: {error.strerror or error}")
        fail(status.FAILED, why)
    return listening


def build(config: Config, signed: bool) -> Datasette:
    """Makes a Datasette on the database, with the desk; with a sign-in, strangers may read nothing."""
    # With rich installed, Datasette prints a page of local variables, cookies among them, for every mistyped address.
    pm.get_plugin("datasette.handle_exception").rich = None
    if not pm.is_registered(desk):  # run from a checkout that is not installed
        pm.register(desk, "founderwatch")
    if not signed:
        if pm.has_plugin("auth_passwords"):
            pm.unregister(name="auth_passwords")  # its menu would offer a sign-in that there is not
        return _with(config, Datasette([str(config.database)], settings=_SETTINGS))
    # By way of the environment, so that /-/metadata does not show it.
    os.environ[_HASH_VARIABLE] = config.password_hash
    accounts = {f"{_ACCOUNT}_password_hash": {"$env": _HASH_VARIABLE}}
    metadata = {"allow": {"id": _ACCOUNT}, "plugins": {"datasette-auth-passwords": accounts}}
    return _with(config, Datasette([str(config.database)], settings=_SETTINGS, metadata=metadata, secret=config.secret))


def _with(config: Config, datasette: Datasette) -> Datasette:
    adding.configure(datasette, config.origin)
    kept.configure(datasette, config.archive_folder)
    return datasette


async def _serve(config: Config, host: str, signed: bool, listening: socket.socket, quiet: bool) -> None:
    datasette = build(config, signed)
    await datasette.invoke_startup()
    app = datasette.app()
    if not signed:
        app = security.with_headers(security.loopback_only(app, host), security.policy(versions.templates(datasette)))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    if not quiet:
        # Not right behind the address, of which a terminal would make it a part.
        who = f'sign in as "{_ACCOUNT}"; ' if signed else ""
        click.echo(f"{config.database} is open at {_address(host, listening)}  ({who}Ctrl-C ends it)")
    await server.serve(sockets=[listening])


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host  # noqa: S104 -- shown, not bound
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"
