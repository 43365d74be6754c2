"""What the project's own pages share: the database they show, who may read it, the reader's language, and the frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode

from datasette import Response
from datasette.utils.asgi import NotFound

from founderwatch.desk import files, metadata, versions
from founderwatch.desk.words import asked, words
from founderwatch.render import as_json

NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Site:
    """One request to a page on the first founderwatch database."""

    datasette: object
    request: object
    name: str

    @classmethod
    async def opened(cls, datasette, request) -> Site:
        """The database, where there is one and the reader may read it."""
        name = next(iter(metadata.ours(datasette)), None)
        if name is None:
            raise NotFound("There is no founderwatch database here.")
        await versions.ensure_readable(datasette, request.actor, name)
        return cls(datasette, request, name)

    @property
    def db(self):
        return self.datasette.get_database(self.name)

    @property
    def words(self) -> dict:
        return words(asked(self.request.headers.get("accept-language", "")))

    def given(self, name: str) -> str:
        """A part of the address, which Datasette gives as it was sent."""
        return unquote(self.request.url_vars[name], errors="replace").strip()

    def path(self, path: str, query: Mapping | None = None) -> str:
        """An address of ours with a query string."""
        return with_query(self.datasette.urls.path(path), query)

    def absolute(self, path: str) -> str:
        return self.datasette.absolute_url(self.request, path)

    async def read(self, function, *given):
        """Runs a function on a connection for reading."""
        return await self.db.execute_fn(lambda connection: function(connection, *given))

    async def page(self, template: str, context: Mapping, status: int = 200) -> Response:
        """A page in our frame, in the reader's language."""
        shared = {
            "w": self.words,
            "database": self.name,
            "age": self.age,
            "chart_scripts": [files.address(self.datasette, name) for name in files.CHARTS],
        }
        body = await self.datasette.render_template(template, shared | dict(context), request=self.request)
        return Response.html(body, status=status, headers=NO_STORE)

    def json(self, data, status: int = 200) -> Response:
        return Response(as_json(data), status=status, headers=NO_STORE, content_type="application/json; charset=utf-8")

    def age(self, moment: str) -> str:
        """How long ago a moment was, in words."""
        minutes = max(0, int((datetime.now(UTC) - aware(moment)).total_seconds() // 60))
        if minutes < 60:
            return self.words["minutes"].format(n=minutes)
        if minutes < 48 * 60:
            return self.words["hours"].format(n=minutes // 60)
        return self.words["days"].format(n=minutes // 1440)


def with_query(address: str, query: Mapping | None) -> str:
    """An address with a query string, where there is any."""
    return address + (f"?{urlencode(query)}" if query else "")


def aware(moment: str) -> datetime:
    """A stored time, as an aware one; what is no time counts as now."""
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def event_path(event: str) -> str:
    """The address of one departure's page."""
    return f"/-/event/{quote(event, safe='')}"


def person_path(name: str) -> str:
    """The address of a person's page; any spelling of the name leads to it."""
    return f"/-/person/{quote(name, safe='')}"


def company_path(name: str) -> str:
    """The address of a company's page; any name of the organisation leads to it."""
    return f"/-/company/{quote(name, safe='')}"
