"""One spelling for one address, so that trackers and upper case do not make a story twice."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus, urljoin, urlsplit, urlunsplit

from courlan.clean import TRACKERS_RE
from tld import get_tld

LONGEST = 2000

# courlan counts these as trackers, but many sites number their stories with them.
_NUMBERS_STORIES = {"cid", "eid", "uid", "clid", "session", "source_id"}
_VARIANT_HOST = re.compile(r"(?:www|m|mobile|wap|amp|touch|3g)\.")
_VARIANT_PATHS = (
    (re.compile(r"/amp(?:\.html?)?/?$|/index\.(?:s?html?|php)$"), ""),
    (re.compile(r"\.amp(?=\.html?$|$)"), ""),
    (re.compile(r"^/amp(?=/.)"), ""),
)
_VARIANT_QUERY = re.compile(r"(?:amp|outputtype=amp|amp=1|mobile=1|_amp=true)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x20\x7f]+")


def clean(url: str, base: str | None = None) -> str | None:
    """Spells an address uniformly: absolute, no fragment, no trackers, no default port.

    Returns None for what is no http(s) address. The query is filtered, not rebuilt as courlan's
    `clean_url` does: that drops `?8723` and breaks escapes in GBK, and with them the story.
    """
    try:
        url = _UNSAFE.sub("", url if base is None else urljoin(base, _UNSAFE.sub("", url)))
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in ("http", "https") or not host or len(url) > LONGEST:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port and port != {"http": 80, "https": 443}[scheme]:
        netloc = f"{netloc}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracker(pair))
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit((scheme, netloc, parts.path or "/", query, fragment))


def fold(url: str) -> str:
    """What the spellings of one story's address have in common: no scheme, no www, mobile or AMP form.

    It is for comparing, not for asking: "https://m.a.example/p/1/amp" gives "a.example/p/1".
    """
    parts = urlsplit(url)
    host, path = parts.netloc.lower(), parts.path
    while (match := _VARIANT_HOST.match(host)) and "." in host[match.end() :]:
        host = host[match.end() :]
    for pattern, kept in _VARIANT_PATHS:
        path = pattern.sub(kept, path)
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _VARIANT_QUERY.fullmatch(pair))
    return f"{host}{path.rstrip('/')}" + (f"?{query}" if query else "")


def site(url: str) -> str:
    """The registered domain of an address (example.co.uk), or host:port where there is none."""
    parts = urlsplit(url)
    found = get_tld(url, as_object=True, fail_silently=True)
    if found and not isinstance(found, str):
        return found.fld
    return parts.netloc.lower()


def _is_tracker(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = unquote_plus(name).lower()
    return bool(value) and name not in _NUMBERS_STORIES and bool(TRACKERS_RE.search(name))
