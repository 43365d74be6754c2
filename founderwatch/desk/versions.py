"""What Datasette 0.65 and the alphas of 1.0 call by different names."""

from __future__ import annotations


def templates(datasette):
    """The Jinja environment."""
    return getattr(datasette, "jinja_env", None) or datasette._jinja_env


async def ensure_readable(datasette, actor, database: str, table: str | None = None) -> None:
    """Raises Forbidden where an actor may not read a database, or a table of it."""
    if hasattr(datasette, "ensure_permissions"):
        asked = [("view-table", (database, table))] if table else []
        await datasette.ensure_permissions(actor, [*asked, ("view-database", database), "view-instance"])
        return
    from datasette.resources import DatabaseResource, TableResource  # noqa: PLC0415  (0.65 has none)

    what = TableResource(database, table) if table else DatabaseResource(database)
    await datasette.ensure_permission(action="view-table" if table else "view-database", resource=what, actor=actor)


async def tell(datasette, database: str, words: dict, queries: dict[str, dict]) -> None:
    """Tells Datasette 1.0 our titles, descriptions and questions, which 0.65 asks for itself."""
    if not hasattr(datasette, "add_query"):
        return
    for key in ("title", "description"):
        await datasette.set_instance_metadata(key, words[key])
        await datasette.set_database_metadata(database, key, words[key])
        for name, told in words["tables"].items():
            await datasette.set_resource_metadata(database, name, key, told[key])
    for name, query in queries.items():
        await datasette.add_query(
            database, name, query["sql"], title=query["title"], description=query["description"], hide_sql=True, is_trusted=True
        )  # fmt: skip
