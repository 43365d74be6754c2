"""Tells cheaply which pages cannot tell of a departure, so that few are parsed and fewer judged.

Cheapest first: the address, the language that the page's bytes speak, the script and language of the text, then the words
of each two sentences (`models.gate`). The text comes from a fast parser that takes menus and all; it reads entities and words
that tags part, where a search in the raw page would not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from urllib.parse import unquote, urlsplit

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.lang import detect_fast

from founderwatch.items import Article, Page
from models.gate import Gate
from models.language import READ
from models.story import StoryReader
from pipelines.decode import decode

_NO_STORY = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|json|xml|rss|atom|pdf|docx?|xlsx?|pptx?|zip|gz|mp[34]|m4[av]|webm|avi|mov|woff2?)$"
    r"|^/(?:index\.\w+|tags?/.*|categor(?:y|ies)/.*|authors?/[^/]*/?|search/?.*|login/?|signup/?|register/?|cart/?|wp-json/.*)?$",
    re.IGNORECASE,
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_OTHER_SCRIPTS = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\uac00-\ud7af]")  # Greek to Khmer, kana, hangul
_LANG = r"<html\b[^>]{0,500}?\blang\s*=\s*[\"']?([a-z]{2,3})\b"
_DECLARED, _DECLARED_RAW = re.compile(_LANG, re.IGNORECASE), re.compile(_LANG.encode(), re.IGNORECASE)
# In a page of another language, a banner or a script may hold some of these; a story of a hundred words holds more.
_SMALL_WORDS, _FEW_SMALL_WORDS = (b" the ", b" of ", b" and ", b" to "), 4
_HAN_LEADS, _FEW_HAN = bytes(range(0xE4, 0xEA)), 60  # the first byte of a Chinese character in UTF-8
_KANA_LEADS = (b"\xe3\x81", b"\xe3\x82", b"\xe3\x83")
_FEW_ENTITIES = 50
_ENGLISH = frozenset(["the", "and", "of", "to", "that", "with", "for", "was", "his", "her", "is", "on", "by"])
_WORD = re.compile(r"[^\W\d_]+")
_STOP = re.compile(r"[.!?。！？…；]|，.*，")
_MANY, _LONG = 100, 9  # words, and letters of one: Chinese is written without spaces
_ENOUGH = 400  # letters from which statistics are trusted
_SAMPLE = 3000  # characters, from the middle, where the story is
_TITLE = re.compile(r"<title[^>]*>(.{1,500}?)</title>", re.IGNORECASE | re.DOTALL)
_META = re.compile(r"<meta\b[^>]{0,200}?(?:og:title|description)[^>]{0,1500}>", re.IGNORECASE)
_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HEAD = 20_000  # characters in which title and description stand
GLANCED = "a glance: no words of a founding"  # why the encoder did not read a story whole


class Sift:
    """Says of a page why it can be no candidate, or None where it may be one. `languages` empty: any."""

    def __init__(self, languages: Collection[str] = READ, gate: Gate | None = None):
        self.languages = frozenset(languages)
        self.gate = gate or Gate.read()

    def __call__(self, page: Page) -> str | None:
        if _is_no_story(page.url):
            return "address"
        if self.languages and self.languages.issubset(READ) and is_foreign(page.body):
            return "language"
        markup = decode(page.body, page.encoding)
        try:
            text = extract_plain_text(markup)
        except Exception:
            return None  # whatever it is, the extraction will say what is wrong
        language = _language(text, markup)
        if language is not None and self.languages and language not in self.languages:
            return "language"
        if language is None or self.gate.passes(_told(text), language) or self.gate.passes(_head(markup), language):
            return None
        return "words"

    def likely(self, article: Article, reader: StoryReader) -> bool:
        """Whether an article may tell of a founding, now that its text is known exactly.

        Where words alone let it pass, and leave a doubt, the encoder reads the sentences that hold them, and only these;
        a text that says little else is read whole at once.
        """
        language = article.language
        if language is None or language not in self.gate.weights:
            return True
        heard = self.gate.heard(f"{article.title}\n{article.body}", language)
        return heard.sure or (bool(heard.excerpt) and reader.glance(heard.excerpt, language) >= reader.encoder.glance)


def _is_no_story(url: str) -> bool:
    """Front pages, lists and files by their addresses; a query may stand for a story."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return not parts.query and bool(_NO_STORY.search(unquote(parts.path)))


def is_foreign(body: bytes) -> bool:
    """Whether a page says that it is neither English nor Chinese, and nothing in its bytes speaks against it."""
    declared = _DECLARED_RAW.search(body, 0, _HEAD)
    if declared is None or declared[1].lower().decode() in READ:
        return False
    if sum(map(body.count, _SMALL_WORDS)) >= _FEW_SMALL_WORDS or body.count(b"&#") >= _FEW_ENTITIES:
        return False
    han = len(body) - len(body.translate(None, _HAN_LEADS))
    return han < _FEW_HAN or sum(map(body.count, _KANA_LEADS)) > 0.3 * han


def _told(text: str) -> str:
    """The lines that tell something: menus and lists of other stories have no stop at their ends."""
    return "\n".join(line for line in text.splitlines() if _STOP.search(line))


def _language(text: str, markup: str = "") -> str | None:
    """The likely language; None where it cannot be told from so little."""
    start = max(0, (len(text) - _SAMPLE) // 2)
    sample = text[start : start + _SAMPLE]
    spoken = sample.lower().split()
    if len(spoken) > max(_MANY, len(sample) / _LONG) and sum(map(_ENGLISH.__contains__, spoken)) > 0.12 * len(spoken):
        return "en"  # as what follows would say, in a fifth of the time
    words = _WORD.findall(sample)
    letters = sum(map(len, words))
    if letters < 60:
        return None
    if not sample.isascii():
        han, other = len(_HAN.findall(sample)), len(_OTHER_SCRIPTS.findall(sample))
        if other > 0.3 * letters:
            return _other(sample)
        if han > 0.1 * letters:
            return "ja" if other > 0.2 * han else "zh"
    share = sum(word.lower() in _ENGLISH for word in words) / len(words)
    if share > 0.1:
        return "en"
    declared = _DECLARED.search(markup[:_HEAD])
    if declared and declared[1].lower() in READ and (letters < _ENOUGH or share > 0.03):
        return None  # lists and tables are hard to tell
    found = detect_fast(sample)[0]
    return None if found in READ or letters < _ENOUGH else found


def _other(sample: str) -> str:
    """The language of a script that neither English nor Chinese is written in."""
    found = detect_fast(sample)[0]
    return "other" if found in ("unknown", *READ) else found


def _head(markup: str) -> str:
    """Title and description as the page gives them: a newsflash says all there."""
    found = _TITLE.findall(markup[:_HEAD])
    for meta in _META.findall(markup[:_HEAD]):
        found += [one or other for one, other in _CONTENT.findall(meta)]
    return "\n".join(dict.fromkeys(html.unescape(text).strip() for text in found))
