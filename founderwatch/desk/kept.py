"""The page as it was fetched, `/-/kept/<number of the story>`: out of the archive, without scripts and without a request elsewhere."""

from __future__ import annotations

import html
from pathlib import Path

from datasette import Response

from founderwatch.archive import folder as archive
from founderwatch.archive.records import Unreadable
from founderwatch.database import captures
from founderwatch.desk.site import NO_STORE, Site
from pipelines.decode import decode

# Whatever stands in a page of the web: it runs nothing, asks nobody, sends no form and is nobody's frame.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
_folders: dict[object, Path] = {}


def configure(datasette, folder: Path) -> None:
    """Names the archive's folder; without it, the one beside the database."""
    _folders[datasette] = folder


async def page(datasette, request):
    """Shows the page that was fetched last for a story, or says why there is none."""
    site = await Site.opened(datasette, request)
    number = int(site.given("article")[:18])
    capture = await site.read(captures.latest, number)
    if capture is None:
        return _none(site, "no page is kept of this story", number)
    path = Path(site.db.path)
    try:
        found = archive.read(_folders.get(datasette, path.with_name(f"{path.name}.archive")), capture).page
    except Unreadable as reason:
        return _none(site, "it was deleted" if reason.gone else str(reason), number)
    headers = NO_STORE | {"content-security-policy": _POLICY}
    return Response(decode(found.body, found.encoding), headers=headers, content_type="text/html; charset=utf-8")


def _none(site: Site, reason: str, number: int) -> Response:
    story = html.escape(site.datasette.urls.row(site.name, "articles", number))
    text = f'<!doctype html><title>Kept page</title><p>{html.escape(reason)}. <a href="{story}">The stored text</a></p>'
    return Response.html(text, status=404, headers=NO_STORE)
