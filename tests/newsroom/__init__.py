"""Serves five invented news sites on loopback, for the tests and the demonstration.

    from tests.newsroom.server import serve

    with serve() as newsroom:
        newsroom.requests  # what was asked for, and how it was answered

`python -m tests.newsroom` serves them until Ctrl-C. People and stories are made up; the employers are
not. `tests/newsroom/gold.jsonl` says what a perfect monitor makes of every page.

A new story is one file in `sites/<site>/stories/` (its format: `tests.newsroom.stories`); after any change
`python -m tests.newsroom.gold` writes the gold files anew.
"""
