"""What the web writes cannot rule a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.render import as_json, safe, shortened

HOSTILE = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "a\x9b2Jb",
    "\u202eevil",
    "\u2066x",
    "\r overwritten",
    "two\nlines",
    "\u2028",
    "\x7f",
    "\0",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_rules_a_terminal_remains(text):
    for shown in (safe(text), shortened(text, 50), as_json({"title": text})):
        assert shown.isprintable(), ascii(shown)


def test_readable_text_remains():
    text = "周畅 left “Orrin Cloud” – café, 50% 😀"
    assert safe(text) == text
    assert as_json([text]) == f'["{text}"]'


def test_breaks_become_spaces():
    assert safe("one\ntwo\r\nthree\tfour\x85five\u2029six") == "one two  three four five six"


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=80))
def test_json_says_the_same_as_before(text):
    written = as_json({"text": [text]})
    assert json.loads(written) == {"text": [text]}
    written.encode("utf-8")
    assert "\n" not in written


def test_indented_json_has_lines():
    assert as_json({"a": 1}, indent=2) == '{\n  "a": 1\n}'


@pytest.mark.parametrize(
    ("text", "width", "short"), [("abcdef", 6, "abcdef"), ("abcdef", 4, "abc…"), ("ab cdef", 4, "ab…"), ("", 3, "")]
)
def test_long_text_is_cut_with_a_sign(text, width, short):
    assert shortened(text, width) == short
