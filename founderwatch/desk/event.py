"""The event page, `/-/event/<id>`: the address by which alerts and feeds lead to one departure."""

from __future__ import annotations

from datasette import Response

from founderwatch.desk import metadata


async def page(datasette, request):
    name = next(iter(metadata.ours(datasette)), None)
    if name is None:
        return Response.text("There is no founderwatch database here.", status=404)
    return Response.redirect(datasette.urls.row(name, "events", request.url_vars["event"]))
