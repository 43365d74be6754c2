"""Writes the tables of docs/benchmarks.md, and the plots beside it, from what the benchmarks measured: python -m benchmarks.report

The text of the page stands here; the figures come from benchmarks/results. Plots need pip install 'founderwatch[bench]'.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import read

DOCS = Path(__file__).parent.parent / "docs"
HEAD = """# Benchmarks

Each table has one command, outside the tests; `python -m benchmarks.report` writes this page from their results. Read the ratios of one run:
a rate depends on the machine. Pages are made (`benchmarks/archive.py`): 50% in nine other languages, 35% English, 15% Chinese; of the last two 15%
tell of somebody who leaves and 0.5% are gold stories of a founding, and what the others say comes from texts that have nothing to do with
departures; five page styles, 12 kB on average. How the back-fill works:
[backfill.md](backfill.md).
"""

_CAVEATS = """

The goals are 10 times trafilatura for the mix, 5 times for English and Chinese pages, and 0.9 times with `--all`. **The first two are not
reached, the third is in doubt** (0.8 in one process, [below](#against-other-extractors)):
trafilatura alone read 60 pages of the mix in this run and 78 and 79 in two others of the same day, for each second of a core's time; by those the factors are 1.7 for the mix
and 0.87 with `--all`. Most of the time is the encoder's ([below](#what-the-time-is-spent-on)). Ten times would leave 1.3 ms for a page; the gold stories alone,
one page in 400, take the encoder 0.7 ms a page to read whole, and the look and the extraction 1.8. A quick model in the encoder's place would bring three times, not ten.

Both cores were free: two workers read 1.7 times what one reads (goal 1.5). Until now the ordinary pages were made of look-alikes, too, and so told of foundings more often than the
stated mix; the same gate then read 137 pages a second, and the gate of version 2026-11-28.3, which loses more, 222 of an easier corpus. Of real publishers' pages, 300 kB each, trafilatura
alone reads 27 a second on one core and the look 230.

"""
_NEXT = """The words and the encoder were looked at first: most of what the encoder does is matrices in int8. The twelve products back from the wide
layer took 38% of its time while they kept a scale for each 32 weights, and take 15% with one for each token; an addition and a LayerNormalization apart
take a fifth of onnxruntime's fused form. Fused attention was tried: 3 to 7% less time, only where no look is padded. Texts that say little else than what a glance would show are read whole
at once, which loses fewer founders; a lower limit of the glance in its place was tried, and saves no time. Next would be a small model for the glance.

"""
_FLAMES = """The same as a [flame graph](benchmarks-flames.svg) of a whole command on 5,000 pages, start-up and all (open it by itself: frames tell more when
pointed at), made by `py-spy record --subprocesses --output docs/benchmarks-flames.svg -- founderwatch backfill made.warc.gz --workers 1`."""
_HAYSTACK = """The goals are 99.5% and 700 MB. Of the 1,931 pages twelve are not found: the look or the glance leaves out half a dozen stories, each of which several
pages tell; that is 99.4%, and of other texts it is less ([backfill.md](backfill.md)). A worker's memory is flat from the first archive to the last. The run took 115 minutes beside other work, at up to 219
pages a second, with the gate of version 2026-11-28.3 and, but for one of its fifty archives perhaps, the corpus of 20,428
texts; its ordinary pages still held look-alikes, which made it slower.

"""
_ENCODER = """Texts of random tokens, the gate's cut from ordinary stories; a second of one core's time. From 128 tokens on batches gain nothing: looks go one by one, so
that a text is judged the same whatever stands beside it. Full precision is the same weights, read back.

"""
_INSERTION = """Short made stories, full-text search on, stored in turn in the large database and in an empty one. `articles` tell of nobody and are
stored 500 in a transaction, as with `--all`; `reports` of a departure, each of which is held against those of the same name, 20 in one. The goal for a
million, 0.7 times, is reached for articles, and missed for reports: an empty database has none of the same name. Articles came to 0.57 while the writer kept SQLite's two
megabytes in memory and merged the full-text index four pieces at a time; 64 MB and eight pieces make the difference. Texts of one transaction are entered in the index together, which
makes the storing of articles 1.7 times as fast (100 in a transaction, among 5,000).

"""


def extractors() -> str:
    found = read("extractors")
    if not found:
        return ""
    rates = found["rates"]
    # Libraries that were not installed in this run: their ratios to trafilatura, in the run in which they were.
    earlier = found.get("earlier", {})
    extra = "".join(
        f"{name}, in an earlier run: {ratio['all']:.2f} and {ratio['read']:.2f} times trafilatura. "
        for name, ratio in earlier.items()
    )
    base = next(name for name in rates if name.startswith("trafilatura ") and "fast" not in name)
    ordered = sorted(rates, key=lambda name: -rates[name].get("all", 0))
    rows = [
        f"| {name} | {rates[name].get('all', 0):,.1f} | {rates[name].get('all', 0) / rates[base]['all']:.2f} |"
        f" {rates[name].get('read', 0):,.1f} | {rates[name].get('read', 0) / rates[base]['read']:.2f} |"
        for name in ordered
    ]
    _bars(
        "extractors",
        {name: rates[name].get("all", 0) / rates[base]["all"] for name in ordered},
        "times trafilatura (log)",
    )
    return _section(
        "Against other extractors",
        "benchmarks.extractors",
        found,
        f"{found['pages']} pages of the mix, and as many English and Chinese ones, in one process; pages a second of one core's time. {extra}",
        "| | the mix | × trafilatura | English and Chinese | × trafilatura |\n|---|---|---|---|---|\n"
        + "\n".join(rows),
        "extractors",
    )


def throughput() -> str:
    found = read("throughput")
    if not found:
        return ""
    rows = []
    for name, row in found["rows"].items():
        rate = _rate(row)
        base = found["rows"]["trafilatura alone" + (", English and Chinese" if "Chinese" in name else "")]
        rows.append(
            f"| {name} | {row['pages'] / row['seconds']:,.1f} | {rate:,.1f} | {rate / _rate(base):.2f} |"
            f" {row.get('memory', 0) / 1e6:,.0f} |"
        )
    recall = found["recall"]
    said = f"Of {recall['flagged by scan']} gold stories that `scan` flags by themselves, {recall['of these flagged']} are flagged."
    head = "| | pages a second | a second of one core's time | of this × trafilatura | largest worker, MB |\n|---|---|---|---|---|\n"
    table = head + "\n".join(rows)
    about = f"{found['pages']:,} pages, {found['workers']} workers. {said}{_CAVEATS}"
    return _section("The whole way", "benchmarks.throughput", found, about, table)


def _rate(row: dict) -> float:
    """Pages a second of one core's time; by the clock, of as many processes, where the result is older."""
    return row["pages"] / row.get("processor", row["seconds"])


def stages() -> str:
    found = read("stages")
    if not found:
        return ""
    pages, told = found["pages"], sorted(found["stages"].items(), key=lambda pair: -pair[1]["seconds"])
    total = sum(row["seconds"] for _, row in told)
    rows = [
        f"| {name} | {row['calls'] or ''} | {1000 * row['seconds'] / pages:.2f} | {row['seconds'] / total:.0%} |"
        for name, row in told
    ]
    _bars("stages", {name: 1000 * row["seconds"] / pages for name, row in told}, "milliseconds of a page", "linear")
    about = (
        f"{pages:,} pages of the mix, {found['counts']['candidates']} of them read whole, in one process that is warm: {1000 * total / pages:.1f} ms of one"
        f" core a page. {_NEXT}"
    )
    head = "| stage | calls | ms of a page | share |\n|---|---|---|---|\n"
    return _section(
        "What the time is spent on", "benchmarks.stages", found, about, head + "\n".join(rows), "stages", _FLAMES
    )


def haystack() -> str:
    found = read("haystack")
    if not found:
        return ""
    recall, course = found["recall"], found["course"]
    wanted = recall["flagged by scan"]
    rows = [
        f"| gold stories that `scan` flags by themselves, at so many pages | {wanted:,} |",
        f"| of these stored | {recall['of these stored']:,} ({recall['of these stored'] / wanted:.1%}) |",
        f"| of these flagged | {recall['of these flagged']:,} ({recall['of these flagged'] / wanted:.1%}) |",
        *(
            f"| largest worker after {row['pages']:,} pages, MB | {row['worker'] / 1e6:,.0f} |"
            for row in {r["pages"]: r for r in (course[0], course[len(course) // 2], course[-1])}.values()
        ),
        f"| largest worker at any time, MB | {max(row['worker'] for row in course) / 1e6:,.0f} |",
        f"| the process that stores, after all pages, MB | {course[-1]['parent'] / 1e6:,.0f} |",
    ]
    _lines(
        "memory",
        [row["pages"] for row in course],
        {
            name: [row[key] / 1e6 for row in course]
            for name, key in (("largest worker", "worker"), ("parent", "parent"))
        },
        ("pages", "MB"),
    )
    about = (
        f"{found['counts']['pages']:,} pages of the mix, {recall['gold pages']:,} of which tell one of {recall['stories']:,} gold stories of the corpus."
        f" {_HAYSTACK}"
    )
    return _section(
        "A haystack, and a worker's memory",
        "benchmarks.haystack",
        found,
        about,
        "| | |\n|---|---|\n" + "\n".join(rows),
        "memory",
    )


def insertion() -> str:
    found = read("insertion")
    if not found:
        return ""
    rows = [
        f"| {int(size):,} | {row['bytes'] / 1e6:,.0f} | {kind} | {row['clock'][kind]['full']:,.0f} | {_ratio(row['clock'][kind])} |"
        f" {row['processor'][kind]['full']:,.0f} | {_ratio(row['processor'][kind])} |"
        for size, row in found["sizes"].items()
        for kind in ("articles", "reports")
    ]
    head = (
        "| articles in it | MB | stored | a second by the clock | × an empty one | a second of the processor's time | × an empty one |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    return _section(
        "Insertion into a large database", "benchmarks.insertion", found, _INSERTION, head + "\n".join(rows)
    )


def _ratio(rates: dict[str, float]) -> str:
    return f"{rates['full'] / rates['empty']:.2f}"


def classifier() -> str:
    found = read("classifier")
    if not found:
        return ""
    batches = sorted({int(key.split("/")[1]) for rates in found["rates"].values() for key in rates})
    rows = []
    for reads, rates in found["rates"].items():
        for length in sorted({int(key.split("/")[0]) for key in rates}):
            told = [rates.get(f"{length}/{batch}") for batch in batches]
            rows.append(
                f"| {reads} | {length} | " + " | ".join("–" if rate is None else f"{rate:,.1f}" for rate in told) + " |"
            )
    head = (
        "| what reads | tokens | "
        + " | ".join(f"batch {b}" for b in batches)
        + " |\n|"
        + "---|" * (2 + len(batches))
        + "\n"
    )
    return _section("The gate and the encoder", "benchmarks.classifier", found, _ENCODER, head + "\n".join(rows))


def cold_start() -> str:
    found = read("cold_start")
    if not found:
        return ""
    rows = [f"| {name} | {row['processor']:.2f} |" for name, row in found["rows"].items()]
    return _section(
        "Cold start",
        "benchmarks.cold_start",
        found,
        "Seconds of the processor. ",
        "| command | s |\n|---|---|\n" + "\n".join(rows),
    )


def idle() -> str:
    found = read("idle")
    if not found:
        return ""
    return _section(
        "A crawl that finds nothing new",
        "benchmarks.idle",
        found,
        f"{found['sources']} sources on loopback, a third of which answer 304; the goals are 20 s and 8 s. Other programs were using the machine (a load of"
        f" {found['load']:.0f}). ",
        "| | s |\n|---|---|\n"
        f"| from start to end | {found['seconds']:.1f} |\n| of the processor | {found['processor']:.1f} |",
    )


def _section(title: str, module: str, found: dict, about: str, table: str, plot: str = "", after: str = "") -> str:
    shown = f"\n![{title}](benchmarks-{plot}.svg)\n" if plot and (DOCS / f"benchmarks-{plot}.svg").exists() else ""
    shown += f"\n{after}\n" if after else ""
    return f"\n## {title}\n\n    python -m {module}\n\n{about}Measured {found['date']}, {found['machine']}.\n\n{table}\n{shown}"


def _bars(name: str, values: dict[str, float], label: str, scale: str = "log") -> None:
    with _figure(name, 0.4 * len(values) + 1) as axes:
        if axes is not None:
            axes.barh(list(values)[::-1], list(values.values())[::-1], color="#3a6ea5")
            axes.set_xscale(scale)
            if scale == "log":
                axes.axvline(1, color="black", linewidth=0.8)
            axes.set_xlabel(label)


def _lines(name: str, places: list[int], courses: dict[str, list[float]], labels: tuple[str, str]) -> None:
    with _figure(name, 3) as axes:
        if axes is not None:
            for label, values in courses.items():
                axes.plot(places, values, marker="o", markersize=3, label=label)
            axes.set_xlim(0)
            axes.set_ylim(0)
            axes.set_xlabel(labels[0])
            axes.set_ylabel(labels[1])
            axes.legend()


@contextmanager
def _figure(name: str, height: float) -> Iterator[Any]:
    """Axes to draw on, which become a file; None without the extra."""
    try:
        import matplotlib as mpl  # noqa: PLC0415
    except ImportError:
        yield None
        return
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = name
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(figsize=(8, height))
    yield axes
    figure.tight_layout()
    figure.savefig(DOCS / f"benchmarks-{name}.svg", metadata={"Date": None})


def main() -> None:
    parts = (throughput, extractors, stages, haystack, insertion, classifier, cold_start, idle)
    page = HEAD + "".join(part() for part in parts)
    (DOCS / "benchmarks.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
