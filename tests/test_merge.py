"""Reports of one departure become one event, whatever their order; others stay apart."""

import json
from contextlib import closing
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from founderwatch.database.store import Store
from founderwatch.events.organisations import same_organisation
from tests.judged import THRESHOLD, mention, saved, story


@pytest.fixture
def store():
    with closing(Store(":memory:")) as opened:
        yield opened


def people(events):
    return sorted((e["person"] or "", len(e["mentions"])) for e in events)


# Who is one person


def test_chinese_and_english_forms_of_a_name_are_one_leaver(store):
    (event,) = saved(
        store,
        story("https://a.example/1", mention("周畅", "阿里云"), language="zh"),
        story("https://b.example/1", mention("Zhou Chang", "Alibaba Cloud"), days=1),
        story("https://c.example/1", mention("Chang Zhou", "Alibaba"), days=2),
    )
    assert event["names"] == ["周畅", "Zhou Chang", "Chang Zhou"]
    assert event["person"] == "Zhou Chang"
    assert [m["url"] for m in event["mentions"]] == [f"https://{host}.example/1" for host in "abc"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Huawei", "Tencent"), ("华为", "腾讯"), ("华为", "Tencent"), ("Alibaba Cloud", "Google Cloud"), ("北京大学", "北京智源研究院"),
     ("Stanford University", "Princeton University")],
)  # fmt: skip
def test_two_bearers_of_a_name_with_different_employers_stay_two(store, one, other):
    events = saved(
        store,
        story("https://a.example/1", mention("Wang Wei", one)),
        story("https://b.example/1", mention("Wang Wei", other), days=1),
    )
    assert [e["employer"] for e in events] == [one, other]


def test_a_report_without_an_employer_joins_the_only_bearer_of_the_name(store):
    reports = [
        story("https://a.example/1", mention("Wang Wei", None)),
        story("https://b.example/1", mention("Wang Wei", "Huawei"), days=1),
    ]
    assert len(saved(store, *reports)) == 1
    events = saved(store, story("https://c.example/1", mention("Wang Wei", "Tencent"), days=2))
    assert sorted(e["employer"] or "" for e in events) == ["", "Huawei", "Tencent"], "of two bearers it names neither"


def test_departures_more_than_a_year_apart_are_two(store):
    events = saved(
        store,
        story("https://a.example/1", mention("Mara Lindqvist")),
        story("https://b.example/1", mention("Mara Lindqvist"), days=366),
    )
    assert len(events) == 2
    assert len({e["event"] for e in events}) == 2


def test_a_leaver_without_a_name_is_merged_with_nothing(store):
    events = saved(
        store,
        story("https://a.example/1", mention(None, "Monzo")),
        story("https://b.example/1", mention(None, "Monzo")),
        story("https://c.example/1", mention("Mara Lindqvist", "Monzo")),
    )
    assert people(events) == [("", 1), ("", 1), ("Mara Lindqvist", 1)]
    assert all(e["names"] == [e["person"]] * bool(e["person"]) for e in events)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, "Huawei", True),
        ("Alibaba Group Holding", "Alibaba Cloud", True),
        ("阿里云", "阿里巴巴", True),
        ("阿里巴巴", "Alibaba", True),
        ("Google", "Google DeepMind", True),
        ("ByteDance", "TikTok", True),
        ("字节跳动", "抖音", True),
        ("微软亚洲研究院", "微软", True),
        ("沐光智能", "Muguang", True),  # nothing is known of either: another script contradicts nothing
        ("The Group", "The Group", True),
        ("百度", "Alibaba", False),
        ("OpenAI", "Anthropic", False),
        ("Orrin Cloud", "Palewire Cloud", False),
        ("Harbour AI", "Orrin AI", False),
        ("Bank of America", "Deutsche Bank", False),
        ("中国移动", "中国联通", False),
    ],
)
def test_organisations_are_told_apart(one, other, same):
    assert same_organisation(one, other) is same
    assert same_organisation(other, one) is same


# What one event tells


def test_a_copy_is_a_witness_but_counts_once(store):
    original = story("https://a.example/1", mention("Mara Lindqvist"), source="wire")
    copies = [
        story(f"https://{host}.example/1", mention("Mara Lindqvist"), source=host, copy_of="https://a.example/1")
        for host in "bc"
    ]
    (event,) = saved(store, original, *copies)
    assert (event["sources"], len(event["mentions"])) == (1, 3)
    (event,) = saved(store, story("https://d.example/1", mention("Mara Lindqvist"), source="herald", days=1))
    assert (event["sources"], len(event["mentions"])) == (2, 4)


def test_copies_of_two_outlets_count_twice_even_where_the_originals_tell_nothing(store):
    (event,) = saved(
        store,
        story("https://a.example/1", source="wire"),
        story("https://b.example/1", source="herald"),
        story("https://c.example/1", mention("Mara Lindqvist"), source="c", copy_of="https://a.example/1"),
        story("https://d.example/1", mention("Mara Lindqvist"), source="d", copy_of="https://b.example/1"),
    )
    assert event["sources"] == 2


def test_an_outlet_counts_once_however_its_name_is_written(store):
    (event,) = saved(
        store,
        story("https://a.example/1", mention("Mara Lindqvist"), source="36kr"),
        story("https://a.example/2", mention("Mara Lindqvist"), source="36Kr", site_name="36氪"),
    )
    assert event["sources"] == 1


@pytest.mark.parametrize(
    ("told", "status", "flagged"),
    [
        ((("founds", "rumoured"), ("founds", "announced")), "announced", True),
        ((("founds", "confirmed"), ("founds", "rumoured")), "confirmed", True),
        ((("founds", "expected"), ("founds", "denied")), "denied", False),
        ((("founds", "expected"), ("leaves", "denied")), "denied", False),
        ((("founds", "denied"), ("founds", "confirmed")), "confirmed", True),
        ((("founds", "expected"), ("joins", "denied")), "expected", True),
        ((("leaves", "confirmed"), ("founds", "expected")), "expected", True),
        ((("leaves", "confirmed"), ("joins", "expected"), ("joins", "confirmed")), "confirmed", False),
    ],
)
def test_the_strongest_status_wins_unless_a_denial_is_the_last_word(store, told, status, flagged):
    stories = [
        story(f"https://{day}.example/", mention("Mara Lindqvist", kind=kind, status=said), days=day)
        for day, (kind, said) in enumerate(told)
    ]
    (event,) = saved(store, *reversed(stories))
    assert event["status"] == status
    assert bool(store.events()) is flagged


def test_an_event_below_the_threshold_is_not_flagged_until_a_surer_report_comes(store):
    saved(store, story("https://a.example/1", mention("Mara Lindqvist", score=THRESHOLD - 0.01)))
    assert store.events() == []
    saved(store, story("https://b.example/1", mention("Mara Lindqvist", score=THRESHOLD), days=1))
    assert [e["score"] for e in store.events()] == [THRESHOLD]


def test_fields_come_from_the_surest_report_that_has_them(store):
    (event,) = saved(
        store,
        story("https://a.example/1", mention("M. Lindqvist", score=0.6, role="engineer", focus="robots"), source="herald"),
        story("https://b.example/1", mention("M. Lindqvist", score=0.9, role="chief engineer", venture="Palewire"), days=1),
    )  # fmt: skip
    assert (event["role"], event["focus"], event["venture"]) == ("chief engineer", "robots", "Palewire")
    assert event["first_reported_by"] == "herald"


# Ids and order


def test_ids_stay_when_reports_are_added_and_said_again(store):
    first = story("https://b.example/1", mention("Mara Lindqvist"))
    earlier = story("https://a.example/1", mention("Mara Lindqvist"), days=-3)
    (event,) = saved(store, first)
    for one in (earlier, first, earlier, story("https://b.example/1", mention("Mara Lindqvist"), model="model-2")):
        assert [e["event"] for e in saved(store, one)] == [event["event"]]


def test_ids_stay_when_a_second_model_names_both_employers_otherwise(store):
    events = saved(store, story("https://a.example/1", mention("Li Wei", "Orrin"), mention("Li Wei", "Palewire")))
    again = story("https://a.example/1", mention("Li Wei", "Harbour"), mention("Li Wei", "Monzo"), model="model-2")
    assert {e["event"] for e in saved(store, again)} == {e["event"] for e in events}
    assert len(events) == 2


def test_when_two_events_prove_one_the_judged_one_stays_alone(store):
    events = saved(
        store,
        story("https://a.example/1", mention("Wang Wei", "Huawei")),
        story("https://b.example/1", mention("Wang Wei", "Tencent"), days=1),
    )
    judged = events[1]["event"]
    store.db["reviews"].insert({"event": judged, "reviewer": "ana", "verdict": "accept", "made_at": "2026"})
    (event,) = saved(store, story("https://b.example/1", mention("Wang Wei", "Huawei"), model="model-2", days=1))
    assert event["event"] == judged
    assert store.db["events"].count == 1


def test_when_one_event_proves_two_each_has_an_id(store):
    (event,) = saved(
        store,
        story("https://a.example/1", mention("Wang Wei", None)),
        story("https://b.example/1", mention("Wang Wei", "Tencent"), days=1),
    )
    events = saved(store, story("https://a.example/1", mention("Wang Wei", "Huawei"), model="model-2"))
    assert len({e["event"] for e in events}) == 2
    assert event["event"] in {e["event"] for e in events}


REPORTS = [
    story("https://a.example/1", mention("周畅", "阿里云", score=0.8), mention("Wang Wei", "Huawei"), language="zh", source="36kr"),
    story("https://b.example/1", mention("Zhou Chang", "Alibaba Cloud", status="expected", role="engineer"), days=1, source="b"),
    story("https://c.example/1", mention("Zhou Chang", None, status="denied"), mention(None, "Monzo"), days=2, source="c"),
    story("https://d.example/1", mention("Wang Wei", "Tencent", score=0.7, focus="chips"), days=2, source="d"),
    story("https://e.example/1", mention("王伟", "腾讯", kind="joins"), days=2, source="e"),
    story("https://f.example/1", mention("Chang Zhou", "Meta"), mention("Wang Wei", None), days=400, source="f"),
    story("https://g.example/1", mention(None, "Monzo"), days=2, source="g"),
]  # fmt: skip


def told(stories):
    with closing(Store(":memory:")) as store:
        events = saved(store, *stories)
        for event in events:
            del event["event"], event["first_seen_at"]
        return sorted(json.dumps(event, ensure_ascii=False, sort_keys=True) for event in events)


@settings(max_examples=25, deadline=None)
@given(st.permutations(REPORTS))
def test_the_order_of_arrival_does_not_matter(shuffled):
    assert told(shuffled) == told(REPORTS)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(REPORTS), max_size=12))
def test_repeats_on_the_way_do_not_matter(repeated):
    assert told([*repeated, *REPORTS]) == told(REPORTS)


def test_a_copy_that_comes_before_its_original_changes_no_count():
    for first, second in permutations(("https://a.example/1", "https://b.example/1")):
        with closing(Store(":memory:")) as store:
            (event,) = saved(
                store,
                story(first, mention("Mara Lindqvist"), source=first),
                story(second, mention("Mara Lindqvist"), source=second, copy_of=first),
            )
            assert event["sources"] == 1
