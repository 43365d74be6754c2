"""Gold clusters: what share of reports that belong together are merged, and what share of merged ones belong together."""

import itertools
import json
import random
from collections import defaultdict
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from tests.judged import mention, saved, story

FOLDER = Path(__file__).parent / "clusters"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}
LANGUAGES = {"english": "en", "chinese": "zh"}


def blocks(path):
    """(cluster, its lines' cells) of a file."""
    name, lines = "", defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            name = f"{path.stem}: {line[3:]}"
            assert name not in lines, f"two clusters are called {name}"
        elif line.strip() and not line.startswith("#"):
            lines[name].append([cell.strip() for cell in line.split("|")])
    return lines


def reports(path):
    """(cluster, story) of every line of a file."""
    for number, (name, lines) in enumerate(blocks(path).items()):
        urls = {}
        for at, (day, source, person, employer, what, more, title) in enumerate(lines):
            kind, status = what.split(", ")
            fields = _fields(more)
            copied = urls[fields.pop("copy")] if "copy" in fields else None
            url = f"https://{path.stem}.example/{number}/{at}"
            urls.setdefault(source, url)
            told = mention(_or_none(person), _or_none(employer), kind, status, **fields)
            yield (
                name,
                story(
                    url,
                    told,
                    days=int(day),
                    title=title,
                    source=source,
                    copy_of=copied,
                    language=LANGUAGES.get(path.stem, "zh" if not source.isascii() else None),
                ),
            )


def _fields(more):
    """`role=head of robotics venture=Orrin` as a dictionary."""
    fields, last = {}, None
    for word in more.split():
        if "=" in word:
            last, _, start = word.partition("=")
            fields[last] = start
        else:
            fields[last] += f" {word}"
    for name, field in (("from", "departed_from"), ("to", "departed_to")):
        if name in fields:
            fields[field] = date.fromisoformat(fields.pop(name))
    return fields


def _or_none(cell):
    return None if cell == "-" else cell


GOLD = {stem: list(reports(path)) for stem, path in FILES.items()}
ALL = [pair for pairs in GOLD.values() for pair in pairs]


def merged(pairs):
    """The event of each story's address."""
    with closing(Store(":memory:")) as store:
        return {m["url"]: e["event"] for e in saved(store, *(s for _, s in pairs)) for m in e["mentions"]}


def scores(pairs, found):
    """Pairwise precision and recall, and B-cubed F1."""
    gold = {s.article.url: name for name, s in pairs}
    both = list(itertools.combinations(gold, 2))
    together = [found[a] == found[b] for a, b in both]
    belong = [gold[a] == gold[b] for a, b in both]
    right = sum(t and b for t, b in zip(together, belong, strict=True))
    by_gold, by_event = defaultdict(set), defaultdict(set)
    for url, name in gold.items():
        by_gold[name].add(url)
        by_event[found[url]].add(url)
    shared = {u: len(by_gold[gold[u]] & by_event[found[u]]) for u in gold}
    precision = sum(shared[u] / len(by_event[found[u]]) for u in gold) / len(gold)
    recall = sum(shared[u] / len(by_gold[gold[u]]) for u in gold) / len(gold)
    return right / sum(together), right / sum(belong), 2 * precision * recall / (precision + recall)


def wrong(pairs, found):
    """The clusters that came out otherwise, for the eye."""
    events = defaultdict(set)
    for name, s in pairs:
        events[found[s.article.url]].add(name)
    parted = defaultdict(set)
    for name, s in pairs:
        parted[name].add(found[s.article.url])
    return [sorted(names) for names in events.values() if len(names) > 1], [n for n, e in parted.items() if len(e) > 1]


@pytest.fixture(scope="module")
def found():
    return merged(ALL)


def test_there_are_enough_clusters():
    assert len({name for name, _ in ALL}) >= 60
    assert len(ALL) >= 195


@pytest.mark.parametrize("stem", [*FILES, "all"])
def test_reports_of_one_departure_and_no_others_are_merged(found, stem):
    pairs = ALL if stem == "all" else GOLD[stem]
    precision, recall, f1 = scores(pairs, found)
    print(f"{stem}: precision {precision:.3f}, recall {recall:.3f}, B-cubed F1 {f1:.3f}")
    assert precision >= 0.99 and recall >= 0.95 and f1 >= 0.97, wrong(pairs, found)


def test_the_measure_sees_both_errors():
    pairs = [("a", story("https://1.example")), ("a", story("https://2.example")), ("b", story("https://3.example"))]
    urls = [s.article.url for _, s in pairs]
    assert scores(pairs, dict(zip(urls, "xxx", strict=True)))[:2] == (1 / 3, 1)
    assert scores(pairs, dict(zip(urls, "xxy", strict=True))) == (1, 1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_the_clusters_come_out_the_same_in_any_order(seed):
    # An original comes before its copies, as the crawl links them.
    shuffled = random.Random(seed).sample(ALL, len(ALL))
    shuffled.sort(key=lambda pair: pair[1].copy_of is not None)
    assert told(shuffled) == told(ALL)


def told(pairs):
    with closing(Store(":memory:")) as store:
        events = saved(store, *(s for _, s in pairs))
        for event in events:
            del event["event"], event["first_seen_at"]
        return sorted(json.dumps(event, ensure_ascii=False, sort_keys=True) for event in events)
