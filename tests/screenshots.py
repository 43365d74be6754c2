"""Takes the pictures of the desk, the front page and a company's page that the README shows: python -m tests.screenshots [FOLDER]

On a database of invented people, in Chromium; each stays below 150 kB.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks import invented
from tests.test_desk_browser import chromium
from tests.test_serve import ROOT, serving

FOLDER = ROOT / "docs" / "images"
_MOST = 150_000
_DESKTOP = {"width": 1180, "height": 760}
_PICTURES = {
    "front.png": ("", {"viewport": _DESKTOP}),
    "desk.png": ("-/desk", {"viewport": _DESKTOP}),
    "company.png": ("-/company/ByteDance", {"viewport": _DESKTOP, "color_scheme": "dark"}),
}


def take(folder: Path) -> list[Path]:
    """Takes all pictures; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as driver:
        database = Path(work) / "founderwatch.db"
        invented.make(database, 2000, 400)
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        with serving(database) as address:
            for name, (place, options) in _PICTURES.items():
                page = browser.new_context(**options).new_page()
                page.goto(address + place)
                if page.locator("figure.chart").count():
                    page.locator("figure.chart.drawn").first.wait_for()
                page.screenshot(path=folder / name)
        browser.close()
    return [folder / name for name in _PICTURES]


if __name__ == "__main__":
    for taken in take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        size = taken.stat().st_size
        print(f"{taken}: {size / 1000:.0f} kB{'  TOO LARGE' if size > _MOST else ''}")
