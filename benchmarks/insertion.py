"""How fast stories are stored in a large database, against an empty one: python -m benchmarks.insertion --articles 1000000

The large one is that of `benchmarks.growth`, each article with a report of a departure, and with short made texts in its
full-text index. New stories are stored in turn in both, in transactions of so many as a back-fill's: `articles` that tell of
nobody, which `--all` keeps, and `reports` of a departure, which in the large one have others to be held against. Ratios are of medians
over the rounds. Writes benchmarks/results/insertion.json, beside what other sizes gave; a million articles take some 4 GB of disk.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate, groupby, islice
from pathlib import Path

from benchmarks import growth
from benchmarks.results import read, write
from founderwatch.database import texts
from founderwatch.database.store import Store
from founderwatch.items import Article, Assessment, Mention, Story

# Stories of a transaction, as many as a span of an archive gives: with --all, and without.
_TOGETHER = {"articles": 500, "reports": 20}
_PIECE = 50_000  # articles that are made in one


class Texts:
    """Titles and bodies of made words, as skewed as those of a language; every third in Chinese."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        latin = ["".join(self._random.choices(letters, k=self._random.randint(3, 9))) for _ in range(30_000)]
        han = ["".join(map(chr, self._random.choices(range(0x4E00, 0x5600), k=2))) for _ in range(20_000)]
        self._words = [(words, list(accumulate(1 / (1 + n) for n in range(len(words))))) for words in (latin, han)]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while True:
            (words, weights), joint, size = (
                (self._words[1], "", 40) if self._random.random() < 1 / 3 else (self._words[0], " ", 60)
            )
            said = self._random.choices(words, cum_weights=weights, k=size)
            yield joint.join(said[:6]), joint.join(said)


def fill(store: Store, articles: int, seed: int = 1) -> None:
    """Makes the large database, as far as it is not made yet: reports, then texts and their index."""
    conn = store.db.conn
    if not store.db["articles"].count:
        growth.fill(store, articles, seed)
        # It sampled the index while that was empty: SQLite would read the whole of it for each piece that it removes.
        conn.execute("delete from sqlite_stat1 where tbl glob 'articles_fts*'")
        conn.commit()
    (done,) = conn.execute("select count(*) from articles_fts_docsize").fetchone()
    conn.execute("pragma synchronous = off")
    conn.execute("pragma cache_size = -1000000")  # kB: else pages go to the disk and come back
    made = zip(range(1, articles + 1), Texts(seed), strict=False)
    for _, some in groupby(islice(made, done, None), lambda pair: pair[0] // _PIECE):
        conn.execute("begin")
        for number, text in some:
            conn.execute("update articles set title = ?, body = ? where id = ?", [*text, number])
            texts.enter(store.db, number, text)
        conn.commit()
    conn.execute("pragma wal_checkpoint(truncate)").fetchall()


def stories(seed: int) -> Iterator[tuple[Story, Story]]:
    """An article that tells of nobody and one with a report, without end."""
    source = iter(Texts(seed))
    for number, report in enumerate(growth.World(seed).reports()):
        told = Mention(report.person, report.kind, "confirmed", 0.9, employer=report.employer, role=report.role, seniority="senior")  # fmt: skip
        plain, reporting = (
            Article(f"https://new{seed}.example/{number}/{at}", "new", *next(source), "en", published=report.at)
            for at in range(2)
        )
        yield (
            Story(article=plain, assessment=Assessment("m", 0.1, False, ())),
            Story(article=reporting, assessment=Assessment("m", 0.9, True, (told,))),
        )


def insert(store: Store, made: Sequence[Story], together: int) -> tuple[float, float]:
    """Stories a second by the clock, and a second of the processor."""
    began, computed = time.perf_counter(), time.process_time()
    for at in range(0, len(made), together):
        store.save_all(made[at : at + together], 0.5, lambda *_: None)
    return len(made) / (time.perf_counter() - began), len(made) / (time.process_time() - computed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--stories", type=int, default=500, help="of either kind in each round")
    parser.add_argument("--seed", type=int, default=2, help="another for each time that a database is used again")
    parser.add_argument(
        "--database", type=Path, help="keep the large database there, and use what was made of it before"
    )
    given = parser.parse_args()
    rates: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        large = given.database or Path(folder) / "large.db"
        began = time.perf_counter()
        with closing(Store(large)) as making:
            fill(making, given.articles)
        print(f"{given.articles:,} articles made in {time.perf_counter() - began:.0f} s", flush=True)
        source = stories(given.seed)
        with closing(Store(large)) as full:
            for number in range(given.rounds):
                both = zip(*islice(source, given.stories), strict=True)
                for kind, made in zip(("articles", "reports"), both, strict=True):
                    with closing(Store(Path(folder) / f"{number}-{kind}.db")) as empty:
                        rates[kind, "empty"].append(insert(empty, made, _TOGETHER[kind]))
                    rates[kind, "full"].append(insert(full, made, _TOGETHER[kind]))
        size = large.stat().st_size
    result: dict[str, dict[str, dict[str, float]]] = {}
    for way, name in enumerate(("clock", "processor")):
        for kind in ("articles", "reports"):
            rate = {where: statistics.median(told[way] for told in rates[kind, where]) for where in ("empty", "full")}
            result.setdefault(name, {})[kind] = rate
            print(
                f"{kind} a second of the {name}: empty {rate['empty']:.0f}, full {rate['full']:.0f},"
                f" {rate['full'] / rate['empty']:.2f} times"
            )
    before = read("insertion") or {}
    sizes = before.get("sizes", {}) | {str(given.articles): {"bytes": size} | result}
    write("insertion", {"sizes": dict(sorted(sizes.items(), key=lambda pair: int(pair[0])))})


if __name__ == "__main__":
    main()
