"""What `scan` is given: good lines are stories letter for letter, bad ones are told and cost no other."""

import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.intake import moment, read, story_of


def lines(tmp_path, data):
    """What a JSON Lines file holds: each story or problem by its line."""
    path = tmp_path / "given.jsonl"
    path.write_bytes(data)
    return {given.line: given for given in read([str(path)], jsonl=False)}


def test_a_line_becomes_an_article_letter_for_letter():
    body = "\n  周畅 left\r\n\tOrrin 😀 "
    row = {
        "id": 7, "title": " T ", "body": body, "url": "https://a.example/1", "source": "wire", "language": "zh",
        "published": "2026-07-06T12:00:00+08:00", "unknown": [1], "events": None,
    }  # fmt: skip
    found = story_of(row)
    article = found.story.article
    assert found.id == "7"
    assert (article.title, article.body, article.url, article.source, article.language) == (
        " T ", body, "https://a.example/1", "wire", "zh",
    )  # fmt: skip
    assert article.published == datetime(2026, 7, 6, 4, tzinfo=UTC)


def test_what_may_be_missing_may_be_null():
    for row in (
        {"id": "a", "body": "b"},
        {"id": "a", "body": "b", "title": None, "url": None, "published": None, "source": ""},
    ):
        article = story_of(row).story.article
        assert (article.title, article.body, article.url, article.source, article.published) == (
            "",
            "b",
            None,
            None,
            None,
        )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"title": "x", "body": "y"}', "id is missing"),
        (b'{"id": null, "body": "y"}', "id is missing"),
        (b'{"id": ["a"], "body": "y"}', "id must be a text or a whole number, not list"),
        (b'{"id": true, "body": "y"}', "id must be a text or a whole number, not bool"),
        (b'{"id": NaN, "body": "y"}', "id must be a text or a whole number, not float"),
        (b'{"id": "a"}', "neither title nor body"),
        (b'{"id": "a", "title": null, "body": null}', "neither title nor body"),
        (b'{"id": "a", "body": 5}', "body must be a text or null, not int"),
        (b'{"id": "a", "body": NaN}', "body must be a text or null, not float"),
        (b'{"id": "a", "body": "b", "title": ["x"]}', "title must be a text or null, not list"),
        (b'{"id": "a", "body": "b", "url": {}}', "url must be a text or null, not dict"),
        (b'{"id": "a", "body": "b", "published": 1720000000}', "published must be a text or null, not int"),
        (
            b'{"id": "a", "body": "b", "published": "yesterday"}',
            "published must be an ISO date or time, not 'yesterday'",
        ),
        (b'{"id": "a", "body": "b", "published": "2026-02-30"}', "published must be an ISO date or time"),
        (b'{"id": "a", "body": "b", "published": "0001-01-01T00:00+14:00"}', "published must be an ISO date or time"),
        (b'{"id": "a", "body": "b"', "Expecting"),
        (b'{"id": "a" "body": "b"}', "Expecting"),
        (b'["a", "b"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"plain words", "Expecting value"),
        (b'{"id": "a", "body": "\xff\xfe"}', "'utf-8' codec can't decode"),
        (b'{"id": "a", "body": "\xd6\xdc\xb3\xa9"}', "'utf-8' codec can't decode"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b', "body": "b"}', "Exceeds the limit"),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_a_bad_line_is_told_with_its_number_and_the_rest_goes_on(tmp_path, line, problem):
    good = b'{"id": "good", "body": "b"}'
    found = lines(tmp_path, b"\n".join([good, b"", line, good]) + b"\n")
    assert sorted(found) == [1, 3, 4]
    assert found[3].story is None
    assert f"given.jsonl: line 3: {problem}" in found[3].problem
    assert [found[n].id for n in (1, 4)] == ["good", "good"]
    assert found[1].problem is found[4].problem is None


def test_marks_of_windows_are_no_mistakes(tmp_path):
    found = lines(
        tmp_path,
        b'\xef\xbb\xbf{"id": "a", "body": "x"}\r\n\r\n \t\r\n\xef\xbb\xbf{"id": "b", "body": "y"}\r\n\xef\xbb\xbf',
    )
    assert {n: (g.id, g.story.article.body) for n, g in found.items()} == {1: ("a", "x"), 4: ("b", "y")}


def test_large_and_small_bodies_pass(tmp_path):
    rows = [{"id": "big", "body": "周" * 2_000_000}, {"id": "one", "body": "x"}, {"id": "none", "body": ""}]
    found = lines(tmp_path, "\n".join(json.dumps(r, ensure_ascii=False) for r in rows).encode())
    assert [len(found[n].story.article.body) for n in (1, 2, 3)] == [2_000_000, 1, 0]


def test_half_an_emoji_is_replaced_at_its_place():
    article = story_of(json.loads('{"id": "a", "title": "\\ud83d", "body": "ab\\ude00cd"}')).story.article
    assert (article.title, article.body) == ("\ufffd", "ab\ufffdcd")


def test_a_text_file_is_a_body_letter_for_letter(tmp_path):
    path = tmp_path / "story.txt"
    path.write_bytes("\ufeff\n\n  <html> is no mark-up here\n周畅 ".encode())
    (found,) = read([str(path)], jsonl=False)
    assert (found.id, found.story.article.title) == (str(path), "")
    assert found.story.article.body == "\n\n  <html> is no mark-up here\n周畅 "


def test_a_chinese_file_in_gb18030_is_read(tmp_path):
    text = "沐光智能算法负责人陆清野已于近日离职，将创办一家聚焦具身智能的新公司，这是他的第一次创业。"
    (tmp_path / "gb.txt").write_bytes(text.encode("gb18030"))
    (found,) = read([str(tmp_path / "gb.txt")], jsonl=False)
    assert found.story.article.body == text


@pytest.mark.parametrize("name", ["page.html", "page", "page.data"])
def test_html_goes_through_extraction(tmp_path, name):
    paragraph = "Mara Lindqvist has left Orrin Cloud to start her own business in warehouse robotics, she wrote. " * 3
    page = f"<!doctype html><html><head><title>Lindqvist leaves</title></head><body><nav>Menu</nav><article><h1>Lindqvist leaves</h1><p>{paragraph}</p></article></body></html>"
    (tmp_path / name).write_text(page, encoding="utf-8")
    (found,) = read([str(tmp_path / name)], jsonl=False)
    assert found.story.article.title == "Lindqvist leaves"
    assert found.story.article.body.strip() == paragraph.strip()


def test_standard_input_is_lines_text_or_html(monkeypatch):
    def given_input(data, jsonl):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        return list(read(["-"], jsonl=jsonl))

    line = b'{"id": "a", "body": "b"}\n'
    assert [g.id for g in given_input(line * 2, jsonl=True)] == ["a", "a"]
    (text,) = given_input(line, jsonl=False)
    assert text.story.article.body == line.decode()
    (html,) = given_input(b"<html><body></body></html>", jsonl=False)
    assert "-: " in html.problem


def test_lines_are_judged_as_they_come(monkeypatch):
    class Endless(io.RawIOBase):
        """Gives one line and never ends."""

        given = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            assert self.given == 0, "more was asked for before the first line was used"
            self.given += 1
            line = b'{"id": "a", "body": "b"}\n'
            buffer[: len(line)] = line
            return len(line)

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    assert next(read(["-"], jsonl=True)).id == "a"


@pytest.mark.parametrize(
    ("name", "problem"),
    [(".", "Is a directory"), ("missing.jsonl", "No such file"), ("nul\0byte", "null byte"), ("x" * 300, "too long"),
     ("http://[bad", "not an address"), ("https://", "not an address")],
)  # fmt: skip
def test_an_input_that_cannot_be_opened_is_told_and_the_rest_goes_on(tmp_path, monkeypatch, name, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.txt").write_text("good")
    bad, good = read([name, "good.txt"], jsonl=False)
    assert problem in bad.problem
    assert good.story.article.body == "good"


def test_a_binary_file_is_told(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (found,) = read([str(tmp_path / "x.png")], jsonl=False)
    assert "binary" in found.problem or "not HTML" in found.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        (" ", None),
        ("2026-07-06", datetime(2026, 7, 6, tzinfo=UTC)),
        ("2026-07", datetime(2026, 7, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-07-06T09:00:00Z", datetime(2026, 7, 6, 9, tzinfo=UTC)),
        ("2026-07-06 09:00:00", datetime(2026, 7, 6, 9, tzinfo=UTC)),
        ("2026-07-06T01:00:00+08:00", datetime(2026, 7, 5, 17, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_utc(text, expected):
    assert moment(text) == expected
    assert expected is None or moment(text).tzinfo is UTC


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["id", "title", "body", "url", "source", "language", "published"]), x)
        ),
    )
)
def test_any_json_is_a_story_or_a_told_mistake(row):
    try:
        found = story_of(row)
    except ValueError as error:
        assert str(error)
    else:
        assert found.story.article.body is not None
