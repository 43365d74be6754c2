"""Makes Chinese findable by SQLite's full-text search, which takes a whole run of Han characters for one word.

Each run is entered as all its pieces of two to four characters: nearly every word and name is one of them, so
plain `MATCH '离职'` works in every tool. A longer query is taken apart by `query`.
"""

from __future__ import annotations

import re

_RUN = re.compile(r"[\u3400-\u9fff]+")
_SIZES = (2, 3, 4)


def indexed(text: str) -> str:
    """The text as it is entered in the index: Latin words as they are, Han runs as their pieces."""
    return _RUN.sub(lambda match: f" {' '.join(_pieces(match[0]))} ", text)


def query(words: str) -> str:
    """An FTS5 query for a user's words: all must occur, whatever they hold (quotes, operators, Chinese).

    Words without a letter or digit ask for nothing; a query of only such words is valid and finds nothing.
    """
    terms: list[str] = []
    for word in words.replace("\0", " ").split():
        at = 0
        for match in _RUN.finditer(word):
            terms.append(word[at : match.start()])
            run = match[0]
            size = max(_SIZES)
            terms += [run] if len(run) <= size else [run[i : i + size] for i in range(len(run) - size + 1)]
            at = match.end()
        terms.append(word[at:])
    return " ".join(_quoted(term) for term in terms if re.search(r"\w", term)) or '""'


def _quoted(term: str) -> str:
    # A single character is the beginning of some piece.
    return '"' + term.replace('"', '""') + '"' + ("*" if _RUN.fullmatch(term) and len(term) < min(_SIZES) else "")


def _pieces(run: str) -> list[str]:
    """All pieces of the sizes, and the last character, which begins none of them."""
    return [run[i : i + size] for i in range(len(run)) for size in _SIZES if i + size <= len(run)] + [run[-1]]
