"""Reads a large file at an address from any byte on, over a connection that may break."""

from __future__ import annotations

import http.client
import time
from collections.abc import Collection
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from founderwatch.settings import DOWNLOAD_TIMEOUT, user_agent
from spiders.guard import Refused, check

_TRIES = 4
_PAUSE = 1.0  # seconds before the second try, doubled before each further one
_ENDED = (URLError, OSError, http.client.HTTPException)


class RemoteError(OSError):
    """The file cannot be had, or not to its end; the message says why."""


class _Guarded(HTTPRedirectHandler):
    """Follows redirects only to where the first address could have led."""

    def __init__(self, allowed: Collection[str]):
        self.allowed = allowed

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        check(newurl, self.allowed)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class RemoteFile:
    """A file at an http(s) address. `size` is None and `parted` False where the host tells no length or gives no parts.

    `allowed` are the hosts (host:port) of this machine or a private network that the registry names.
    """

    def __init__(self, url: str, allowed: Collection[str] = (), contact: str | None = None):
        self.url = url
        self._agent = user_agent(contact)
        self._allowed = allowed
        self._opener = build_opener(_Guarded(allowed))
        answer = self.answer(0, 4096)
        with answer:
            told = answer.headers.get("Content-Range", "").rpartition("/")[2]
            self.parted = answer.status == http.HTTPStatus.PARTIAL_CONTENT and told.isdigit()
            length = told if self.parted else answer.headers.get("Content-Length", "")
            self.size = int(length) if length.isdigit() else None

    def answer(self, start: int, length: int | None = None) -> http.client.HTTPResponse:
        """Asks for the file from a byte on; what passes is tried again."""
        end = "" if length is None else str(start + length - 1)
        headers = {"User-Agent": self._agent, "Range": f"bytes={start}-{end}"}
        request = Request(self.url, headers=headers)  # noqa: S310 -- `check` lets http and https pass
        for tried in range(1, _TRIES + 1):
            try:
                check(self.url, self._allowed)
                return self._opener.open(request, timeout=DOWNLOAD_TIMEOUT)
            except Refused as error:
                raise RemoteError(str(error)) from None
            except HTTPError as error:
                if error.code < 500 and error.code != http.HTTPStatus.TOO_MANY_REQUESTS:
                    raise RemoteError(f"HTTP {error.code} {error.reason}") from None
                reason = f"HTTP {error.code} {error.reason}"
            except _ENDED as error:
                reason = str(getattr(error, "reason", None) or error)
            if tried < _TRIES:
                time.sleep(_PAUSE * 2 ** (tried - 1))
        raise RemoteError(f"no answer after {_TRIES} tries: {reason}")

    def open(self, position: int = 0) -> RemoteStream:
        """A stream from a byte on."""
        return RemoteStream(self, position)


class RemoteStream:
    """A file-like object that asks again where a connection broke. `broken` holds the reason once it has given up."""

    def __init__(self, file: RemoteFile, position: int):
        self._file = file
        self._position = position
        self._answer: IO[bytes] | None = None
        self.broken: RemoteError | None = None

    def read(self, size: int = -1) -> bytes:
        for tried in range(1, _TRIES + 1):
            if self._file.size is not None and self._position >= self._file.size:
                return b""
            try:
                data = self._connected().read(size if size >= 0 else None)
            except RemoteError:
                raise
            except _ENDED:
                data = b""
            if data or self._file.size is None:
                self._position += len(data)
                return data
            # The host says that there is more: the connection broke.
            self.close()
            if tried < _TRIES:
                time.sleep(_PAUSE * 2 ** (tried - 1))
        self.broken = RemoteError(f"the connection broke at byte {self._position:,} of {self._file.size:,}")
        raise self.broken

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset != self._position:
            self.close()
            self._position = offset
        return self._position

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def __enter__(self) -> RemoteStream:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def _connected(self) -> IO[bytes]:
        if self._answer is None:
            try:
                self._answer = self._file.answer(self._position)
            except RemoteError as error:
                self.broken = error
                raise
            # A host that gives no parts begins from the front.
            left = 0 if self._answer.status == http.HTTPStatus.PARTIAL_CONTENT else self._position
            while left and (passed := self._answer.read(min(left, 1 << 20))):
                left -= len(passed)
        return self._answer
