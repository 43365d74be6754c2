"""Full-text search on real FTS5: Chinese words of any length, English, and whatever a person types."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.database.search import indexed, query

BODY = "沐光智能算法负责人陆清野已于近日离职创业，将在OpenAI之外另起炉灶。He left Orrin Cloud; Renée follows."


def found(body, words):
    with sqlite3.connect(":memory:") as db:
        db.execute("create virtual table texts using fts5(body)")
        db.execute("insert into texts values (?)", [indexed(body)])
        return db.execute("select count(*) from texts where texts match ?", [query(words)]).fetchone() == (1,)


@pytest.mark.parametrize(
    "words",
    ["陆", "业", "离职", "陆清野", "另起炉灶", "离职创业", "沐光智能算法", "算法负责人陆清野", "OpenAI", "在OpenAI之外", "orrin CLOUD",
     "renee", "Cloud 离职", "离职 OpenAI", "left;"],
)  # fmt: skip
def test_words_that_occur_are_found(words):
    assert found(BODY, words)


@pytest.mark.parametrize("words", ["入职", "野清", "陆清夜", "算法负责人陆清", "Google", "离职 Google", "cloudy"])
def test_words_that_do_not_occur_are_not_found(words):
    assert found(BODY, words) == (words in BODY)


@pytest.mark.parametrize("words", ["", "   ", '"', '""', "***", "()", "\0", "-", "。", "NEAR()", "^", "\u200b"])
def test_words_that_ask_for_nothing_find_nothing(words):
    assert not found(BODY, words)


@pytest.mark.parametrize("words", ['"left', "left*", "(left", "left)", "-left", "^left", "left\0", "'left'"])
def test_signs_around_a_word_are_overlooked(words):
    assert found(BODY, words)


@pytest.mark.parametrize(
    "words", ["left OR zebra", "lef*", "left NOT cloud", "NEAR(left cloud)", "body:left", "{body}: left AND 1"]
)
def test_signs_of_the_query_language_are_plain_text(words):
    assert not found(BODY, words)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_valid_query(words):
    found("x", words)


@given(st.text(alphabet="离职创业周畅云阿里的", min_size=1, max_size=12), st.data())
def test_every_piece_of_a_chinese_text_is_found(body, data):
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start + 1, len(body)))
    assert found(body, body[start:end])
