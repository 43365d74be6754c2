"""Merges and splits by hand: final, append-only, kept through new judgements and rebuilding, and taken back."""

import json
from contextlib import closing

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from founderwatch import status
from founderwatch.cli import main
from founderwatch.database import reviews, rulings
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, mention, saved, story


@pytest.fixture
def store(here):
    with closing(Store(here / "founderwatch.db")) as store:
        yield store


def one_wang():
    """Three reports of a Wang Wei of Huawei, which merging takes for one person."""
    return [
        story(f"https://{host}.example/1", mention("Wang Wei", "Huawei", role=role), days=day, source=host)
        for day, (host, role) in enumerate({"a": "chip architect", "b": "lawyer", "c": "chip architect"}.items())
    ]


def two_names():
    """One person under a married name: nothing that merging could see."""
    return [
        story("https://a.example/1", mention("Mara Lindqvist", "Orrin"), source="a"),
        story("https://b.example/1", mention("Mara Castellanos", "Orrin Cloud"), days=3, source="b"),
    ]


def told(store):
    """{event: addresses of its stories}"""
    return {e["event"]: [m["url"][8] for m in e["mentions"]] for e in saved(store)}


def ids(store, *hosts):
    """The mentions of these hosts' stories."""
    rows = store.db.execute("select m.id, substr(a.url, 9, 1) from mentions m join articles a on a.id = m.article")
    return {number for number, host in rows.fetchall() if host in hosts}


def event_of(store, host):
    return next(event for event, hosts in told(store).items() if host in hosts)


def test_a_merge_makes_one_event_with_the_first_ones_id(store):
    first, second = saved(store, *two_names())
    made = rulings.merge(store.db.conn, first["event"], second["event"], "ana")
    assert (made.event, made.other) == (first["event"], second["event"])
    (event,) = saved(store)
    assert event["event"] == first["event"] and len(event["mentions"]) == 2 and event["sources"] == 2
    assert event["names"] == ["Mara Lindqvist", "Mara Castellanos"]


def test_the_event_named_first_stays_though_the_other_was_stored_before(store):
    first, second = saved(store, *two_names())
    rulings.merge(store.db.conn, second["event"], first["event"], "ana")
    assert told(store) == {second["event"]: ["a", "b"]}


def test_a_split_makes_two_events_and_the_rest_keeps_the_id(store):
    (event,) = saved(store, *one_wang())
    made = rulings.split(store.db.conn, event["event"], ids(store, "b"), "ana")
    assert told(store) == {event["event"]: ["a", "c"], made.other: ["b"]}


def test_what_was_stored_first_can_be_split_off_and_the_rest_keeps_the_id(store):
    (event,) = saved(store, *one_wang())
    made = rulings.split(store.db.conn, event["event"], ids(store, "a"), "ana")
    assert told(store) == {made.other: ["a"], event["event"]: ["b", "c"]}


@pytest.mark.parametrize("wipe", ["select 1", "update mentions set event = null", "delete from name_keys"])
def test_rulings_outlive_rebuilding_with_the_same_ids(store, wipe):
    others = [story(f"https://{host}.example/1", mention(name, "Orrin")) for host, name in (("x", "Mara Lindqvist"), ("y", "Mara Castellanos"))]  # fmt: skip
    saved(store, *one_wang(), *others)
    wang = next(e["event"] for e in saved(store) if e["person"] == "Wang Wei")
    rulings.split(store.db.conn, wang, ids(store, "b"), "ana")
    first, second = (e["event"] for e in saved(store) if "Mara" in e["person"])
    rulings.merge(store.db.conn, second, first, "ana")
    before = saved(store)
    assert len(before) == 3
    store.db.execute(wipe)
    if "event = null" in wipe:
        store.db.execute("delete from events")
    store.db.conn.commit()
    store.rebuild_events(THRESHOLD)
    assert saved(store) == before
    store.rebuild_events(THRESHOLD)
    assert saved(store) == before


def test_rulings_outlive_a_second_model(store):
    (event,) = saved(store, *one_wang())
    made = rulings.split(store.db.conn, event["event"], ids(store, "b"), "ana")
    for one in one_wang():
        again = [mention("Wei Wang", "Huawei Technologies", status="expected", role="engineer")]
        saved(store, story(one.article.url, *again, model="model-2", published=one.article.published))
    assert told(store) == {event["event"]: ["a", "c"], made.other: ["b"]}


def test_a_leaver_without_a_name_can_be_merged_and_stays_when_a_name_turns_up(store):
    nameless, named = saved(
        store,
        story("https://a.example/1", mention(None, "Monzo")),
        story("https://b.example/1", mention("Ana Ruiz", "Monzo"), days=1),
    )
    rulings.merge(store.db.conn, named["event"], nameless["event"], "ana")
    assert told(store) == {named["event"]: ["a", "b"]}
    saved(store, story("https://a.example/1", mention("A. Ruiz", "Monzo"), model="model-2"))
    assert told(store) == {named["event"]: ["a", "b"]}


def test_new_reports_join_by_their_own_words(store):
    (event,) = saved(store, *one_wang())
    made = rulings.split(store.db.conn, event["event"], ids(store, "b"), "ana")
    saved(
        store,
        story("https://d.example/1", mention("王伟", "华为", role="芯片架构师"), days=3, source="d"),
        story("https://e.example/1", mention("Wang Wei", "Huawei", role="senior lawyer"), days=3, source="e"),
        story("https://f.example/1", mention("Wang Wei", "Tencent"), days=3, source="f"),
    )
    found = told(store)
    assert found[made.other] == ["b", "e"] and set(found[event["event"]]) == {"a", "c", "d"} and len(found) == 3


def test_a_later_ruling_outdoes_an_earlier_one(store):
    (event,) = saved(store, *one_wang())
    conn = store.db.conn
    made = rulings.split(conn, event["event"], ids(store, "b"), "ana")
    rulings.merge(conn, event["event"], made.other, "bo")
    assert told(store) == {event["event"]: ["a", "b", "c"]}
    again = rulings.split(conn, event["event"], ids(store, "a", "b"), "ana")
    assert told(store) == {again.other: ["a", "b"], event["event"]: ["c"]}
    assert again.other != made.other
    store.rebuild_events(THRESHOLD)
    assert told(store) == {again.other: ["a", "b"], event["event"]: ["c"]}


def test_taking_a_ruling_back_gives_both_events_their_ids_again(store):
    saved(store, *two_names())
    before = told(store)
    first, second = before
    for kept, other in ((first, second), (second, first)):
        made = rulings.merge(store.db.conn, kept, other, "ana")
        assert rulings.undo(store.db.conn, made.ruling, "bo") and rulings.undo(store.db.conn, made.ruling, "bo")
        assert told(store) == before
    saved(store, *one_wang()[1:])
    (event,) = [e for e in told(store) if e not in before]
    made = rulings.split(store.db.conn, event, ids(store, "c"), "ana")
    assert rulings.undo(store.db.conn, made.ruling, "ana")
    assert event in told(store) and made.other not in told(store)


def test_nothing_is_ever_changed_or_deleted(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    made = rulings.merge(store.db.conn, first, second, "ana")
    rows = list(store.db["rulings"].rows)
    rulings.undo(store.db.conn, made.ruling, "bo")
    assert list(store.db["rulings"].rows)[:1] == rows
    assert [(r["ruling"], r["reviewer"], r["undoes"]) for r in store.db["rulings"].rows] == [("merge", "ana", None), ("undo", "bo", 1)]  # fmt: skip


def test_the_same_page_sent_twice_is_one_ruling(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    sent = [rulings.merge(store.db.conn, first, second, "ana", token="t") for _ in range(2)]
    assert sent[0] == sent[1] and store.db["rulings"].count == 1


# What becomes of verdicts


def give(store, event, verdict):
    return reviews.record(store.db.conn, Verdict("ana", verdict, event=event))


def verdicts(store):
    return {row["event"]: row["verdict"] for row in store.db.query("select * from verdicts")}


def test_a_verdict_on_what_was_merged_away_counts_where_the_other_has_none(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    give(store, second, "reject")
    made = rulings.merge(store.db.conn, first, second, "bo")
    assert verdicts(store)[first] == "reject" and store.events() == []
    rulings.undo(store.db.conn, made.ruling, "bo")
    assert verdicts(store) == {second: "reject"}
    assert [e["event"] for e in store.events()] == [first]


def test_the_verdict_on_what_stays_outdoes_that_on_what_was_merged_away(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    give(store, first, "accept"), give(store, second, "reject")
    rulings.merge(store.db.conn, first, second, "bo")
    assert verdicts(store)[first] == "accept"
    assert [e["event"] for e in store.events()] == [first]
    assert [e["event"] for e in saved(store)] == [first], "what was merged away is not listed"
    assert [row["id"] for row in store.db.query("select id from flagged")] == [first]


def test_a_verdict_that_comes_after_the_merge_is_one_on_what_stays(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    rulings.merge(store.db.conn, first, second, "bo")
    give(store, second, "accept")
    assert verdicts(store) == {first: "accept"}


def test_an_event_that_was_merged_away_is_found_under_its_old_name(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    give(store, second, "accept")
    rulings.merge(store.db.conn, first, second, "bo")
    assert store.event(second)["event"] == first
    shown = CliRunner().invoke(main, ["show", second])
    assert shown.exit_code == status.DONE and f"{second} was merged into {first}" in shown.stderr


def test_a_judged_event_that_new_judgements_merge_away_is_kept_as_history(store):
    first, second = saved(store, story("https://a.example/1", mention("Wang Wei", "Huawei")), story("https://b.example/1", mention("Wang Wei", "Tencent"), days=1))  # fmt: skip
    for one in (first, second):
        give(store, one["event"], "accept")
    saved(store, story("https://b.example/1", mention("Wang Wei", "Huawei"), model="model-2", days=1))
    assert [e["event"] for e in saved(store)] == [first["event"]]
    assert reviews.current_event(store.db.conn, second["event"]) == first["event"]
    saved(store, story("https://b.example/1", mention("Wang Wei", "Tencent"), model="model-3", days=1))
    assert {e["event"] for e in saved(store)} == {first["event"], second["event"]}


# What cannot be


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("gone", lambda c, one, two, of: rulings.merge(c, one, "ev-none", "ana")),
        ("gone", lambda c, one, two, of: rulings.split(c, "ev-none", [1], "ana")),
        ("same", lambda c, one, two, of: rulings.merge(c, one, one, "ana")),
        ("whole", lambda c, one, two, of: rulings.split(c, one, [], "ana")),
        ("whole", lambda c, one, two, of: rulings.split(c, one, of[one], "ana")),
        ("elsewhere", lambda c, one, two, of: rulings.split(c, one, of[two], "ana")),
        ("elsewhere", lambda c, one, two, of: rulings.split(c, one, [10**9], "ana")),
    ],
)
def test_a_ruling_that_makes_no_sense_is_refused_and_changes_nothing(store, reason, rule):
    one, two = (e["event"] for e in saved(store, *two_names()))
    of = {e: [row[0] for row in store.db.execute("select id from mentions where event = ?", [e])] for e in (one, two)}
    before = told(store)
    with pytest.raises(rulings.RulingError) as refused:
        rule(store.db.conn, one, two, of)
    assert refused.value.reason == reason
    assert told(store) == before and store.db["rulings"].count == 0


def test_an_event_of_which_no_story_tells_any_more_cannot_be_merged(store):
    one, two = (e["event"] for e in saved(store, *two_names()))
    give(store, two, "accept")
    saved(store, story("https://b.example/1", model="model-2"))
    with pytest.raises(rulings.RulingError, match="no story tells"):
        rulings.merge(store.db.conn, one, two, "ana")


def test_undoing_what_is_no_ruling_changes_nothing(store):
    assert not rulings.undo(store.db.conn, 7, "ana")
    assert rulings.undoable(store.db.conn, "ana") is None


def test_a_story_that_tells_nothing_any_more_leaves_the_rest_as_ruled(store):
    (event,) = saved(store, *one_wang())
    made = rulings.split(store.db.conn, event["event"], ids(store, "b"), "ana")
    saved(store, story("https://a.example/1", model="model-2"))
    assert told(store) == {event["event"]: ["c"], made.other: ["b"]}
    saved(store, story("https://b.example/1", model="model-2"))
    assert told(store) == {event["event"]: ["c"]}


LATER = [
    story("https://d.example/1", mention("Wang Wei", "Huawei", role="lawyer"), days=5),
    story("https://e.example/1", mention("W. Wang", "Huawei"), days=6),
    story("https://f.example/1", mention("Wang Wei", None), days=6),
    story("https://g.example/1", mention("王伟", "华为", role="芯片架构师"), days=9),
]


@settings(max_examples=30, deadline=None)
@given(st.permutations(LATER), st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True))
def test_what_comes_out_does_not_depend_on_the_order_of_what_comes_later(later, parted):
    found = []
    for stories in (LATER, later):
        with closing(Store(":memory:")) as store:
            saved(store, *one_wang())
            rulings.split(store.db.conn, event_of(store, "a"), ids(store, *parted), "ana")
            saved(store, *stories)
            found.append(sorted(told(store).values()))
            store.rebuild_events(THRESHOLD)
            assert sorted(told(store).values()) == found[-1]
    assert found[0] == found[1]


# From the command line


def run(*arguments):
    return CliRunner().invoke(main, [*arguments], env={"COLUMNS": "160"})


def test_the_command_line_merges_lists_and_takes_back(store):
    first, second = (e["event"] for e in saved(store, *two_names()))
    found = run("merge", first, second)
    assert (found.exit_code, found.stdout) == (status.DONE, f"{second} is merged into {first} (ruling 1)\n"), (
        found.output
    )
    assert told(store) == {first: ["a", "b"]}
    (row,) = json.loads(run("rulings", "--json").stdout)
    assert (row["ruling"], row["event"], row["other"], row["reports"], row["undone"]) == ("merge", first, second, 1, 0)
    assert run("rulings", "undo", "1").stdout == "ruling 1 is taken back\n"
    assert "taken back" in run("rulings").stdout
    assert told(store) == {first: ["a"], second: ["b"]}


def test_the_command_line_splits_by_number_or_address(store):
    (event,) = saved(store, *one_wang())
    found = run("split", event["event"], "2")
    assert found.exit_code == status.DONE and found.stdout.startswith("1 of 3 reports are ev-"), found.output
    assert sorted(told(store).values()) == [["a", "c"], ["b"]]
    found = run("split", event["event"], "https://c.example/1", "--quiet")
    assert (found.exit_code, found.output) == (status.DONE, "")
    assert sorted(told(store).values()) == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["merge", "ev-none", "ev-nowhere"], "there is no event ev-none"),
        (["merge", "EVENT", "EVENT"], "are one event already"),
        (["split", "ev-none", "1"], "there is no event ev-none"),
        (["split", "EVENT", "4"], "4 is none of the 3 reports"),
        (["split", "EVENT", "1", "2", "3"], "and not all"),
        (["rulings", "undo", "9"], "there is no ruling 9"),
    ],
)
def test_wrong_usage_is_told(store, arguments, said):
    (event,) = saved(store, *one_wang())
    found = run(*(event["event"] if a == "EVENT" else a for a in arguments))
    assert found.exit_code == status.USAGE and said in found.stderr, found.output


@pytest.mark.parametrize("arguments", [["merge", "a", "b"], ["split", "a", "1"], ["rulings"], ["rulings", "undo", "1"]])
def test_a_database_that_is_not_there_is_told_and_not_made(here, arguments):
    assert run(*arguments).exit_code == status.FAILED
    assert not (here / "founderwatch.db").exists()
