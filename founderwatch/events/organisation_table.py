"""The table of organisations: reads the outline, checks it, and names file and line of every mistake.

One organisation a line, `name: other name, other name`; a unit stands further in, below its parent. A user's file is
read after the packaged one: a name that is known already adds to its organisation, a name of another organisation
goes over to the line that claims it, and `- name` takes one out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from founderwatch.events.organisation_names import key

PACKAGED = Path(__file__).with_name("organisations.txt")
_TAB = 4


class OrganisationsError(ValueError):
    """A table of organisations cannot be used; `problems` holds one line for each mistake."""

    def __init__(self, problems: Iterable[str]):
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation, or one of its units; two are equal when their `key` is.

    One that the table does not know has the name that it was written with, and `listed` is false.
    """

    key: str
    name: str = field(compare=False)
    names: tuple[str, ...] = field(compare=False, repr=False)
    parent: Organisation | None = field(compare=False, default=None)
    listed: bool = field(compare=False, default=True)

    @property
    def parents(self) -> tuple[Organisation, ...]:
        """What it is a unit of, the nearest first."""
        return (self.parent, *self.parent.parents) if self.parent else ()

    @property
    def top(self) -> Organisation:
        """The organisation at the head of its parents, itself where it has none."""
        return (self, *self.parents)[-1]


def load(own: Path | None = None) -> Mapping[str, Organisation]:
    """The organisation of each name's key, from the packaged table and a user's own."""
    reader = _Reader()
    for path in (PACKAGED, own) if own else (PACKAGED,):
        reader.read(path)
    if reader.problems:
        raise OrganisationsError(reader.problems)
    return reader.organisations()


@dataclass(slots=True)
class _Entry:
    key: str
    names: dict[str, str]  # by key
    parent: _Entry | None = None


class _Reader:
    """Gathers the entries of one file after the other, and what is wrong with them."""

    def __init__(self) -> None:
        self.entries: dict[str, _Entry] = {}
        self.owners: dict[str, _Entry] = {}  # of each name's key
        self.problems: list[str] = []
        self.lines: dict[str, int] = {}  # where each name stands in the file that is read
        self.where = ""

    def read(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise OrganisationsError([f"{path}: cannot be read: {error.strerror or error}"]) from error
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise OrganisationsError([f"{path}:{line}: is not UTF-8"]) from error
        text = text.replace("：", ":").replace("，", ",").replace("、", ",").expandtabs(_TAB)
        self.lines = {}
        above: list[tuple[int, _Entry]] = []
        for number, line in enumerate(text.splitlines(), 1):
            written = line.strip()
            if not written or written.startswith("#"):
                continue
            self.where = f"{path}:{number}"
            if written.startswith("- "):
                self._take_out(written[2:].strip())
                continue
            indent = len(line) - len(line.lstrip())
            while above and above[-1][0] >= indent:
                above.pop()
            if indent and not above:
                self._problem("stands further in, and no organisation above it that it could be a unit of")
            entry = self._entry(written, number)
            if entry is None:
                continue
            if above:
                self._put_under(entry, above[-1][1])
            above.append((indent, entry))

    def organisations(self) -> dict[str, Organisation]:
        made: dict[str, Organisation] = {}

        def organisation(entry: _Entry) -> Organisation:
            if entry.key not in made:
                parent = organisation(entry.parent) if entry.parent else None
                names = tuple(entry.names.values())
                made[entry.key] = Organisation(entry.key, names[0], names, parent)
            return made[entry.key]

        return {name: organisation(entry) for name, entry in self.owners.items()}

    def _entry(self, written: str, number: int) -> _Entry | None:
        name, _, others = written.partition(":")
        entry = None
        for position, given in enumerate([name, *others.split(",")] if others.strip() else [name]):
            alias = given.strip()
            spelled = key(alias)
            if len(spelled) < 2:
                self._problem(f"{alias!r} is no name: at least two letters, digits or Chinese characters make one")
            elif spelled in self.lines:
                self._problem(f"{alias!r} stands on line {self.lines[spelled]} already, and a name stands once")
            elif position == 0:
                self.lines[spelled] = number
                entry = self.owners.get(spelled) or self._new(spelled, alias)
            elif entry is not None:
                self.lines[spelled] = number
                self._add(entry, spelled, alias)
        return entry

    def _new(self, spelled: str, name: str) -> _Entry:
        entry = self.entries[spelled] = self.owners[spelled] = _Entry(spelled, {spelled: name})
        return entry

    def _add(self, entry: _Entry, spelled: str, alias: str) -> None:
        owner = self.owners.get(spelled)
        if owner is not None and owner is not entry:
            if owner.key == spelled:
                return self._problem(
                    f"{alias!r} is an organisation of its own in the table; `- {alias}` on a line before takes it out"
                )
            del owner.names[spelled]
        entry.names[spelled] = alias
        self.owners[spelled] = entry

    def _put_under(self, entry: _Entry, parent: _Entry) -> None:
        above: _Entry | None = parent
        while above is not None:
            if above is entry:
                name = entry.names[entry.key]
                return self._problem(
                    f"{name!r} would be a unit of itself: {parent.names[parent.key]!r} is one of its units"
                )
            above = above.parent
        entry.parent = parent

    def _take_out(self, name: str) -> None:
        spelled = key(name)
        entry = self.owners.get(spelled)
        if entry is None:
            close = difflib.get_close_matches(spelled, self.owners, 1)
            near = f"; did you mean {self.owners[close[0]].names[close[0]]!r}?" if close else ""
            return self._problem(f"{name!r} cannot be taken out: the table has no such name{near}")
        if spelled != entry.key:
            del entry.names[spelled], self.owners[spelled]
            return None
        for alias in entry.names:
            del self.owners[alias]
        del self.entries[spelled]
        for unit in self.entries.values():
            if unit.parent is entry:
                unit.parent = entry.parent
        return None

    def _problem(self, what: str) -> None:
        self.problems.append(f"{self.where}: {what}")
