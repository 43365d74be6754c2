"""The configuration: one TOML file, every key known, every value with a place it came from."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path

import platformdirs

from founderwatch.alerts import channel, keys, limits
from founderwatch.alerts.channel import Channel
from founderwatch.alerts.keys import KeyMistake, written
from founderwatch.alerts.limits import Limits
from founderwatch.archive import limits as archive_limits
from founderwatch.archive.limits import Keeping
from models.encoder import ALARMS, WEIGHTS
from spiders.entries import oldest
from spiders.sources import PACKAGED

_NEWLINE = b"\n"
_OWN = "sources.toml"
_ADDRESS = re.compile(r"https?://[^\s/?#@]+[^\s]*")
# What is nobody else's business need not stand in a file; the environment goes before it.
_FROM_ENVIRONMENT = {
    "contact": "FOUNDERWATCH_CONTACT",
    "password_hash": "FOUNDERWATCH_PASSWORD_HASH",
    "secret": "FOUNDERWATCH_SECRET",
    "ping_url": "FOUNDERWATCH_PING_URL",
}
JUDGE_ALL = "all"
_JUDGED = (JUDGE_ALL, "founders")
LEAST_KEPT = timedelta(days=60)
SECRETS = ("password_hash", "secret", "ping_url")


class ConfigError(ValueError):
    """The configuration cannot be used; the message names file, line and key."""


@dataclass(frozen=True)
class Config:
    """What a user can set. Paths are relative to the file that names them."""

    database: Path = Path("founderwatch.db")
    sources: Path = PACKAGED
    # The user's own registry, laid over `sources`: beside the configuration file, or in the user's configuration folder.
    own_sources: Path = field(default_factory=lambda: platformdirs.user_config_path("founderwatch") / _OWN)
    organisations: Path | None = None  # names and units that add to the packaged table
    model: str = str(WEIGHTS)  # a folder or hub name
    alarms_per_1000: float = ALARMS  # how many of 1,000 ordinary stories may be flagged wrongly
    judge: str = JUDGE_ALL  # which stories of a crawl are read whole: all, or those whose words sound like a founding
    since: str = "30d"
    keep_texts: timedelta | None = None  # how long the text of a story that tells of nobody is kept; None: for ever
    contact: str | None = None  # who answers for the crawl: an address or e-mail, sent with each request
    password_hash: str | None = None  # `founderwatch config password` makes it; lets `serve` listen beyond loopback
    secret: str | None = None
    desk: str = "http://127.0.0.1:8001"  # where `serve` is reached: alerts lead there
    ping_url: str | None = None  # asked when a crawl begins and ends: who hears nothing raises the alarm
    watchdog: Limits = field(default_factory=Limits)
    archive: Keeping = field(default_factory=Keeping)  # of the pages that were fetched
    alert: tuple[Channel, ...] = ()
    origin: Path | None = None  # the file that it came from
    # Where each value that is no default came from.
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The keys that a file may hold."""
        return tuple(f.name for f in fields(cls) if f.name not in ("origin", "places"))

    @property
    def secret_places(self) -> tuple[str, ...]:
        """The keys whose secrets stand in the file itself."""
        plain = [key for key in SECRETS if self.place(key).startswith(f"{self.origin}:")]
        return (*plain, *(["alert"] if any(one.holds_secrets for one in self.alert) else []))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that nobody else should read, wherever it came from."""
        named = {name for one in self.alert for name in re.findall(r"\$\{(\w+)\}", one.url)}
        addresses = [one.url for one in self.alert if one.holds_secrets]
        values = [getattr(self, key) for key in SECRETS]
        return tuple(v for v in (*values, *addresses, *(os.environ.get(name) for name in named)) if v)

    def place(self, key: str) -> str:
        """Where a value came from: file and line, environment, option or default."""
        return self.places.get(key, "default")

    def with_option(self, key: str, value: object, option: str) -> Config:
        """The same with one value that the command line names. Another database has an archive of its own."""
        archive = replace(self.archive, folder=None) if key == "database" else self.archive
        return replace(self, **{"archive": archive, key: value}, places={**self.places, key: option})

    @property
    def archive_folder(self) -> Path:
        """Where fetched pages are kept: the folder named, or one beside the database."""
        return self.archive.folder or self.database.with_name(f"{self.database.name}.archive")


def find(named: Path | None = None) -> Path | None:
    """The file named, or $FOUNDERWATCH_CONFIG, or ./founderwatch.toml, or the user's."""
    if named or (named := _path(os.environ.get("FOUNDERWATCH_CONFIG"))):
        if not named.is_file():
            raise ConfigError(f"{named}: no such configuration file")
        return named
    for path in (Path("founderwatch.toml"), platformdirs.user_config_path("founderwatch") / "founderwatch.toml"):
        if path.is_file():
            return path
    return None


def load(named: Path | None = None) -> Config:
    """Reads the configuration: the environment goes before the file, and the file before the defaults."""
    path = find(named)
    values, places = _read(path) if path else ({}, {})
    for key, variable in _FROM_ENVIRONMENT.items():
        if value := os.environ.get(variable, "").strip():
            places[key] = f"environment: {variable}"
            values[key] = _checked(key, value, Path(), places[key])
    beside = {"own_sources": path.parent / _OWN} if path else {}
    return replace(Config(origin=path, places=places), **beside | values)


def _read(path: Path) -> tuple[dict[str, object], dict[str, str]]:
    """A file's checked values, and where each stands."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}:{error.object.count(_NEWLINE, 0, error.start) + 1}: is not UTF-8") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    checked, places, mistakes = {}, {}, []
    for key, value in values.items():
        places[key] = f"{path}:{_line(text, key)}"
        try:
            if key in _TABLES:
                checked[key] = _TABLES[key](key, value, path, text)
                places |= {f"{key}.{name}": f"{path}:{line}" for name, line in _names(key, value, text)}
            else:
                checked[key] = _checked(key, value, path.parent, f"{places[key]}: {key}")
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:  # all at once: whoever mends one need not run into the next
        raise ConfigError("\n".join(mistakes))
    return checked, places


def _watchdog(key: str, value: object, path: Path, text: str) -> Limits:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}:{_line(text, key)}: {key}: must be a table: [{key}]")
    with _mistakes(path, text, key):
        return limits.parse(value)


def _archive(key: str, value: object, path: Path, text: str) -> Keeping:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}:{_line(text, key)}: {key}: must be a table: [{key}]")
    with _mistakes(path, text, key):
        return archive_limits.parse(value, path.parent)


def _alert(key: str, value: object, path: Path, text: str) -> tuple[Channel, ...]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise ConfigError(f"{path}:{_line(text, key)}: {key}: must be tables: [[{key}]]")
    found: list[Channel] = []
    mistakes = []
    for number, table in enumerate(value):
        try:
            with _mistakes(path, text, key, number):
                one = channel.parse(table)
                if one.name in {other.name for other in found}:
                    raise KeyMistake("name", f"two channels are called {one.name!r}")
                found.append(one)
        except ConfigError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return tuple(found)


# Keys that hold tables, and who reads them.
_TABLES = {"watchdog": _watchdog, "archive": _archive, "alert": _alert}


@contextmanager
def _mistakes(path: Path, text: str, table: str, number: int = 0) -> Iterator[None]:
    """Tells a mistake in a table with file, line and key."""
    try:
        yield
    except KeyMistake as error:
        line = _line_in_table(text, table, number, error.key)
        # In TOML a key belongs to the table above it, however far above.
        astray = error.key in Config.names() and str(error).startswith("unknown")
        hint = f"; {error.key} stands above the first [table]" if astray else ""
        raise ConfigError(f"{path}:{line}: {table}.{error.key}: {error}{hint}") from error


def _names(key: str, value: object, text: str) -> Iterator[tuple[str, int]]:
    """The names of the tables in an array, and where each begins."""
    for number, table in enumerate(value if isinstance(value, list) else ()):
        yield table["name"], _line_in_table(text, key, number, None)


def _checked(key: str, value, folder: Path, where: str):
    if key not in Config.names():
        near = difflib.get_close_matches(key, Config.names(), 1)
        raise ConfigError(f"{where}: unknown key" + (f"; did you mean {near[0]}?" if near else ""))
    if key == "alarms_per_1000":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1000:
            raise ConfigError(f"{where}: must be a number between 0 and 1000, not {value!r}")
        return float(value)
    if key == "keep_texts":
        return _span(key, value, where)
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{where}: must be a text, not {value!r}")
    if key == "judge" and value not in _JUDGED:
        raise ConfigError(f"{where}: must be {' or '.join(_JUDGED)}, not {value!r}")
    if key in ("ping_url", "desk") and not _ADDRESS.fullmatch(value):
        raise ConfigError(f"{where}: must be an address such as https://example.org/")
    if key in ("database", "sources", "own_sources", "organisations"):
        return folder / Path(value).expanduser()
    if key == "model" and (path := folder / Path(value).expanduser()).exists():
        return str(path)
    if key == "since":
        try:
            oldest(value)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
    return value


def _span(key: str, value: object, where: str) -> timedelta | None:
    try:
        span = keys.span_or_off({key: value}, key)
    except KeyMistake as error:
        raise ConfigError(f"{where}: {error}") from error
    if span is not None and span < LEAST_KEPT:
        raise ConfigError(f"{where}: must be at least {written(LEAST_KEPT)}: so long copies are looked for")
    return span


def _line(text: str, key: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]|\s*\[+\s*{re.escape(key)}\b", line):
            return number
    return 1


def _line_in_table(text: str, table: str, number: int, key: str | None) -> int:
    """Where a key of the so manieth table of a name stands; where the table begins, if the key is not there."""
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines, 1) if re.match(rf"\s*\[+\s*{re.escape(table)}\s*\]", line)]
    if number >= len(heads):  # written as an inline table
        return _line(text, table)
    start = heads[number]
    for at, line in enumerate(lines[start:], start + 1):
        if line.lstrip().startswith("["):
            break
        if key is not None and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line):
            return at
    return start


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
