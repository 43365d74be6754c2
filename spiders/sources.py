"""The registry of sources: reads TOML, checks it, and names file, line and field of every mistake."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PACKAGED = Path(__file__).with_name("sources.toml")

_LISTS = ("feeds", "sitemaps", "listings", "allow", "deny")
_CHANNELS = ("feeds", "sitemaps", "listings")
_TEXTS = ("name", "title", "home", "language", "country", "kind", "seen", "notes", "proxy")
_NUMBERS = {"max_pages": 100, "quota": 1_000_000}  # and the most
_REQUIRED = ("name", "home", "language")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SPAN = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_NAME = re.compile(r"[^\s,]([^,\r\n\t]*[^\s,])?")


class RegistryError(ValueError):
    """The registry cannot be used; `problems` holds one line for each mistake."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Api:
    """A JSON API that announces stories: how it is asked, and where in its answer what stands (see spiders/api.py)."""

    url: str
    items: str
    link: str
    title: str
    body: str = ""
    summary: str = ""
    published: str = ""
    cursor: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One outlet and the channels that announce its stories.

    `allow` and `deny` are searched in the whole address of a story, whatever channel named it.
    `max_pages` bounds how many pages of one listing are read in a crawl, `quota` the requests of a day;
    `every` is the least number of seconds between two scheduled crawls. `headers` go to the hosts of its channels,
    `proxy` is where all its requests go through; both may name secrets of the environment (spiders/access.py).
    `render`: its stories are read in a browser (spiders/browser.py).
    """

    name: str
    title: str
    home: str
    language: str
    country: str = ""
    kind: str = ""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    allow: tuple[re.Pattern[str], ...] = ()
    deny: tuple[re.Pattern[str], ...] = ()
    apis: tuple[Api, ...] = ()
    max_pages: int = 3
    quota: int | None = None
    every: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    proxy: str = ""
    render: bool = False
    seen: str = ""
    notes: str = ""

    def admits(self, url: str) -> bool:
        """Tells whether `url` looks like one of this source's stories."""
        if any(pattern.search(url) for pattern in self.deny):
            return False
        return not self.allow or any(pattern.search(url) for pattern in self.allow)

    @property
    def channels(self) -> tuple[str, ...]:
        """The addresses that announce its stories."""
        return (*self.feeds, *self.sitemaps, *self.listings, *(api.url for api in self.apis))

    def channels_of(self, field: str) -> tuple[str, ...]:
        """The addresses of one kind of channel."""
        found = getattr(self, field)
        return tuple(api.url for api in found) if field == "apis" else found

    def api(self, url: str) -> Api | None:
        """The API at an address."""
        return next((api for api in self.apis if api.url == url), None)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that the registry names for this source."""
        return (self.home, *self.channels)


@dataclass(frozen=True, slots=True)
class Registry:
    """All sources, and the names of those that a crawl leaves out."""

    sources: tuple[Source, ...] = ()
    disabled: frozenset[str] = frozenset()

    def choose(self, names: Iterable[str] = ()) -> tuple[Source, ...]:
        """The named sources, disabled or not; without names, all that are not disabled."""
        names = tuple(names)
        chosen = select(self.sources, names) if names else self.enabled
        if not chosen:
            raise RegistryError(["every source is disabled (see `founderwatch sources list`)"])
        return chosen

    @property
    def enabled(self) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.name not in self.disabled)

    def under(self, own: Registry) -> Registry:
        """This registry with a user's own laid over it: a source of the same name takes the other's place."""
        theirs = {source.name: source for source in own.sources}
        kept = tuple(theirs.pop(source.name, source) for source in self.sources)
        return Registry((*kept, *theirs.values()), self.disabled | own.disabled)


_FIELDS = tuple(field.name for field in fields(Source))
_API_FIELDS = tuple(field.name for field in fields(Api))
_API_REQUIRED = ("url", "items", "link", "title")


def load(path: str | Path = PACKAGED) -> tuple[Source, ...]:
    """Reads the sources of a registry file that are not disabled; raises RegistryError with every mistake in it."""
    return read(path).enabled


def lay(base: str | Path, own: str | Path) -> Registry:
    """Reads a registry and, where there is one, the user's own over it."""
    if Path(base) == Path(own) or not Path(own).exists():
        return read(base)
    return read(base).under(read(own, may_be_empty=True))


def read(path: str | Path, may_be_empty: bool = False) -> Registry:
    """Reads a registry file; raises RegistryError with every mistake in it."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RegistryError([f"{path}: cannot be read: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise RegistryError([f"{path}: is not UTF-8 (byte {error.start})"]) from error
    return parse_registry(text, str(path), may_be_empty)


def parse(text: str, path: str = "<registry>") -> tuple[Source, ...]:
    """Reads the sources of a registry's text that are not disabled; `path` is what the messages call it."""
    return parse_registry(text, path).enabled


def parse_registry(text: str, path: str = "<registry>", may_be_empty: bool = False) -> Registry:
    """Reads a registry from its text; `may_be_empty`: it need not name a source."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegistryError([f"{path}: is not TOML: {error}"]) from error
    return _Reader(text, path).read(document, may_be_empty)


def select(sources: Iterable[Source], names: Iterable[str]) -> tuple[Source, ...]:
    """Keeps the named sources, in the registry's order; an unknown name is a RegistryError."""
    sources = tuple(sources)
    wanted = tuple(names)
    if not wanted:
        return sources
    known = {source.name for source in sources}
    problems = [f"no source is called {name!r}{_suggestion(name, known)}" for name in wanted if name not in known]
    if problems:
        raise RegistryError(problems)
    return tuple(source for source in sources if source.name in set(wanted))


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


class _Reader:
    """Turns a parsed document into sources and gathers what is wrong with it."""

    def __init__(self, text: str, path: str):
        self.lines = text.splitlines()
        self.path = path
        self.tables = [
            number for number, line in enumerate(self.lines, 1) if re.match(r"\s*\[\[\s*source\s*\]\]", line)
        ]
        self.problems: list[str] = []

    def read(self, document: Mapping[str, Any], may_be_empty: bool) -> Registry:
        for key in document:
            if key not in ("source", "disabled"):
                line = self._line_of(key, 1, len(self.lines))
                known = ("source", "disabled")
                self._problem(line, key, f"is unknown{_suggestion(key, known)}; tables are [[source]]")
        disabled = document.get("disabled", [])
        if not isinstance(disabled, list) or not all(isinstance(name, str) for name in disabled):
            self._problem(self._line_of("disabled", 1, len(self.lines)), "disabled", "must be a list of names")
            disabled = []
        tables = document.get("source", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._problem(self._line_of("source", 1, len(self.lines)), "source", "must be [[source]] tables")
            tables = []
        elif not tables and not may_be_empty and not self.problems:
            self._problem(1, "source", "is missing: the registry names no source")
        read = [self._source(index, table) for index, table in enumerate(tables)]
        self._unique(tables)
        if self.problems:
            raise RegistryError(self.problems)
        return Registry(tuple(source for source in read if source is not None), frozenset(disabled))

    def _source(self, index: int, table: Mapping[str, Any]) -> Source | None:
        before = len(self.problems)
        values: dict[str, Any] = {}
        for key, value in table.items():
            values[key] = self._value(index, key, value)
        for key in _REQUIRED:
            if key not in table:
                self._at(index, key, "is missing")
        if not any(table.get(key) for key in (*_CHANNELS, "apis")):
            self._at(index, "feeds", "is missing: one of feeds, sitemaps, listings, apis is needed")
        if table.get("render") and table.get("proxy"):
            self._at(index, "render", "cannot go through a proxy: name only one of the two")
        if len(self.problems) > before:
            return None
        return Source(**{"title": values["name"], **values})

    def _value(self, index: int, key: str, value: Any) -> Any:
        if key not in _FIELDS:
            return self._at(index, key, f"is unknown{_suggestion(key, _FIELDS)}")
        if key in _NUMBERS:
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _NUMBERS[key]:
                self._at(index, key, f"must be a whole number from 1 to {_NUMBERS[key]}, not {value!r}")
            return value
        if key in ("every", "headers", "apis"):
            return {"every": self._every, "headers": self._headers, "apis": self._apis}[key](index, value)
        if key in _TEXTS:
            return self._text(index, key, value)
        if key == "render":
            return value if isinstance(value, bool) else self._at(index, key, f"must be true or false, not {value!r}")
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return self._at(index, key, f"must be a list of strings, not {value!r}")
        if key in _CHANNELS:
            return tuple(self._url(index, key, item) for item in value)
        return tuple(self._pattern(index, key, item) for item in value)

    def _every(self, index: int, value: Any) -> Any:
        match = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return self._at(index, "every", f"must be a time such as 30m, 2h or 1d, not {value!r}")
        return int(match[1]) * _SECONDS[match[2]]

    def _headers(self, index: int, value: Any) -> Any:
        usable = isinstance(value, dict) and all(
            _HEADER.fullmatch(name) and isinstance(text, str) and text.isprintable() for name, text in value.items()
        )
        if not usable:
            return self._at(
                index, "headers", 'must be names and texts, such as { Authorization = "Bearer ${NEWS_KEY}" }'
            )
        return tuple(value.items())

    def _apis(self, index: int, value: Any) -> Any:
        if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
            return self._at(index, "apis", "must be [[source.apis]] tables")
        found = []
        for table in value:
            before = len(self.problems)
            for key, given in table.items():
                if key not in _API_FIELDS:
                    self._at(index, key, f"is unknown in apis{_suggestion(key, _API_FIELDS)}")
                elif not isinstance(given, bool if key == "whole" else str):
                    self._at(index, key, f"must be {'true or false' if key == 'whole' else 'a text'}, not {given!r}")
            for key in _API_REQUIRED:
                if not table.get(key):
                    self._at(index, key, "is missing in apis")
            if len(self.problems) == before:
                self._url(index, "url", table["url"])
                found.append(Api(**table))
        return tuple(found)

    def _text(self, index: int, key: str, value: Any) -> Any:
        if not isinstance(value, str) or (key in _REQUIRED and not value.strip()):
            return self._at(index, key, f"must be a text, not {value!r}")
        if key == "name" and not _NAME.fullmatch(value):
            return self._at(index, key, f"must be one line without commas, not {value!r}")
        if key == "language" and not _LANGUAGE.fullmatch(value):
            return self._at(index, key, f"must be a language code such as 'en' or 'zh', not {value!r}")
        return self._url(index, key, value) if key == "home" else value

    def _url(self, index: int, key: str, value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)
            _ = parts.port
        except ValueError:
            usable = False
        if not usable:
            self._at(index, key, f"must be an http or https address, not {value!r}", value)
        return value

    def _pattern(self, index: int, key: str, value: str) -> re.Pattern[str] | None:
        try:
            return re.compile(value)
        except re.error as error:
            self._at(index, key, f"is not a regular expression: {value!r}: {error}", value)
            return None

    def _unique(self, tables: list[Mapping[str, Any]]) -> None:
        first: dict[str, int] = {}
        for index, table in enumerate(tables):
            name = table.get("name")
            if not isinstance(name, str):
                continue
            if name in first:
                where = self._line_of("name", *self._span(first[name]))
                self._at(index, "name", f"{name!r} is taken by the source on line {where}")
            else:
                first[name] = index

    def _span(self, index: int) -> tuple[int, int]:
        # Inline tables (source = [{…}]) have no header of their own: the whole file is searched.
        if index >= len(self.tables):
            return 1, len(self.lines)
        end = self.tables[index + 1] - 1 if index + 1 < len(self.tables) else len(self.lines)
        return self.tables[index], end

    def _line_of(self, key: str, start: int, end: int, value: str | None = None) -> int:
        """The line of `key` between two lines, or that of `value` at or below it; else `start`."""
        pattern = re.compile(rf"\s*(?:{re.escape(key)}|['\"]{re.escape(key)}['\"])\s*[=.]|\s*\[+\s*{re.escape(key)}\b")
        for number in range(start, end + 1):
            if not pattern.match(self.lines[number - 1] if number <= len(self.lines) else ""):
                continue
            for later in range(number, end + 1) if value else ():
                assert value is not None
                line = self.lines[later - 1]
                if value in line or value.replace("\\", "\\\\") in line:
                    return later
            return number
        return start

    def _at(self, index: int, key: str, what: str, value: str | None = None) -> None:
        self._problem(self._line_of(key, *self._span(index), value), key, what)

    def _problem(self, line: int, key: str, what: str) -> None:
        self.problems.append(f"{self.path}:{line}: {key} {what}")
