"""Which mentions in one story are one person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.persons import NameMention, is_part, join, name_parts, parted


def persons(text, *names, leavers=()):
    """The names as they stand in the text, one mention each, joined; a leaver's mentions weigh 0.9."""
    mentions, at = [], 0
    for name in names:
        at = text.index(name, at)
        mentions.append(NameMention(at, at + len(name), name, 0.9 if name in leavers else 0.1))
        at += len(name)
    return {p.name: [m.text for m in p.mentions] for p in join(mentions, text)}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Mr. Zhou Chang", ("zhou", "chang")),
        ("Mara Lindqvist's", ("mara", "lindqvist")),
        ("J.-P. O’Brien", ("j", "p", "o’brien")),
        ("周畅博士", ("周", "畅")),
        ("周总", ("周",)),
        ("Professor", ("professor",)),
        ("42", ()),
    ],
)
def test_a_name_has_comparable_parts(name, parts):
    assert name_parts(name) == parts


@pytest.mark.parametrize(
    ("short", "full", "part"),
    [
        ("Zhou", "Zhou Chang", True),
        ("Mara", "Mara Lindqvist", True),
        ("M. Lindqvist", "Mara Lindqvist", True),
        ("John Smith", "John Adam Smith", True),
        ("Zhou Chang", "Zhou Chang", True),
        ("周", "周畅", True),
        ("小明", "王小明", True),
        ("马斯克", "埃隆·马斯克", True),
        ("王明", "王小明", False),
        ("Lind", "Mara Lindqvist", False),
        ("Chang Zhou", "Zhou Chang", False),
        ("Zhou Chang", "Zhou", False),
        ("42", "Zhou Chang", False),
    ],
)
def test_a_short_form_stands_for_a_fuller_name(short, full, part):
    assert is_part(name_parts(short), name_parts(full)) is part


def test_a_name_and_its_other_form_in_brackets_are_one_person():
    text = "Emil 罗（罗以默）离职，罗以默发文"
    assert persons(text, "Emil 罗", "罗以默", "罗以默") == {"Emil 罗": ["Emil 罗", "罗以默", "罗以默"]}


def test_people_in_a_list_are_different_people_in_whatever_script():
    text = "联合 Sanjay Ghemawat、黄国乐、Oriol Vinyals、李雷创业"
    names = ["Sanjay Ghemawat", "黄国乐", "Oriol Vinyals", "李雷"]
    assert [*persons(text, *names)] == names


def test_a_surname_goes_to_the_person_whom_the_story_is_about():
    text = "Zhou Chang leaves. He reported to Zhou Jingren. Zhou will start a company."
    assert persons(text, "Zhou Chang", "Zhou Jingren", "Zhou", leavers=("Zhou Chang", "Zhou")) == {
        "Zhou Chang": ["Zhou Chang", "Zhou"],
        "Zhou Jingren": ["Zhou Jingren"],
    }


def test_a_name_and_its_form_in_brackets_are_one_person():
    assert len(persons("周畅（Zhou Chang）离职。", "周畅", "Zhou Chang")) == 1
    assert len(persons("Zhou Chang (周畅) left.", "Zhou Chang", "周畅")) == 1
    assert len(persons("周畅 met Jia Yangqing.", "周畅", "Jia Yangqing")) == 2


def test_the_fullest_form_is_the_name_without_its_title():
    assert list(persons("Dr Jane Roe left. Roe said. Jane Roe.", "Dr Jane Roe", "Roe", "Jane Roe")) == ["Jane Roe"]
    assert list(persons("周畅博士离职，周畅表示", "周畅博士", "周畅")) == ["周畅"]
    assert list(persons("J. Roe left. Jane Roe said.", "J. Roe", "Jane Roe")) == ["Jane Roe"]


def test_a_foreign_name_in_both_scripts_is_the_original_one():
    assert list(persons("杰西·霍尔布鲁克（Jesse Holbrook）离职。", "杰西·霍尔布鲁克", "Jesse Holbrook")) == [
        "Jesse Holbrook"
    ]
    assert list(persons("闵知夏（Min Zhixia）离职。", "闵知夏", "Min Zhixia")) == ["闵知夏"]
    assert list(persons("杰西·霍尔布鲁克离职。", "杰西·霍尔布鲁克")) == ["杰西·霍尔布鲁克"]


def test_a_nickname_in_brackets_is_a_part_of_the_name():
    text = "Yuhan (Toby) Wei left. Wei said. Toby Wei."
    assert persons(text, "Yuhan", "Toby", "Wei", "Wei", "Toby Wei") == {
        "Yuhan (Toby) Wei": ["Yuhan (Toby) Wei", "Toby Wei", "Wei"]
    }
    assert len(persons("Ana (Ben) and Cy left.", "Ana", "Ben", "Cy")) == 3


def test_a_first_name_in_one_script_and_a_surname_in_the_other_are_one_name():
    assert list(persons("理想汽车的Lucas 郝离职。", "Lucas", "郝")) == ["Lucas 郝"]
    assert list(persons("Tim Cook 库克表示。", "Tim Cook", "库克")) == ["Tim Cook", "库克"]


def test_persons_come_in_the_order_of_the_text():
    assert list(persons("Ana met Ben Ray and Cy.", "Ana", "Ben Ray", "Cy")) == ["Ana", "Ben Ray", "Cy"]


@given(st.lists(st.text(min_size=1, max_size=12), max_size=8))
def test_no_mention_is_lost_or_doubled(names):
    mentions = [NameMention(i * 20, i * 20 + len(n), n, 0.5) for i, n in enumerate(names)]
    joined = [m for p in join(mentions, " " * 200) for m in p.mentions]
    assert sorted(joined, key=lambda m: m.start) == mentions


@pytest.mark.parametrize(
    ("tagged", "names"),
    [
        ("丹尼尔·霍尔特和安娜·科瓦奇", ["丹尼尔·霍尔特", "安娜·科瓦奇"]), ("丹尼尔·霍尔特和", ["丹尼尔·霍尔特"]),
        ("大和·田中", ["大和·田中"]), ("安德烈·和田·史密斯", ["安德烈·和田·史密斯"]), ("Mara Lind", ["Mara Lind"]),
    ],
)  # fmt: skip
def test_two_transliterated_names_tagged_as_one_are_two(tagged, names):
    assert [tagged[start:end] for start, end in parted(tagged)] == names
