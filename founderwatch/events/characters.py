"""Chinese characters in one script: traditional ones are made simplified, for people and organisations alike."""

from __future__ import annotations

from functools import lru_cache

from opencc import OpenCC

_convert = OpenCC("t2s").convert


@lru_cache(16384)
def simplified(text: str) -> str:
    """The text in simplified characters; half a surrogate pair, which is no character, becomes a question mark."""
    return _convert(text.encode("utf-8", "replace").decode("utf-8"))
