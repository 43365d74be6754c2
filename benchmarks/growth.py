"""How long it takes to merge one new mention: python -m benchmarks.growth [10000 100000 1000000]

Makes a database of so many mentions (invented people; names, employers and reports are as skewed as in life: some
names have hundreds of bearers, some employers thousands of leavers, every tenth report names no employer), then stores new stories one
by one. Prints milliseconds of this process, which other work on the machine does not lengthen: `merging` is from the look-up of
candidates to the event's row, `storing` is all that is done with a story; `elapsed` is the same by the clock, the wait for
the disk included. A million takes some minutes and 2 GB in --folder.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from pypinyin import lazy_pinyin

from founderwatch.database import gathering, settling
from founderwatch.database.store import Store
from founderwatch.events import organisations
from founderwatch.events.organisations import marks
from founderwatch.events.people import filed, parse, person_key
from founderwatch.items import Article, Assessment, Mention, Story

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉红建文志国海永春金荣秀梅晓燕雪琳婷雨欣怡佳子轩浩宇博思远天佑嘉懿俊哲梓涵一诺若曦星辰清野知遥望舒云帆景行砚秋书怀瑾长安予安"
FIRST = [
    "James",
    "Mary",
    "John",
    "Linda",
    "David",
    "Susan",
    "Robert",
    "Sarah",
    "Michael",
    "Emma",
    "William",
    "Anna",
    "Thomas",
    "Laura",
    "Daniel",
    "Julia",
    "Mark",
    "Priya",
    "Paul",
    "Elena",
    "Andrew",
    "Ingrid",
    "Peter",
    "Aisha",
    "Kevin",
    "Chiara",
    "Brian",
    "Nadia",
    "George",
    "Freya",
    "Omar",
    "Greta",
    "Oscar",
    "Helena",
    "Felix",
    "Ines",
    "Hugo",
    "Marta",
    "Leon",
    "Saskia",
]
LAST = [a + b for a in ["Lind", "Berg", "Hall", "Strand", "Holm", "Wald", "Stein", "Ash", "Brook", "Cart", "Dal", "El", "Fair", "Green", "Hart", "Kirk", "Lang", "Mar", "Nor", "Oak", "Penn", "Quin", "Rad", "Sel", "Tarn", "Ul", "Van", "Whit", "Yard", "Zell"] for b in ["er", "son", "ley", "ton", "man", "gren", "quist", "by", "well", "ford", "ing", "ard", "ow", "ell", "en", "sen", "is", "o", "ucci", "ova"]]  # fmt: skip
DAYS = 3650
START = datetime(2017, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Report:
    departure: int
    person: str
    employer: str | None
    kind: str
    role: str
    at: datetime


class World:
    """Departures drawn at random, each with one report or more."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        listed = sorted({o.name for o in organisations._table().values()})
        unknown = [f"{a}{b} {c}" for a in LAST[:150] for b in ("wood", "loom", "field") for c in ("Robotics", "Labs", "Health", "Energy")]  # fmt: skip
        self.random.shuffle(unknown)
        self.employers = [*self.random.sample(listed, len(listed)), *unknown]

    def _skewed(self, values, power: float):
        weights = _weights(len(values), power)
        return self.random.choices(values, cum_weights=weights)[0]

    def reports(self) -> Iterator[Report]:
        """Reports without an end, those of one departure one after the other."""
        departure = 0
        while True:
            departure += 1
            chinese = self.random.random() < 0.5
            names = self._chinese() if chinese else self._english()
            employer = self._skewed(self.employers, 0.8)
            kind = self.random.choices(["founds", "leaves", "joins"], [3, 5, 2])[0]
            role = self.random.choice(["engineer", "director", "研究员", "vice-president", "首席科学家"])
            day = self.random.randrange(DAYS)
            for _ in range(1 + min(int(self.random.expovariate(0.6)), 12)):
                day += int(self.random.expovariate(0.2))
                yield Report(
                    departure,
                    self.random.choices(names, [6, 3, 1][: len(names)])[0],
                    None if self.random.random() < 0.1 else employer,
                    kind,
                    role,
                    START + timedelta(days=day, minutes=self.random.randrange(1440)),
                )

    def _chinese(self) -> list[str]:
        surname = self._skewed(SURNAMES, 0.8)
        given = "".join(self._skewed(GIVEN, 0.6) for _ in range(1 if self.random.random() < 0.25 else 2))
        latin = f"{''.join(lazy_pinyin(surname))} {''.join(lazy_pinyin(given))}".title()
        return [surname + given, latin, f"Dr {latin.split()[0]}"]

    def _english(self) -> list[str]:
        first, last = self._skewed(FIRST, 0.7), self._skewed(LAST, 0.5)
        return [f"{first} {last}", f"{first} {self.random.choice('ABCDEFGHJKLM')}. {last}", f"{first[0]}. {last}"]


def _weights(count: int, power: float, kept: dict = {}) -> list[float]:  # noqa: B006  (meant to be kept)
    if (count, power) not in kept:
        kept[count, power] = list(accumulate((1 + rank) ** -power for rank in range(count)))
    return kept[count, power]


_ROWS = {
    "articles": "id, url, source, title, body, language, published, first_seen_at",
    "addresses": "url, article, folded",
    "assessments": "id, article, model, score, flagged, made_at",
    "events": "id, person, names, kind, status, employer, role, seniority, venture_kind, first_seen_at, published, score, sources, flagged, basis",
    "mentions": "id, assessment, article, event, person, person_key, kind, status, score, employer, role, seniority, venture_kind, evidence, triggers",
    "name_keys": "key, mark, at, mention",
}
_BASIS = '{"scores": [0.9], "named": 0, "outlets": 1, "copies": 0, "denials": 0}'
_BATCH = 100_000


def fill(store: Store, mentions: int, seed: int) -> None:
    """Writes so many mentions as an earlier crawl would have left them, each departure an event."""
    conn = store.db.conn
    conn.execute("pragma synchronous = off")
    # Indexes are made afterwards, in one go: many times faster.
    indexes = conn.execute("select name, sql from sqlite_master where type = 'index' and sql is not null").fetchall()
    conn.execute("begin")
    for name, _ in indexes:
        conn.execute(f"drop index {name}")
    reports = World(seed).reports()
    for start in range(1, mentions + 1, _BATCH):
        rows: dict[str, list[tuple]] = {table: [] for table in _ROWS}
        for number in range(start, min(start + _BATCH, mentions + 1)):
            _write(rows, number, next(reports))
        rows["name_keys"].sort()
        for table, columns in _ROWS.items():
            marks_ = ", ".join("?" * len(columns.split(", ")))
            conn.executemany(f"insert or ignore into {table} ({columns}) values ({marks_})", rows[table])
    for _, sql in indexes:
        conn.execute(sql)
    conn.execute(
        """insert into common_names select key from (select distinct key, mark from name_keys where mark <> '')
           group by key having count(*) >= ?""",
        [gathering.COMMON],
    )
    conn.commit()
    conn.execute("analyze")
    conn.execute("pragma synchronous = normal")


def _write(rows: dict[str, list[tuple]], number: int, report: Report) -> None:
    at, url = report.at.isoformat(timespec="seconds"), f"https://{number % 97}.example/{number}"
    event, founds = f"ev-{report.departure}", int(report.kind == "founds")
    rows["articles"].append((number, url, f"source{number % 97}", "A title", "A body.", "en", at, at))
    rows["addresses"].append((url, number, url))
    rows["assessments"].append((number, number, "m", 0.9, founds, at))
    rows["events"].append((event, report.person, f'["{report.person}"]', report.kind, "confirmed", report.employer, report.role, "senior", "unknown", at, at, 0.9, 1, founds, _BASIS))  # fmt: skip
    rows["mentions"].append((number, number, number, event, report.person, person_key(report.person), report.kind, "confirmed", 0.9, report.employer, report.role, "senior", "unknown", "[]", "[]"))  # fmt: skip
    places, day = marks(report.employer) or {""}, report.at.toordinal()
    rows["name_keys"] += [(key, mark, day, number) for key in filed(parse(report.person)) for mark in places]


def measure(store: Store, stories: int, seed: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of merging, of storing, and of storing by the clock, for each new story."""
    merging: list[float] = []
    settle = settling.settle

    def timed(*arguments):
        started = time.process_time()
        try:
            return settle(*arguments)
        finally:
            merging.append(time.process_time() - started)

    settling.settle = timed
    storing, elapsed = [], []
    try:
        for number, report in zip(range(stories), World(seed).reports(), strict=False):
            told = Mention(report.person, report.kind, "confirmed", 0.9, employer=report.employer, role=report.role, seniority="senior")  # fmt: skip
            article = Article(f"https://new.example/{number}", "new", "A title", "A body.", "en", published=report.at)
            started, begun = time.process_time(), time.perf_counter()
            store.save(Story(article=article, assessment=Assessment("m", 0.9, True, (told,))), 0.5)
            storing.append(time.process_time() - started)
            elapsed.append(time.perf_counter() - begun)
    finally:
        settling.settle = settle
    return merging, storing, elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--stories", type=int, default=1000, help="how many are stored in each")
    parser.add_argument("--folder", type=Path, help="where the databases are made (default: the temporary folder)")
    asked = parser.parse_args()
    print(
        f"{'mentions':>10} {'namesakes':>10} {'merging':>10} {'95%':>8} {'worst':>8} {'storing':>10} {'95%':>8} {'elapsed':>10}"
    )
    for size in asked.sizes:
        with (
            tempfile.TemporaryDirectory(dir=asked.folder) as folder,
            closing(Store(Path(folder) / "growth.db")) as store,
        ):
            fill(store, size, seed=1)
            (most,) = store.db.execute(
                "select max(n) from (select count(*) as n from mentions group by person_key)"
            ).fetchone()
            merging, storing, elapsed = measure(store, asked.stories, seed=2)
        cells = [
            _median(merging),
            _quantile(merging),
            max(merging),
            _median(storing),
            _quantile(storing),
            _median(elapsed),
        ]
        median, high, worst, stored, stored_high, clock = (f"{1000 * cell:.2f}" for cell in cells)
        print(
            f"{size:>10} {most:>10} {median:>10} {high:>8} {worst:>8} {stored:>10} {stored_high:>8} {clock:>10}",
            flush=True,
        )


_median = statistics.median


def _quantile(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


if __name__ == "__main__":
    main()
