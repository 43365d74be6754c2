"""What is shipped works where nothing of the source tree is: the wheel, and the files for a container and for scrapyd."""

import json
import re
import subprocess
import sys
import time
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the project's own backend."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "No module named 'hatchling'" in done.stderr:
        pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(folder), str(ROOT)]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [found] = folder.glob("*.whl")
    return found


@pytest.mark.long
def test_the_wheel_holds_what_commands_need_and_nothing_that_weighs_on_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "founderwatch/default.toml", "founderwatch/database/schema/001_first.sql", "founderwatch/desk/static/desk.css",
        "founderwatch/desk/words.toml", "founderwatch/events/organisations.txt", "models/weights/model.onnx",
        "models/weights/config.json", "spiders/sources.toml",
    ):  # fmt: skip
        assert needed in names, needed
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not [name for name in names if name.startswith(("models/corpus", "tests", "benchmarks"))]
    assert wheel.stat().st_size < 80_000_000


@pytest.mark.long
def test_the_wheel_works_where_nothing_of_the_source_tree_is(wheel, tmp_path):
    """Installed without its dependencies beside those that are here: what it lacks of its own shows, and in a minute."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    [packages] = place.glob("lib/python*/site-packages")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        pytest.skip("no pip here")
    assert done.returncode == 0, done.stderr
    elsewhere = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "borrowed.pth").write_text("\n".join(elsewhere) + "\n")

    def founderwatch(*arguments, **more):
        command = [
            python,
            "-c",
            "import sys; from founderwatch.cli import run; sys.argv[0] = 'founderwatch'; run()",
            *arguments,
        ]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300, **more)

    where = subprocess.run(
        [python, "-c", "import founderwatch; print(founderwatch.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert where.stdout.startswith(str(place)), where
    story = {
        "id": 1,
        "title": "Mara Lindqvist leaves Northwind to found a start-up",
        "body": "Mara Lindqvist, an engineer at Northwind, has left to found a start-up.",
    }
    found = founderwatch("scan", "--jsonl", "-", input=json.dumps(story))
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["events"][0]["person"] == "Mara Lindqvist"
    assert founderwatch("sources", "list").returncode == 0
    left_out = founderwatch("corpus", "check")
    assert left_out.returncode in (2, 3) and "Traceback" not in left_out.stderr and left_out.stderr, left_out


def test_the_image_copies_every_package_and_runs_as_nobody_special():
    """No container engine is asked: what can be read is checked here."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for package in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}" in lines and f"!{package}\n" in (ROOT / ".dockerignore").read_text()
    for file in ("README.md", *PROJECT["project"]["license-files"]):
        assert file in lines, f"the build reads {file}"
    assert re.search(r"^USER founderwatch$", lines, re.M) and lines.rindex("USER") > lines.rindex("RUN")
    assert re.search(r"^ARG BASE=python:3\.\d+-slim-\w+$", lines, re.M), "a release that is named, and can be another's"
    assert set(re.findall(r"^FROM (\S+)", lines, re.M)) == {"${BASE}"}


def compose():
    """The services of compose.yaml."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_the_commands_of_the_compose_file_exist():
    from click.testing import CliRunner

    from founderwatch.cli import main

    services = compose()
    crawler, desk = services["crawler"], services["desk"]
    assert "founderwatch crawl --due --for 4m" in crawler["command"][0] and desk["command"][:2] == ["serve", "--host"]
    assert "founderwatch doctor --quiet" in crawler["healthcheck"]["test"][1]
    for command, option in (("crawl", "--for"), ("serve", "--host"), ("doctor", "--quiet")):
        assert option in CliRunner().invoke(main, [command, "--help"]).output
    assert desk["ports"] == ["127.0.0.1:8001:8001"], "the desk is not opened to the world"
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["volumes"] == ["data:/data"]
        uid = re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
        assert uid and service["user"] == uid[1]


def test_the_timer_of_the_compose_file_crawls_and_lets_a_crawl_end_well(tmp_path):
    """The line as the shell gets it, with a crawl that takes its time to end."""
    crawl = tmp_path / "founderwatch"
    crawl.write_text('#!/bin/sh\necho "begun $*"\ntrap "kill \\$!; echo stored; exit" TERM\nsleep 60 & wait\n')
    crawl.chmod(0o755)
    line = compose()["crawler"]["command"][0].replace("$$", "$")
    shell = subprocess.Popen(
        ["/bin/sh", "-c", line], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True
    )
    assert shell.stdout.readline() == "begun crawl --due --for 4m\n"
    time.sleep(0.2)  # the trap is set
    shell.terminate()
    assert shell.stdout.readline() == "stored\n"
    assert shell.wait(10) == 0


def test_a_crawl_needs_no_extra(monkeypatch):
    """Scrapy imports every module that may hold a spider; one of the optional ones would end each crawl."""
    from scrapy.settings import Settings
    from scrapy.spiderloader import SpiderLoader

    import founderwatch.settings

    monkeypatch.setitem(sys.modules, "scrapy_playwright", None)
    monkeypatch.delitem(sys.modules, "spiders.browser", raising=False)
    settings = Settings()
    settings.setmodule(founderwatch.settings)
    found = set(SpiderLoader.from_settings(settings).list())
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "spiders").glob("*.py"))
    assert found == set(re.findall(r'^    name = "(\w+)"$', text, re.M))
