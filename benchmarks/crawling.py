"""Pages a second of a whole crawl beside a bare Scrapy spider on the same pages: `python -m benchmarks.crawling --pages 500`.

The bare spider fetches the pages that a sitemap names and calls trafilatura in the reactor, and that is all. The crawl
does everything: robots.txt, guard, extraction with dates and languages, copies and versions, the model, the database. It runs
twice, with the model and without. Each runs in a process of its own, in turn, and the site in a third; start-up counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.faultroom.run import crawl
from tests.faultroom.stories import page
from tests.site import Answer, site

ROOT = Path(__file__).parent.parent
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


def _serve(number: int, there) -> None:
    pages = {f"/story/{n}": _filled(n) for n in range(number)}
    urls = "".join(f"<url><loc>{{base}}/story/{n}</loc></url>" for n in range(number))
    pages["/map.xml"] = Answer(f"<urlset>{urls}</urlset>".encode(), headers={"Content-Type": "application/xml"})
    with site(pages) as running:
        there.send(running.base)
        time.sleep(24 * 3600)


def _filled(number: int) -> Answer:
    """A story with the furniture of a real page around it: 15 kB."""
    menu = "".join(f'<li class="menu-item"><a href="/section/{n}">Section number {n}</a></li>' for n in range(60))
    teasers = "".join(
        f'<div class="teaser"><a href="/story/{n}"><img src="/i/{n}.jpg" alt=""><h3>Another headline {n}</h3></a></div>'
        for n in range(40)
    )
    whole = page((1, number)).body.replace(b"<nav>", f"<nav><ul>{menu}</ul>".encode())
    return Answer(
        whole.replace(b"</body>", f"<aside>{teasers}</aside></body>".encode()), headers={"Content-Type": "text/html"}
    )


def _bare(base: str, folder: Path) -> int:
    done = subprocess.run([sys.executable, "-c", BARE, f"{base}/map.xml"], capture_output=True, text=True, check=True)
    return int(done.stdout)


def _crawl(base: str, folder: Path, judge: bool) -> int:
    registry = f'[[source]]\nname = "site"\nhome = "{base}/"\nlanguage = "en"\nsitemaps = ["{base}/map.xml"]\n'
    return crawl(registry, folder / "x.db", judge).new


WAYS = {
    "bare spider": _bare,
    "crawl without the model": lambda base, folder: _crawl(base, folder, False),
    "crawl": lambda base, folder: _crawl(base, folder, True),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    server = context.Process(target=_serve, args=(options.pages, there), daemon=True)
    server.start()
    base = here.recv()
    rates: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(options.rounds):
        for name, way in WAYS.items():
            with tempfile.TemporaryDirectory() as folder:
                started = time.monotonic()
                got = way(base, Path(folder))
                if got != options.pages:
                    print(f"{name}: {got} of {options.pages} pages", file=sys.stderr)
                rates[name].append(got / (time.monotonic() - started))
                print(f"{name}: {rates[name][-1]:.1f} pages a second", flush=True)
    server.kill()
    bare = median(rates["bare spider"])
    for name, found in rates.items():
        print(f"{name}: median {median(found):.1f} pages a second, {median(found) / bare:.2f} of the bare spider")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
