"""Says in plain words why a request brought nothing, and whether asking again may help."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.spidermiddlewares.httperror import HttpError

from spiders.guard import Refused

# Answers that shut the door on a robot, while the story itself exists.
SHUT = frozenset({401, 402, 403, 406, 451})
FORBIDDEN = "forbidden by robots.txt"
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# The server itself says that it is a matter of minutes.
_TEMPORARY = frozenset({408, 425, 429, 503})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request failed. `passing`: worth asking again later; `shut`: the page exists, but not for us."""

    reason: str
    passing: bool = False
    shut: bool = False
    status: int = 0

    @property
    def grade(self) -> str:
        """How grave it is for the timetable: hard, soft or temporary."""
        if self.status in _TEMPORARY:
            return "temporary"
        return "soft" if self.passing else "hard"


_CERTIFICATE = re.compile(r"certificate verify failed|CertificateError|VerificationError|SSL.*certificate", re.DOTALL)

# What asking again may mend; the first type that fits decides.
_PASSING_TROUBLES = (
    (CannotResolveHostError, "the host name cannot be resolved"),
    (DownloadConnectionRefusedError, "the host refuses connections"),
    (ResponseDataLossError, "the answer broke off"),
)


def cause(error: BaseException, timeout: float, maxsize: int) -> Cause:
    """Reads an errback's exception; `timeout` (seconds) and `maxsize` (bytes) are the limits in force."""
    match error:
        case HttpError():
            found = _by_status(error.response.status)
        case Refused():
            found = Cause(str(error), passing=error.passing)
        case IgnoreRequest():
            found = _ignored(error, maxsize)
        case DownloadTimeoutError():
            found = Cause(f"no complete answer within {timeout:g} s", passing=True)
        case DownloadCancelledError():
            found = Cause(f"larger than {_size(maxsize)}")
        case UnsupportedURLSchemeError():
            found = Cause("not an http or https address")
        case _ if _CERTIFICATE.search(str(error)):
            found = Cause("its certificate cannot be trusted")
        case _:
            words = next((words for kind, words in _PASSING_TROUBLES if isinstance(error, kind)), None)
            found = Cause(words or f"the connection failed: {_words(error)}", passing=True)
    return found


def _by_status(status: int) -> Cause:
    try:
        phrase = f" {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    return Cause(f"HTTP {status}{phrase}", status in _PASSING, status in SHUT, status)


def _ignored(error: IgnoreRequest, maxsize: int) -> Cause:
    # Scrapy tells these apart by their text alone.
    text = str(error)
    if "robots.txt" in text:
        return Cause(FORBIDDEN)
    if "DOWNLOAD_MAXSIZE" in text:
        return Cause(f"larger than {_size(maxsize)} once unpacked")
    if "redirect" in text:
        return Cause("redirected too often")
    return Cause(text or "not asked for")


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _size(limit: int) -> str:
    return f"{limit / 1_000_000:g} MB" if limit >= 1_000_000 else f"{limit / 1000:g} kB"
