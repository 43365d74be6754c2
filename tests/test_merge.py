"""Reports of one departure become one event, whatever their order; others stay apart."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from founderwatch.database.store import Store
from founderwatch.events.organisations import same_organisation
from founderwatch.items import Page
from tests.judged import NOW, THRESHOLD, mention, saved, story


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
        ("Orrin Energy", "Palewire Energy", False),
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


# Names that are not quite the same, and bad input


WEAK = [
    story("https://a.example/1", mention("周畅", "阿里云", role="算法工程师", seniority="senior"), source="a", language="zh"),
    story("https://b.example/1", mention("Zhang Chang", "Alibaba", role="engineer", seniority="senior"), days=1, source="b"),
    story("https://c.example/1", mention("Dr Zhou", "Alibaba Cloud", status="denied"), days=2, source="c"),
    story("https://d.example/1", mention("C. Zhou", "Alibaba"), days=3, source="d"),
    story("https://e.example/1", mention("Chou Chang", "Alibaba", venture="Orrin"), days=4, source="e"),
    story("https://f.example/1", mention("Zhou Che", "Alibaba", role="lawyer"), days=5, source="f"),
    story("https://g.example/1", mention("Zhou Chang", "Tencent", role="engineer", seniority="senior"), days=5, source="g"),
    story("https://h.example/1", mention("Zhou", None), mention("周", "腾讯"), days=6, source="h"),
    story("https://i.example/1", mention("Zhou Chang", None), days=7, source="i"),
    story("https://j.example/1", mention("周唱", "阿里云", role="算法工程师"), days=8, source="j"),
    story("https://k.example/1", mention("周畅", "阿里云", venture="Orrin"), days=500, source="k"),
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.permutations(WEAK))
def test_weak_names_come_out_the_same_in_any_order(shuffled):
    assert told(shuffled) == told(WEAK)


# So many leavers of one surname that a surname alone may mean any of them; without one of them, it means nobody in particular either.
CROWD = [
    *(story(f"https://{name.lower()}.example/1", mention(f"Wang {name}"), days=10 * at)
      for at, name in enumerate(["Aihua", "Bolin", "Chen", "Dali", "Enlai", "Feng"])),
    story("https://x.example/1", mention("Dr Wang"), days=20),
    story("https://x.example/2", mention("Dr Wang", status="denied"), days=60),
    story("https://y.example/1", mention("Wang"), days=90),
    story("https://z.example/1", mention("A. Wang"), days=1),
    story("https://z.example/2", mention("A. Wang", venture="Orrin"), days=44),
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.permutations(CROWD))
def test_a_crowd_comes_out_the_same_in_any_order(shuffled):
    assert told(shuffled) == told(CROWD)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([WEAK, CROWD]).flatmap(lambda known: st.tuples(st.permutations(known), st.sampled_from(known))))
def test_what_is_judged_anew_without_events_leaves_no_trace(given_):
    shuffled, taken = given_
    (url,) = {s.article.url for s in shuffled if s is taken}
    again = [*shuffled, story(url, model="model-2", published=taken.article.published)]
    assert told(again) == told([s for s in shuffled if s is not taken])


def test_a_surname_that_a_crowd_shares_leads_no_further_than_itself(store):
    saved(store, *(story(f"https://{n}.example/1", mention(f"Wang {chr(97 + n)}o"), days=n) for n in range(12)),
          *(story(f"https://{n}.example/2", mention("Dr Wang"), days=n) for n in range(12)))  # fmt: skip
    (newest,) = store.db.execute("select max(id) from mentions where person = 'Wang ao'").fetchone()
    from founderwatch.database.gathering import gather

    reached = [report.person for report in gather(store.db, [newest])[0]]
    assert reached.count("Wang ao") == 1 and set(reached) == {"Wang ao", "Dr Wang"}


@pytest.mark.parametrize(
    ("employer", "role", "days", "events"),
    [("Klarna", "risk director", 3, 1), ("Klarna", "lawyer", 3, 2), ("Stripe", "risk director", 3, 2), (None, "risk director", 3, 2),
     ("Klarna", None, 3, 2), ("Klarna", "risk director", 60, 2)],
)  # fmt: skip
def test_a_misspelt_name_needs_employer_role_and_time(store, employer, role, days, events):
    right = mention("Annika Lindqvist", "Klarna", role="director of risk")
    wrong = mention("Annika Lindquist", employer, role=role)
    assert (
        len(saved(store, story("https://a.example/1", right), story("https://b.example/1", wrong, days=days))) == events
    )


def test_two_names_in_one_story_are_two_people(store):
    names = [mention(name, "Alibaba", role="engineer") for name in ("Zhou Chang", "Zhang Chang", "Chou Chang")]
    assert len(saved(store, story("https://a.example/1", *names))) == 3


@pytest.mark.parametrize(
    ("name", "employer", "days", "events"),
    [
        ("周", "阿里云", 2, 1),
        ("Dr Zhou", "Alibaba", 2, 1),
        ("周", None, 2, 2),
        ("周", "腾讯", 2, 2),
        ("周", "阿里云", 90, 2),
    ],
)
def test_a_name_of_one_character_joins_the_only_leaver_whom_it_can_mean(store, name, employer, days, events):
    full = story("https://a.example/1", mention("周畅", "阿里云"))
    assert len(saved(store, full, story("https://b.example/1", mention(name, employer), days=days))) == events


def test_a_surname_that_two_leavers_share_joins_neither(store):
    events = saved(
        store,
        story("https://a.example/1", mention("Amir Rostami", "Snap")),
        story("https://b.example/1", mention("Bita Rostami", "Snap")),
        story("https://c.example/1", mention("Rostami", "Snap"), days=1),
    )
    assert people(events) == [("Amir Rostami", 1), ("Bita Rostami", 1), ("Rostami", 1)]


def test_a_hundred_namesakes_stay_a_hundred(store):
    stories = [story(f"https://{n}.example/1", mention("Wang Wei", f"Firm{n:03}")) for n in range(100)]
    assert len(saved(store, *stories)) == 100
    events = saved(
        store,
        story("https://x.example/1", mention("王伟", "Firm042"), days=1),
        story("https://y.example/1", mention("Wang Wei", None), days=1),
    )
    assert sorted(len(e["mentions"]) for e in events) == [1] * 100 + [2], (
        "the one without an employer names none of them"
    )


def test_neither_name_nor_employer_is_an_event_of_its_own(store):
    events = saved(store, *(story(f"https://{n}.example/1", mention(None, None)) for n in range(3)))
    assert people(events) == [("", 1)] * 3


def test_a_story_that_is_published_again_with_a_new_date_keeps_its_first(store):
    first = story("https://a.example/1", mention("Mara Lindqvist"))
    (event,) = saved(store, first, story("https://a.example/1", mention("Mara Lindqvist"), days=500))
    assert [m["published"] for m in event["mentions"]] == [first.article.published.isoformat(timespec="seconds")]
    copy = story("https://b.example/1", mention("Mara Lindqvist"), days=500, copy_of="https://a.example/1", source="b")
    (event,) = saved(store, copy)
    assert (event["sources"], len(event["mentions"])) == (1, 2)


def test_a_departure_that_is_retold_after_a_year_is_no_second_one(store):
    told_again = story("https://b.example/1", mention("Mara Lindqvist", venture="palewire"), days=500)
    (event,) = saved(store, story("https://a.example/1", mention("Mara Lindqvist", venture="Palewire")), told_again)
    assert len(event["mentions"]) == 2


def test_a_clock_that_jumps_moves_no_event(store):
    """A machine whose clock is set back stores the second report before the first, as its clock has it."""
    pages = [
        Page(f"https://{host}.example/1", "wire", b"", NOW + timedelta(days=days))
        for host, days in (("a", 9), ("b", -3000))
    ]
    stories = [
        story(page.url, mention("Mara Lindqvist"), days=day).grown(page=page)
        for page, day in zip(pages, (0, 1), strict=True)
    ]
    (first,) = saved(store, stories[0])
    (event,) = saved(store, *stories)
    assert event["event"] == first["event"] and len(event["mentions"]) == 2
    store.rebuild_events(THRESHOLD)
    assert [e["event"] for e in saved(store)] == [first["event"]]


def test_a_page_that_is_dated_in_the_future_has_no_date(store):
    page = Page("https://a.example/1", "wire", b"", NOW)
    (event,) = saved(store, story(page.url, mention("Mara Lindqvist"), days=400).grown(page=page))
    assert event["mentions"][0]["published"] is None
    assert store.db.execute("select notes from articles").fetchone() == ("dated in the future: 2027-08-10",)
    (event,) = saved(store, story("https://b.example/1", mention("Mara Lindqvist"), days=1))
    assert len(event["mentions"]) == 2


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_the_ends_of_time_are_dates_like_others(store, year):
    far = story("https://a.example/1", mention("Mara Lindqvist"), published=datetime(year, 12, 31, tzinfo=UTC))
    events = saved(store, far, story("https://b.example/1", mention("Mara Lindqvist")))
    assert people(events) == [("Mara Lindqvist", 1)] * 2


def test_names_in_any_writing_are_taken(store):
    odd = [
        "\ud800",
        "O",
        "王",
        "·",
        "a" * 5000,
        "王" * 500,
        "А. Иванов",
        "محمد",
        "\u200b",
        "Ana\nRuiz",
        "-",
        "王·",
        "·王·李",
    ]
    stories = [
        story(f"https://{n}.example/1", mention(name.encode("utf-8", "replace").decode(), "Orrin"))
        for n, name in enumerate(odd)
    ]
    events = saved(store, *stories, *stories)
    assert sum(len(e["mentions"]) for e in events) == len(odd)


# Computing anew


def test_rebuilding_gives_the_same_events_with_the_same_ids(store):
    before = saved(store, *reversed(REPORTS), *WEAK)
    for wipe in (
        "select 1",
        "update mentions set event = null",
        "update mentions set person_key = 'x'",
        "delete from name_keys",
    ):
        store.db.execute(wipe)
        if "event = null" in wipe:
            store.db.execute("delete from events")
        store.db.conn.commit()
        events, mentions = store.rebuild_events(THRESHOLD)
        assert (events, mentions) == (len(before), store.db["mentions"].count)
        assert saved(store) == before, wipe


def _wipe(store):
    store.db.execute("update mentions set event = null")
    store.db.execute("delete from events where not exists (select 1 from reviews where event = events.id)")
    store.db.conn.commit()


@settings(max_examples=15, deadline=None)
@given(st.permutations([*REPORTS, *WEAK]))
def test_ids_follow_from_the_reports_whatever_came_in_between(shuffled):
    with closing(Store(":memory:")) as store:
        before = saved(store, *shuffled)
        _wipe(store)
        store.rebuild_events(THRESHOLD)
        assert saved(store) == before


def test_leavers_who_differ_in_nothing_keep_their_ids_apart(store):
    alike = [
        mention(None, "Monzo"),
        mention(None, "Monzo"),
        mention("Wang Wei", "Huawei"),
        mention("Wang Wei", "Tencent"),
    ]
    before = saved(store, story("https://a.example/1", *alike))
    assert len({e["event"] for e in before}) == 4
    turned = saved(store, story("https://a.example/1", *reversed(alike), model="model-2"))
    assert {e["event"]: e["employer"] for e in turned} == {e["event"]: e["employer"] for e in before}
    _wipe(store)
    store.rebuild_events(THRESHOLD)
    assert {e["event"]: e["employer"] for e in saved(store)} == {e["event"]: e["employer"] for e in before}


def test_a_judged_event_keeps_its_id_when_its_first_report_is_judged_otherwise(store):
    first, later = (story(f"https://{host}.example/1", mention("Mara Lindqvist")) for host in "ab")
    (event,) = saved(store, first, later)
    store.db["reviews"].insert({"event": event["event"], "reviewer": "ana", "verdict": "accept", "made_at": "2026"})
    saved(store, story("https://a.example/1", model="model-2"))
    store.rebuild_events(THRESHOLD)
    other = story("https://a.example/1", mention("Mara Lindqvist", "Tencent"), model="model-3")
    ids = {e["employer"]: e["event"] for e in saved(store, other)}
    assert ids["Orrin Cloud"] == event["event"] != ids["Tencent"]
    store.rebuild_events(THRESHOLD)
    assert {e["employer"]: e["event"] for e in saved(store)} == ids


def test_an_event_that_nobody_has_judged_goes_by_the_first_report_that_is_left(store):
    first, later = (story(f"https://{host}.example/1", mention("Mara Lindqvist")) for host in "ab")
    (event,) = saved(store, first, later)
    (left,) = saved(store, story("https://a.example/1", model="model-2"))
    assert left["event"] != event["event"]
    (again,) = saved(store, story("https://a.example/1", mention("Mara Lindqvist"), model="model-3"))
    assert again["event"] == event["event"]


def test_rebuilding_forgets_events_that_nothing_tells(store):
    (event,) = saved(store, story("https://a.example/1", mention("Mara Lindqvist")))
    store.db["events"].insert({**next(store.db["events"].rows), "id": "ev-stray"})
    store.rebuild_events(THRESHOLD)
    assert [e["id"] for e in store.db["events"].rows] == [event["event"]]


def test_rebuilding_an_empty_database_is_no_error(store):
    assert store.rebuild_events(THRESHOLD) == (0, 0)


def test_reports_are_found_by_index_alone(store):
    saved(store, *WEAK)
    from founderwatch.database.gathering import _ANYWHERE, _NEAR, _WITHIN

    for sql, values in ((_ANYWHERE, ["k"]), (_WITHIN, ["k", "m"]), (_NEAR, ["k", "m", 1, 2])):
        plan = " ".join(row[3] for row in store.db.execute(f"explain query plan {sql}", values))
        assert "SEARCH name_keys USING PRIMARY KEY" in plan
