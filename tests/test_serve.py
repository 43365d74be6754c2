"""`founderwatch serve` and the desk: every page, word and query on a database that the store has written."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from datasette.plugins import pm
from datasette_auth_passwords.utils import hash_password

from founderwatch import desk
from founderwatch.commands import serve
from founderwatch.config import Config
from founderwatch.database.store import Store
from founderwatch.desk import functions, metadata
from founderwatch.items import Article, Assessment, Evidence, Failure, Mention, Page, Story
from spiders.sources import Source

if not pm.is_registered(desk):
    pm.register(desk, "founderwatch")

ROOT = Path(__file__).parent.parent
NOW = datetime.now(UTC).replace(microsecond=0)
SCRIPT = "<script>document.title = 'taken'</script>"
# Title, outlet, language, hours ago, then the mention: person, kind, status, employer, role, more.
STORIES = [
    ("阿里云算法工程师周畅离职创业", "36Kr", "zh", 30, "周畅", "founds", "expected", "阿里云", "算法工程师", {"seniority": "senior", "focus": "AI 应用", "first_reported_by": "36Kr"}),
    ("Alibaba Cloud engineer Zhou Chang to start own firm", "SCMP", "en", 8, "Zhou Chang", "founds", "confirmed", "Alibaba Cloud", "Algorithm engineer", {"seniority": "senior", "focus": "AI applications"}),
    ("OpenAI research lead Jane Roe leaves to found Lumen Labs", "TechCrunch", "en", 50, "Jane Roe", "founds", "announced", "OpenAI", "research lead", {"seniority": "lead", "venture": "Lumen Labs", "venture_kind": "lab", "focus": "interpretability"}),
    ("字节跳动副总裁陈明创办机器人公司", "虎嗅", "zh", 75, "陈明", "founds", "announced", "字节跳动", "副总裁", {"seniority": "executive", "venture": "明机科技", "venture_kind": "company", "focus": "机器人"}),
    ("Google DeepMind scientist Omar Haddad steps down", "The Verge", "en", 100, "Omar Haddad", "leaves", "confirmed", "Google DeepMind", "research scientist", {"seniority": "senior"}),
    ("Stripe CTO joins Anthropic", "TechCrunch", "en", 120, "Ana Silva", "joins", "confirmed", "Stripe", "CTO", {"seniority": "executive", "venture": "Anthropic"}),
    ("Tesla denies that its AI head leaves", "Reuters", "en", 130, "Lee Park", "founds", "denied", "Tesla", "head of AI", {"seniority": "lead"}),
    ("Second OpenAI engineer follows to a new venture", "TechCrunch", "en", 20, "Max Mustermann", "founds", "rumoured", "OpenAI", "engineer", {"seniority": "senior"}),
    (f"Nvidia engineer quits {SCRIPT}", "Evil & Sons", "en", 5, f"Eve {SCRIPT}", "founds", "rumoured", "Nvidia", "engineer", {"focus": SCRIPT}),
    ("华为高管内部信：一位核心工程师离职创业", "晚点", "zh", 200, None, "founds", "rumoured", "华为", "核心工程师", {"seniority": "senior"}),
    ("百度前研究员刘洋创立医疗 AI 公司", "机器之心", "zh", 300, "刘洋", "founds", "confirmed", "百度", "研究员", {"venture": "洋医智能", "venture_kind": "company", "focus": "医疗 AI"}),
    ("Maybe an engineer at Meta", "Blog", "en", 310, "Sam Low", "founds", "rumoured", "Meta", "engineer", {"score": 0.3}),
]  # fmt: skip


def story(number: int, row: tuple) -> Story:
    title, outlet, language, hours, person, kind, status, employer, role, more = row
    published = NOW - timedelta(hours=hours)
    url = f"https://news{number}.example/story/{number}?a=1&b=2"
    body = (
        f"{title}。{person or '一位工程师'}将离开{employer}创业。"
        if language == "zh"
        else f"{title}.\n{person} leaves {employer}."
    )
    evidence = (Evidence(body, 0, len(body), "body"),)
    mention = Mention(
        person, kind, status, employer=employer, role=role, evidence=evidence, triggers=("离职",),
        departed_from=date.today(), departed_to=date.today(), **{"score": 0.93, "when": "today", **more},
    )  # fmt: skip
    return Story(
        page=Page(url, f"source{number % 3}", b"", published),
        article=Article(url, f"source{number % 3}", title, body, language, site_name=outlet, published=published),
        assessment=Assessment("test-1", mention.score, mention.score > 0.5 and kind == "founds", (mention,)),
    )


def write(path: Path) -> None:
    store = Store(path)
    known = {"language": "en", "feeds": ("https://x.example/feed",)}
    store.register_sources(
        [Source(name=f"source{n}", title=f"Source {n}", home="https://x.example/", **known) for n in range(4)]
    )
    run = store.start_run("crawl")
    for number, row in enumerate(STORIES):
        store.save(story(number, row), threshold=0.5)
    store.save(Story(page=Page("javascript:alert(1)", "source1", b"", NOW), failure=Failure("fetch", "refused")), 0.5)
    failing = {
        "source": "source1",
        "channels": 1,
        "channels_failed": 1,
        "found": 0,
        "fetched": 0,
        "failed": 0,
        "message": "no answer",
    }
    store.finish_run(run, {"found": 12, "new": 12, "failed": 1, "flagged": 8}, [failing])
    event = store.db.execute("select id from flagged order by score desc limit 1").fetchone()[0]
    verdict = {
        "event": event,
        "reviewer": "me",
        "verdict": "accept",
        "corrected": '{"person": "Zhou Chang"}',
        "made_at": NOW.isoformat(),
    }
    store.db["reviews"].insert(verdict)
    store.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("serve") / "founderwatch.db"
    write(path)
    return path


@pytest.fixture
def get(path):
    """Asks one page, as plain `datasette founderwatch.db` answers it."""
    datasette = Datasette([str(path)])

    def ask(address: str, **options):
        return asyncio.run(datasette.client.get(address, **options))

    return ask


def tables_and_views(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("select name from sqlite_master where type in ('table', 'view')").fetchall()
    return {name for (name,) in rows if not name.startswith(("articles_fts_", "sqlite_"))}


# Words


def test_every_table_and_view_is_described(path):
    described = metadata.words()["tables"]
    assert set(described) == tables_and_views(path)
    for name, words in described.items():
        assert words["title"] and words["description"].endswith("."), name
    assert next(iter(described)) == "flagged"


def test_described_and_facetted_columns_exist(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name, words in metadata.words()["tables"].items():
            real = {row[1] for row in connection.execute(f"pragma table_xinfo([{name}])")}
            named = {*words.get("columns", ()), *words.get("facets", ()), *words.get("order", ())}
            named |= {words[key] for key in ("sort", "sort_desc", "label_column") if key in words}
            assert named <= real, f"{name}: {named - real}"


def test_the_users_own_metadata_outdoes_ours(path):
    mine = {"title": "mine", "databases": {"founderwatch": {"tables": {"flagged": {"title": "my list"}}}}}
    assert "my list" in asyncio.run(Datasette([str(path)], metadata=mine).client.get("/founderwatch/flagged")).text
    assert "my list" not in asyncio.run(Datasette([str(path)]).client.get("/founderwatch/flagged")).text


# Pages


def test_front_page_shows_what_is_flagged_first(get):
    page = get("/")
    assert page.status_code == 200
    assert page.text.index("周畅") < page.text.index("Jane Roe") < page.text.index("Who left this employer?")
    assert "Zhou Chang" in page.text and "1 failing" in page.text
    assert "Lee Park" not in page.text and "Omar Haddad" not in page.text
    assert 'rel="noopener noreferrer"' in page.text


def test_front_page_of_an_empty_database_says_what_to_do(tmp_path):
    Store(tmp_path / "new.db").close()
    page = asyncio.run(Datasette([str(tmp_path / "new.db")]).client.get("/"))
    assert page.status_code == 200 and "founderwatch crawl" in page.text


@pytest.mark.parametrize(
    "address", ["/founderwatch", "/founderwatch?sql=select+1", "/-/metadata.json", "/founderwatch/nothing"]
)
def test_other_pages_answer(get, address):
    assert get(address).status_code == (404 if address.endswith("nothing") else 200)


def test_database_page_lists_views_and_queries_first_and_hides_the_plumbing(get):
    text = get("/founderwatch").text
    places = [text.index(f'"/founderwatch/{name}"') for name in ("flagged", "review_queue", "left_employer", "events")]
    assert places == sorted(places)
    assert "_sqlite_migrations" not in text and "articles_fts" not in text


def test_every_table_and_view_opens(get, path):
    for name in tables_and_views(path):
        page = get(f"/founderwatch/{name}")
        assert page.status_code == 200, name
        assert "<script>document" not in page.text, name
        assert "timed out" not in page.text, name


def test_plain_datasette_finds_the_desk(path):
    if "founderwatch" not in {point.name for point in entry_points(group="datasette")}:
        pytest.skip("founderwatch is not installed: pip install -e .")
    plain = [sys.executable, "-m", "datasette", str(path), "--get", "/"]
    answer = subprocess.run(plain, capture_output=True, text=True, cwd=path.parent, check=False)
    assert "周畅" in answer.stdout and "founderwatch-home" in answer.stdout, answer.stderr


def test_another_programs_database_keeps_its_look(tmp_path):
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("create table things (person text)")
        connection.commit()
    client = Datasette([str(other)]).client
    assert "things" in asyncio.run(client.get("/")).text
    assert "founderwatch-home" not in asyncio.run(client.get("/")).text
    assert "Custom SQL query" in asyncio.run(client.get("/other")).text


# Cells


def test_cells_are_readable_and_safe(get):
    flagged = get("/founderwatch/flagged").text
    assert "&lt;script&gt;" in flagged
    assert re.search(r'<a href="/-/event/ev-[0-9a-f]+">Jane Roe</a>', flagged)
    assert 'href="https://news2.example/story/2?a=1&amp;b=2" rel="noopener noreferrer" target="_blank"' in flagged
    assert "周畅 · Zhou Chang" in get("/founderwatch/events").text
    mentions = get("/founderwatch/mentions").text
    assert "<q title=" in mentions and "&#34;start&#34;" not in mentions
    assert "person: Zhou Chang" in get("/founderwatch/reviews").text
    failures = get("/founderwatch/failures").text
    assert "javascript:alert(1)" in failures and 'href="javascript:' not in failures
    assert json.loads(get("/founderwatch/events.json?_shape=array&kind=joins").text)[0]["names"] == '["Ana Silva"]'


# Queries


ASKED = {
    "search": ({"words": "离职创业"}, "周畅"),
    "left_employer": ({"employer": "alibaba"}, "Zhou Chang"),
    "new_since": ({}, "Jane Roe"),
    "person": ({"name": "Chang Zhou"}, "周畅"),
    "employers": ({"since": "2020-01-01"}, "OpenAI"),
    "teams": ({"days": "30"}, "Max Mustermann"),
    "ventures": ({"word": "机器人"}, "明机科技"),
    "seniority": ({"seniority": "Executive"}, "陈明"),
    "no_destination": ({"days": "30"}, "Omar Haddad"),
    "rumours_confirmed": ({}, "Zhou Chang"),
    "denied": ({}, "Lee Park"),
    "first_outlets": ({"since": "2020-01-01"}, "Source 0"),
    "chinese_first": ({}, "Zhou Chang"),
    "single_source": ({}, "Jane Roe"),
    "uncertain": ({"low": "0.1", "high": "0.5"}, "Sam Low"),
    "by_month": ({"employer": "OpenAI"}, None),
    "quiet_sources": ({"days": "7"}, "Source 3"),
    "failing_pages": ({"source": "source1"}, "refused"),
}


def test_every_query_has_an_example():
    assert set(ASKED) == set(metadata.queries())
    for name, query in metadata.queries().items():
        assert query["title"] and query["description"].endswith("."), name


@pytest.mark.parametrize("name", ASKED)
def test_query_answers(get, name):
    values, expected = ASKED[name]
    page = get(f"/founderwatch/{name}", params=values)
    assert page.status_code == 200 and "message-error" not in page.text
    rows = json.loads(get(f"/founderwatch/{name}.json", params={**values, "_shape": "array"}).text)
    assert rows
    if expected:
        assert expected in json.dumps(rows, ensure_ascii=False)
    for blank in ({}, dict.fromkeys(values, "")):
        answer = json.loads(get(f"/founderwatch/{name}.json", params=blank).text)
        assert answer["ok"] and not answer.get("error"), (name, answer)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("创业", 3), ("离职创业", 2), ("阿里云算法工程师周畅", 1), ("周", 1), ("司", 1), ("zhou CHANG", 1), ("OpenAI 离职", 0), ("医疗 AI 公司", 1),
     ('"', 0), ("", 0), ("' OR 1 --", 0), ("leaves AND NOT", 0), ("a\0b", 0), ("*", 0)],
)  # fmt: skip
def test_both_search_boxes_find_words_of_any_length(get, words, expected):
    if words.strip():
        box = json.loads(get(f"/founderwatch/articles.json?_shape=array&_search={quote(words)}").text)
        assert isinstance(box, list), box
        assert len(box) >= expected if expected else not box
    rows = json.loads(get("/founderwatch/search.json", params={"words": words, "_shape": "array"}).text)
    assert isinstance(rows, list), rows
    assert len(rows) >= expected if expected else not rows


def test_excerpt_marks_the_words():
    assert functions.excerpt("他从阿里云离职创业。", "离职 no") == "他从阿里云«离职»创业。"
    assert functions.excerpt("The art of starting. Art!", "art") == "The «art» of starting. «Art»!"
    assert functions.excerpt("x" * 500, "离职").endswith("…")
    assert functions.excerpt(None, "a") is None


# Headers


@pytest.mark.parametrize("address", ["/", "/founderwatch/flagged", "/founderwatch/flagged.json", "/founderwatch/flagged.csv",
                                     "/-/static/app.css", "/nowhere", "/founderwatch/flagged?_sort=nothing"])  # fmt: skip
def test_every_response_carries_the_policy(get, address):
    headers = get(address).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    scripts = next(p for p in policy.split("; ") if p.startswith("script-src"))
    assert "'self'" in scripts and "unsafe" not in scripts and "http" not in scripts
    for directive in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "img-src 'self' data:"):
        assert directive in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"


def test_the_style_sheet_is_there(get):
    address = re.search(r'href="([^"]*desk\.css[^"]*)"', get("/").text)[1]
    assert get(address).status_code == 200


# Sign-in


@pytest.fixture
def configured(path) -> Config:
    return Config(database=path, password_hash=hash_password("secret words", iterations=1000), secret="x" * 32)


@pytest.fixture(autouse=True)
def plugins_stay():
    """Keeps what a server without sign-in switches off for the tests that follow."""
    passwords = pm.get_plugin("auth_passwords")
    yield
    if passwords and not pm.is_registered(passwords):
        pm.register(passwords, "auth_passwords")


def test_strangers_read_nothing_where_a_sign_in_is_configured(configured):
    client = serve.build(configured, signed=True).client
    closed = ["/", "/founderwatch", "/founderwatch/flagged", "/founderwatch/flagged.json", "/founderwatch/flagged.csv?_stream=1",
              "/founderwatch/search?words=a", "/founderwatch?sql=select+1", "/founderwatch/events/1", "/founderwatch.db",
              "/-/metadata.json", "/-/databases.json", "/.json"]  # fmt: skip
    for address in closed:
        answer = asyncio.run(client.get(address))
        assert answer.status_code == 403, address
        assert "周畅" not in answer.text
    assert asyncio.run(client.get("/", headers={"accept": "text/html"})).headers["location"] == "/-/login"
    assert asyncio.run(client.get("/-/login")).status_code == 200


def test_the_sign_in_opens_the_desk(configured):
    client = serve.build(configured, signed=True).client

    def sign_in(password):
        form = asyncio.run(client.get("/-/login"))
        token = form.cookies["ds_csrftoken"]
        fields = {"username": "reviewer", "password": password, "csrftoken": token}
        return asyncio.run(client.post("/-/login", data=fields, cookies={"ds_csrftoken": token}))

    assert "ds_actor" not in sign_in("wrong").cookies
    cookie = {"ds_actor": sign_in("secret words").cookies["ds_actor"]}
    assert "周畅" in asyncio.run(client.get("/", cookies=cookie)).text
    assert configured.password_hash not in asyncio.run(client.get("/-/metadata.json", cookies=cookie)).text
    assert asyncio.run(client.get("/", cookies={"ds_actor": cookie["ds_actor"] + "x"})).status_code == 403


# The command


def run(*arguments: str, config: str = "", folder: Path):
    file = folder / "test.toml"
    file.write_text(config, encoding="utf-8")
    return CliRunner().invoke(serve.command, [*arguments, "--config", str(file)])


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", "no sign-in is configured"),
        ('secret = "0123456789abcdef"', "password_hash"),
        ('password_hash = "letmein"\nsecret = "0123456789abcdef"', "founderwatch config password"),
        ('password_hash = "pbkdf2_sha256$1$a$b"\nsecret = "short"', "16 characters"),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_hosts_need_a_sign_in(path, tmp_path, host, config, said):
    result = run("--host", host, "--db", str(path), config=config, folder=tmp_path)
    assert result.exit_code == 2 and said in result.output


@pytest.mark.parametrize("host", ["no.such.host.invalid", "", "203.0.113.7"])
def test_a_host_that_is_none_is_told(path, tmp_path, host):
    result = run("--host", host, "--db", str(path), folder=tmp_path)
    assert result.exit_code == 2


def test_a_database_that_cannot_be_shown_is_told(path, tmp_path):
    assert "founderwatch crawl" in fails(tmp_path / "missing.db", tmp_path)
    (tmp_path / "text.db").write_text("no database " * 99)
    fails(tmp_path / "text.db", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("create table things (x)")
    assert "no founderwatch database" in fails(tmp_path / "other.db", tmp_path)
    shutil.copy(path, tmp_path / "newer.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "newer.db")) as connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('founderwatch', '999_new', '')"
        )
        connection.commit()
    assert "newer" in fails(tmp_path / "newer.db", tmp_path)
    whole = path.read_bytes()
    (tmp_path / "cut.db").write_bytes(whole[: len(whole) // 2])
    fails(tmp_path / "cut.db", tmp_path)


def fails(database: Path, folder: Path) -> str:
    result = run("--db", str(database), folder=folder)
    assert result.exit_code == 3, result.output
    assert result.output.startswith("founderwatch: ") and result.output.count("\n") == 1
    assert database.name in result.output
    return result.output


def test_a_port_in_use_is_told(path, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("--port", str(port), "--db", str(path), folder=tmp_path)
    assert result.exit_code == 3 and f"port {port} is in use" in result.output


@contextlib.contextmanager
def serving(path: Path):
    """A real server on a free loopback port; yields its address."""
    code = "from founderwatch.commands.serve import command; command()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--port", "0", "--db", str(path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line, line + process.stderr.read()
        yield re.search(r"http://\S+", line)[0]
    finally:
        process.send_signal(2)
        process.wait(20)
        said = process.stderr.read()
        assert process.returncode == 0, said
        assert "Traceback" not in said and "locals" not in process.stdout.read(), said


def test_serve_says_where_and_answers_there_alone(path):
    with serving(path) as address:
        with urlopen(address) as page:
            assert "周畅" in page.read().decode()
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":")[-1].strip("/")))) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        with pytest.raises(HTTPError, match="404"):
            urlopen(address + "nothing")
        assert answer.startswith("HTTP/1.1 421") and "content-security-policy" in answer and "周畅" not in answer


# A browser


@pytest.mark.browser
def test_pages_load_in_a_browser_without_violations(path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium is installed: apt install chromium")
    driver = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[browser-test]'")
    with serving(path) as address, driver.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        troubles: list[str] = []
        page.on(
            "console",
            lambda message: (
                troubles.append(f"{page.url}: {message.text}") if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on(
            "request",
            lambda request: troubles.append(request.url) if not request.url.startswith((address, "data:")) else None,
        )
        for place in ("", "founderwatch", "founderwatch/flagged", "founderwatch/articles?_search=创业", "founderwatch/articles/1",
                      "founderwatch/search?words=离职", "founderwatch/events?_facet=employer", "founderwatch?sql=select+*+from+flagged"):  # fmt: skip
            page.goto(address + place, wait_until="load")
            assert page.title() != "taken", place
        page.goto(address + "founderwatch/flagged")
        assert page.get_by_text(SCRIPT).count()
        page.locator("th .dropdown-menu-icon").first.click()  # Datasette's own script runs
        assert page.locator(".dropdown-menu").first.is_visible()
        page.goto(address)
        page.fill("#words", "周畅")
        page.press("#words", "Enter")
        page.wait_for_url("**/founderwatch/search?words=*")
        assert page.locator("mark").first.inner_text() == "周畅"
        page.set_viewport_size({"width": 375, "height": 740})
        for place in ("", "founderwatch/flagged"):
            page.goto(address + place)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 1, f"{place} is {wide} px too wide for a phone"
        browser.close()
        assert not [t for t in troubles if "favicon" not in t], troubles
