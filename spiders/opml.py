"""Reads and writes OPML, the lists of feeds that feed readers exchange."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from founderwatch.address import clean
from spiders.find import free_name
from spiders.sources import Source


class OpmlError(ValueError):
    """The file is no OPML; the message says why."""


def write_opml(sources: Iterable[Source]) -> bytes:
    """An OPML 2.0 document with an outline for each feed; sources without a feed have none in it."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "founderwatch"
    body = etree.SubElement(root, "body")
    for source in sources:
        for feed in source.feeds:
            etree.SubElement(
                body,
                "outline",
                type="rss",
                text=source.title,
                title=source.title,
                xmlUrl=feed,
                htmlUrl=source.home,
                language=source.language,
            )
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def read_opml(document: bytes, taken: Iterable[str] = ()) -> tuple[Source, ...]:
    """The feeds of an OPML document, each a source with a name that is not `taken`; outlines within others too.

    A feed's language is that of its outline, else English: each story's own is detected in any case.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise OpmlError(f"is not OPML: {error}") from error
    if etree.QName(root).localname != "opml":
        raise OpmlError(f"is not OPML but <{etree.QName(root).localname}>")
    names = set(taken)
    sources: dict[str, Source] = {}
    for outline in root.iter("outline"):
        feed = clean(outline.get("xmlUrl", ""))
        if feed is None or feed in sources:
            continue
        home = clean(outline.get("htmlUrl", "")) or feed
        name = free_name(home, names)
        names.add(name)
        title = " ".join((outline.get("title") or outline.get("text") or name).split())
        language = outline.get("language", "").lower().split("-")[0]
        known = language if len(language) == 2 and language.isascii() and language.isalpha() else "en"
        sources[feed] = Source(name=name, title=title, home=home, language=known, feeds=(feed,))
    return tuple(sources.values())
