"""The documents are true: their queries run, their links lead somewhere, every command is told and explains itself."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from founderwatch.cli import _COMMANDS, main
from founderwatch.database.store import Store
from founderwatch.items import Article, Assessment, Evidence, Mention, Story

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "models/weights/README.md",
]
QUERIES = re.search(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)[1].strip().split(";\n")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("docs") / "founderwatch.db")
    body = "周畅将离职创业。"
    evidence = (Evidence(body, 0, len(body), "body"),)
    mention = Mention("周畅", "founds", "expected", 0.9, employer="阿里云", evidence=evidence)
    left = Mention("Mara Lind", "leaves", "confirmed", 0.8, employer="Orrin", evidence=evidence)
    now = datetime.now(UTC)
    article = Article("https://news.example/1", "sample", "周畅离职", body, "zh", published=now)
    store.save(Story(article=article, assessment=Assessment("test", 0.9, True, (mention, left))), 0.5)
    yield store
    store.close()


def test_the_readme_has_ten_queries():
    assert len(QUERIES) == 10


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.splitlines()[0].strip("- "))
def test_the_readmes_queries_run(store, query):
    list(store.db.query(query))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8])
def test_the_readmes_queries_find_something(store, number):
    assert list(store.db.query(QUERIES[number - 1])), QUERIES[number - 1]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_explains_itself(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Example:" in result.output


@pytest.mark.parametrize("name", ["scan", "crawl", "events", "serve", "evaluate", "train"])
def test_every_command_takes_the_common_options(name):
    output = CliRunner().invoke(main, [name, "--help"]).output
    assert all(option in output for option in ("--db", "--config", "--quiet"))


def test_every_make_target_of_the_readme_exists():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"make ([a-z-]+)", readme)) <= targets


def test_the_readme_counts_the_sources_right():
    from spiders.sources import load

    said = int(re.search(r"reads (\d+) English and Chinese", (ROOT / "README.md").read_text(encoding="utf-8"))[1])
    assert said == len(load())


def test_every_module_says_what_it_is():
    for folder in ("founderwatch", "models", "pipelines", "spiders"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not text.strip() or text.startswith('"""'), f"{path} has no docstring"
