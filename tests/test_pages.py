"""The pages that people look at, and the feeds, on the real Datasette: what they show, and what they do with bad input."""

import asyncio
import csv
import io
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import feedparser
import pytest
from datasette.app import Datasette
from datasette_auth_passwords.utils import hash_password

from founderwatch.commands import serve
from founderwatch.config import Config
from founderwatch.database import reviews
from founderwatch.database.store import Store
from founderwatch.desk import looked
from founderwatch.desk.filters import Filter, FilterError
from founderwatch.desk.words import words
from founderwatch.render import for_spreadsheet
from tests.judged import THRESHOLD, mention, story
from tests.test_serve import SCRIPT, write

NASTY = "\u202e\u200b\x07=cmd|'/c calc'!A1"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "founderwatch.db"
    write(path)
    return path


@pytest.fixture
def get(path):
    return asker(path)


def asker(path, datasette=None):
    datasette = datasette or Datasette([str(path)])

    def ask(address, **options):
        return asyncio.run(datasette.client.get(address, **options))

    return ask


def saved(path, *stories):
    with closing(Store(path)) as store:
        for one in stories:
            store.save(one, THRESHOLD)
        return {e["person"]: e["event"] for e in store.events(everything=True)}


def event_of(get, person):
    page = get("/").text
    return re.search(rf'href="(/-/event/ev-[0-9a-f]+)"><bdi>{person}', page)[1]


# Words


def test_both_languages_have_the_same_words():
    def keys(language):
        return {(k, n) for k, v in words(language).items() for n in (v if isinstance(v, dict) else [""])}

    assert keys("en") - keys("zh") <= {("unknown", "")} and not keys("zh") - keys("en")


@pytest.mark.parametrize(
    "address", ["/", "/-/sources", "/-/company/OpenAI", "/-/person/Jane%20Roe", "/-/event/ev-none"]
)
def test_every_page_speaks_chinese_where_the_browser_asks(get, address):
    page = get(address, headers={"accept-language": "zh-CN"}).text
    assert '<html lang="zh">' in page and "来源" in page and ">Sources<" not in page
    assert '<html lang="en">' in get(address).text


# The front page


def test_the_front_page_has_charts_that_can_be_read_without_script(get):
    page = get("/").text
    for name in ("Events per week", "By employer", "By first reporter"):
        assert name in page
    assert re.search(r'data-label="OpenAI" data-value="2"', page)
    assert 'href="/-/company/OpenAI"' in page
    assert page.count("<details open><summary>as a table") >= 3
    scripts = re.findall(r'<script src="([^"]*)" defer>', page)
    assert len(scripts) == 4 and all(get(s).status_code == 200 for s in scripts)


def test_what_is_new_since_the_last_visit_is_marked(tmp_path):
    path = tmp_path / "founderwatch.db"
    saved(path, story("https://a.example/1", mention("Mara Lind")))
    get = asker(path)
    first = get("/")
    cookie = first.cookies[looked.COOKIE]
    assert "since you last looked" not in first.text and 'class="is-new"' not in first.text
    assert "httponly" in first.headers["set-cookie"].lower()
    visit = int((datetime.now(UTC) - timedelta(hours=3)).timestamp())
    page = get("/", cookies={looked.COOKIE: f".{visit}"})
    assert "1 new since you last looked" in page.text and 'class="is-new"' in page.text
    again = get("/", cookies={looked.COOKIE: page.cookies[looked.COOKIE]})
    assert 'class="is-new"' in again.text, "a reload takes the marks away"
    assert 'class="is-new"' not in get("/", cookies={looked.COOKIE: cookie}).text


@pytest.mark.parametrize("cookie", ["x", ".", "9" * 40, "1.2.3", ".-1", "\u202e"])
def test_a_broken_cookie_is_no_visit(cookie):
    since, sent = looked.since(cookie, datetime.now(UTC))
    assert re.fullmatch(r"(-?\d+)?\.\d+", sent)
    assert since is None or since < datetime.now(UTC).isoformat()


def test_a_visit_ends_after_half_an_hour():
    start = datetime(2026, 7, 6, 9, tzinfo=UTC)
    since, cookie = looked.since(None, start)
    assert since is None
    since, cookie = looked.since(cookie, start + timedelta(minutes=20))
    assert since is None
    since, cookie = looked.since(cookie, start + timedelta(hours=3))
    assert since == (start + timedelta(minutes=20)).isoformat()
    assert looked.since(cookie, start + timedelta(hours=3, minutes=20))[0] == since


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ("employer=openai", "Jane Roe", "陈明"),
        ("employer=ByteDance", "陈明", "Jane Roe"),
        ("language=zh", "陈明", "Jane Roe"),
        ("status=announced", "Jane Roe", "刘洋"),
        ("score=0.99", "Nothing matches", "Jane Roe"),
        ("since=2999-01-01", "Nothing matches", "Jane Roe"),
    ],
)
def test_the_address_filters_the_front_page_and_the_feeds(get, query, there, gone):
    page = get(f"/?{query}").text
    listed = page[page.index('id="flagged"') : page.index('id="ask"')]
    assert there in listed and gone not in listed
    feed = get(f"/-/feed.json?{query}").json()
    assert not any(gone in item["title"] for item in feed["items"])
    assert there == "Nothing matches" or any(there in item["title"] for item in feed["items"])
    assert unescape(re.search(r'rel="alternate" type="application/atom\+xml"[^>]*href="([^"]*)"', page)[1]).endswith(
        query
    )
    rows = get(unescape(re.search(r'href="([^"]*/flagged\.json[^"]*)"', page)[1])).json()
    assert {row["id"] for row in rows} == {item["url"].rpartition("/")[2] for item in feed["items"]}
    table = get(unescape(re.search(r'href="([^"]*/flagged\.csv[^"]*)"', page)[1])).text
    assert len(list(csv.reader(io.StringIO(table)))) == 1 + len(rows)


@pytest.mark.parametrize(
    "query",
    ["status=dead", "language=fr", "score=2", "score=nan", "score=x", "since=yesterday", "employer=" + "x" * 101],
)
def test_a_filter_that_is_none_is_told(get, query):
    page = get(f"/?{query}")
    assert page.status_code == 400 and 'role="alert"' in page.text and "Jane Roe" in page.text
    feed = get(f"/-/feed.atom?{query}")
    assert feed.status_code == 400 and feed.text.startswith(query.partition("=")[0])


def test_an_empty_filter_asks_for_all():
    assert Filter.of({}) == Filter() and Filter.of({"status": " "}).query == {}
    with pytest.raises(FilterError):
        Filter.of({"score": "-0.1"})


# One thing


def test_the_event_page_tells_the_whole_story(path):
    get = asker(path)
    page = get(event_of(get, "Zhou Chang")).text
    assert "周畅" in page and "SCMP" in page and "36Kr" in page and "AI" in page
    assert page.index("阿里云算法工程师") < page.rindex("Alibaba Cloud engineer"), "the oldest report comes first"
    assert re.search(r'<blockquote lang="en".*?<blockquote lang="zh"', page, re.S)
    assert 'href="/-/desk?event=ev-' in page and 'data-kind="dots"' in page
    data = get(event_of(get, "Zhou Chang") + ".json").json()
    assert data["person"] == "Zhou Chang" and len(data["reports"]) == 2 and data["event"].startswith("ev-")


@pytest.mark.parametrize("event", ["ev-000000000000", "x", "%00", "..%2f..%2fetc", "%F0%9F%A6%84" * 50, "%FF"])
def test_an_event_that_is_not_there_is_told(get, event):
    page = get(f"/-/event/{event}")
    assert page.status_code == 404 and "no such departure" in page.text
    assert get(f"/-/event/{event}.json").status_code == 404


@pytest.mark.parametrize("name", ["Zhou Chang", "周畅", "Chang Zhou", "  zhou   chang "])
def test_a_person_is_found_by_any_form_of_the_name(get, name):
    page = get(f"/-/person/{quote(name)}")
    assert page.status_code == 200 and "周畅" in page.text and "SCMP" in page.text


def test_a_corrected_name_leads_to_the_person(tmp_path):
    path = tmp_path / "founderwatch.db"
    events = saved(path, story("https://a.example/1", mention("Mara Lind")))
    with closing(Store(path)) as store:
        reviews.record(
            store.db.conn,
            reviews.Verdict("ana", "accept", event=events["Mara Lind"], corrected={"person": "Vera Holm"}),
        )
    assert asker(path)("/-/person/Vera%20Holm").status_code == 200


@pytest.mark.parametrize("name", ["Alibaba Cloud", "阿里云", "Alibaba", "aliyun"])
def test_a_company_is_found_by_any_of_its_names(get, name):
    page = get(f"/-/company/{quote(name)}")
    assert page.status_code == 200 and "Zhou Chang" in page.text
    assert re.search(r'data-kind="flow"', page.text) and "own venture" in page.text


def test_a_company_shows_who_came(get):
    page = get("/-/company/Anthropic").text
    assert "Who came from elsewhere" in page and "Ana Silva" in page and "Stripe" in page


@pytest.mark.parametrize(
    "address",
    [
        "/-/person/Nobody%20Atall",
        "/-/person/%E2%80%8B",
        "/-/company/Nowhere%20Inc",
        "/-/company/%20",
        "/-/company/%27%20or%201%3D1--",
    ],
)
def test_who_is_not_there_is_told(get, address):
    page = get(address)
    assert page.status_code == 404 and "No story tells" in page.text


def test_the_source_page_puts_trouble_first_and_counts_days(get):
    page = get("/-/sources").text
    assert page.index("no answer") < page.index("Source 2")
    assert "Stories stored per day" in page and 'class="spark" data-values="' in page
    only = get("/-/sources?verdict=failing").text
    assert "Source 1" in only and "Source 2" not in only
    assert "Nothing matches" in get("/-/sources?verdict=%3Cb%3E").text


# Feeds


def test_the_feeds_are_well_formed_and_agree(get):
    atom = feedparser.parse(get("/-/feed.atom").text)
    assert not atom.bozo and atom.version == "atom10"
    feed = get("/-/feed.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [e.id for e in atom.entries] == [i["id"] for i in feed["items"]] and len(feed["items"]) == 7
    assert all(i["url"].startswith("http://localhost/-/event/ev-") for i in feed["items"])
    assert get("/-/feed.atom").headers["content-type"].startswith("application/atom+xml")
    assert get("/-/feed.json").headers["content-type"].startswith("application/feed+json")


def test_an_entry_keeps_its_identifier_when_more_is_told_of_it(tmp_path):
    path = tmp_path / "founderwatch.db"
    saved(path, story("https://a.example/1", mention("Mara Lind")))
    before = asker(path)("/-/feed.json").json()["items"]
    events = saved(path, story("https://b.example/1", mention("Mara Lind", venture="Fjord"), days=1, source="post"))
    with closing(Store(path)) as store:
        reviews.record(
            store.db.conn,
            reviews.Verdict("ana", "accept", event=events["Mara Lind"], corrected={"person": "Mara Lindt"}),
        )
    after = asker(path)("/-/feed.json").json()["items"]
    assert [i["id"] for i in before] == [i["id"] for i in after] and "Mara Lindt" in after[0]["title"]
    assert asker(path)("/-/feed.json?employer=Orrin").json()["items"][0]["id"] == before[0]["id"]


def test_what_was_rejected_leaves_the_feed(tmp_path):
    path = tmp_path / "founderwatch.db"
    events = saved(path, story("https://a.example/1", mention("Mara Lind")))
    with closing(Store(path)) as store:
        reviews.record(store.db.conn, reviews.Verdict("ana", "reject", event=events["Mara Lind"], reason="joins"))
    assert asker(path)("/-/feed.json").json()["items"] == []
    assert asker(path)("/-/feed.atom").text == asker(path)("/-/feed.atom").text
    assert not feedparser.parse(asker(path)("/-/feed.atom").text).bozo


def test_a_feed_that_has_not_changed_is_not_sent_again(get):
    tag = get("/-/feed.atom").headers["etag"]
    again = get("/-/feed.atom", headers={"if-none-match": tag})
    assert again.status_code == 304 and not again.content
    assert get("/-/feed.atom", headers={"if-none-match": '"other"'}).status_code == 200


def test_a_feed_reader_needs_the_key_where_a_sign_in_is_configured(path):
    config = Config(database=path, password_hash=hash_password("secret words", iterations=1000), secret="x" * 32)
    datasette = serve.build(config, signed=True)
    get = asker(path, datasette)
    assert get("/-/feed.atom").status_code == 403 and get("/-/feed.atom?key=x").status_code == 403
    page = get("/", cookies={"ds_actor": datasette.sign({"a": {"id": "reviewer"}}, "actor")}).text
    address = unescape(re.search(r'type="application/atom\+xml"[^>]*href="([^"]*)"', page)[1])
    assert "key=" in address and get(address).status_code == 200
    assert get(address.replace("feed.atom", "event/ev-1")).status_code == 403, "the key opens feeds alone"


# Files, and bad input


def test_a_spreadsheet_runs_nothing_of_a_crawled_page(tmp_path):
    path = tmp_path / "founderwatch.db"
    saved(
        path,
        story(
            "https://a.example/1",
            mention('=HYPERLINK("https://evil.example")', employer="+1+1", venture="@SUM(A1)"),
            title='-2+3\n"x"',
        ),
    )
    get = asker(path)
    for address in ("/founderwatch/flagged.csv", "/founderwatch/flagged.csv?_stream=1", "/founderwatch/articles.csv?_stream=1",
                    "/founderwatch/employers.csv?since=", "/founderwatch.csv?sql=select+title+from+articles"):  # fmt: skip
        rows = list(csv.reader(io.StringIO(get(address).text)))
        assert len(rows) == 2, address
        assert not [cell for cell in rows[1] if cell.startswith(("=", "+", "-", "@"))], address
    assert "'=HYPERLINK" in get("/founderwatch/flagged.csv").text


@pytest.mark.parametrize(
    ("cell", "shown"), [("=1", "'=1"), ("-5", "-5"), ("+3.5e2", "+3.5e2"), ("-5+1", "'-5+1"), ("\t=1", "'\t=1"), ("＝1", "'＝1"), ("", ""), ("a=1", "a=1")]
)  # fmt: skip
def test_numbers_stay_numbers(cell, shown):
    assert for_spreadsheet(cell) == shown


def test_mark_up_and_ruling_characters_are_shown_as_text_everywhere(tmp_path):
    path = tmp_path / "founderwatch.db"
    one = story(
        "javascript:alert(1)", mention(f"Eve {SCRIPT}", employer=f"{NASTY}{SCRIPT}", venture=SCRIPT, role=NASTY, focus="\ufffe]]>&"),
        mention(None, employer=None, venture=None), title=f"{NASTY}{SCRIPT}]]>", source="<b>", site_name=SCRIPT,
    )  # fmt: skip
    events = saved(
        path, one, story("https://b.example/1", mention(f"Eve {SCRIPT}", employer=f"{NASTY}{SCRIPT}"), source="c")
    )
    get = asker(path)
    company = quote(f"{NASTY}{SCRIPT}", safe="")
    pages = [
        "/",
        *(f"/-/event/{e}" for e in events.values()),
        f"/-/person/{quote(f'Eve {SCRIPT}', safe='')}",
        f"/-/company/{company}",
        "/-/sources",
    ]
    for address in pages:
        page = get(address)
        assert page.status_code == 200, address
        assert SCRIPT not in page.text and "javascript:alert" not in re.sub(r'title="[^"]*"', "", page.text), address
        body = page.text.partition("<body")[2]
        assert not set("\u202e\u200b\x07") & set(body), address
    atom = get("/-/feed.atom")
    ET.fromstring(atom.content)
    assert "&lt;script" in atom.text or "&amp;lt;script" in atom.text
    items = json.loads(get("/-/feed.json").text)["items"]
    assert all("<script" not in i["content_html"] and "external_url" not in i for i in items if "Eve" in i["title"])


def test_an_empty_database_has_all_pages(tmp_path):
    path = tmp_path / "founderwatch.db"
    saved(path)
    get = asker(path)
    assert "No departures found yet" in get("/").text and "figure" not in get("/").text
    assert "No source is known yet" in get("/-/sources").text
    assert get("/-/feed.json").json()["items"] == []


def test_without_a_database_of_ours_the_pages_say_so():
    get = asker(None, Datasette([], memory=True))
    for address in ("/-/event/x", "/-/person/x", "/-/company/x", "/-/sources", "/-/feed.atom", "/-/desk"):
        assert get(address).status_code == 404, address
    assert get("/").status_code == 200


def test_a_writer_does_not_keep_the_server_from_starting(tmp_path):
    path = tmp_path / "founderwatch.db"
    saved(path, story("https://a.example/1", mention("Mara Lind")))
    with closing(Store(path)) as reader, closing(sqlite3.connect(path)) as writer:
        reader.db.execute("begin").fetchall()
        reader.db.execute("select count(*) from events").fetchone()
        writer.execute("delete from events where 0")
        writer.execute("insert into runs (command, started_at) values ('crawl', '2026-07-06')")
        writer.commit()  # what the reader sees is old now: it could not write, however long it waited
        reader.tune()
        reader.db.rollback()
