"""The Datasette plugin: what `founderwatch serve` and plain `datasette founderwatch.db` show.

Only the hooks stand here, each with one line of work; the pages, cells, words and headers have modules of their
own. Databases of other programs in the same Datasette keep their own look; the security headers go out for all.
"""

from __future__ import annotations

from datasette import Response, hookimpl

from founderwatch.desk import (
    cells,
    company,
    event,
    feeds,
    files,
    functions,
    home,
    kept,
    metadata,
    person,
    review,
    security,
    sources,
    spreadsheets,
    versions,
)
from founderwatch.desk.words import asked, words
from founderwatch.render import shortened


@hookimpl
def prepare_jinja2_environment(env):
    env.filters["in_order"] = cells.in_order
    env.filters["clean"] = shortened


@hookimpl
async def startup(datasette):
    for name, database in datasette.databases.items():
        if await database.execute_fn(functions.is_ours):
            metadata.adopt(datasette, name)
            await versions.tell(datasette, name, metadata.words(), metadata.queries())


# Last, so that `escape_fts` takes the place of Datasette's own.
@hookimpl(trylast=True)
def prepare_connection(conn):
    if functions.is_ours(conn):
        functions.register(conn)


@hookimpl
def get_metadata(datasette, key):
    return metadata.for_hook(datasette, key)


@hookimpl
def register_routes():
    # The empty group is what Datasette's own front page asks for, where there is no database of ours.
    return [
        (r"^/(?P<format>)$", home.page),
        (r"^/-/desk$", review.page),
        (r"^/-/event/(?P<event>[^/]+?)(?P<format>\.json)?$", event.page),
        (r"^/-/person/(?P<name>.+)$", person.page),
        (r"^/-/company/(?P<name>.+)$", company.page),
        (r"^/-/kept/(?P<article>[0-9]+)$", kept.page),
        (r"^/-/sources$", sources.page),
        (r"^/-/feed\.(?P<format>atom|json)$", feeds.page),
    ]


@hookimpl
def render_cell(row, value, column, table, database, datasette):
    if metadata.is_ours(datasette, database):
        return cells.render(cells.Place(datasette.urls, database, table, row), column, value)


@hookimpl
def extra_template_vars(datasette, database, request):
    """The words of our pages; none on the pages of other programs' databases."""
    if not metadata.ours(datasette) or (database and not metadata.is_ours(datasette, database)):
        return {"founderwatch": None}
    language = asked(request.headers.get("accept-language", "") if request else "")
    return {"founderwatch": metadata.for_page(language), "w": words(language)}


@hookimpl
def extra_css_urls(datasette):
    return [files.address(datasette, "desk.css")]


@hookimpl
def extra_js_urls(datasette, view_name):
    """Datasette's own pages alone need it."""
    return [files.address(datasette, "labels.js")] if view_name in ("table", "row", "database", "query") else []


@hookimpl
def forbidden(datasette, request):
    """Leads a stranger to the sign-in where there is one; programs get the plain refusal."""
    accounts = datasette.plugin_config("datasette-auth-passwords")
    if request.actor is None and accounts and "text/html" in request.headers.get("accept", ""):
        return Response.redirect(datasette.urls.path("/-/login"))


# First, and so innermost: what other plugins add around it keeps the headers.
@hookimpl(trylast=True)
def asgi_wrapper(datasette):
    policy = security.policy(versions.templates(datasette))
    return lambda app: security.with_headers(spreadsheets.without_formulas(app), policy)
