"""The corpus' form, its split, and its balance."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from models.training import corpus

GOOD = """--
@en wire 1=founds/expected published=2026-07-05
# AI expert to quit for own start-up
[Algorithm engineer|r1] [Qiu Lan|p1] has [decided to leave|t1] [Orrin Cloud|e1] to [start a business|t1].
@zh flash
[秋岚|o]否认将离开奥林云。
"""


@pytest.fixture(scope="module")
def records():
    return corpus.read()


def parse(tmp_path: Path, text: str):
    path = tmp_path / "sample.txt"
    path.write_text(text, encoding="utf-8")
    return corpus.read_file(path)


def test_a_record_is_read_with_exact_spans(tmp_path):
    (first, second), problems = parse(tmp_path, GOOD)
    assert not problems
    assert first.title == "AI expert to quit for own start-up"
    assert first.events == {1: ("founds", "expected")}
    assert first.person(1) == "Qiu Lan"
    assert [first.argument(1, label) for label in "erv"] == ["Orrin Cloud", "Algorithm engineer", None]
    assert all(first.text[s.start : s.end].strip() for s in first.spans)
    assert second.language == "zh" and not second.events
    assert first.group == second.group


def test_every_record_has_a_name_of_its_own(records, tmp_path):
    assert len({record.where for record in records}) == len(records)
    for folder in ("passages", "stories"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "en-01.txt").write_text(GOOD, encoding="utf-8")
    assert [r.where.partition(":")[0] for r in corpus.read(tmp_path)][::2] == [
        "passages/en-01.txt",
        "stories/en-01.txt",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@en wire 1=founds/expected\n[Qiu Lan|p1] left.\n", "has no trigger"),
        ("@en wire 1=founds/expected\nShe [left|t1].\n", "has no leaver"),
        ("@en wire\n[Qiu Lan|p1] left.\n", "which the header lacks"),
        ("@en wire 1=resigns/expected\n[Qiu|p1] [left|t1].\n", "unknown kind or status"),
        ("@fr wire\nBonjour.\n", "needs a language"),
        ("@en novel\nHello.\n", "unknown register"),
        ("@en wire\n[Qiu [Lan|o]|o] left.\n", "stray bracket"),
        ("@en wire\n[Qiu Lan|q1] left.\n", "unknown label"),
        ("@en wire\n[Qiu Lan |o] left.\n", "begins or ends with a space"),
        ("@en wire\n", "no text"),
        ("Hello.\n", "before a header"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path, text, message):
    _, problems = parse(tmp_path, text)
    assert len(problems) == 1
    assert message in problems[0]
    assert problems[0].startswith("sample.txt:1")


def test_a_mistake_costs_no_other_record(tmp_path):
    records, problems = parse(tmp_path, "@en wire\n[Qiu|z1] left.\n" + GOOD)
    assert len(problems) == 1
    assert len(records) == 2


def test_the_corpus_has_no_mistakes_and_is_large_enough(records):
    languages = Counter(r.language for r in records)
    assert len([r for r in records if not r.long]) >= 5000
    assert len([r for r in records if r.long]) >= 400
    assert min(languages.values()) >= 0.45 * len(records)


def test_every_positive_has_its_negatives(records):
    for language in ("en", "zh"):
        mine = [r for r in records if r.language == language]
        assert sum(not r.flagged for r in mine) >= 2 * sum(r.flagged for r in mine)


def test_all_kinds_and_statuses_occur_in_both_languages(records):
    for language in ("en", "zh"):
        told = [event for r in records if r.language == language for event in r.events.values()]
        assert min(Counter(kind for kind, _ in told).values()) >= 100
        assert min(Counter(status for _, status in told).values()) >= 20


def test_no_near_copy_crosses_the_split(records):
    assert [(a.where, b.where) for a, b, _ in corpus.near_copies(records)] == []


def test_the_check_for_near_copies_finds_one(records):
    train = next(r for r in records if corpus.split(r) == "train" and len(r.text) > 200)
    held_back = next(r for r in records if corpus.split(r) == "test")

    copy = replace(held_back, title=train.title, body=train.body + " It added nothing.", language=train.language)
    assert corpus.near_copies([train, copy])


def test_each_part_holds_both_languages(records):
    parts = Counter((corpus.split(r), r.language) for r in records)
    assert all(parts[part, language] > 100 for part in ("train", "dev", "test") for language in ("en", "zh"))


def test_a_record_becomes_a_gold_story(tmp_path):
    (first, _), _ = parse(tmp_path, GOOD)
    row = corpus.gold(first)
    assert (row["title"], row["published"]) == (first.title, "2026-07-05")
    (event,) = row["events"]
    assert (event["person"], event["kind"], event["employer"]) == ("Qiu Lan", "founds", "Orrin Cloud")
    assert event["venture"] is None
