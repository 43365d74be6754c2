"""The proxy between a browser and the network: what the registry names passes, other private hosts do not, in any spelling."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from spiders.checked_proxy import CheckedProxy


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Connection", "")))  # type: ignore[attr-defined]
        body = b"here"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def ask(allowed: set[str], *requests: bytes) -> list[bytes]:
    """What the proxy answers to each request, over a connection of its own."""

    async def run() -> list[bytes]:
        proxy = CheckedProxy(allowed)
        port = int((await proxy.start()).rpartition(":")[2])
        answers = []
        for request in requests:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            try:
                answers.append(await asyncio.wait_for(reader.read(), 10))
            except ConnectionResetError:  # it has not read all that it was sent
                answers.append(b"")
            writer.close()
        proxy.close()
        return answers

    return asyncio.run(run())


def test_what_the_registry_names_passes(server: _Server) -> None:
    port = server.server_port
    [plain] = ask({f"127.0.0.1:{port}"}, f"GET http://127.0.0.1:{port}/a?b=c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nProxy-Connection: keep-alive\r\n\r\n".encode())  # fmt: skip
    assert plain.endswith(b"here") and server.asked == [("/a?b=c", "close")]
    tunnel = f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET /d HTTP/1.0\r\n\r\n".encode()
    [answer] = ask({f"127.0.0.1:{port}"}, tunnel)
    assert b"200 Connection established" in answer and server.asked[-1][0] == "/d"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "192.168.1.1"]
)  # fmt: skip
def test_private_hosts_do_not(server: _Server, host: str) -> None:
    port = server.server_port
    for request in (
        f"GET http://{host}:{port}/ HTTP/1.1\r\n\r\n",
        f"CONNECT {host}:{port} HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    ):
        [answer] = ask({"news.example:80"}, request.encode())
        assert answer.startswith(b"HTTP/1.1 403 ") and b"the registry does not name it" in answer
    assert server.asked == []


def test_a_name_that_leads_inside_does_not(server: _Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr("spiders.guard.socket.getaddrinfo", lambda *_, **__: found)
    [answer] = ask(set(), f"GET http://rebind.example:{server.server_port}/ HTTP/1.1\r\n\r\n".encode())
    assert b"rebind.example (127.0.0.1) is on this machine" in answer and server.asked == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET ftp://a.example/ HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\r\n\r\n", b"400"),
        (b"CONNECT nowhere.invalid:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT a:b:c HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT :99999 HTTP/1.1\r\n\r\n", b"403"),
    ],
)
def test_nonsense_is_refused(request_: bytes, status: bytes) -> None:
    [answer] = ask(set(), request_)
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_dead_host_and_an_endless_head_cost_one_connection(server: _Server) -> None:
    answers = ask({"127.0.0.1:9", f"127.0.0.1:{server.server_port}"}, b"GET http://127.0.0.1:9/ HTTP/1.1\r\n\r\n", b"GET http://" + b"a" * 200_000, f"GET http://127.0.0.1:{server.server_port}/ HTTP/1.1\r\n\r\n".encode())  # fmt: skip
    assert answers[0].startswith(b"HTTP/1.1 502 ") and answers[1] == b"" and answers[2].endswith(b"here")
