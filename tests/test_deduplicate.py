"""Copies are linked to the first, and nothing else is."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from founderwatch.items import Article, Failure, Page, Story
from pipelines.deduplicate import Deduplicate

ENGLISH = """\
Mara Lindqvist, who led the database group at Northwind Systems for nine years, has left to found a company of her own.
She told colleagues in a letter on Monday that the work on storage engines would go on elsewhere.
Two engineers of her former team will follow, according to people who have seen the letter, which was short and warm.
Investors in Stockholm and Berlin have been told of the plan, though no round has been agreed, the people said.
Northwind said that it wished her well and that a successor would be named before the end of the quarter.
The company sells a database that banks use to keep their books, and went public two years ago."""
CHINESE = """\
据多位知情人士透露，云图科技算法负责人林婉清已于本周离职，将创办一家人工智能公司，方向是工业设计智能体。
林婉清博士毕业于浙江大学，此前在云图科技工作六年，主导了多模态模型的训练，团队规模超过四十人。
云图科技回应称，尊重个人选择，相关业务由副总裁张伟伦接手，团队保持稳定，产品路线不受影响。
投资人表示，她已在杭州和新加坡接触多家机构，但公司尚未注册，融资金额没有确定，预计年底前完成首轮。"""


def known(body: str) -> tuple[str, str, str, str]:
    return ("https://a.example/1", "s", "t", body)


def story(url: str, body: str, title: str = "t", source: str = "s", fetched: bool = False) -> Story:
    page = Page(url, source, b"", datetime.now(UTC)) if fetched else None
    return Story(page=page, article=Article(url=url, source=source, title=title, body=body))


def test_copies_link_to_the_first_and_keep_everything() -> None:
    stage = Deduplicate()
    for number, text in enumerate((ENGLISH, CHINESE)):
        first = stage(story(f"https://a.example/{number}", text))
        assert first.copy_of is None
        footer = "\n本文转载自云图。" if number else "\nThis story first appeared in Harbor Wire."
        copy = stage(story(f"https://b.example/{number}", text + footer))
        assert copy.copy_of == f"https://a.example/{number}" and copy.article and footer in copy.article.body
        shortened = "\n".join(text.splitlines()[:-1])
        third = stage(story(f"https://c.example/{number}", shortened))
        assert third.copy_of == f"https://a.example/{number}", "to the first, not to the copy"


def test_edited_copy() -> None:
    edited = ENGLISH.replace("Monday", "Tuesday").replace("nine years", "almost a decade").replace("warm", "kind")
    stage = Deduplicate([known(ENGLISH)])
    assert stage(story("https://b.example/1", edited)).copy_of == "https://a.example/1"


def test_two_reports_of_one_event_are_no_copies() -> None:
    other = (
        "Northwind Systems is losing the head of its database group. Mara Lindqvist will start a company, she wrote to "
        "her team this week, and several colleagues plan to join. People close to her say talks with funds have begun. "
        "The Stockholm firm, listed since 2024, said a new head would be found soon and that customers need not worry."
    )
    stage = Deduplicate([known(ENGLISH)])
    assert stage(story("https://b.example/1", other)).copy_of is None


def test_flashes_of_one_pattern_are_no_copies() -> None:
    one = "芯潮科技获悉，蔚来智能座舱总监邱正阳已于上周离职创业，新公司主攻车载语音大模型。"
    two = "芯潮科技获悉，小鹏智能驾驶总监刘思远已于上周离职创业，新公司主攻车载视觉大模型。"
    stage = Deduplicate([known(one)])
    assert stage(story("https://a.example/2", two)).copy_of is None
    assert stage(story("https://b.example/1", one)).copy_of == "https://a.example/1"


def test_a_story_is_no_copy_of_itself() -> None:
    stage = Deduplicate([known(ENGLISH)])
    assert stage(story("https://a.example/1", ENGLISH)).copy_of is None


def test_recent_stories_are_read_at_the_first_need() -> None:
    calls = []

    def recent() -> list[tuple[str, str, str, str]]:
        calls.append(1)
        return [known(CHINESE)]

    stage = Deduplicate(recent)
    assert stage(Story(failure=Failure("fetch", "HTTP 404"))).copy_of is None and not calls
    assert stage(story("https://b.example/1", CHINESE)).copy_of == "https://a.example/1"
    stage(story("https://c.example/1", ENGLISH))
    assert len(calls) == 1


def test_a_stored_likeness_stands_for_its_text() -> None:
    like = Deduplicate()(story("https://a.example/1", CHINESE)).likeness
    assert like is not None and len(like) == 258
    stage = Deduplicate([("https://a.example/1", "s", "t", like)])
    assert stage(story("https://b.example/1", CHINESE)).copy_of == "https://a.example/1"
    assert stage(story("https://b.example/2", ENGLISH)).copy_of is None


def test_thousands_are_found_and_the_earliest_forgotten() -> None:
    words = [f"w{number}" for number in range(400)]
    texts = [" ".join(random.Random(number).choices(words, k=60)) for number in range(2200)]
    stage = Deduplicate(((f"https://a.example/{n}", "s", "t", text) for n, text in enumerate(texts)), most=2000)
    for number in (2199, 1500, 300, 900):
        copy = " ".join(texts[number].split()[:-3])
        assert stage(story(f"https://b.example/{number}", copy)).copy_of == f"https://a.example/{number}"
    assert stage(story("https://b.example/0", texts[0])).copy_of is None


def test_short_and_empty_bodies_pass() -> None:
    stage = Deduplicate()
    for body in ("", "x", "离职创业", "x"):
        assert stage(story(f"https://a.example/{body}", body)).copy_of is None


# Versions

TITLE = "Head of database group leaves Northwind to found a company"
EDITED = ENGLISH.replace("Monday", "Tuesday")


@pytest.mark.parametrize(
    ("url", "title", "body", "version"),
    [
        ("https://m.a.example/other", TITLE, ENGLISH, True),
        ("https://a.example/updated", f"{TITLE}, investors wait", EDITED, True),
        ("https://a.example/news/4831177-quite-another-slug", "Mara Lindqvist goes", EDITED, True),
        # What shares only a pattern, a site or a text stays a story of its own, and a copy at most.
        ("https://a.example/x", "Markets on Friday", ENGLISH, False),
        ("https://b.example/other", TITLE, ENGLISH, False),
        ("https://a.example/20261127/x", "Markets on Friday", ENGLISH, False),
    ],
)
def test_another_page_of_the_same_story(url: str, title: str, body: str, version: bool) -> None:
    stage = Deduplicate()
    first = "https://a.example/news/4831177-the-slug" if "4831177" in url else "https://a.example/20261127/1"
    stage(story(first, ENGLISH, TITLE, fetched=True))
    found = stage(story(url, body, title, fetched=True))
    assert (found.version_of, found.copy_of) == ((first, None) if version else (None, first))


def test_other_sources_and_given_texts_are_copies() -> None:
    stage = Deduplicate([("https://a.example/1", "s", TITLE, ENGLISH)])
    assert stage(story("https://a.example/2", ENGLISH, TITLE, "other", fetched=True)).copy_of == "https://a.example/1"
    assert stage(story("https://a.example/3", ENGLISH, TITLE)).copy_of == "https://a.example/1"


def test_flashes_of_one_site_and_pattern_are_two_stories() -> None:
    one = "蔚来汽车发布十一月交付数据：全月交付新车两万一千辆，同比增长百分之三十二，累计交付六十八万辆。"
    two = "小鹏汽车发布十一月交付数据：全月交付新车三万零八百辆，同比增长百分之五十四，累计交付六十二万辆。"
    stage = Deduplicate()
    stage(story("https://a.example/1", one, "蔚来：十一月交付新车两万一千辆", fetched=True))
    assert stage(story("https://a.example/2", two, "小鹏：十一月交付新车三万零八百辆", fetched=True)).version_of is None


def test_a_copy_in_traditional_characters_is_found() -> None:
    from opencc import OpenCC

    traditional = OpenCC("s2t").convert(CHINESE)
    assert traditional != CHINESE
    stage = Deduplicate([known(CHINESE)])
    assert stage(story("https://tw.example/1", traditional)).copy_of == "https://a.example/1"
