"""Adds a story that the crawl missed, by its address or its text: fetched, judged and stored as `founderwatch scan --save` does.

In a process of its own: the crawler's engine and the model start and end with it, and the desk stays quick.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakKeyDictionary

from founderwatch.address import clean
from founderwatch.database.store import text_address
from founderwatch.render import safe

PATIENCE = 120  # seconds
LONGEST = 200_000  # characters of a text


class AddingError(ValueError):
    """A story cannot be added; `reason` is the key of the words for it, the message what the scan said."""

    def __init__(self, reason: str, message: str = ""):
        self.reason = reason  # nothing, address, long, slow, failed
        super().__init__(message)


def known(connection: sqlite3.Connection, sent: Mapping[str, str]) -> int | None:
    """The stored story of the address, or of the text, that a form gives."""
    address, title, text = _given(sent)
    places = [p for p in (address, None if address else text_address(title, text)) if p]
    for place in places:
        row = connection.execute("select article from addresses where url = ?", [place]).fetchone()
        if row:
            return row[0]
    return None


def departure(connection: sqlite3.Connection, article: int) -> str | None:
    """The event to found something that the model sees in a story, the surest first."""
    row = connection.execute(
        "select event from mentions where article = ? and kind = 'founds' and event is not null order by score desc", [article]
    ).fetchone()  # fmt: skip
    return row[0] if row else None


_configurations: WeakKeyDictionary = WeakKeyDictionary()  # Datasette → the configuration file that it was started with


def configure(datasette, path: Path | None) -> None:
    """Names the configuration by which added stories are fetched and judged."""
    _configurations[datasette] = path


async def scan(datasette, database: Path, sent: Mapping[str, str]) -> None:
    """Judges and stores what a form gives; raises AddingError with what went wrong."""
    address, title, text = _given(sent)
    if not (address or text):
        raise AddingError("address" if sent.get("add_url", "").strip() else "nothing")
    if len(text) > LONGEST:
        raise AddingError("long")
    story = {
        "id": "desk",
        "title": title,
        "body": text,
        "url": address,
        "source": sent.get("add_source", "").strip() or None,
    }
    path = _configurations.get(datasette)
    options = ["--config", str(path.resolve())] if path else []
    given, what = (json.dumps(story).encode(), "-") if text else (b"", address)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "founderwatch", "scan", "--save", "--jsonl", "--db", str(database.resolve()), *options, "--", what,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await asyncio.wait_for(process.communicate(given), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise AddingError("slow") from None
    if process.returncode:
        lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.startswith("founderwatch: ")]
        raise AddingError("failed", safe(lines[-1].removeprefix("founderwatch: ")) if lines else "")


def _given(sent: Mapping[str, str]) -> tuple[str | None, str, str]:
    """Address, headline and text; an address that is none is None."""
    text = sent.get("add_text", "").replace("\r\n", "\n").strip()
    return clean(sent.get("add_url", "")), " ".join(sent.get("add_title", "").split()), text
