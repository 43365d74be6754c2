"""Holds the tests; the sample newsroom in `tests.newsroom` also serves the demonstration."""
