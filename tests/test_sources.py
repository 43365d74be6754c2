"""The registry: what it reads, and how it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from spiders.sources import PACKAGED, Registry, RegistryError, lay, load, parse, parse_registry, read, select

GOOD = """\
# A comment
[[source]]
name = "36kr"
title = "36Kr"
home = "https://36kr.com/"
language = "zh"
feeds = ["https://36kr.com/feed"]
allow = ["/p/\\\\d+"]
deny = [
  "/video/",
]

[[source]]
name = "plain"
home = "https://plain.example/"
language = "en"
listings = ["https://plain.example/news"]
max_pages = 2
"""


def problems(text: str) -> list[str]:
    with pytest.raises(RegistryError) as caught:
        parse(text, "sources.toml")
    return list(caught.value.problems)


def test_reads_every_field() -> None:
    first, second = parse(GOOD)
    assert (first.name, first.title, first.language) == ("36kr", "36Kr", "zh")
    assert first.admits("https://36kr.com/p/123") and not first.admits("https://36kr.com/video/p/123")
    assert not first.admits("https://36kr.com/about")
    assert second.title == "plain" and second.max_pages == 2 and second.admits("https://anything.example/")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('name = "plain"', 'nam = "plain"', "sources.toml:14: nam is unknown (did you mean 'name'?)"),
        ('name = "plain"', 'nam = "plain"', "sources.toml:13: name is missing"),
        ('name = "plain"', 'name = "36kr"', "sources.toml:14: name '36kr' is taken by the source on line 3"),
        ('name = "plain"', 'name = "a,b"', "sources.toml:14: name must be one line without commas, not 'a,b'"),
        ('"https://36kr.com/feed"', '"36kr.com/feed"', "sources.toml:7: feeds must be an http or https address, not '36kr.com/feed'"),
        ('["https://36kr.com/feed"]', '"https://36kr.com/feed"', "sources.toml:7: feeds must be a list of strings, not 'https://36kr.com/feed'"),
        ('  "/video/",', '  "(video",', "sources.toml:10: deny is not a regular expression: '(video'"),
        ('language = "zh"', 'language = "Chinese"', "sources.toml:6: language must be a language code"),
        ('listings = ["https://plain.example/news"]', "", "sources.toml:13: feeds is missing: one of feeds, sitemaps, listings, apis is needed"),
        ("max_pages = 2", "max_pages = 0", "sources.toml:18: max_pages must be a whole number from 1 to 100, not 0"),
        ("# A comment", "[sources]", "sources.toml:1: sources is unknown (did you mean 'source'?)"),
        ('home = "https://plain.example/"', 'home = "ftp://plain.example/"', "sources.toml:15: home must be an http or https address"),
    ],
)  # fmt: skip
def test_mistake_names_file_line_and_field(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert any(problem.startswith(expected) for problem in problems(GOOD.replace(old, new))), problems(
        GOOD.replace(old, new)
    )


def test_all_mistakes_are_named_at_once() -> None:
    text = GOOD.replace('language = "en"', "").replace('title = "36Kr"', "title = 36")
    assert len(problems(text)) == 2


def test_broken_toml_names_the_line() -> None:
    [problem] = problems('[[source]]\nname = "x\n')
    assert problem.startswith("sources.toml: is not TOML") and "line 2" in problem


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'[[source]]\nname = "caf\xe9"\n')
    with pytest.raises(RegistryError, match="is not UTF-8"):
        load(tmp_path / "latin.toml")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(RegistryError, match="names no source"):
        load(tmp_path / "empty.toml")


def test_select_keeps_order_and_suggests() -> None:
    sources = parse(GOOD)
    assert [source.name for source in select(sources, ["plain", "36kr"])] == ["36kr", "plain"]
    assert select(sources, []) == sources
    with pytest.raises(RegistryError, match=r"no source is called '36k'.*did you mean '36kr'"):
        select(sources, ["36k"])


def test_disabled_sources_stay_known_and_are_left_out(tmp_path: Path) -> None:
    text = 'disabled = ["plain", "left-the-registry"]\n' + GOOD
    registry = parse_registry(text)
    assert [source.name for source in parse(text)] == [source.name for source in registry.enabled] == ["36kr"]
    assert [source.name for source in registry.choose(["plain"])] == ["plain"]
    with pytest.raises(RegistryError, match="every source is disabled"):
        Registry(registry.sources, frozenset({"36kr", "plain"})).choose()


def test_an_own_registry_replaces_in_place_adds_and_disables(tmp_path: Path) -> None:
    base, own = tmp_path / "base.toml", tmp_path / "own.toml"
    base.write_text(GOOD)
    assert lay(base, own) == read(base)
    own.write_text('disabled = ["plain"]\n' + GOOD.replace("plain", "mine").replace("36kr.com/feed", "36kr.com/new"))
    both = lay(base, own)
    assert [source.name for source in both.sources] == ["36kr", "plain", "mine"]
    assert both.sources[0].feeds == ("https://36kr.com/new",)
    assert [source.name for source in both.enabled] == ["36kr", "mine"]
    own.write_text("# nothing yet\n")
    assert lay(base, own).sources == read(base).sources
    assert lay(base, base) == read(base)


@pytest.mark.skipif(not PACKAGED.exists(), reason="the packaged registry is not there yet")
def test_packaged_registry_is_sound() -> None:
    sources = load()
    assert len({source.home for source in sources}) > 0.9 * len(sources)
    for source in sources:
        addresses = source.feeds + source.sitemaps + source.listings
        assert len(addresses) == len(set(addresses)), source.name
        assert source.title.strip() == source.title, source.name
