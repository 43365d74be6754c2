"""How good events are that the model's own reading makes: python -m benchmarks.event_scores [--fit] [--errors]

The model reads the sentences of the gold clusters (tests/clusters, the files called news_*) and of stories of no departure, all of
them go into one database, and the events are held against the clusters: how well what was read is merged, how many events are right,
and whether their scores are as high as their share of right ones. With --fit it also fits the weights of
founderwatch/events/score.py on the clusters for tuning.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from contextlib import closing
from dataclasses import replace

from founderwatch.database.store import Store
from founderwatch.events import score
from founderwatch.events.people import alike, parse
from founderwatch.items import Assessment
from models.encoder import Encoder
from models.story import StoryReader
from tests import gold_clusters
from tests.gold_clusters import Gold, measure


def judged(gold: list[Gold], reader: StoryReader) -> list[Gold]:
    """The stories as the model reads them."""
    read = []
    for one in gold:
        article = replace(one.story.article, title="", body=one.story.article.title)
        assessment = reader.judge("", article.body, article.language, article.published)
        read.append(replace(one, story=replace(one.story, article=article, assessment=assessment)))
    return read


def thought(gold: list[Gold], reader: StoryReader) -> list[Gold]:
    """The stories with everything that the model thinks of, likely or not: what a score must tell apart."""
    read = []
    for one in gold:
        article = one.story.article
        told, _ = reader.told("", article.body, article.language, article.published)
        mentions = tuple(mention for mention, _ in told if mention.person)
        read.append(replace(one, story=replace(one.story, assessment=Assessment("all", 0.0, False, mentions))))
    return read


def events_of(stories: list[Gold], threshold: float) -> list[dict]:
    """The events that all stories together make, with the whole of each."""
    with closing(Store(":memory:")) as store:
        for one in stories:
            store.save(one.story, threshold)
        return [store.event(e["event"]) for e in store.events(everything=True)]


def is_right(event: dict, gold: dict[str, Gold]) -> bool:
    """Whether an event tells of a departure that happened: its stories are of one cluster, and its person leaves there."""
    told = [gold[m["url"]] for m in event["mentions"] if m["url"] in gold]
    if len({g.cluster for g in told}) != 1 or len(told) < len(event["mentions"]):
        return False
    names = [parse(m.person) for g in told for m in g.story.assessment.mentions if m.person]
    return any(alike(parse(event["person"]), name) for name in names if name) if event["person"] else True


def fit(events: list[dict], gold: dict[str, Gold]) -> None:
    """Prints the loss of the weights that a further source may have, and the best of them.

    Events of no departure count as often as they come in life: about four to one of departures (models/training/calibrate.py).
    """
    rows = [
        (e["basis"]["scores"], is_right(e, gold), any(m["url"] in gold for m in e["mentions"]))
        for e in events
        if e["basis"]["scores"][0] > 0
    ]
    right, mistaken = sum(r for _, r, _ in rows), sum(not known for _, _, known in rows)
    heavy = 4 * right / max(mistaken, 1)
    several = sum(len(scores) > 1 for scores, _, _ in rows)
    print(f"{len(rows)} events, {several} of them with several sources; {right} right, {mistaken} of no departure")
    losses = {}
    for weight in (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1):
        for start in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
            score.WEIGHT, score.START = weight, start
            loss = 0.0
            for scores, true, known in rows:
                p = min(max(score.combined(scores), 1e-4), 1 - 1e-4)
                loss -= math.log(p) if true else math.log(1 - p) * (1 if known else heavy)
            losses[weight, start] = loss / len(rows)
    best = min(losses, key=losses.get)
    print(
        "best: weight {}, start {}: log loss {:.4f}; without further sources {:.4f}".format(
            *best, losses[best], losses[0, 0.5]
        )
    )
    for weight in (0.1, 0.2, 0.3, 0.5, 0.8, 1):
        print(
            f"weight {weight}:", *(f"{start}: {losses[weight, start]:.4f}" for start in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7))
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--fit", action="store_true", help="fit the weights on what the model thinks of in tuning clusters"
    )
    parser.add_argument("--errors", action="store_true", help="also list the clusters that came out otherwise")
    asked = parser.parse_args()
    reader = StoryReader(Encoder())
    true = [g for g in gold_clusters.everything() if g.cluster.startswith("news_")]
    nothing = list(gold_clusters.read(gold_clusters.LOOKALIKES))
    told = {g.url: g for g in true}
    stories = judged([*true, *nothing], reader)
    if asked.fit:
        fit(
            events_of(
                thought([g for g in stories if g.part == "tuning" or g.url not in told], reader), reader.threshold
            ),
            told,
        )
        return
    events = events_of(stories, reader.threshold)
    found = {m["url"]: e["event"] for e in events for m in e["mentions"]}
    print(f"stories of departures in which the model sees one: {sum(g.url in found for g in true)} of {len(true)}")
    print(f"stories of none in which it sees one: {sum(g.url in found for g in nothing)} of {len(nothing)}")
    seen = [g for g in stories if g.url in found and g.url in told]
    for part in ("tuning", "test"):
        for language in ("en", "zh"):
            m = measure(seen, found, [g for g in seen if g.part == part and g.language == language])
            print(
                f"{part}, {language}: {m.stories} stories; precision {m.precision:.3f}, recall {m.recall:.3f},"
                f" B-cubed F1 {m.b_cubed:.3f}, recall across scripts {m.across:.3f}"
            )
    bins = defaultdict(list)
    for event in events:
        bins[min(int(event["score"] * 5), 4)].append(event)
    for at, group in sorted(bins.items()):
        right, mean = (
            sum(values) / len(group) for values in ([is_right(e, told) for e in group], [e["score"] for e in group])
        )
        print(
            f"score {at / 5:.1f} to {(at + 1) / 5:.1f}: {len(group)} events, {right:.2f} of them right, mean score {mean:.2f}"
        )
    if asked.errors:
        print(*gold_clusters.wrong(seen, found, seen), sep="\n")


if __name__ == "__main__":
    main()
