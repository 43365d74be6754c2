"""A whole crawl beside a bare Scrapy spider on the same pages: `python -m benchmarks.crawling --pages 500`.

The bare spider fetches the pages that a sitemap names and calls trafilatura in the reactor, and that is all. The crawl
does everything: robots.txt, guard, archive, extraction with dates and languages, copies and versions, the model, the
database. It runs three times: without the model, with `judge = "founders"`, and with all stories read whole. Each runs in
a process of its own, in turn, and the site in a third; start-up counts. Pages are the English and Chinese ones of `benchmarks/archive.py`.

Printed are pages a second, and the seconds of all its processors that a hundred pages took: where other programs want the
processors too, the latter say more.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.archive import pages as made
from benchmarks.served import served
from tests.site import Answer, site

SINCE = "2020-01-01"  # the pages bear days of 2024
_BARE = "bare spider"
BARE = """
import sys, scrapy, trafilatura
from scrapy.crawler import CrawlerProcess

class Bare(scrapy.spiders.SitemapSpider):
    name = "bare"
    sitemap_urls = [sys.argv[1]]
    count = 0

    def parse(self, response):
        found = trafilatura.bare_extraction(response.text, url=response.url, with_metadata=True)
        Bare.count += bool(found and found.text)

process = CrawlerProcess({"LOG_ENABLED": False, "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "DOWNLOAD_DELAY": 0})
process.crawl(Bare)
process.start()
print(Bare.count)
"""
UNJUDGED = """
import sys
from pathlib import Path
from tests.faultroom.run import crawl_here

if __name__ == "__main__":  # its workers import this anew
    crawl_here(Path(sys.argv[1]).read_text(), Path(sys.argv[2]), judge=False, since=sys.argv[3])
"""


def _serve(number: int, there) -> None:
    told = {f"/story/{n}": page["html"] for n, page in enumerate(made(number, languages="read"))}
    pages = {path: Answer(text.encode(), headers={"Content-Type": "text/html"}) for path, text in told.items()}
    urls = "".join(f"<url><loc>{{base}}{path}</loc></url>" for path in told)
    pages["/map.xml"] = Answer(f"<urlset>{urls}</urlset>".encode(), headers={"Content-Type": "application/xml"})
    with site(pages) as running:
        there.send(running.base)
        time.sleep(24 * 3600)


def _run(*command: object) -> str:
    return subprocess.run(
        [sys.executable, *map(str, command)], check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def _bare(base: str, folder: Path) -> int:
    return int(_run("-c", BARE, f"{base}/map.xml"))


def _registry(base: str, folder: Path) -> Path:
    path = folder / "s.toml"
    path.write_text(f'[[source]]\nname = "site"\nhome = "{base}/"\nlanguage = "en"\nsitemaps = ["{base}/map.xml"]\n')
    return path


def _unjudged(base: str, folder: Path) -> int:
    program = folder / "unjudged.py"
    program.write_text(UNJUDGED)
    _run(program, _registry(base, folder), folder / "x.db", SINCE)
    return _read(folder / "x.db")


def _founders(base: str, folder: Path) -> int:
    return _crawl(base, folder, "founders")


def _crawl(base: str, folder: Path, judge: str = "all") -> int:
    config = folder / "founderwatch.toml"
    config.write_text(f'judge = "{judge}"\ndatabase = "x.db"\nsources = "{_registry(base, folder)}"\n')
    _run("-m", "founderwatch", "crawl", "--config", config, "--since", SINCE, "--quiet")
    return _read(folder / "x.db")


def _read(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("select count(*) from addresses where url like '%/story/%'").fetchone()[0]


WAYS: dict[str, Callable[[str, Path], int]] = {
    _BARE: _bare,
    "crawl without the model": _unjudged,
    "crawl for founders alone": _founders,
    "crawl": _crawl,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=[*WAYS], help="beside the bare spider")
    options = parser.parse_args()
    ways = {name: way for name, way in WAYS.items() if name == _BARE or name in options.ways}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    costs: dict[str, list[float]] = {name: [] for name in ways}
    with served(_serve, options.pages) as base:
        for _ in range(options.rounds):
            for name, way in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    started, used = time.monotonic(), _processors()
                    got = way(base, Path(folder))
                    if got != options.pages:
                        print(f"{name}: {got} of {options.pages} pages", file=sys.stderr)
                    rates[name].append(got / (time.monotonic() - started))
                    costs[name].append((_processors() - used) * 100 / got)
                    print(f"{name}: {rates[name][-1]:.1f} pages a second, {costs[name][-1]:.2f} s for 100", flush=True)
    bare, cost = median(rates[_BARE]), median(costs[_BARE])
    for name in ways:
        rate, own = median(rates[name]), median(costs[name])
        print(f"{name}: median {rate:.1f} pages a second, {rate / bare:.2f} of the bare spider;"
              f" {own:.2f} s of the processors for 100 pages, {own / cost:.2f} times the bare spider's")  # fmt: skip
    return 0


def _processors() -> float:
    """The seconds of all processors that ended children have used, with their children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
