"""A morning at the review desk in a real browser: keys, mouse, phone, dark mode."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from founderwatch.database.store import Store
from tests.judged import THRESHOLD, mention, story
from tests.test_desk import told
from tests.test_serve import serving

pytestmark = pytest.mark.browser

CHINESE = "快讯：蔚来智能座舱总监邱正阳已离职创业，方向为车载语音大模型。\n公司尚未回应。"
STORIES = [
    told(score=0.95, focus="salmon farms at sea"),
    told("https://a.example/2", "Fjord hires Otto Berg", "Otto Berg of Orrin Cloud has left to start work at Fjord.", 0, 0.9, person="Otto Berg"),
    told("https://a.example/3", "Ida Falk to start a lab", "Ida Falk, a director at Orrin Cloud, has left to start a lab.", 0, 0.8, person="Ida Falk", role="director", venture=None),
    told("https://a.example/4", "蔚来座舱总监创业", CHINESE, 0, 0.7, person="邱正阳", employer="蔚来", role="智能座舱总监", venture=None, focus="车载语音大模型"),
    story("https://b.example/1", mention("Mara Lind"), title="Lind quits Orrin Cloud for a firm of her own", source="post", site_name="Evening Post"),
    story("https://b.example/2", title="Rain in Oslo", body="It rained all day.", source="post"),
]  # fmt: skip


def chromium() -> str | None:
    """The browser of this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browsers():
    if not chromium():
        pytest.skip("no Chromium is installed: apt install chromium")
    driver = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[browser-test]'")
    with driver.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def desk(tmp_path):
    path = tmp_path / "founderwatch.db"
    with closing(Store(path)) as store:
        for one in STORIES:
            store.save(one, THRESHOLD)
    with serving(path) as address:
        yield address + "-/desk", path


@pytest.fixture
def opened(browsers, desk):
    """Opens the desk; whatever the browser complains of fails the test."""
    troubles = []

    def page(**options):
        page = browsers.new_context(**options).new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith("http://127.0.0.1") else troubles.append(r.url))
        page.goto(desk[0])
        return page

    yield page
    assert not [t for t in troubles if "favicon" not in t], troubles


def verdicts(path: Path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("select reviewer, verdict, reason from reviews order by id").fetchall()


def press(page, key: str):
    """Presses a key that leads to another page."""
    with page.expect_navigation():
        page.keyboard.press(key)


def headline(page) -> str:
    return page.locator(".candidate h2").inner_text()


def test_a_morning_with_the_keyboard(opened, desk):
    page = opened(viewport={"width": 1280, "height": 900})
    assert headline(page) == "Mara Lind leaves Orrin Cloud"
    assert page.locator(".text mark.person").first.inner_text() == "Mara Lind"
    assert "Evening Post" in page.locator(".reports").inner_text()

    press(page, "a")
    assert headline(page) == "Fjord hires Otto Berg" and "event=ev-" in page.url
    press(page, "1")
    assert headline(page) == "Ida Falk to start a lab"
    assert "Otto Berg – rejected (goes to somebody else's firm)" in page.locator(".last").inner_text()
    assert verdicts(desk[1]) == [("local user", "accept", None), ("local user", "reject", "joins")]

    press(page, "Backspace")
    assert headline(page) == "Fjord hires Otto Berg"
    press(page, "x")
    assert headline(page) == "Ida Falk to start a lab"

    # A name is corrected by selecting it in the text.
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.name") == "person"
    page.keyboard.type("axj 1?")  # no keys while one writes
    page.locator("#field-employer").focus()
    page.locator(".text mark.employer").dblclick(position={"x": 8, "y": 8})
    assert page.locator("#field-employer").input_value() == "Orrin"
    page.locator("#field-person").fill("Ida Falck")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press(page, " ")
    assert [v[1] for v in verdicts(desk[1])] == ["accept", "reject", "undo", "reject", "accept", "unsure"]
    with closing(Store(desk[1])) as store:
        people = {e["person"] for e in store.events()}
    assert people == {"Mara Lind", "Ida Falck", "邱正阳"}

    assert headline(page) == "Rain in Oslo" and page.url.endswith("?story=6")
    page.reload()
    assert headline(page) == "Rain in Oslo" and len(verdicts(desk[1])) == 6
    press(page, "x")
    assert "Nothing is left" in page.locator("section.content").inner_text()


def test_next_and_previous_and_help(opened):
    page = opened()
    first = page.url
    press(page, "j")
    second = page.url
    assert second != first
    press(page, "k")
    assert page.url == first
    page.keyboard.press("?")
    assert page.locator("#help").is_visible() and "spun out" in page.locator("#help").inner_text()
    page.keyboard.press("a")
    assert page.url == first
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.go_back()
    assert page.url == second


def test_two_tabs_and_an_impatient_finger_store_one_verdict(opened, desk):
    page, other = opened(), opened()
    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('button.accept').click()")
    page.wait_for_function("document.querySelector('.candidate h2').textContent.includes('Otto')")
    with other.expect_navigation():
        other.keyboard.press("a")
    assert [v[1] for v in verdicts(desk[1])] == ["accept"]


def test_it_works_without_its_script(opened, desk):
    page = opened(java_script_enabled=False)
    page.get_by_role("button", name="Accept").last.click()
    assert headline(page) == "Fjord hires Otto Berg"
    page.get_by_role("button", name=re.compile("promoted or appointed")).click()
    page.get_by_role("button", name="Undo").click()
    assert headline(page) == "Fjord hires Otto Berg"
    assert [v[1] for v in verdicts(desk[1])] == ["accept", "reject", "undo"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width", "height"), [("desktop", 1280, 900), ("phone", 390, 844)])
def test_it_fits_every_screen(opened, tmp_path, name, width, height, scheme):
    page = opened(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="zh-CN", has_touch=name == "phone"
    )
    for number in range(4):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{wide} px too wide"
        accept = page.locator("button.accept").bounding_box()
        assert accept["y"] + accept["height"] <= height, "the buttons are below the edge"
        page.screenshot(path=tmp_path / f"{name}-{scheme}-{number}.png")
        page.locator("#edit summary").click()
        page.screenshot(path=tmp_path / f"{name}-{scheme}-{number}-edit.png", full_page=True)
        with page.expect_navigation():
            page.locator("button.accept" if number else ".reasons button >> nth=0").click()
    assert "未标记抽样" in page.locator(".candidate").inner_text()
    page.screenshot(path=tmp_path / f"{name}-{scheme}-last.png", full_page=True)
