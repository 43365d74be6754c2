"""Roles and ventures are sorted by their words, in both languages."""

import pytest

from models.fields import seniority, venture_kind


@pytest.mark.parametrize(
    ("role", "rank"),
    [
        ("CEO", "executive"), ("Chief Scientist", "executive"), ("general partner", "executive"), ("co-founder", "executive"),
        ("co-founder and vice president", "executive"), ("president of cloud", "executive"), ("首席科学家", "executive"),
        ("总裁", "executive"), ("联合创始人", "executive"), ("總經理", "executive"), ("合伙人", "executive"),
        ("vice president of engineering", "lead"), ("Senior Vice-President", "lead"), ("SVP", "lead"), ("高级副总裁", "lead"),
        ("副总经理", "lead"), ("director of research", "lead"), ("head of design", "lead"), ("led pre-training", "lead"),
        ("professor", "lead"), ("tech lead", "lead"), ("技术总监", "lead"), ("算法负责人", "lead"), ("教授", "lead"),
        ("Algorithm engineer", "senior"), ("research scientist", "senior"), ("product manager", "senior"),
        ("partnerships manager", "senior"), ("wheelchair designer", "senior"), ("算法工程师", "senior"), ("研究员", "senior"),
        ("产品经理", "senior"), ("postdoctoral fellow", "senior"), ("programmer", "senior"),
        (None, "unknown"), ("", "unknown"), ("who handled bills", "unknown"), ("long-time employee", "unknown"),
    ],
)  # fmt: skip
def test_a_role_has_a_rank(role, rank):
    assert seniority(role) == rank


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["Palewire", "warehouse robots", "start her own business"], "company"), (["自立门户"], "company"), (["创业"], "company"),
        (["Clover Fund"], "fund"), (["his own venture firm"], "fund"), (["红杉基金"], "fund"), (["做风投"], "fund"),
        (["Open Weather Foundation"], "nonprofit"), (["a non-profit"], "nonprofit"), (["慈善基金会"], "nonprofit"),
        ([None, "AI safety", "set up a lab"], "lab"), (["具身智能实验室"], "lab"),
        (["Palewire", "foundation models", "start-up"], "company"),
        ([None, None], "unknown"), (["Palewire"], "unknown"), ([None, "well known chips"], "unknown"),
    ],
)  # fmt: skip
def test_a_venture_has_a_kind(words, kind):
    assert venture_kind(*words) == kind
