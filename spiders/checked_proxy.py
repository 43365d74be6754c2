"""A proxy on loopback through which a browser fetches: each host is resolved, looked at, and reached at that very address.

A browser resolves names and follows redirects, frames and scripts by itself, where no middleware sees them. With this
between, `spiders.guard` holds for every request of it, whatever its kind, and DNS rebinding has nothing to win.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from spiders.guard import Refused, addresses

_LARGEST_HEAD = 65_536
_BLOCK = 65_536
_PATIENCE = 20  # seconds for a connection
_CONNECT = re.compile(r"CONNECT ([^\s]+) HTTP/1\.[01]")
_PLAIN = re.compile(r"([A-Z]+) (http://[^\s]+) (HTTP/1\.[01])")
# What belongs to the connection with the proxy alone.
_OURS = (b"proxy-connection:", b"proxy-authorization:", b"connection:", b"keep-alive:")


class CheckedProxy:
    """Serves until it is closed; `allowed` are the host:port that a registry names. `refused` counts what was not let through."""

    def __init__(self, allowed: Collection[str] = ()):
        self.allowed = allowed
        self.refused = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Begins to listen; gives the proxy's address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LARGEST_HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            pass  # the browser sees a connection that ends, and says so
        finally:
            with suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, _, rest = head.partition(b"\r\n")
        line = first.decode("latin-1")
        if match := _CONNECT.fullmatch(line):
            url, opening = f"https://{match[1]}", b""
        elif match := _PLAIN.fullmatch(line):
            parts = urlsplit(match[2])
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            kept = [field for field in rest.split(b"\r\n") if field and not field.lower().startswith(_OURS)]
            # One request a connection: the next one may be for another host.
            request = [f"{match[1]} {path} {match[3]}".encode("latin-1"), *kept, b"Connection: close", b"", b""]
            url, opening = match[2], b"\r\n".join(request)
        else:
            await _say(writer, "400 Bad Request", "not a request to a proxy")
            return
        try:
            there, back = await self._reach(url)
        except Refused as reason:
            self.refused += 1
            await _say(writer, "403 Forbidden", str(reason))
            return
        except (OSError, TimeoutError):
            await _say(writer, "502 Bad Gateway", "the host does not answer")
            return
        if opening:
            back.write(opening)
        else:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))

    async def _reach(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connects to an address of the host that was looked at, and to no other."""
        # First the look, which refuses what is no address at all.
        found = await asyncio.get_running_loop().run_in_executor(None, addresses, url, self.allowed)
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        trouble: Exception = OSError("no address")
        for address in found:
            try:
                return await asyncio.wait_for(asyncio.open_connection(address, port), _PATIENCE)
            except (OSError, TimeoutError) as error:
                trouble = error
        raise trouble


async def _say(writer: asyncio.StreamWriter, status: str, reason: str) -> None:
    body = reason.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies one direction to its end, and closes the other side for writing."""
    with suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    with suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
