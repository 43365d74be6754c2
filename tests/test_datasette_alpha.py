"""The desk on an alpha of Datasette 1.0, in an environment of its own: `make test-alpha`."""

import os
import subprocess

import pytest

from benchmarks import invented
from tests.test_serve import ROOT

PYTHON = os.environ.get("FOUNDERWATCH_DATASETTE_ALPHA")
SCRIPT = """
import asyncio, sys
import datasette.version
from datasette.app import Datasette
from datasette.plugins import pm
from founderwatch import desk
assert datasette.version.__version__.startswith("1.0"), datasette.version.__version__
if not pm.is_registered(desk):
    pm.register(desk, "founderwatch")

async def ask():
    served = Datasette([sys.argv[1]])
    await served.invoke_startup()
    for place in sys.argv[2:]:
        answer = await served.client.get(place, follow_redirects=True)
        policy = answer.headers.get("content-security-policy", "")
        print(answer.status_code, "default-src 'none'" in policy, place)

asyncio.run(ask())
"""
PLACES = ["/", "/-/sources", "/-/feed.atom", "/-/feed.json", "/-/company/ByteDance", "/-/desk", "/founderwatch", "/founderwatch/flagged",
          "/founderwatch/flagged.csv", "/founderwatch/search?words=office", "/founderwatch/employers?since="]  # fmt: skip


@pytest.mark.long
@pytest.mark.skipif(not PYTHON, reason="no alpha of Datasette 1.0 is named: make test-alpha")
def test_all_pages_answer_on_the_alpha(tmp_path):
    path = tmp_path / "founderwatch.db"
    invented.make(path, 300, 60)
    asked = subprocess.run(
        [PYTHON, "-c", SCRIPT, str(path), *PLACES], cwd=ROOT, check=False, capture_output=True, text=True, timeout=300
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    lines = asked.stdout.split("\n")
    assert [line for line in lines if line.startswith(("200", "3", "4", "5"))] == [
        f"200 True {place}" for place in PLACES
    ], asked.stdout
