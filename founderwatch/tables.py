"""Plain tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from founderwatch.render import safe


def print_list(headings: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Prints rows without rules between them; whatever the cells hold is shown as text, None as nothing."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(escape(safe(str("" if cell is None else cell))) for cell in row))
    Console().print(table)
