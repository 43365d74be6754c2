"""Opens doors that want a key: headers and proxies that the registry names, with secrets from the environment.

A registry holds the name of a secret (`${NEWS_KEY}`), never the secret: so it can be shown, shared and logged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from spiders.guard import endpoint

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class MissingSecret(IgnoreRequest):
    """A variable that the registry names is not in the environment."""

    def __init__(self, name: str):
        super().__init__(f"needs ${name} in the environment")


def has_secret(text: str) -> bool:
    return bool(_NAMED.search(text))


def expand(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Puts the secrets into a text; raises MissingSecret for one that is not set."""
    values = os.environ if environment is None else environment

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], "").strip()
        if not found:
            raise MissingSecret(match[1])
        return found

    return _NAMED.sub(value, text)


class Access:
    """Downloader middleware: gives a source's headers to the hosts of its channels alone, and its proxy to all its requests."""

    def __init__(self, crawler: Crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Access:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        source = getattr(self.crawler.spider, "sources", {}).get(request.meta.get("source"))
        if source is None or not (source.headers or source.proxy):
            return
        if source.proxy:
            request.meta["proxy"] = expand(source.proxy)
        own = endpoint(request.url) in {endpoint(_without_secrets(url)) for url in source.channels}
        for name, value in source.headers:
            # A redirect inherits the headers of the request that led to it, also to another host.
            request.headers.pop(name, None)
            if own:
                request.headers[name] = expand(value)


def _without_secrets(url: str) -> str:
    return _NAMED.sub("x", url)
