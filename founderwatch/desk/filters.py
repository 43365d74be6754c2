"""Which flagged departures are wanted: one filter for the front page, its charts and the feeds, told by the address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from models.labels import STATUSES

LANGUAGES = ("en", "zh")
SCORES = ("0.5", "0.8", "0.9", "0.95")
_LONGEST = 100


class FilterError(ValueError):
    """An address asks for what there cannot be; the message names the parameter."""


@dataclass(frozen=True)
class Filter:
    """What is asked for; an empty field asks for all."""

    employer: str = ""
    language: str = ""
    status: str = ""
    score: str = ""
    since: str = ""

    @classmethod
    def of(cls, arguments) -> Filter:
        """The filter in an address; raises FilterError where a value is none."""
        given = {name: (arguments.get(name) or "").strip() for name in cls.__dataclass_fields__}
        if given["status"] and given["status"] not in STATUSES:
            raise FilterError(f"status: one of {', '.join(STATUSES)}, not {given['status'][:40]!r}")
        if given["language"] and given["language"] not in LANGUAGES:
            raise FilterError(f"language: en or zh, not {given['language'][:40]!r}")
        if len(given["employer"]) > _LONGEST:
            raise FilterError(f"employer: at most {_LONGEST} characters")
        given["since"] = given["since"].replace(" ", "+")  # a plus in an address is a space
        try:
            if given["score"] and not 0 <= float(given["score"]) <= 1:
                raise ValueError
        except ValueError:
            raise FilterError(f"score: a number between 0 and 1, not {given['score'][:40]!r}") from None
        try:
            if given["since"]:
                datetime.fromisoformat(given["since"])
        except ValueError:
            raise FilterError(f"since: a day such as 2026-11-01, not {given['since'][:40]!r}") from None
        return cls(**given)

    @property
    def query(self) -> dict[str, str]:
        """The filter as an address tells it."""
        return {name: value for name, value in asdict(self).items() if value}

    def sql(self, employers: tuple[str, ...]) -> tuple[str, Mapping]:
        """Conditions on events `e` with their `corrected` fields, and their values; `employers` are all names of the employer."""
        conditions, values = [], {}
        if self.status:
            conditions.append("coalesce(json_extract(v.corrected, '$.status'), e.status) = :status")
            values["status"] = self.status
        if self.employer:
            names = {f"employer{number}": name for number, name in enumerate(employers)}
            marks = ", ".join(f":{name}" for name in names)
            conditions.append(f"coalesce(json_extract(v.corrected, '$.employer'), e.employer) in ({marks})")
            values |= names
        if self.language:
            conditions.append(
                "exists (select 1 from mentions m join articles a on a.id = m.article where m.event = e.id and a.language = :language)"
            )
            values["language"] = self.language
        if self.score:
            conditions.append("e.score >= :score")
            values["score"] = float(self.score)
        if self.since:
            conditions.append("e.first_seen_at >= :since")
            values["since"] = self.since
        return "".join(f" and {condition}" for condition in conditions), values

    def columns(self, employers: Sequence[str]) -> dict[str, str]:
        """The same filter as Datasette takes it in the address of the view `flagged`."""
        given = {
            "status__exact": self.status,
            "employer__in": json.dumps(employers, ensure_ascii=False) if self.employer else "",
            "languages__contains": self.language,
            "score__gte": self.score,
            "first_seen_at__gte": self.since,
        }
        return {name: value for name, value in given.items() if value}
