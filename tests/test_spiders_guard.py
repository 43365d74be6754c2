"""What is not asked for: hosts of this machine and of private networks, and hosts that do not answer."""

from __future__ import annotations

import socket

import pytest

from spiders.guard import Refused, check, endpoint, endpoints, public
from spiders.politeness import slot


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0/",
        "http://localhost:8001/", "http://x.localhost/", "http://localhost./", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://10.1.2.3/", "http://192.168.0.1/", "http://172.16.0.1/",
        "http://169.254.169.254/latest/meta-data", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/",
        "http://224.0.0.1/", "http://[2002:7f00:1::]/",
        "file:///etc/passwd", "ftp://a.example/", "data:text/html,x", "gopher://a.example/", "http:///", "http://[::1",
    ],
)  # fmt: skip
def test_refused(url: str) -> None:
    with pytest.raises(Refused):
        check(url)


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.5", 0))])
    with pytest.raises(Refused, match=r"innocent\.example \(10\.0\.0\.5\) is on a private network"):
        check("https://innocent.example/")


def test_a_public_name_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("93.184.216.34", 0))])
    check("https://open.example/")


def test_the_registry_allows_a_host_and_port_and_no_other_port() -> None:
    allowed = endpoints(["http://127.0.0.1:18801/feed"])
    check("http://127.0.0.1:18801/story", allowed)
    with pytest.raises(Refused):
        check("http://127.0.0.1:18802/story", allowed)


def test_endpoint_and_slot() -> None:
    assert endpoint("https://a.example/x") == "a.example:443"
    assert slot("https://a.example/x") == slot("http://a.example/y") == "a.example"
    assert slot("http://127.0.0.1:18801/") != slot("http://127.0.0.1:18802/")


def test_public() -> None:
    assert public("93.184.216.34") and public("2606:4700:4700::1111")
    assert not public("0.0.0.0") and not public("::") and not public("192.0.2.1")
