"""The review desk on the real Datasette: what it shows, what it stores, who may, and what it does with bad input."""

import asyncio
import json
import re
import sqlite3
import threading
from contextlib import closing
from html import unescape

import pytest
from datasette.app import Datasette
from datasette.plugins import pm
from datasette_auth_passwords.utils import hash_password

from founderwatch import desk
from founderwatch.commands import serve
from founderwatch.config import Config
from founderwatch.database import reviews
from founderwatch.database.store import Store
from founderwatch.desk import progress
from founderwatch.desk.candidate import marked
from founderwatch.desk.words import asked, words
from founderwatch.interval import wilson
from founderwatch.items import Article, Assessment, Evidence, Mention, Story
from models.labels import KINDS, STATUSES
from tests.judged import NOW, THRESHOLD, mention, story

if not pm.is_registered(desk):
    pm.register(desk, "founderwatch")

SCRIPT = "<script>document.title = 'taken'</script>"
TEXT = "It rained in Oslo.\nMara Lind, chief scientist of Orrin Cloud, has left to start Fjord.\nNobody else did."


def told(url="https://a.example/1", title="Mara Lind leaves Orrin Cloud", body=TEXT, sentence=1, score=0.9, **fields):
    """A story whose evidence is one of its paragraphs."""
    said = body.split("\n")[sentence]
    at = body.index(said)
    fields = {"person": "Mara Lind", "employer": "Orrin Cloud", "role": "chief scientist", "venture": "Fjord"} | fields
    one = Mention(kind="founds", status="confirmed", score=score, triggers=("has left", "start"), evidence=(Evidence(said, at, at + len(said), "body"),), **fields)  # fmt: skip
    article = Article(url, "wire", title, body, "en", site_name="Morning Wire", published=NOW)
    return Story(article=article, assessment=Assessment("model-1", score, score >= THRESHOLD, (one,)))


class Browser:
    """Asks the desk as a browser does: it keeps cookies and sends the forms that it was given."""

    def __init__(self, path, datasette=None, cookies=()):
        self.path = path
        self.client = (datasette or Datasette([str(path)])).client
        self.cookies = dict(cookies)

    def get(self, address="/-/desk", **options):
        address = address.removeprefix("http://localhost")
        return self._kept(asyncio.run(self.client.get(address, cookies=self.cookies, follow_redirects=True, **options)))

    def post(self, sent, address="/-/desk", cookies=None, **options):
        cookies = self.cookies if cookies is None else cookies
        return asyncio.run(self.client.post(address, data=sent, cookies=cookies, **options))

    def form(self, page, name="verdict"):
        """The hidden and text fields of a form."""
        html = re.search(rf'<form id="{name}".*?</form>', page.text, re.S)[0]
        inputs = [re.search(r'name="([^"]*)" value="([^"]*)"', tag) for tag in re.findall(r"<input[^>]*>", html)]
        chosen = re.search(r'<select[^>]*name="(\w+)".*?<option value="(\w+)" selected>', html, re.S)
        fields = {m[1]: unescape(m[2]) for m in inputs if m}
        return fields | ({chosen[1]: chosen[2]} if chosen else {})

    def judge(self, address="/-/desk", **sent):
        """Opens a page, presses a button, follows where it leads."""
        answer = self.post(self.form(self.get(address)) | sent)
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])

    def rows(self, sql="select * from reviews order by id"):
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    def _kept(self, answer):
        if "ds_csrftoken" in answer.cookies:
            self.cookies["ds_csrftoken"] = answer.cookies["ds_csrftoken"]
        return answer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "founderwatch.db"


@pytest.fixture
def browser(path):
    def opened(*stories):
        with closing(Store(path)) as store:
            for one in stories:
                store.save(one, THRESHOLD)
        return Browser(path)

    return opened


# What is shown


def test_a_candidate_is_shown_with_all_that_judging_needs(browser):
    other = story(
        "https://b.example/1", mention("Mara Lind"), title="Lind quits", source="post", site_name="Evening Post"
    )
    page = browser(told(), other).get().text
    text = re.search(r'<div class="text".*?</div>', page, re.S)[0]
    assert (
        '<mark class="person">Mara Lind</mark>, <mark class="role">chief scientist</mark> of <mark class="employer">Orrin Cloud</mark>, <mark class="trigger">has left</mark>'
        in text
    )
    assert re.search(r'<span class="evidence"><mark class="person">', text) and "It rained in Oslo." in text
    assert "Morning Wire" in page and "confirmed" in page and "0.90" in page and "model-1" in page
    assert 'href="https://a.example/1" rel="noopener noreferrer" target="_blank"' in page
    assert 'href="/founderwatch/articles/1"' in page
    assert "Lind quits" in page and "Evening Post" in page
    assert "local user" in page


def test_the_address_says_what_is_shown(browser):
    open_ = browser(told(), told("https://a.example/2", person="Otto Berg", score=0.8))
    page = open_.get()
    event = str(page.url).partition("event=")[2]
    assert event.startswith("ev-") and open_.get(f"/-/desk?event={event}").text.count("Mara Lind") > 3
    following = re.search(r'<a href="([^"]*)" aria-keyshortcuts="j"', page.text)[1]
    after = open_.get(following).text
    assert "Otto Berg" in after
    assert re.search(r'<a href="([^"]*)" aria-keyshortcuts="k"', after)[1].endswith(event)


def test_an_empty_queue_says_so(browser):
    page = browser().get()
    assert page.status_code == 200 and "Nothing is left" in page.text


def test_a_story_of_the_sample_is_asked_as_a_story(browser):
    open_ = browser(story("https://a.example/1", title="Rain in Oslo", body="It rained.\nAll day."))
    page = open_.get()
    assert str(page.url).endswith("?story=1")
    assert "Rain in Oslo" in page.text and "All day." in page.text and "random sample" in page.text
    assert "Nothing is left" in open_.judge(verdict="reject").text
    row = open_.rows()[0]
    assert (row["event"], row["article"], row["verdict"], row["queue"]) == (None, 1, "reject", "sample")


def test_the_words_are_those_that_the_browser_asks_for(browser):
    open_ = browser(told())
    page = open_.get(headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert "接受" in page and 'lang="zh"' in page and ">Accept" not in page
    assert ">Accept" in open_.get(headers={"accept-language": "de,en;q=0.5,zh;q=0.1"}).text


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("zh", "zh"), ("ZH-tw", "zh"), ("en;q=0.1,zh;q=0.2", "zh"), ("fr", "en"), (";q=,,zh;q=x", "zh"), ("en,zh", "en")],
)  # fmt: skip
def test_languages(header, language):
    assert asked(header) == language


def test_both_languages_have_a_word_for_every_reason_and_field():
    for language in ("en", "zh"):
        known = words(language)
        assert set(known["reason"]) == set(reviews.REASONS) and set(known["fields"]) == set(reviews.FIELDS)
        assert set(known["told"]) == {*KINDS, *STATUSES}
        assert set(known["verdicts"]) == set(reviews.VERDICTS)
    missing = set(words("en")) - set(words("zh"))
    assert not missing


def test_front_page_leads_to_the_desk(browser):
    assert 'href="/-/desk"' in browser(told()).get("/").text


# What is stored


def test_a_verdict_leads_to_the_next_and_hides_what_is_rejected(browser):
    open_ = browser(told(), told("https://a.example/2", person="Otto Berg", score=0.8))
    page = open_.judge(reason="joins")
    assert "Otto Berg" in page.text and "Your last verdict" in page.text and "rejected" in page.text
    row = open_.rows()[0]
    assert (row["reviewer"], row["verdict"], row["reason"], row["queue"], row["model"]) == ("local user", "reject", "joins", "likely", "model-1")  # fmt: skip
    assert row["url"] == "https://a.example/1" and row["article"] == 1
    assert [r["person"] for r in open_.rows("select person from flagged")] == ["Otto Berg"]
    assert ">Mara Lind<" not in open_.get("/founderwatch/flagged").text


def test_a_field_is_corrected_and_the_correction_is_shown_everywhere(browser):
    open_ = browser(told())
    address = str(open_.get().url)
    open_.judge(verdict="accept", person="Mara Lindt", venture="")
    assert json.loads(open_.rows()[0]["corrected"]) == {"person": "Mara Lindt", "venture": None}
    shown = open_.get(address).text
    assert "the model said: <bdi>Mara Lind</bdi>" in shown and 'value="Mara Lindt"' in shown
    assert "Mara Lindt" in open_.get("/founderwatch/flagged").text


def test_what_the_model_says_anew_meanwhile_is_no_correction(browser, path):
    open_ = browser(told())
    form = open_.form(open_.get())
    with closing(Store(path)) as store:
        store.save(told(role="chief of science"), THRESHOLD)
    open_.post(form | {"verdict": "accept"})
    assert open_.rows()[0]["corrected"] is None


def test_undo_leads_back_to_the_candidate(browser):
    open_ = browser(told())
    first = open_.get()
    page = open_.judge(verdict="reject")
    answer = open_.post(open_.form(page, "undo") | {"undo": "1"})
    assert answer.headers["location"] == first.url.raw_path.decode()
    assert [r["verdict"] for r in open_.rows()] == ["reject", "undo"]
    assert "taken back" in open_.get(answer.headers["location"]).text
    assert open_.rows("select count(*) as n from review_queue where queue = 'likely'")[0]["n"] == 1


@pytest.mark.parametrize("number", ["2", "0", "-1", "x", "", "9" * 30])
def test_undoing_what_cannot_be_undone_is_told(browser, number):
    open_ = browser(told())
    page = open_.judge(verdict="reject")
    answer = open_.post(open_.form(page, "undo") | {"undo": number})
    assert answer.status_code == 409 and "last ten" in answer.text
    assert len(open_.rows()) == 1


def test_two_tabs_and_a_repeated_request_store_one_verdict(browser):
    open_ = browser(told())
    one, other = (open_.form(open_.get()) for _ in "ab")
    assert one["token"] != other["token"]
    for form in (one, one, other):
        assert open_.post(form | {"verdict": "accept"}).status_code == 303
    assert len(open_.rows()) == 1
    open_.post(other | {"verdict": "reject"})
    assert [r["verdict"] for r in open_.rows()] == ["accept", "reject"]


def test_the_second_reviewer_is_told_what_the_first_one_said(browser):
    open_ = browser(told())
    form = open_.form(open_.get())
    with closing(sqlite3.connect(open_.path)) as connection:
        reviews.record(connection, reviews.Verdict("ana", "accept", event=form["event"]))
    page = open_.get(open_.post(form | {"verdict": "reject"}).headers["location"])
    assert "ana: accepted" in page.text
    assert [r["reviewer"] for r in open_.rows()] == ["ana", "local user"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"verdict": "undo"}, {"verdict": "<b>"}, {"reason": "because"}, {"verdict": "accept", "status": "dead"},
     {"verdict": "accept", "person": "x" * 301}, {"verdict": "accept", "event": ""}, {"verdict": "accept", "event": "", "story": "x"}],
)  # fmt: skip
def test_what_is_no_verdict_is_not_stored(browser, sent):
    open_ = browser(told())
    answer = open_.post(open_.form(open_.get()) | sent)
    assert answer.status_code == 400 and "Not stored" in answer.text
    assert open_.rows() == []


# Merging and splitting


def test_a_reviewer_merges_two_events_and_takes_it_back(browser):
    open_ = browser(told(), told("https://b.example/1", person="Mara Lindqvist", employer="Orrin Cloud", score=0.7))
    one, other = [r["id"] for r in open_.rows("select id from flagged order by score desc")]
    page = open_.get(f"/-/desk?event={one}")
    assert f'value="{other}"' in page.text, "the other event is offered"
    answer = open_.post(open_.form(page, "merge-form") | {"merge": "", "other": other})
    assert answer.headers["location"] == f"/-/desk?event={one}"
    page = open_.get(answer.headers["location"])
    assert "Merged" in page.text and "https://b.example/1" in page.text
    assert [r["id"] for r in open_.rows("select id from flagged")] == [one]
    assert open_.get(f"/-/event/{other}").url.path == f"/-/event/{one}"
    answer = open_.post(open_.form(page, "undo") | {"unrule": "1"})
    assert answer.status_code == 303 and len(open_.rows("select id from flagged")) == 2


def test_a_reviewer_splits_reports_off_and_takes_it_back(browser):
    open_ = browser(told(), told("https://b.example/1", score=0.7))
    (one,) = [r["id"] for r in open_.rows("select id from flagged")]
    page = open_.get(f"/-/desk?event={one}")
    form = {k: v for k, v in open_.form(page, "split-form").items() if not k.startswith("report_")}
    assert open_.post(form | {"split": "1"}).status_code == 409, "nothing was ticked"
    mention = open_.rows(
        "select m.id from mentions m join articles a on a.id = m.article where a.url like '%b.example%'"
    )[0]["id"]
    answer = open_.post(form | {"split": "1", f"report_{mention}": "1"})
    assert answer.status_code == 303
    assert len(open_.rows("select id from flagged")) == 2
    page = open_.get(answer.headers["location"])
    assert "Split off" in page.text
    assert open_.post(open_.form(page, "undo") | {"unrule": "1"}).status_code == 303
    assert len(open_.rows("select id from flagged")) == 1


@pytest.mark.parametrize("other", ["", "ev-nothing", "self", "<b>", "' or 1=1"])
def test_what_cannot_be_merged_is_told(browser, other):
    open_ = browser(told(), told("https://b.example/1", person="Otto Berg"))
    one = open_.rows("select id from flagged")[0]["id"]
    form = open_.form(open_.get(f"/-/desk?event={one}"), "merge-form")
    form.pop("other", None)
    answer = open_.post(form | {"merge": one if other == "self" else other})
    assert answer.status_code == 409 and "Not stored" in answer.text
    assert open_.rows("select * from rulings") == []


def test_a_ruling_that_is_sent_twice_is_one(browser):
    open_ = browser(told(), told("https://b.example/1", person="Otto Berg"))
    one, other = [r["id"] for r in open_.rows("select id from flagged")]
    form = open_.form(open_.get(f"/-/desk?event={one}"), "merge-form") | {"merge": other}
    assert [open_.post(form).status_code for _ in "ab"] == [303, 303]
    assert len(open_.rows("select * from rulings")) == 1


# Who may


def test_the_request_of_another_page_is_refused(browser):
    open_ = browser(told())
    form = open_.form(open_.get())
    assert open_.post(form | {"verdict": "accept"}, cookies={}).status_code == 403
    assert open_.post(form | {"verdict": "accept", "csrftoken": ""}, cookies={}).status_code == 403
    assert open_.post(form | {"verdict": "accept", "csrftoken": "x"}).status_code == 403
    assert (
        open_.post({k: v for k, v in form.items() if k != "csrftoken"} | {"verdict": "accept"}, cookies={}).status_code
        == 403
    )
    assert open_.rows() == []


@pytest.mark.parametrize(
    "headers", [{"host": "desk.example"}, {"x-forwarded-for": "203.0.113.7"}, {"forwarded": "for=203.0.113.7"}]
)
def test_without_a_sign_in_only_this_machine_reviews(browser, headers):
    open_ = browser(told())
    page = open_.get(headers=headers)
    assert page.status_code == 200 and "this machine alone" in page.text and 'value="accept"' not in page.text
    answer = open_.post(open_.form(open_.get()) | {"verdict": "accept"}, headers=headers)
    assert answer.status_code == 403 and open_.rows() == []


def test_with_a_sign_in_only_who_signed_in_reviews(browser, path):
    browser(told())
    config = Config(database=path, password_hash=hash_password("secret words", iterations=1000), secret="x" * 32)
    datasette = serve.build(config, signed=True)
    stranger = Browser(path, datasette)
    assert stranger.get().status_code == 403
    token = stranger.get("/-/login").cookies["ds_csrftoken"]
    sent = {"csrftoken": token, "verdict": "accept", "event": "ev-1"}
    assert stranger.post(sent, cookies={"ds_csrftoken": token}).status_code == 403
    signed = Browser(path, datasette, {"ds_actor": datasette.sign({"a": {"id": "reviewer"}}, "actor")})
    signed.judge(verdict="accept")
    assert [r["reviewer"] for r in signed.rows()] == ["reviewer"]


def test_a_database_that_is_open_for_reading_only_takes_no_verdict(browser, path):
    browser(told())
    page = Browser(path, Datasette([], immutables=[str(path)])).get()
    assert page.status_code == 200 and "reading only" in page.text and 'value="accept"' not in page.text


def test_every_answer_carries_the_policy_and_no_inline_script(browser):
    open_ = browser(told())
    page = open_.get()
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy
    html = page.text.replace("\n", " ")
    assert not re.search(r"\son\w+=|javascript:", html)
    script = re.search(r'<script src="([^"]*desk\.js[^"]*)" defer>', html)[1]
    assert open_.get(script).status_code == 200


# Bad input


def test_mark_up_and_hidden_characters_are_shown_as_text(browser):
    nasty = f"\u202eInvoice\u200b {SCRIPT} \ufeff\u2066x"
    body = f"{nasty}\nMara\u200b Lind, {SCRIPT}, has left to start \u202eFjord.\nEnd."
    one = told(
        "javascript:alert(1)", title=nasty, body=body, person="Mara\u200b Lind", venture="\u202eFjord", employer=SCRIPT
    )
    page = browser(one).get()
    assert page.status_code == 200
    assert SCRIPT not in page.text and "&lt;script&gt;" in page.text
    text = re.search(r'<article class="candidate">.*?</article>', page.text, re.S)[0]
    assert not re.search("[\u200b\u202e\u2066\ufeff]", text) and "invisible characters are left out" in text
    assert '<mark class="person">Mara Lind</mark>' in text and '<mark class="venture">Fjord</mark>' in text
    assert 'href="javascript:' not in page.text


def test_a_body_of_two_megabytes_is_shown_in_part(browser):
    rain = "It rained all day in the far north. " * 28_000
    body = f"{rain}\nMara Lind, chief scientist of Orrin Cloud, has left to start Fjord.\n{rain}"
    assert len(body) > 2_000_000
    page = browser(told(body=body)).get()
    assert page.status_code == 200 and len(page.text) < 60_000
    assert '<mark class="person">Mara Lind</mark>, <mark class="role">chief scientist</mark>' in page.text
    assert ">…" in page.text and "…</p>" in page.text


def test_a_story_that_is_deleted_under_review_loses_no_verdict(browser, path):
    open_ = browser(told(), told("https://a.example/2", person="Otto Berg", score=0.8))
    address = str(open_.get().url)
    form = open_.form(open_.get())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("delete from articles where id = 1")
        connection.commit()
    shown = open_.get(address)
    assert shown.status_code == 200 and "was deleted" in shown.text and "Mara Lind" in shown.text
    following = open_.get(open_.post(form | {"verdict": "accept"}).headers["location"])
    assert "Mara Lind" in following.text and "Otto Berg" in following.text
    row = open_.rows()[0]
    assert row["event"] == form["event"] and row["article"] is None and row["url"] == "https://a.example/1"


def test_an_event_that_is_gone_is_explained_and_its_verdict_kept(browser, path):
    open_ = browser(told())
    address = str(open_.get().url)
    form = open_.form(open_.get())
    with closing(Store(path)) as store:  # read anew, the story tells of nobody
        store.save(story("https://a.example/1", title="Mara Lind leaves Orrin Cloud", body=TEXT), THRESHOLD)
    gone = open_.get(address)
    assert gone.status_code == 404 and "not in the database any more" in gone.text
    page = open_.get(open_.post(form | {"verdict": "accept"}).headers["location"])
    assert "the verdict is kept" in page.text
    assert [(r["event"], r["article"], r["verdict"]) for r in open_.rows()] == [(None, 1, "accept")]


@pytest.mark.parametrize(
    "query",
    [
        "event=",
        "event=%00",
        "event=ev-<b>",
        "story=x",
        "story=-1",
        "story=99",
        "story=" + "9" * 40,
        "event=ev-1&story=1",
    ],
)
def test_addresses_that_lead_nowhere_are_answered(browser, query):
    page = browser(told()).get(f"/-/desk?{query}")
    assert page.status_code in (200, 404) and "<b>" not in page.text.partition("progress")[0]


def test_a_lock_that_lasts_keeps_what_was_entered(browser, path, monkeypatch):
    monkeypatch.setattr(reviews, "PATIENCE_MS", 300)
    open_ = browser(told())
    form = open_.form(open_.get()) | {"verdict": "accept", "person": "Mara Lindt"}
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        answer = open_.post(form)
        assert answer.status_code == 503 and "Not stored" in answer.text
        assert 'value="Mara Lindt"' in answer.text and "<details" in answer.text
        again = open_.form(answer)
        other.execute("rollback")
    assert open_.post(again | {"verdict": "accept"}).status_code == 303
    assert json.loads(open_.rows()[0]["corrected"]) == {"person": "Mara Lindt"}


def test_a_lock_of_ten_seconds_only_takes_ten_seconds(browser, path):
    open_ = browser(told())
    form = open_.form(open_.get())
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        timer = threading.Timer(10, lambda: other.execute("rollback"))
        timer.start()
        assert open_.get().status_code == 200  # reading goes on
        assert open_.post(form | {"verdict": "accept"}).status_code == 303
        timer.join()
    assert len(open_.rows()) == 1


def test_an_older_database_says_what_to_do(browser, path):
    browser(told())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("drop view verdicts")
    page = Browser(path).get()
    assert page.status_code == 503 and "founderwatch serve" in page.text


# Marks and numbers


def test_marks_cross_no_words_and_prefer_the_longer():
    text = "Lin Lin left Lincoln. 林婉清离职"
    paragraphs, left_out = marked(
        text, {"person": ["Lin", "Lin Lin", "林婉清"], "trigger": ["left", "离职"], "employer": [None, " "]}, []
    )
    assert paragraphs == ['<mark class="person">Lin Lin</mark> <mark class="trigger">left</mark> Lincoln. <mark class="person">林婉清</mark><mark class="trigger">离职</mark>']  # fmt: skip
    assert left_out == 0
    said, _ = marked("Ann left. Bea left.", {"trigger": ["left"]}, ["Ann left."])
    assert said[0].count("<mark") == 1


@pytest.mark.parametrize(
    ("hits", "judged", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (1, 1, 0.207, 1.0)],
)
def test_wilson(hits, judged, low, high):
    share = wilson(hits, judged)
    assert (round(share.low, 3), round(share.high, 3)) == (low, high)


def test_precision_and_recall_to_date(browser):
    open_ = browser(
        *(told(f"https://a.example/{n}", person=f"Ann Number{chr(65 + n)}") for n in range(4)),
        *(story(f"https://b.example/{n}") for n in range(10)),
    )
    for _ in range(3):
        open_.judge(verdict="accept")
    open_.judge(verdict="reject")
    for n in range(5):
        page = open_.judge(verdict="accept" if n == 0 else "reject")
    with closing(sqlite3.connect(open_.path)) as connection:
        found = progress.load(connection)
    assert found.precision.value == 0.75 and found.precision.judged == 4
    assert found.recall.value == pytest.approx(3 / (3 + 0.2 * 10)) and found.recall.judged == 5
    assert found.recall.low < found.recall.value < found.recall.high
    assert found.left == {"likely": 0, "uncertain": 0, "sample": 5}
    assert "0.75" in page.text and "0.60" in page.text
