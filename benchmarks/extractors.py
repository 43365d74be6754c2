"""Our whole way against other extractors on the same pages, each in one process: python -m benchmarks.extractors --pages 300

Rows where a library is installed: pip install trafilatura resiliparse newspaper4k news-please fundus. Their look-ups on the network are
off: newspaper4k gets the page's text and fetches no pictures, news-please parses what it is given. Fundus has parsers for its own
publishers alone and none for made pages: it is timed on parsing the page and its metadata (its base parser). Times are of the
processor, so that other programs on the machine disturb them little. Writes benchmarks/results/extractors.json.
"""

from __future__ import annotations

import argparse
import logging
import re
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import archive
from benchmarks.results import read, write
from founderwatch.backfill.files import open_archive
from founderwatch.backfill.judge import Asked, Judge
from founderwatch.items import Page
from models.encoder import ALARMS, WEIGHTS
from pipelines.extract import NotExtracted, extract
from spiders.warc import Record

Work = Callable[[Page], object]


def _trafilatura(fast: bool) -> Work:
    import trafilatura  # noqa: PLC0415

    return lambda page: trafilatura.extract(page.body, url=page.url, with_metadata=True, fast=fast)


def _resiliparse() -> Work:
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415

    return lambda page: extract_plain_text(page.body.decode("utf-8", "replace"), main_content=True)


def _newspaper() -> Work:
    import newspaper  # noqa: PLC0415

    def work(page: Page) -> object:
        article = newspaper.Article(page.url, fetch_images=False)
        article.download(input_html=page.body.decode("utf-8", "replace"))
        article.parse()
        return article.text

    return work


def _news_please() -> Work:
    from newsplease import NewsPlease  # noqa: PLC0415

    return lambda page: NewsPlease.from_html(page.body.decode("utf-8", "replace"), url=page.url, fetch_images=False)


def _fundus() -> Work:
    from fundus.parser import BaseParser, ParserProxy  # noqa: PLC0415

    class Proxy(ParserProxy):
        class V1(BaseParser):
            pass

    parser = Proxy()(datetime.now().date())
    return lambda page: parser.parse(page.body.decode("utf-8", "replace"), "suppress")


def _ours() -> Work:
    def work(page: Page) -> object:
        try:
            return extract(page)
        except NotExtracted:
            return None

    return work


OTHERS: dict[str, tuple[str, Callable[[], Work]]] = {
    "trafilatura": ("trafilatura", lambda: _trafilatura(False)),
    "trafilatura, fast": ("trafilatura", lambda: _trafilatura(True)),
    "resiliparse (text alone)": ("resiliparse", _resiliparse),
    "newspaper4k": ("newspaper4k", _newspaper),
    "news-please": ("news-please", _news_please),
    "Fundus (base parser)": ("fundus", _fundus),
    "our extraction alone": ("founderwatch", _ours),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rates: dict[str, dict[str, float]] = {}
    for languages in ("all", "read"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "made.warc.gz"
            archive.make(path, given.pages, given.seed, languages)
            records = [r for r in open_archive(str(path)).warc.records() if r.page]
        for name, (package, make) in OTHERS.items():
            try:
                label, work = f"{name} {version(package)}", make()
            except (ImportError, PackageNotFoundError, TypeError) as error:
                print(f"{name}: left out ({error})")
                continue
            rate = _rate(lambda found: [_quietly(work, r.page) for r in found], records)  # noqa: B023
            rates.setdefault(label, {})[languages] = rate
            print(f"{languages}: {label}: {rate:.1f} pages a second and core", flush=True)
        for everything in (False, True):
            judge = Judge(
                Asked(languages=() if everything else ("en", "zh"), everything=everything), str(WEIGHTS), ALARMS
            )
            label = f"back-fill{' --all' if everything else ''}, with judgement"
            rate = _rate(judge.judge, records)
            rates.setdefault(label, {})[languages] = rate
            print(f"{languages}: {label}: {rate:.1f} pages a second and core", flush=True)
    write("extractors", {"pages": given.pages, "rates": rates, "earlier": earlier(read("extractors"), rates)})


def earlier(before: dict | None, rates: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Of libraries that are not installed now, the ratio to trafilatura in the run in which they were."""
    if before is None:
        return {}
    base = next((rate for label, rate in before["rates"].items() if re.match(r"trafilatura \d", label)), {})
    told = before.get("earlier", {}) | {
        label: {languages: round(rate[languages] / base[languages], 3) for languages in rate}
        for label, rate in before["rates"].items()
    }
    return {label: ratio for label, ratio in told.items() if label not in rates}


def _quietly(work: Work, page: Page | None) -> None:
    try:
        if page is not None:
            work(page)
    except Exception as error:  # a library that stumbles over a page has still spent its time
        logging.debug("%s", error)


def _rate(work: Callable[[list[Record]], object], records: list[Record]) -> float:
    work(records[:10])  # warm
    began = time.process_time()
    work(records)
    return len(records) / (time.process_time() - began)


if __name__ == "__main__":
    main()
