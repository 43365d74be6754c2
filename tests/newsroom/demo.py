"""The demonstration: serves the sample newsroom, crawls it with the real spiders, shows what was found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console

from founderwatch.commands.events import show
from founderwatch.database.store import Store
from tests.newsroom.server import serve

DATABASE = Path("demo/founderwatch.db")
REGISTRY = Path(__file__).with_name("sources.toml")


def main() -> int:
    command = [Path(sys.executable).with_name("founderwatch"), "crawl", "--sources", REGISTRY, "--db", DATABASE]
    print("Crawling five sample sites on this machine (two Chinese, three English) …", flush=True)
    with serve():
        # The pages that fail are there to fail: what is said of them belongs to the demonstration.
        status = subprocess.run(command, check=False).returncode
    if status not in (0, 1):
        return status
    store = Store(DATABASE)
    rows = store.events()
    run = store.db.execute("select new from runs order by id desc limit 1").fetchone()
    store.close()
    if run and not run[0]:
        print("Nothing new since the last crawl. In the database:")
    show(rows, Console(width=None if sys.stdout.isatty() else 150))
    print(f"\nTo look and search:     .venv/bin/founderwatch serve --db {DATABASE}")
    print("To crawl live sources:  .venv/bin/founderwatch crawl")
    return 0


if __name__ == "__main__":
    sys.exit(main())
