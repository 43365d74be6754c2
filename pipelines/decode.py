"""Turns a page's bytes into text, whatever the server and the page say of their encoding.

Declarations lie often enough (a GB18030 page under `charset=utf-8`, UTF-8 under ISO-8859-1), so each
is tried, never trusted: UTF-8 is recognised by its form, Chinese encodings by whether common
characters come out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

_SAMPLE = 200_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w-]{2,20})""", re.IGNORECASE)
# What browsers read under these names: the larger set that contains them.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
}
# Python has these for other uses; a page that declares one means harm or nothing.
_NO_ENCODINGS = frozenset(
    ["base64", "bz2", "hex", "idna", "punycode", "quopri", "raw_unicode_escape", "raw-unicode-escape", "rot-13", "undefined", "unicode-escape", "unicode_escape", "uu", "zlib"]
)  # fmt: skip
_CHINESE = ("gb18030", "big5hkscs")
# The commonest characters of running text in both scripts; they make up about half of it, while
# a wrong decoding spreads over thousands of rare ones.
_COMMON = frozenset(
    "的一是不了在人有我他这这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好"
    "都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此"
    "實這個來國說們為時會過學對裡後麼沒於發當開經頭長樣現將與進業創離職團隊業創离职团队公司技术技術新市场場"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def decode(body: bytes, charset: str | None = None) -> str:
    """Decodes a page; `charset` is what the HTTP header said. Undecodable bytes become U+FFFD."""
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, "replace")
    text = _utf8(body)
    if text is not None:
        return text
    declared = list(_declared(body, charset))
    for name in declared:
        if name in _CHINESE and _chinese(body, name) > 0.15:
            return body.decode(name, "replace")
    best = max(_CHINESE, key=lambda name: _chinese(body, name))
    if _chinese(body, best) > 0.25:
        return body.decode(best, "replace")
    for name in declared:
        if name not in ("utf-8", *_CHINESE):
            return body.decode(name, "replace")
    guess = from_bytes(body[:_SAMPLE]).best()
    return body.decode(guess.encoding if guess else "utf-8", "replace")


def _utf8(body: bytes) -> str | None:
    """The text if the bytes are UTF-8, but for a cut end or a rare slip in a long page."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = body.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    # Non-ASCII letters that did come out as UTF-8 outweigh the slips by far, or it is something else.
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    return text if right > 20 * wrong or (wrong <= 1 and right) else None


def _declared(body: bytes, charset: str | None) -> Iterator[str]:
    names = [charset or "", *(match.decode("ascii") for match in _META.findall(body[:4096]))]
    for name in names:
        try:
            known = codecs.lookup(name.strip().strip("\"'")).name
        except (LookupError, ValueError):
            continue
        if known not in _NO_ENCODINGS:
            yield _WIDER.get(known, known)


def _chinese(body: bytes, name: str) -> float:
    """How much the bytes look like Chinese in this encoding: the share of common characters, from 0 to 1."""
    text = body[:_SAMPLE].decode(name, "replace")
    han = _HAN.findall(text)
    if len(han) < 4:
        return 0.0
    wrong = text.count("\ufffd")
    # A sample or page that ends within a character has one error; a wrong encoding has many.
    return sum(char in _COMMON for char in han) / (len(han) + 10 * max(0, wrong - 1))
