"""Numbered SQL files bring a database up to date, once each, or not at all."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils

from founderwatch.database.migrations import SCHEMA, migrations, statements, unknown
from founderwatch.database.rows import dicts
from founderwatch.database.store import Store
from tests.judged import mention, saved, story

FILES = sorted(SCHEMA.glob("*.sql"))
PROMISED = {
    "sources", "runs", "articles", "assessments", "events", "mentions", "reviews",
    "flagged", "review_queue", "watch_list", "source_health",
}  # fmt: skip


def test_no_two_files_have_one_number():
    numbers = [int(re.match(r"(\d{3})_[a-z_]+\.sql$", path.name)[1]) for path in FILES]
    assert len(set(numbers)) == len(FILES) and numbers[:3] == [1, 2, 3]


def test_a_new_database_holds_every_table_and_view_that_queries_rely_on(tmp_path):
    with closing(Store(tmp_path / "x.db")) as store:
        assert set(store.db.table_names()) | set(store.db.view_names()) >= PROMISED
        for name in PROMISED:
            assert list(store.db.query(f"select * from {name} limit 1")) == []


def test_opening_again_applies_nothing(tmp_path):
    path = tmp_path / "x.db"
    with closing(Store(path)) as store:
        schema, applied = store.db.schema, list(store.db["_sqlite_migrations"].rows)
        assert [row["name"] for row in applied] == [p.stem for p in FILES]
    with closing(Store(path)) as store:
        assert (store.db.schema, list(store.db["_sqlite_migrations"].rows)) == (schema, applied)
        assert migrations.pending(store.db) == []
        assert unknown(store.db) == set()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path):
    db = sqlite_utils.Database(tmp_path / "x.db")
    db.execute("create view watch_list as select 1")  # in the way of the last statements but one
    with pytest.raises(Exception, match="watch_list already exists"):
        migrations.apply(db)
    assert db.table_names() in ([], ["_sqlite_migrations"])
    assert len(migrations.pending(db)) == len(FILES)
    db.close()


def test_semicolons_in_comments_end_no_statement():
    script = "-- one; two\ncreate table a (b text); -- and; more\n\n;create view c as\nselect 1;"
    assert statements(script) == ["create table a (b text)", "create view c as\nselect 1"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_text_in_a_schema_holds_what_the_splitter_takes_for_an_end(path):
    for literal in re.findall(r"'[^'\n]*'", re.sub(r"--.*", "", path.read_text(encoding="utf-8"))):
        assert ";" not in literal


# Databases of released versions


RELEASED = sorted((Path(__file__).parent / "fixtures").glob("database-*.sql"))
# What newer versions keep in another way than the older one did.
KEPT_OTHERWISE = {"_sqlite_migrations"}


def contents(connection):
    """Every row of every table by the columns' names, without the full-text index's own tables."""
    names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
    return {
        name: dicts(connection.execute(f'select * from "{name}" order by 1'))
        for name in names
        if not name.startswith("articles_fts") and name not in KEPT_OTHERWISE
    }


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def released(request, tmp_path):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
        before = contents(connection)
    return path, before


def test_a_released_versions_rows_are_all_there_after_the_migration(released):
    path, before = released
    assert before["articles"] and before["mentions"] and before["reviews"] and before["failures"]
    with closing(Store(path)) as store:
        assert migrations.pending(store.db) == []
        after = contents(store.db.conn)
        for table, rows in before.items():
            now = [{name: row[name] for name in old} for row, old in zip(after[table], rows, strict=True)]
            assert now == rows, table
        assert store.db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert store.db.execute("pragma foreign_key_check").fetchall() == []


def test_a_migrated_database_has_the_schema_of_a_new_one(released, tmp_path):
    path, _ = released
    with closing(Store(path)) as old, closing(Store(tmp_path / "new.db")) as new:
        described = "select type, name, tbl_name from sqlite_master where name not like 'articles_fts_%' order by 1, 2"
        assert old.db.execute(described).fetchall() == new.db.execute(described).fetchall()
        for table in new.db.table_names():
            assert [c.name for c in old.db[table].columns] == [c.name for c in new.db[table].columns]


def test_a_migrated_database_goes_on_where_it_was(released):
    path, _ = released
    with closing(Store(path)) as store:
        shown = {row["person"]: row for row in store.db.query("select * from flagged")}
        assert shown["Mara Lindqvist"]["role"] == "Principal engineer", "the reviewer's correction holds"
        assert "林婉清" not in shown, "the reviewer's rejection holds"
        assert store.db.execute("select count(*) from articles_fts where articles_fts match '离职'").fetchone() == (1,)
        assert store.is_known("https://wire.example/1") and not store.is_known("https://wire.example/4")
        [event] = [e for e in store.events(everything=True) if e["person"] == "Jo Park"]
        late = story(
            "https://late.example/1", mention("Jo Park", "Dunmore", "joins", venture="Tern"), days=-150, source="late"
        )
        saved(store, late)
        [same] = [e for e in store.events(everything=True) if e["person"] == "Jo Park"]
        assert same["event"] == event["event"] and same["sources"] == 2
