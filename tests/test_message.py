"""What an alert says, whatever the web says."""

import unicodedata

import pytest

from founderwatch.alerts import samples
from founderwatch.alerts.channel import Channel
from founderwatch.alerts.message import Told, of_event, of_events, of_trouble, words

DESK = "https://desk.example"


def event(**fields):
    return samples.EVENT | fields


def test_a_message_tells_who_what_and_where_to_look():
    told = of_event(Told(event(), "confirmed", "rumoured"), "en", DESK, "fw-1")
    assert (
        told.title == "Shen Yuelan (沈月岚), head of inference, Orrin Cloud → own start-up, AI applications (confirmed)"
    )
    for line in (
        "Who: Shen Yuelan (沈月岚)",
        "From: Orrin Cloud",
        "Role: head of inference",
        "To: own start-up",
        "About: AI applications",
        "Status: confirmed (before: rumoured, now expected)",
        "Score: 0.98",
        "First: 芯潮科技",
        "Original: https://news.example/zh/20417",
        "Desk: https://desk.example/-/event/ev-000000000000",
        "Review: https://desk.example/-/desk?event=ev-000000000000",
        "  https://news.example/en/orrin-inference",
        "fw-1",
    ):
        assert line in told.body.splitlines()
    assert told.body.startswith("“Shen Yuelan, head of inference at Orrin Cloud, will leave")
    assert "“多位知情人士表示，" in told.body


def test_a_message_in_chinese_takes_the_chinese_words_of_the_stories():
    told = of_event(Told(event(), "expected"), "zh", DESK, "fw-1")
    assert told.title == "沈月岚（Shen Yuelan），推理负责人，奥林云 → 自己创业，人工智能应用（将要）"
    assert told.body.startswith("“多位知情人士表示，")
    assert "\n首发：芯潮科技\n报道：2 家独立媒体\n" in told.body


def test_a_corrected_word_is_not_replaced_by_a_storys():
    assert "原单位：Orrin Labs\n" in of_event(Told(event(employer="Orrin Labs"), "expected"), "zh", DESK, "fw-1").body


@pytest.mark.parametrize("language", ["en", "zh"])
def test_little_is_known(language):
    bare = event(
        person=None, names=[], employer=None, role=None, focus=None, first_reported_by=None, mentions=[], kind="leaves"
    )
    told = of_event(Told(bare, "rumoured"), language, DESK, "fw-1")
    assert (
        told.title
        == {"en": "(no name yet) → destination unknown (rumoured)", "zh": "（未具名） → 去向不明（传闻）"}[language]
    )
    assert "None" not in told.title + told.body


HOSTILE = "\x1b[31mEvil\r\nBcc: all@example.org\u202e @everyone <!channel> <@U1> @all\x00\u2028x"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_web_says_rules_no_terminal_no_header_and_calls_nobody(language):
    report = {
        **samples.EVENT["mentions"][0],
        "title": HOSTILE,
        "evidence": HOSTILE,
        "source": HOSTILE,
        "url": f"https://x/{HOSTILE}",
    }
    fields = dict.fromkeys(("person", "employer", "role", "venture", "focus", "first_reported_by"), HOSTILE)
    hostile = event(**fields, names=[HOSTILE], mentions=[report], departed={"words": HOSTILE, "from": None})
    told = of_event(Told(hostile, "expected"), language, DESK, "fw-1")
    many = of_events([Told(hostile, "expected")] * 3, language, DESK, "fw-2")
    for text in (told.title, many.title):
        assert len(text) <= 200 and not any(unicodedata.category(c).startswith(("C", "Z")) and c != " " for c in text)
    for text in (told.title, told.body, many.body):
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n" for c in text)
        assert not any(call in text for call in ("@everyone", "<!channel", "<@U1", "@all\n", "@all ", "\nBcc"))
    assert "all@example.org" in told.body


def test_long_texts_are_cut():
    told = of_event(Told(event(role="r" * 5000, focus="f" * 5000), "expected"), "en", DESK, "fw-1")
    assert len(told.title) <= 200 and told.title.endswith("… (expected)") and len(told.body) < 4000


def test_many_in_one_message():
    told = of_events(
        [Told(event(event=f"ev-{n}", person=f"P{n}", names=[]), "expected") for n in range(45)], "en", DESK, "fw-1"
    )
    assert told.title == "45 departures: P0, P1, P2, P3 and 41 more"
    assert "\n40. P39" in told.body and "\n41. " not in told.body
    assert "The other 5: https://desk.example/\n" in told.body
    assert len(told.data["events"]) == 45
    first = of_events([Told(event(), "expected")], "zh", DESK, "fw-1", first=True)
    assert first.title == "首次抓取发现 1 条离职创业：沈月岚（Shen Yuelan）"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["silent", "many", "few", "disk", "database", "archive"])
def test_troubles_are_told_in_both_languages(kind, language):
    figures = dict.fromkeys(
        ("hours", "newest", "flagged", "stories", "days", "before", "usual", "free", "folder", "limit", "size"), "7"
    )
    trouble = {
        "id": 3,
        "kind": kind,
        "began_at": "2026-07-06T09:00:00+00:00",
        "ended_at": "2026-07-07T09:00:00+00:00",
        "figures": figures,
    }
    begun, ended = (of_trouble(trouble, status, language, "fw-1") for status in ("begun", "ended"))
    assert begun.title.startswith("founderwatch") and "2026-07-06 09:00 UTC" in begun.body and "7" in begun.body
    assert begun.title != ended.title and "2026-07-07 09:00 UTC" in ended.body


def test_both_languages_have_all_words():
    def keys(table):
        return {k: keys(v) if isinstance(v, dict) else None for k, v in table.items()}

    assert keys(words("en")) == keys(words("zh"))


def test_a_sample_says_that_it_is_one():
    told = samples.sample(Channel("me", "json://x", language="zh"), DESK)
    assert told.title.startswith("样例：") and "渠道“me”" in told.body
