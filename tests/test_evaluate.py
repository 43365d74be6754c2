"""The measures: what counts as a match, and what the numbers then are."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from founderwatch.items import Assessment, Mention
from models.training.evaluate import GoldStory, by_language, measures, same_person, same_text, tally

EVENT = {"person": "Zhou Chang", "kind": "founds", "status": "expected", "employer": "Alibaba Cloud", "role": None}


def gold(events=(EVENT,), **more):
    return GoldStory.read({"id": "1", "language": "en", "title": "t", "body": "b", "events": list(events), **more})


def found(*mentions, flagged=True):
    return Assessment("test", 0.9 if flagged else 0.1, flagged, mentions)


ZHOU = Mention("Zhou Chang", "founds", "expected", 0.9, employer="Alibaba")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Zhou Chang", "Zhou", True), ("周畅", "周畅", True), ("Dr Mara Lind", "Mara Lind", True), ("Mara A. Lind", "Mara Lind", True),
        ("Zhou Chang", "Zhou Jingren", False), ("周畅", "周靖人", False), ("Mara Lind", "Tom Lind", False),
    ],
)  # fmt: skip
def test_persons(one, other, same):
    assert same_person(one, other) is same
    assert same_person(other, one) is same


def test_two_forms_that_the_story_puts_side_by_side_are_one_person():
    event = EVENT | {"person": "杰西·霍尔布鲁克"}
    told = replace(ZHOU, person="Jesse Holbrook")
    together = gold([event], language="zh", body="杰西·霍尔布鲁克（Jesse Holbrook）离职。")
    result = tally(together, found(told))
    assert (result.hits, result.fields["person"]) == (1, [True])
    apart = gold([event], language="zh", body="杰西·霍尔布鲁克离职，Jesse Holbrook 接任。")
    assert tally(apart, found(told)).hits == 0
    assert same_person("Lin Wenli（林文黎）", "Lin Wenli")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Alibaba", "Alibaba Cloud", True), ("alibaba cloud", "Alibaba Cloud", True), (None, None, True), ("", None, True),
        ("Alibaba", None, False), ("AI", "a company that makes AI tutors", False), ("阿里云", "阿里云", True), ("谷歌", "苹果", False),
    ],
)  # fmt: skip
def test_texts(one, other, same):
    assert same_text(one, other) is same


def test_a_right_answer_counts_everywhere():
    report = measures([tally(gold(), found(ZHOU))])
    assert report["flag"]["f1"]["value"] == report["events"]["f1"]["value"] == 1
    assert report["fields"]["employer"]["value"] == 1
    assert report["fields"]["venture"]["n"] == 0  # the gold does not say: not asked


def test_a_wrong_kind_is_a_miss_and_a_false_event():
    result = tally(gold(), found(Mention("Zhou Chang", "leaves", "expected", 0.9)))
    assert (result.hits, result.told, result.wanted) == (0, 1, 1)
    assert len(result.errors) == 2


def test_a_leaver_without_a_name_counts_for_the_flag_alone():
    nobody = EVENT | {"person": None}
    result = tally(gold([nobody]), found(Mention(None, "founds", "expected", 0.9)))
    assert (result.told, result.wanted, result.errors) == (0, 0, [])


def test_an_incompletely_labelled_story_counts_for_the_flag_alone():
    result = tally(gold(complete=False), found(flagged=False))
    assert (result.wanted, len(result.errors)) == (0, 1)


def test_unlabelled_fields_are_not_asked():
    result = tally(gold(unlabelled_fields=["employer"]), found(ZHOU))
    assert result.fields["employer"] == [] and result.fields["status"] == [True]


def test_a_given_flag_goes_before_the_events():
    assert gold(flag=False).flag is False
    assert gold([EVENT | {"status": "denied"}]).flag is False


def test_languages_are_counted_apart():
    chinese = GoldStory.read({"id": "2", "language": "zh", "title": "t", "body": "b", "events": [], "flag": True})
    report = by_language([tally(gold(), found(ZHOU)), tally(chinese, found(flagged=False))])
    assert report["en"]["flag"]["recall"]["value"] == 1
    assert report["zh"]["flag"]["recall"]["value"] == 0
    assert report["all"]["flag"]["recall"]["value"] == 0.5


def test_the_command_measures_and_names_bad_lines(tmp_path):
    path = tmp_path / "gold.jsonl"
    row = {"id": "a", "language": "en", "title": "New phone", "body": "It has a larger battery.", "events": []}
    path.write_text(json.dumps(row) + "\n{broken\n", encoding="utf-8")
    command = [Path(sys.executable).with_name("founderwatch"), "evaluate", "--json", "--errors", path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "line 2" in result.stderr
    report = json.loads(result.stdout)
    assert report["languages"]["en"]["stories"] == 1
    assert report["errors"] == []


@pytest.mark.parametrize(
    ("told", "employer", "organisation"),
    [
        ("谷歌", [False], [True]),
        ("Google DeepMind", [True], [True]),
        ("Apple", [False], [False]),
        (None, [False], [False]),
    ],
)
def test_an_employer_under_another_name_is_told_apart_from_a_wrong_one(told, employer, organisation):
    story = gold(events=[{**EVENT, "employer": "Google"}])
    result = tally(story, found(replace(ZHOU, employer=told)))
    assert (result.fields["employer"], result.fields["organisation"]) == (employer, organisation)


@pytest.mark.parametrize(("told", "standing"), [("announced", [True]), ("rumoured", [False]), ("denied", [False])])
def test_a_status_is_also_told_by_doubt(told, standing):
    assert tally(gold(), found(replace(ZHOU, status=told))).fields["standing"] == standing
