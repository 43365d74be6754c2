"""The score of an event: further independent sources make it surer, copies and outlets that credit each other do not."""

from dataclasses import asdict
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from founderwatch.events.departure import precision
from founderwatch.events.score import basis, combined, judged, words


def report(outlet, score=0.8, status="confirmed", credits=None, copy=0):
    return SimpleNamespace(
        outlet=outlet, source=outlet, score=score, status=status, first_reported_by=credits, is_copy=copy
    )


def test_one_source_is_as_sure_as_its_surest_report():
    assert combined(basis([report("a", 0.6), report("a", 0.8)]).scores) == 0.8


def test_a_copy_and_a_crediting_outlet_add_nothing():
    alone = combined(basis([report("36kr", 0.8)]).scores)
    assert combined(basis([report("36kr", 0.8), report("36kr", 0.8, copy=1)]).scores) == alone
    assert combined(basis([report("36kr", 0.8), report("scmp", 0.8, credits="36Kr")]).scores) == alone
    assert combined(basis([report("a", 0.8, credits="LingTai"), report("b", 0.8, credits="lingtai")]).scores) == alone
    assert combined(basis([report("a", 0.8), report("b", 0.8, credits="c")]).scores) > alone


def test_credits_lead_on():
    told = basis([report("a", credits="b"), report("b", credits="c"), report("c"), report("d", credits="d")])
    assert (told.sources, told.outlets) == (2, 4)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_more_sources_never_make_it_less_sure_and_never_certain(scores):
    ordered = sorted(scores, reverse=True)
    sure = [combined(ordered[:count]) for count in range(1, len(ordered) + 1)]
    assert sure == sorted(sure) and sure[0] == ordered[0]
    assert sure[-1] < 1 or ordered[0] == 1


@pytest.mark.parametrize(
    ("reports", "denials", "verdict", "english", "chinese"),
    [
        ([report("a")], [], None, "one source, not named", "一个来源，未具名"),
        ([report("a", status="announced")], [], None, "one source, named", "一个来源，具名"),
        ([report("a"), report("b", status="announced")], [], None, "two independent sources, one named", "两个独立来源，一个具名"),
        ([report("a"), report("b")], [report("c")], "reject", "rejected by a reviewer; two independent sources, none named; denied by one", "已被审核人否决；两个独立来源，均未具名；一家报道否认"),
        ([report("a"), report("a", copy=1), report("b", credits="A")], [], None, "one source, not named; two outlets, some of which credit each other; one copy left out", "一个来源，未具名；两家媒体，有的互相援引；一篇转载不计"),
        ([report(str(n)) for n in range(13)], [], "unsure", "13 independent sources, none named", "13个独立来源，均未具名"),
    ],
)  # fmt: skip
def test_the_basis_in_words(reports, denials, verdict, english, chinese):
    told = asdict(basis(reports, denials))
    assert words(told, verdict) == english
    assert words(told, verdict, "zh") == chinese


@pytest.mark.parametrize(("verdict", "score"), [("accept", 1), ("reject", 0), ("unsure", 0.4), (None, 0.4)])
def test_a_person_who_has_judged_is_right(verdict, score):
    assert judged(0.4, verdict) == score


@pytest.mark.parametrize(
    ("start", "end", "called"),
    [("2026-05-01", "2026-05-01", "day"), ("2026-05-01", "2026-05-07", "week"), ("2026-05-01", "2026-05-31", "month"), ("2026-04-01", "2026-06-30", "quarter"),
     ("2026-01-01", "2026-06-30", "half-year"), ("2026-01-01", "2026-12-31", "year"), ("2024-01-01", "2026-12-31", "years"), (None, None, None)],
)  # fmt: skip
def test_the_precision_of_days(start, end, called):
    assert precision(start, end) == called
