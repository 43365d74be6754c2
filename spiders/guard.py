"""Keeps requests off loopback, private and link-local hosts, unless the registry names them.

A page on the web can name or redirect to any address, also to a router or a database in the user's own
network. The check stands in one place: `Guard` for the crawl, `check` for a single address.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.utils.defer import maybe_deferred_to_future

_PORTS = {"http": 80, "https": 443}


class Refused(IgnoreRequest):
    """A request that is not made. `passing`: it may be made another time."""

    def __init__(self, reason: str, passing: bool = False):
        self.passing = passing
        super().__init__(reason)


def endpoint(url: str) -> str:
    """The host:port that an address leads to."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').rstrip('.')}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def endpoints(urls: Iterable[str]) -> frozenset[str]:
    """The hosts and ports of the addresses that a registry names."""
    return frozenset(endpoint(url) for url in urls)


def public(address: str) -> bool:
    """Tells whether an IP address is one of the open internet."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # An IPv4 address in IPv6 clothes is judged as what it leads to.
        ip = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip.is_global and not ip.is_multicast


def loopback(host: str) -> bool:
    """Tells whether a host, by its own spelling, is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    literal = _literal(host)
    return literal is not None and ipaddress.ip_address(literal).is_loopback


def check(url: str, allowed: Iterable[str] = ()) -> None:
    """Raises Refused unless `url` is http(s) and leads to a public host or one in `allowed` (host:port)."""
    if (host := _inspect(url, allowed)) is not None:
        _public_addresses(host)


def addresses(url: str, allowed: Iterable[str] = ()) -> list[str]:
    """Where `url` may be reached, after the same look: who connects to one of these reaches what was looked at."""
    host = _inspect(url, allowed)
    return _public_addresses(host) if host is not None else _resolved(urlsplit(url).hostname or "")


def _public_addresses(host: str) -> list[str]:
    found = _resolved(host)
    for address in found:
        if not public(address):
            raise Refused(_reason(host, address))
    return found


def _resolved(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("the host name cannot be resolved", passing=True) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Downloader middleware: refuses a request before it is sent, and an answer that came from elsewhere.

    Names are resolved by the reactor, whose cache then gives the connection the same address; the
    peer's address is looked at once more, which leaves DNS rebinding nothing to win.
    """

    def __init__(self, crawler: Crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Guard:
        return cls(crawler)

    @property
    def allowed(self) -> frozenset[str]:
        return getattr(self.crawler.spider, "endpoints", frozenset())

    async def process_request(self, request: Request) -> None:
        # `scrapy check` runs its contracts on data: addresses, without network.
        if request.url.startswith("data:") and os.environ.get("SCRAPY_CHECK"):
            return
        host = _inspect(request.url, self.allowed)
        if host is None or _proxied(request):
            return
        from twisted.internet import reactor  # noqa: PLC0415 -- earlier, it would be the wrong one

        try:
            address = await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[attr-defined,arg-type]
        except Exception:
            raise Refused("the host name cannot be resolved", passing=True) from None
        if not public(address):
            raise Refused(_reason(host, address))

    def process_response(self, request: Request, response: Response) -> Response:
        peer = response.ip_address
        if peer is None or endpoint(request.url) in self.allowed or _proxied(request):
            return response
        if not public(str(peer)):
            raise Refused(_reason(urlsplit(request.url).hostname or "", str(peer)))
        return response


def _inspect(url: str, allowed: Iterable[str]) -> str | None:
    """Judges an address by its spelling; returns the host that still has to be resolved, if any."""
    try:
        parts = urlsplit(url)
        host, key = (parts.hostname or "").rstrip("."), endpoint(url)
    except ValueError:
        raise Refused("not a usable address") from None
    if parts.scheme not in _PORTS or not host:
        raise Refused("not an http or https address")
    if key in allowed:
        return None
    if loopback(host):
        raise Refused(_reason(host, host))
    literal = _literal(host)
    if literal is None:
        return host
    if not public(literal):
        raise Refused(_reason(host, literal))
    return None


def _literal(host: str) -> str | None:
    """The IP address that a host spells, also in the short and numeric forms that resolvers take."""
    try:
        return str(ipaddress.ip_address(host.split("%", maxsplit=1)[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 0x7f.1, 2130706433
    except (OSError, ValueError):
        return None


def _proxied(request: Request) -> bool:
    """Whether a proxy fetches the address: it then resolves the name, and only it knows the peer."""
    parts = urlsplit(request.url)
    return bool(request.meta.get("proxy")) or (parts.scheme in getproxies() and not proxy_bypass(parts.hostname or ""))


def _reason(host: str, address: str) -> str:
    where = (
        "this machine" if ipaddress.ip_address(_literal(address) or "127.0.0.1").is_loopback else "a private network"
    )
    shown = host if host == address else f"{host} ({address})"
    return f"{shown} is on {where}, and the registry does not name it"
