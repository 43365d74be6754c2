"""Crawls the newsroom of faults: `python -m tests.faultroom.run --sources 200 --pages 20000 --judge`.

Crawls until nothing new comes (four times at most), then compares what is stored with what could be had, and prints the
fault table in Markdown: each fault, what the crawl told, what was lost.
"""

from __future__ import annotations

import argparse
import re
import resource
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.faultroom.faults import FAULTS, Outcome, Plan, Room, slow_bytes
from tests.faultroom.memory import Together
from tests.faultroom.stories import named
from tests.forked import CONTEXT
from tests.site import Answer, Page, Site, site

MOST_RUNS = 4


@dataclass
class Newsroom:
    """The running servers, the registry, and the plan of each source."""

    registry: str
    plans: list[tuple[str, Plan]]
    main: Site


@dataclass
class Crawled:
    """One run: its counts, its seconds and those of all its processors, the peaks of memory in MB, and what it told of each source.

    `peak` is the crawl's own, `worker` that of its largest worker, `together` that of all at one moment.
    """

    new: int
    peak: float
    seconds: float
    cpu: float
    worker: float = 0.0
    together: float = 0.0
    told: dict[str, list[str]] = field(default_factory=dict)
    reason: str = ""


@contextmanager
def newsroom(sources: int, stories: int, folder: Path) -> Iterator[Newsroom]:
    """Runs `sources` sources of `stories` stories each, fault after fault."""
    released = threading.Event()

    def never() -> Iterator[bytes]:
        released.wait(120)
        return iter(())

    pages: dict[str, Page] = {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /forbidden/\n", headers={"Content-Type": "text/plain"})
    }
    quiet: dict[str, Page] = {"/loris": Answer(b"<rss>", stream=slow_bytes)}
    with site(pages) as main, site(quiet) as silent, site({}, certificate(folder)) as secure:
        silent.pages["/feed"] = lambda _: (released.wait(120), Answer(close=True))[1]
        plans, tables = [], []
        for number, (words, make) in zip(range(sources), _endlessly(), strict=False):
            room = Room(number, [(number, n) for n in range(stories)], silent.base, secure.base)
            plan = make(room)
            pages |= plan.pages
            plans.append((words, plan))
            tables.append(_table(main.base, number, plan))
        try:
            yield Newsroom("\n".join(tables), plans, main)
        finally:
            released.set()


def _endlessly() -> Iterator[tuple[str, object]]:
    while True:
        yield from FAULTS.items()


def _table(base: str, number: int, plan: Plan) -> str:
    channels = "\n".join(
        f"{field} = {[url if '://' in url else base + url for url in urls]}" for field, urls in plan.channels.items()
    )
    return (
        f'[[source]]\nname = "source-{number}"\nhome = "{base}/s{number}/"\nlanguage = "en"\n{channels}\n{plan.more}\n'
    )


def certificate(folder: Path) -> str:
    """A self-signed certificate for 127.0.0.1 in a PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return str(path)


def crawl(registry: str, database: Path, judge: bool, timeout: int = 20, longest: float = 7200) -> Crawled:
    """One crawl in a process of its own; `timeout` is how many seconds it waits for an answer."""
    here, there = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_report, args=(there, registry, database, judge, timeout))
    process.start()
    there.close()
    try:
        with Together(process.pid) as memory:
            if not here.poll(longest):
                raise TimeoutError(f"the crawl took longer than {longest} s")
        return replace(here.recv(), worker=memory.child, together=memory.peak)
    finally:
        process.kill()
        process.join()


def _report(there, *arguments) -> None:
    there.send(crawl_here(*arguments))


def crawl_here(registry: str, database: Path, judge: bool, timeout: int = 20, since: str | None = None) -> Crawled:
    """One crawl in this process, which can do no second one."""
    from founderwatch.database.store import Store, recent_texts
    from models.encoder import Encoder
    from models.story import StoryReader
    from pipelines.classify import Classify
    from pipelines.deduplicate import Deduplicate
    from pipelines.extract_apart import ExtractApart
    from pipelines.since import Since
    from pipelines.store import Keep
    from spiders.crawl import run
    from spiders.entries import oldest
    from spiders.sources import parse

    started, sources, store = time.monotonic(), parse(registry), Store(database)
    store.register_sources(sources)
    keep = Keep(store, 0.5)
    stages = {
        "extract": (extract := ExtractApart()),
        "since": Since(oldest(since)),
        "deduplicate": Deduplicate(lambda: recent_texts(database, datetime.now(UTC) - timedelta(days=60))),
        "store": keep,
    }
    if judge:
        stages["classify"] = Classify(StoryReader(Encoder()))
    with store.unhurried():
        report = run(
            sources,
            stages,
            seen=store.is_known,
            edited=store.is_edited,
            states=store,
            settings={"DOWNLOAD_TIMEOUT": timeout},
        )
    extract.close()
    store.close()
    told = {s.name: [f"{m.stage}: {m.reason}" for m in s.messages] for s in report.sources}
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return Crawled(
        keep.counts["new"],
        peak=own.ru_maxrss / 1024,
        seconds=time.monotonic() - started,
        cpu=sum(used.ru_utime + used.ru_stime for used in (own, workers)),
        told=told,
        reason=report.reason,
    )


def crawl_all(
    room: Newsroom, database: Path, judge: bool = False, most: int = MOST_RUNS, timeout: int = 20
) -> list[Crawled]:
    """Crawls until a crawl brings nothing new."""
    runs: list[Crawled] = []
    while len(runs) < most and (not runs or runs[-1].new):
        runs.append(crawl(room.registry, database, judge, timeout))
    return runs


def outcomes(room: Newsroom, database: Path, runs: list[Crawled]) -> list[Outcome]:
    """What became of each source."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select source, title, url from articles").fetchall()
    stored: dict[str, Counter] = {}
    strays: dict[str, list[str]] = {}
    for source, title, url in rows:
        story = named(title)
        if story is None:
            strays.setdefault(source, []).append(f"{title} ({url})")
        else:
            stored.setdefault(source, Counter())[story] += 1
    found = []
    for number, (words, plan) in enumerate(room.plans):
        name = f"source-{number}"
        counts = stored.get(name, Counter())
        outcome = Outcome(number, words, len(plan.had), plan.had - counts.keys())
        outcome.doubled = {story for story, times in counts.items() if times > 1}
        outcome.strays = strays.get(name, []) + [f"{story} cannot be had" for story in counts.keys() - plan.had]
        outcome.told = _told([line for run in runs for line in run.told.get(name, ())])
        if plan.fails and not outcome.told:
            outcome.strays.append("the channel failed, and nothing was told of it")
        found.append(outcome)
    return found


def _told(lines: list[str]) -> str:
    """The commonest messages, without the numbers in which they differ."""
    alike = Counter(re.sub(r"127\.0\.0\.1:\d+", "…", re.sub(r"\d{4,}", "…", line)) for line in lines)
    return "; ".join(line for line, _ in alike.most_common(3))


def table(found: list[Outcome]) -> str:
    """The fault table, one row a fault."""
    lines = [
        "| fault | sources | stories to be had | stored | lost | twice | what the crawl told (commonest) |",
        "|---|---|---|---|---|---|---|",
    ]
    for words in FAULTS:
        of = [outcome for outcome in found if outcome.words == words]
        if not of:
            continue
        had, lost, twice = (
            sum(f(o) for o in of) for f in (lambda o: o.had, lambda o: len(o.missing), lambda o: len(o.doubled))
        )
        told = next((o.told for o in of if o.told), "") or "nothing"
        lines.append(
            f"| {words} | {len(of)} | {had} | {had - lost} | {lost} | {twice} | {told.replace('|', '/')[:160]} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--judge", action="store_true", help="with the model, as `founderwatch crawl` does")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "x.db"
        with newsroom(options.sources, options.pages // options.sources, Path(folder)) as room:
            runs = crawl_all(room, database, options.judge)
            found = outcomes(room, database, runs)
    print(table(found))
    for run in runs:
        print(
            f"\n{run.new} new stories in {run.seconds:.0f} s ({run.cpu:.0f} s of the processors), at the peak {run.peak:.0f} MB,"
            f" a worker {run.worker:.0f} MB, all together {run.together:.0f} MB ({run.reason})",
            end="",
        )
    faults = [o for o in found if o.missing or o.doubled or o.strays]
    print(f"\n{len(found)} sources, {sum(o.had for o in found)} stories to be had, {len(faults)} sources with a fault")
    for outcome in faults:
        print(
            f"  source-{outcome.number} ({outcome.words}): missing {sorted(outcome.missing)[:5]}, twice {sorted(outcome.doubled)[:5]}, strays {outcome.strays[:3]}; told: {outcome.told}"
        )
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
