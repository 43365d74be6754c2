"""One key for the forms of one person's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.events.people import person_key

SAME = [
    ("周畅", "Zhou Chang", "Chang Zhou", "周畅博士", "Dr. Zhou Chang", "ZHOU CHANG"),
    ("周靖人", "周靖人", "Zhou Jingren", "Jingren Zhou", "Zhou Jing-ren", "Zhou Jing Ren", "周 靖 人"),
    ("欧阳明高", "Ouyang Minggao", "Minggao Ouyang"),
    ("诸葛亮", "Zhuge Liang", "Liang Zhuge"),
    ("曾鸣", "Zeng Ming"),
    ("单伟建", "Shan Weijian"),
    ("吕骋", "Lyu Cheng", "Lü Cheng", "Lv Cheng", "Lu Cheng"),
    ("陈伟", "陳偉", "Chen Wei", "Wei Chen"),
    ("John Smith", "John A. Smith", "John Andrew Smith", "Mr John Smith", "John Smith Jr."),
    ("Renée Müller", "Renee Muller"),
    ("Sean O'Brien", "Sean O’Brien"),
]
DIFFERENT = [
    ("周畅", "周靖人"),
    ("Zhou Chang", "Zhou Cheng"),
    ("John Smith", "Jane Smith"),
    ("王伟", "王小伟"),
    ("Zhou", "Zhou Chang"),
    ("欧阳明高", "欧阳修"),
]


@pytest.mark.parametrize("forms", SAME, ids=lambda forms: forms[0])
def test_forms_of_one_name_share_a_key(forms):
    assert {person_key(form) for form in forms} == {person_key(forms[0])} - {None}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_have_different_keys(one, other):
    assert person_key(one) != person_key(other)


@pytest.mark.parametrize("name", [None, "", " ", "123", "🙂", "()", "."])
def test_what_is_no_name_has_no_key(name):
    assert person_key(name) is None


@given(st.text(max_size=40))
def test_any_text_has_a_key_of_letters_or_none(name):
    key = person_key(name)
    assert key is None or (key and key == key.casefold() and " " not in key)
