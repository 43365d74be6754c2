"""Keeps what a crawled page says from running as a formula in the spreadsheet that opens a CSV file of ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from founderwatch.render import for_spreadsheet

App = Callable


def without_formulas(app: App) -> App:
    """Puts a quote before each cell of a CSV answer that a spreadsheet would take for a formula."""

    async def wrapped(scope, receive, send):
        if scope["type"] != "http" or not scope["path"].endswith(".csv"):
            return await app(scope, receive, send)
        is_csv = False

        async def send_quoted(message):
            nonlocal is_csv
            if message["type"] == "http.response.start":
                kind = next((v for k, v in message.get("headers", []) if k.lower() == b"content-type"), b"")
                is_csv = kind.startswith((b"text/csv", b"text/plain"))
            elif is_csv and message.get("body"):
                message = {**message, "body": _quoted(message["body"])}
            await send(message)

        await app(scope, receive, send_quoted)

    return wrapped


def _quoted(chunk: bytes) -> bytes:
    """One chunk of Datasette's, which writes whole rows."""
    rows = list(csv.reader(io.StringIO(chunk.decode("utf-8"), newline="")))
    harmless = [[for_spreadsheet(cell) for cell in row] for row in rows]
    if harmless == rows:
        return chunk
    out = io.StringIO()
    csv.writer(out).writerows(harmless)
    return out.getvalue().encode("utf-8")
