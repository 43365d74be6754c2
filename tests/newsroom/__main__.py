"""Serves the newsroom until Ctrl-C: `python -m tests.newsroom [--epoch 2026-05-01]`."""

from __future__ import annotations

import argparse
import signal
import threading
from datetime import UTC, datetime

from tests.newsroom.server import serve


def midnight(text: str) -> datetime:
    """Reads a date as its midnight UTC."""
    return datetime.fromisoformat(text).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def main() -> int:
    """Starts the sites, prints their addresses and waits."""
    parser = argparse.ArgumentParser(prog="python -m tests.newsroom", description="Serve the sample newsroom.")
    parser.add_argument("--epoch", type=midnight, help="count publication dates back from this day (default: today)")
    parser.add_argument("--base-port", type=int, help="port of the first site (default: 18801)")
    arguments = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(ports=arguments.base_port, epoch=arguments.epoch) as newsroom:
        for site in newsroom.sites.values():
            print(f"{site.base}/  {site.title} ({site.language}, {len(site.stories)} stories)")
        print("Press Ctrl-C to stop.", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
