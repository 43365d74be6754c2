"""A whole morning in a real browser, on a desktop and on a phone; and axe, which looks for what some people cannot use."""

import re
from contextlib import closing
from urllib.parse import quote

import feedparser
import pytest
from datasette_auth_passwords.utils import hash_password

from benchmarks import invented
from founderwatch.database.store import Store
from tests.judged import THRESHOLD, story
from tests.test_desk import told
from tests.test_desk_browser import CHINESE, browsers, headline, verdicts  # noqa: F401  (a fixture)
from tests.test_serve import SCRIPT, serving

pytestmark = pytest.mark.browser

STORIES = [
    told(score=0.95, focus="salmon farms at sea"),
    told("https://a.example/2", "Fjord hires Otto Berg", "Otto Berg of Orrin Cloud has left to start work at Fjord.", 0, 0.9, person="Otto Berg", venture=None),
    told("https://a.example/3", "Ida Falk to start a lab", "Ida Falk, a director at Tessel Bio, has left to start a lab.", 0, 0.8, person="Ida Falk", employer="Tessel Bio", role="director", venture=None),
    told("https://a.example/4", "蔚来座舱总监创业", CHINESE, 0, 0.7, person="邱正阳", employer="蔚来", role="智能座舱总监", venture=None, focus="车载语音大模型"),
    told("https://a.example/5", "Falck's lab gets a name", "Ida Falck, formerly of Tessel Bio, has left to start Isobar.", 0, 0.6, person="Ida Falckner", employer="Tessel Bio", venture="Isobar"),
    story("https://b.example/2", title="Rain in Oslo", body="It rained all day.", source="post"),
]  # fmt: skip
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "founderwatch.db"
    with closing(Store(path)) as store:
        for one in STORIES:
            store.save(one, THRESHOLD)
    return path


@pytest.fixture
def opened(browsers):  # noqa: F811
    """Opens pages; what the browser complains of, or asks another host for, fails the test."""
    troubles = []

    def page(address, **options):
        page = browsers.new_context(**options).new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request", lambda r: None if r.url.startswith(("http://127.0.0.1", "data:")) else troubles.append(r.url)
        )
        page.goto(address)
        return page

    yield page
    assert not [t for t in troubles if "favicon" not in t and "with a status of 40" not in t], troubles


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_morning(opened, path, monkeypatch, size):  # noqa: PLR0915  (one story, told in its order)
    monkeypatch.setenv("FOUNDERWATCH_PASSWORD_HASH", hash_password("secret words", iterations=1000))
    monkeypatch.setenv("FOUNDERWATCH_SECRET", "x" * 32)
    phone = size == "phone"
    width, height = SIZES[size]

    def press(key, name):
        """Presses a key where there is a keyboard, and touches the button where there is none."""
        with page.expect_navigation():
            if phone:
                page.get_by_role("button", name=re.compile(name)).first.tap()
            else:
                page.keyboard.press(key)

    with serving(path) as address:
        page = opened(address, viewport={"width": width, "height": height}, has_touch=phone)
        assert page.url.endswith("/-/login"), "signs in"
        page.get_by_label("Username").fill("reviewer")
        page.get_by_label("Password").fill("secret words")
        with page.expect_navigation():
            page.get_by_role("button", name="Log in").click()
        page.goto(address)
        assert page.locator("ul.events > li").count() == 5
        page.locator("figure.chart.drawn").first.wait_for()
        page.get_by_role("link", name="Review", exact=True).click()

        assert headline(page) == "Mara Lind leaves Orrin Cloud"
        press("a", "^Accept")
        assert headline(page) == "Fjord hires Otto Berg", "accepts"
        press("1", "somebody else's firm")
        assert headline(page) == "Ida Falk to start a lab", "rejects with a reason"

        if phone:
            page.locator("#edit > summary").tap()
        else:
            page.keyboard.press("e")
        page.locator("#field-person").fill("Ida Maria Falk")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "Ida Maria Falk" in page.locator(".last").inner_text(), "corrects a name"
        press("Backspace", "^Undo")
        assert headline(page) == "Ida Falk to start a lab", "undoes"

        if phone:
            page.locator("#merge > summary").tap()
        else:
            page.keyboard.press("m")
            assert page.evaluate("document.activeElement.name") == "other"
        page.locator("#merge li", has_text="Ida Falckner").get_by_role("radio").check()
        with page.expect_navigation():
            page.get_by_role("button", name="Merge", exact=True).click()
        assert "Isobar" in page.locator("section.reports").inner_text(), "merges"
        assert [v[:2] for v in verdicts(path)] == [("reviewer", v) for v in ("accept", "reject", "accept", "undo")]

        page.goto(address)
        assert page.locator("ul.events > li").count() == 3
        page.get_by_label("Search all stories").fill("离职创业")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.locator("mark").first.inner_text() in ("离职", "离职创业"), "searches"
        page.go_back()

        feed = page.get_by_role("link", name="Atom").first.get_attribute("href")
        answer = page.request.get(address.rstrip("/") + feed)
        entries = feedparser.parse(answer.text()).entries
        assert answer.status == 200 and len(entries) == 3
        page.goto(entries[0].link)
        assert page.locator("ol.timeline > li").count() >= 1, "follows a feed link"
        page.locator("p.way a").first.click()
        page.locator("figure.chart.drawn svg").first.wait_for()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "founderwatch.db"
    invented.make(path, 900, 150)
    with closing(Store(path)) as store:
        nasty = told(
            "https://evil.example/1",
            f"\u202e{SCRIPT}",
            f"Eve {SCRIPT} has left to start a firm.",
            0,
            0.99,
            person=f"Eve {SCRIPT}",
            employer=SCRIPT,
        )
        store.save(nasty, THRESHOLD)
    with serving(path) as address:
        yield address, path


def pages(path):
    with closing(Store(path)) as store:
        event, person = store.db.execute(
            "select id, person from flagged where sources > 1 order by id limit 1"
        ).fetchone()
        nasty = store.db.execute("select id from events where person like '%script%'").fetchone()[0]
    return ["", "?employer=openai&score=0.8", "?status=dead", f"-/event/{event}", f"-/event/{nasty}", "-/event/none", f"-/person/{quote(person)}",
            "-/company/ByteDance", f"-/company/{quote(SCRIPT, safe='')}", "-/sources", "-/desk", "-/desk?story=300", f"-/desk?event={event}",
            "founderwatch", "founderwatch/flagged", "founderwatch/search?words=office", "founderwatch/employers?since=", "founderwatch/articles/1",
            f"founderwatch/events/{event}", "founderwatch?sql=select+1", "nowhere"]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_any_page(opened, large, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe: pip install -e '.[browser-test]'"
    )
    address, path = large
    page = opened(address, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    faults = []
    for place in pages(path):
        page.goto(address + place, wait_until="load")
        assert page.title() != "taken", place
        if "desk" in place:  # what is folded away is looked at, too
            page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
        found = axe.Axe().run(page).response["violations"]
        faults += [
            (place, fault["id"], fault["nodes"][0]["html"][:200])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
    assert not faults, faults


def test_no_page_is_wider_than_a_phone_or_needs_its_script(opened, large):
    address, path = large
    page = opened(address, viewport={"width": 390, "height": 844}, has_touch=True, locale="zh-CN")
    bare = opened(address, java_script_enabled=False)
    for place in pages(path)[:13]:
        page.goto(address + place, wait_until="load")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{place} is {wide} px too wide"
        bare.goto(address + place)
        assert all(table.is_visible() for table in bare.locator("figure.chart table").all()), place


def test_the_charts_lead_to_companies_by_keyboard(opened, large):
    page = opened(large[0], viewport={"width": 1280, "height": 900})
    page.locator("figure.chart.drawn svg a").first.focus()
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/-/company/" in page.url and page.locator("h1").inner_text().split()[0] in name


def test_a_printed_page_holds_the_news_and_no_tools(opened, large):
    address, _ = large
    page = opened(address)
    page.emulate_media(media="print")
    page.goto(f"{address}-/desk")
    assert page.locator(".candidate h2").is_visible() and page.locator("dl.fields").is_visible()
    assert not page.locator(".actions, .reasons, #add, header, footer").locator("visible=true").count()
    page.goto(address)
    assert page.locator("ul.events > li").first.is_visible() and page.locator("figure.chart").first.is_visible()
    assert not page.locator(".listed, .asked, .follow").locator("visible=true").count()
