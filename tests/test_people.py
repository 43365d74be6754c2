"""One key for the forms of one person's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.events.people import SAME, SHORT, SLIP, SOUND, SPELLING, alike, filed, near, parse, person_key

ONE_NAME = [
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


@pytest.mark.parametrize("forms", ONE_NAME, ids=lambda forms: forms[0])
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


ALIKE = [
    ("周畅", "Zhou Chang", SAME),
    ("陳偉", "陈伟", SAME),
    ("John Smith", "John A. Smith", SAME),
    ("周畅", "Chou Chang", SPELLING),
    ("周畅", "Ch'ou Ch'ang", SPELLING),
    ("蔡崇信", "Tsai Chung-hsin", SPELLING),
    ("蔡崇信", "Joe Tsai Chung-hsin", SPELLING),
    ("Joe Tsai", "Joe Tsai Chung-hsin", SPELLING),
    ("王家卫", "Wong Kar-wai", SPELLING),
    ("王家卫", "Wong Kar Wai", SPELLING),
    ("张志强", "Cheung Chi Keung", SPELLING),
    ("许家印", "Hsu Chia-yin", SPELLING),
    ("林志伟", "Lam Chi-wai", SPELLING),
    ("吴泳铭", "Eddie Wu Yongming", SPELLING),
    ("单伟", "Dan Wei", SPELLING),
    ("Jean-Luc Fabre", "Jean Luc Fabre", SPELLING),
    ("周畅", "周博士", SHORT),
    ("周畅", "Dr Zhou", SHORT),
    ("周畅", "C. Zhou", SHORT),
    ("John Smith", "JP Smith", SHORT),
    ("周", "Zhou", SHORT),
    ("Zhou Chang", "Zhang Chang", SLIP),
    ("周畅", "Zhang Chang", SLIP),
    ("周畅", "周唱", SLIP),
    ("Mara Lindqvist", "Mara Lindquist", SLIP),
    ("Wang Wei", "Wang Wen", None),
    ("王伟", "Wang Wen", None),
    ("John A. Smith", "John B. Smith", None),
    ("周畅", "Dr Chen", None),
    ("A. Smith", "John Smith", None),
    ("Jensen Huang", "Jason Huang", None),
    ("约翰·史密斯", "Zhou Chang", None),
    ("Bob Smith", "Robert Smith", SPELLING),
    ("Bob Smith", "Rob Smith", SPELLING),
    ("Kate Smith", "Katherine Smith", SPELLING),
    ("Bob Smith", "Richard Smith", None),
    ("Astrid Brandvold", "Astrid Brandvold-Lie", SPELLING),
    ("Astrid Lie", "Astrid Brandvold-Lie", SPELLING),
    ("Astrid Lie", "Astrid Brandvold", None),
    ("Seo Ji-hoon", "Seo Ji", None),
    ("Giulia Castellano", "Giulia Castellano Orsini", SPELLING),
    ("Joost van den Berg", "Joost Van Den Berg", SAME),
    ("Joost van den Berg", "Joost Berg", SAME),
    ("Joost van den Berg", "Van den Berg", SHORT),
    ("Khalid Al-Mansour", "Khalid al Mansour", SAME),
    ("Nguyễn Văn An", "Nguyen An", SAME),
    ("Du Wei", "Wei", SHORT),
    ("Tony Zhao", "赵承宇", SLIP),
    ("Tony Zhao", "周承宇", None),
    ("Tony Zhao Chengyu", "赵承宇", SPELLING),
    ("Tony Chan", "陈承宇", SLIP),
    ("Zhao Yi", "赵承宇", None),
    ("Linda E. Carter", "Linda Carter", SAME),
    ("Linda E. Carter", "Linda E. Holm", None),
    ("Mary Lou Carter", "Mary Lou Holm", None),
    ("Andrew Whitfield", "安德鲁·惠特菲尔德", SOUND),
    ("Katarina Sorensen", "卡特里娜·索伦森", SOUND),
    ("卡特琳娜·索伦森", "卡特里娜·索倫森", SOUND),
    ("Michael Smith", "迈克尔·史密斯", SOUND),
    ("John Hotz", "约翰·霍兹", SOUND),
    ("Peter Roman", "彼得·罗曼", SOUND),
    ("Priya Raman", "彼得·罗曼", None),
    ("Andrew Miller", "安德鲁·惠特菲尔德", None),
    ("周畅", "查尔斯·周", None),
    ("司徒靖远", "司徒博士", SHORT),
]


@pytest.mark.parametrize(("one", "other", "how"), ALIKE)
def test_names_are_as_alike_as_they_are(one, other, how):
    assert alike(parse(one), parse(other)) == how
    assert alike(parse(other), parse(one)) == how


@pytest.mark.parametrize(("one", "other"), [(a, b) for a, b, how in ALIKE if how])
def test_who_may_be_one_person_is_found_under_some_key(one, other):
    one, other = parse(one), parse(other)
    assert {*one.keys, *near(one)} & filed(other) and {*other.keys, *near(other)} & filed(one)


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_has_no_direction(one, other):
    one, other = parse(one), parse(other)
    if one and other:
        assert alike(one, other) == alike(other, one)


def test_a_long_name_has_few_readings():
    assert len(parse("Wong Wing Wai").keys) <= 25
    assert len(parse("乐重行").keys) <= 10
