"""Gold clusters: what share of reports that belong together are merged, and what share of merged ones belong together."""

import json
import random
from contextlib import closing

import pytest

from benchmarks.merging import merged
from founderwatch.database.store import Store
from tests import gold_clusters
from tests.gold_clusters import Gold, measure, wrong
from tests.judged import saved, story

ALL = gold_clusters.everything()


@pytest.fixture(scope="module")
def found():
    return merged(ALL)


def test_there_are_enough_clusters_in_both_languages_and_parts():
    assert len({g.cluster for g in ALL}) >= 250
    assert len(ALL) >= 600
    for part in ("tuning", "test"):
        stories = [g for g in ALL if g.part == part]
        assert all(sum(g.language == language for g in stories) >= 100 for language in ("en", "zh"))
        assert len({g.cluster for g in stories}) >= 90


def test_a_cluster_is_in_one_part():
    assert len({(g.cluster, g.part) for g in ALL}) == len({g.cluster for g in ALL})


@pytest.mark.parametrize("language", ["en", "zh", None])
@pytest.mark.parametrize("part", ["tuning", "test"])
def test_reports_of_one_departure_and_no_others_are_merged(found, part, language):
    of = [g for g in ALL if g.part == part and language in (None, g.language)]
    measured = measure(ALL, found, of)
    assert measured.precision >= 0.985, wrong(ALL, found, of)
    assert measured.recall >= 0.97 and measured.b_cubed >= 0.98, wrong(ALL, found, of)
    assert measured.across >= 0.97 and measured.across_precision >= 0.98, wrong(ALL, found, of)


def test_the_measure_sees_both_errors():
    gold = [Gold("a", story("https://1.example")), Gold("a", story("https://2.example", language="zh")), Gold("b", story("https://3.example"))]  # fmt: skip
    together = measure(gold, dict.fromkeys((g.url for g in gold), "x"), gold)
    assert (together.precision, together.recall, together.across, together.across_precision) == (1 / 3, 1, 1, 1 / 2)
    right = measure(gold, dict(zip((g.url for g in gold), "xxy", strict=True)), gold)
    assert (right.precision, right.recall, right.b_cubed) == (1, 1, 1)
    apart = measure(gold, {}, gold)
    assert (apart.precision, apart.recall, apart.across) == (None, 0, 0)
    assert len(wrong(gold, {}, gold)) == 1 and measure(gold, {}, gold[2:]).recall is None


@pytest.mark.parametrize("seed", range(2))
def test_the_clusters_come_out_the_same_in_any_order(seed):
    # An original comes before its copies, as the crawl links them.
    shuffled = random.Random(seed).sample(ALL, len(ALL))
    shuffled.sort(key=lambda gold: gold.story.copy_of is not None)
    assert told(shuffled) == told(ALL)


def told(gold):
    with closing(Store(":memory:")) as store:
        events = saved(store, *(g.story for g in gold))
        for event in events:
            del event["event"], event["first_seen_at"]
        return sorted(json.dumps(event, ensure_ascii=False, sort_keys=True) for event in events)
