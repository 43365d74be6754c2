"""How well reports of one departure are merged: python -m benchmarks.merging [--errors]

On the gold clusters (tests/clusters), for tuning and test: precision and recall of pairs, B-cubed F1, and of pairs in two
languages alone. With --errors also the clusters that came out otherwise.
"""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import fields

from founderwatch.database.store import Store
from tests import gold_clusters
from tests.gold_clusters import Gold, Measures, measure
from tests.judged import THRESHOLD


def merged(gold: list[Gold]) -> dict[str, str]:
    """The event of each story's address, when all are in one database."""
    with closing(Store(":memory:")) as store:
        for one in gold:
            store.save(one.story, THRESHOLD)
        rows = store.db.execute("select a.url, m.event from mentions m join articles a on a.id = m.article")
        return dict(rows.fetchall())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", action="store_true", help="also list what came out otherwise")
    parser.add_argument("--part", choices=["tuning", "test"], action="append", help="only this part")
    asked = parser.parse_args()
    gold = gold_clusters.everything()
    found = merged(gold)
    print(f"{'':24}" + "".join(f"{field.name:>18}" for field in fields(Measures)))
    for part in asked.part or ("tuning", "test"):
        mine = [g for g in gold if g.part == part]
        groups = {"all": mine} | {language: [g for g in mine if g.language == language] for language in ("en", "zh")}
        for name, of in groups.items():
            print(
                f"{part + ', ' + name:24}"
                + "".join(f"{_cell(value):>18}" for value in _values(measure(gold, found, of)))
            )
        if asked.errors:
            print(*(f"    {line}" for line in gold_clusters.wrong(gold, found, mine)), sep="\n")


def _values(measures: Measures):
    return (getattr(measures, field.name) for field in fields(measures))


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
