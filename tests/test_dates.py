"""Words for a time, seen from Wednesday 10 July 2024."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.dates import latest_year, resolve

PUBLISHED = datetime(2024, 7, 10, 8, tzinfo=UTC)

RANGES = {
    "early last year": ("2023-01-01", "2023-04-30"),
    "mid-2023": ("2023-05-01", "2023-08-31"),
    "late 2022": ("2022-09-01", "2022-12-31"),
    "at the end of last year": ("2023-09-01", "2023-12-31"),
    "Q1 2024": ("2024-01-01", "2024-03-31"),
    "in the fourth quarter": ("2024-10-01", "2024-12-31"),
    "last summer": ("2023-06-01", "2023-08-31"),
    "earlier this year": ("2024-01-01", "2024-07-10"),
    "next year": ("2025-01-01", "2025-12-31"),
    "2019": ("2019-01-01", "2019-12-31"),
    "in the 1990s": ("1990-01-01", "1999-12-31"),
    "in May": ("2024-05-01", "2024-05-31"),
    "in August": ("2024-08-01", "2024-08-31"),
    "in December": ("2023-12-01", "2023-12-31"),
    "in May last year": ("2023-05-01", "2023-05-31"),
    "on 3 June": ("2024-06-03", "2024-06-03"),
    "Sept. 30, 2023": ("2023-09-30", "2023-09-30"),
    "February 30, 2023": ("2023-02-01", "2023-02-28"),
    "2023-05-12": ("2023-05-12", "2023-05-12"),
    "last month": ("2024-06-01", "2024-06-30"),
    "a year ago": ("2023-01-01", "2023-12-31"),
    "more than two years ago": ("2022-01-01", "2022-12-31"),
    "a decade ago": ("2014-01-01", "2014-12-31"),
    "three months ago": ("2024-04-01", "2024-04-30"),
    "three weeks ago": ("2024-06-17", "2024-06-23"),
    "two days ago": ("2024-07-08", "2024-07-08"),
    "last week": ("2024-07-01", "2024-07-07"),
    "on Monday": ("2024-07-08", "2024-07-08"),
    "on Thursday": ("2024-07-04", "2024-07-04"),
    "on Wednesday": ("2024-07-10", "2024-07-10"),
    "last Wednesday": ("2024-07-03", "2024-07-03"),
    "next Friday": ("2024-07-12", "2024-07-12"),
    "yesterday": ("2024-07-09", "2024-07-09"),
    "今年5月": ("2024-05-01", "2024-05-31"),
    "去年5月12日": ("2023-05-12", "2023-05-12"),
    "２０２３年１２月": ("2023-12-01", "2023-12-31"),
    "十一月": ("2023-11-01", "2023-11-30"),
    "去年底": ("2023-09-01", "2023-12-31"),
    "今年年初": ("2024-01-01", "2024-04-30"),
    "年底": ("2024-09-01", "2024-12-31"),
    "前年": ("2022-01-01", "2022-12-31"),
    "大前年": ("2021-01-01", "2021-12-31"),
    "今年上半年": ("2024-01-01", "2024-06-30"),
    "2024年Q1": ("2024-01-01", "2024-03-31"),
    "今年早些时候": ("2024-01-01", "2024-07-10"),
    "两年前": ("2022-01-01", "2022-12-31"),
    "十二年前": ("2012-01-01", "2012-12-31"),
    "三个月前": ("2024-04-01", "2024-04-30"),
    "半年前": ("2024-01-01", "2024-01-31"),
    "上个月": ("2024-06-01", "2024-06-30"),
    "本月5日": ("2024-07-05", "2024-07-05"),
    "上周五": ("2024-07-05", "2024-07-05"),
    "上周": ("2024-07-01", "2024-07-07"),
    "周一": ("2024-07-08", "2024-07-08"),
    "昨日": ("2024-07-09", "2024-07-09"),
    "12日": ("2024-06-12", "2024-06-12"),
    "三周前": ("2024-06-17", "2024-06-23"),
}

NO_TIME = [
    None, "", "  ", "近日", "日前", "最近", "此前", "recently", "soon", "nonsense", "20", "in the coming weeks", "several years ago",
    # How long, not when: a date of these would make an old departure of a new one.
    "after seven years", "after seven years at the firm", "seven years", "10 years", "七年", "任职七年后", "7年", "100 days",
]  # fmt: skip


@pytest.mark.parametrize("words", RANGES)
def test_words_name_a_range_of_days(words):
    found = resolve(words, PUBLISHED)
    assert found, "nothing was found"
    assert (found.start.isoformat(), found.end.isoformat()) == RANGES[words]


@pytest.mark.parametrize("words", NO_TIME)
def test_words_that_name_no_time_give_none(words):
    assert resolve(words, PUBLISHED) is None


def test_a_bare_month_is_the_nearest_over_the_turn_of_the_year():
    assert resolve("in January", datetime(2024, 12, 20)).start == date(2025, 1, 1)
    assert resolve("in December", datetime(2024, 1, 5)).start == date(2023, 12, 1)
    assert resolve("12月", datetime(2024, 1, 5)).start == date(2023, 12, 1)
    assert resolve("in the fourth quarter", datetime(2024, 2, 1)).start == date(2023, 10, 1)


@pytest.mark.parametrize("day", [datetime(1, 1, 1), datetime(9999, 12, 31), datetime(2024, 2, 29)])
@pytest.mark.parametrize("words", [*RANGES, "99 years ago", "next month", "下周日", "明天"])
def test_no_words_fail_at_the_ends_of_the_calendar(words, day):
    found = resolve(words, day)
    assert found is None or found.start <= found.end


_WORDS = re.findall(
    r"\S+",
    "last next this early late in May 2023 1999 年 月 日 去 今 前 周 一 十 二 0 31 99 ago years weeks months Q1 底 初 半 - / . the",
)


@given(st.lists(st.sampled_from(_WORDS), max_size=7), st.sampled_from(["", " "]), st.datetimes())
def test_any_mixture_of_words_is_a_range_or_none(words, between, published):
    found = resolve(between.join(words), published)
    assert found is None or found.start <= found.end


@given(st.text(max_size=200), st.datetimes())
def test_any_text_is_a_range_or_none(text, published):
    found = resolve(text, published)
    assert found is None or found.start <= found.end


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("She left Google in 2009 to found Y, and in 2011 sold it.", 2011),
        ("2009年离开谷歌", 2009),
        ("on May 5, 2012", 2012),
        ("He led a team of 2000 people.", None),
        ("By 2030 it will have customers.", None),
        ("no year", None),
    ],
)
def test_the_latest_year_of_a_text_is_found(text, year):
    found = latest_year(text, PUBLISHED)
    assert (found and found.start.year) == year


@pytest.mark.parametrize(
    "text",
    [
        "Jane Holcomb, who joined Google in 2014, has left to found a company.",
        "Hired from Meta in March 2015, she leaves to start a laboratory.",
        "She has been at Baidu since 2012.",
        "2014年加入谷歌的林知微已离职创业。",
        "他2013年7月从清华毕业, 一直在阿里。",
        "自2015年起负责搜索的陈默离职。",
        "林知微 2014 年 5 月加入谷歌, 近日离职。",
        "周明浩2016年加入小米, 2021年升任副总裁, 近期已离职创业。",
        "She was promoted to vice-president in 2019 and has resigned.",
    ],
)
def test_the_year_of_an_arrival_is_none_of_a_departure(text):
    assert latest_year(text, PUBLISHED) is None
    assert latest_year(text, PUBLISHED, arrivals=True) is not None


def test_the_year_of_a_departure_stays_beside_that_of_an_arrival():
    assert latest_year("She joined Google in 2004 and left in 2011 to found Kiln.", PUBLISHED).start.year == 2011
    assert latest_year("2004年加入谷歌, 2011年离职创办窑火。", PUBLISHED).start.year == 2011
