"""Numbered SQL files bring a database up to date, once each, or not at all."""

import re
from contextlib import closing

import pytest
import sqlite_utils

from founderwatch.database.migrations import SCHEMA, migrations, statements, unknown
from founderwatch.database.store import Store

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
