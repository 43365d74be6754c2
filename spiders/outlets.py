"""Tells which source of the registry an address belongs to, for pages that no channel of ours has named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from spiders.sources import Source


class Outlets:
    """The sources by the hosts of their home pages; a host below one of them belongs to it, too."""

    def __init__(self, sources: Iterable[Source] = ()):
        self._hosts: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            self._hosts[_host(source.home)].append(source)

    def of(self, url: str) -> Source | None:
        """The first source that takes the address for a story of its own, else the first of its host, else None."""
        parts = _host(url).split(".")
        for start in range(len(parts)):
            if found := self._hosts.get(".".join(parts[start:])):
                return next((source for source in found if source.admits(url)), found[0])
        return None


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = host.removeprefix("www.")
    return f"{host}:{port}" if port and port not in (80, 443) else host
