"""Archives at an address: a real server that gives parts, gives none, breaks off, fails, moves, or lies on a private network."""

import gzip
import random
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from founderwatch.backfill.files import Reach, find, open_archive
from spiders import remote
from spiders.guard import endpoint
from spiders.remote import RemoteError, RemoteFile
from spiders.warc import WarcError
from tests.archives import record

NOISE = random.Random(1)
PAGES = [record(f"http://news.example/{n}", f"<p>{n} {NOISE.randbytes(9000).hex()}".encode()) for n in range(30)]
DATA = b"".join(gzip.compress(page, 1) for page in PAGES)


class Handler(BaseHTTPRequestHandler):
    """/parts.warc.gz gives ranges; /whole… none; /breaks… closes every connection early; /dies… answers 503 after four requests;
    /moved… leads to /parts, /away… to a private host; all else is missing."""

    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        kind = self.path.split(".", maxsplit=1)[0].strip("/")
        asked = self.server.asked[kind] = self.server.asked.get(kind, 0) + 1
        if kind == "moved":
            return self._to("/parts.warc.gz")
        if kind == "away":
            return self._to("http://10.1.2.3/parts.warc.gz")
        if kind not in ("parts", "whole", "breaks", "dies"):
            return self.send_error(404)
        if kind == "dies" and asked > 4:
            return self.send_error(503)
        start, end = 0, len(DATA) - 1
        ranged = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if ranged and kind != "whole":
            start, end = int(ranged[1]), min(int(ranged[2] or end), end)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(DATA)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        body = DATA[start : end + 1]
        self.wfile.write(body[: len(body) // 2 + 1] if kind in ("breaks", "dies") else body)
        return None

    def _to(self, target):
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.asked = {}
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(remote, "_PAUSE", 0.0)


@pytest.fixture
def archive(server):
    base = f"http://127.0.0.1:{server.server_port}"
    reach = Reach(frozenset({endpoint(base)}))
    return lambda kind: open_archive(f"{base}/{kind}.warc.gz", reach)


def numbers(records):
    return [int(r.url.rsplit("/", 1)[1]) for r in records]


def test_spans_are_asked_for_one_by_one(archive):
    found = archive("parts")
    assert found.size == len(DATA) and found.warc.parted
    half = len(DATA) // 2
    assert numbers(found.warc.records(0, half)) + numbers(found.warc.records(half, len(DATA))) == list(range(30))


def test_a_host_that_gives_no_parts_is_read_in_one_go(archive):
    found = archive("whole")
    assert not found.warc.parted
    assert numbers(found.warc.records()) == list(range(30))


def test_reading_goes_on_where_a_connection_broke(archive):
    assert numbers(archive("breaks").warc.records()) == list(range(30))


def test_redirects_are_followed(archive):
    assert numbers(archive("moved").warc.records()) == list(range(30))


def test_an_archive_that_vanishes_half_way_is_told_and_not_taken_for_damage(archive):
    with pytest.raises(RemoteError, match="HTTP 503"):
        list(archive("dies").warc.records())


@pytest.mark.parametrize(("kind", "words"), [("missing", "HTTP 404"), ("away", "is on a private network")])
def test_what_cannot_be_had_says_why(archive, kind, words):
    with pytest.raises(WarcError, match=words):
        archive(kind)


def test_a_private_host_is_asked_only_where_the_registry_names_it(server):
    before = dict(server.asked)
    with pytest.raises(RemoteError, match="the registry does not name it"):
        RemoteFile(f"http://127.0.0.1:{server.server_port}/parts.warc.gz")
    assert server.asked == before


def test_addresses_are_files_of_their_own():
    assert find(["https://data.example/a.warc.gz", "s3://bucket/b.warc.gz"]) == (
        ["https://data.example/a.warc.gz", "s3://bucket/b.warc.gz"],
        [],
    )
