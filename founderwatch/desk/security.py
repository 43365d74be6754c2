"""What keeps a crawled page from doing anything in the reader's browser, and other pages from reading the desk."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator

import datasette.handle_exception
from jinja2 import Environment

# Where rich is installed, Datasette prints each error with all local variables, secrets among them, into the log; for an
# address without a page it even fails at that.
datasette.handle_exception.rich = None

App = Callable
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_VARIANTS = ("true", "false")


def policy(templates: Environment) -> str:
    """The Content-Security-Policy: nothing but our own files, and the inline scripts that the templates hold."""
    hashes = " ".join(sorted({f"'sha256-{_digest(script)}'" for script in _inline_scripts(templates)}))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def _inline_scripts(templates: Environment) -> Iterator[str]:
    """The inline scripts as they are sent. Those that a template fills in are left out, and so not run:
    a hash of rendered text would let through whatever got into it."""
    for name in templates.list_templates(extensions=["html"]):
        source = templates.loader.get_source(templates, name)[0]
        for script in _INLINE.findall(source):
            for value in _VARIANTS if "datasette_allow_facet" in script else [""]:
                sent = script.replace("{{ datasette_allow_facet }}", value)
                if "{{" not in sent and "{%" not in sent:
                    yield sent


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def with_headers(app: App, content_policy: str) -> App:
    """Puts the security headers on every response, in place of any that are there."""
    added = {
        b"content-security-policy": content_policy.encode("ascii"),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
    }

    async def wrapped(scope, receive, send):
        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                sent = message.get("headers", [])
                # A page out of the archive brings a stricter one of its own.
                own = [(k, v) for k, v in sent if k.lower() == b"content-security-policy" and v.startswith(b"sandbox;")]
                kept = [(k, v) for k, v in sent if k.lower() not in added]
                message = {**message, "headers": [*kept, *(added | dict(own)).items()]}
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped


def loopback_only(app: App, own_name: str) -> App:
    """Refuses requests that were meant for another host.

    Without a sign-in, the loopback address alone keeps strangers out. A web page that points its own name at
    127.0.0.1, or a proxy that forwards to it, would let them in.
    """

    async def wrapped(scope, receive, send):
        if scope["type"] == "http" and not _is_local(_host(scope), own_name):
            text = b"This desk answers on loopback only. To reach it by another name, configure a sign-in: founderwatch serve --help\n"
            await send({"type": "http.response.start", "status": 421, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": text})
            return
        await app(scope, receive, send)

    return wrapped


def _host(scope) -> str:
    host = next((v.decode("latin1") for k, v in scope["headers"] if k == b"host"), "")
    return host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]


def _is_local(host: str, own_name: str) -> bool:
    if host.casefold() in ("localhost", own_name.casefold()):
        return True
    return is_loopback(host)


def is_local(scope) -> bool:
    """Whether a request was made on this machine, to this machine, and by no proxy for somebody else."""
    client = (scope.get("client") or ("",))[0]
    forwarded = {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}
    passed_on = any(name.lower() in forwarded for name, _ in scope["headers"])
    return is_loopback(client) and _is_local(_host(scope), "localhost") and not passed_on


def is_loopback(address: str) -> bool:
    """Whether a numeric address reaches this machine only."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
