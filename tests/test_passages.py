"""Reviewed stories as corpus passages: what they hold, what is left out, and that the corpus reads all of it."""

import re
from contextlib import closing
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from founderwatch.cli import main
from founderwatch.commands.train import reviewed_records
from founderwatch.config import Config
from founderwatch.database import reviews
from founderwatch.database.reviews import Verdict
from founderwatch.database.store import Store
from founderwatch.passages import passages
from models.training import corpus
from tests.judged import THRESHOLD, story
from tests.test_desk import SCRIPT, told

BODY = (
    "It rained in Oslo.\n"
    "Mara Lind, chief scientist of Orrin Cloud, has left to start Fjord, a maker of salmon farms. Lind, 41, and Dr Lind's team said so; Otto Lind stays.\n"
    "Nobody else did."
)


@pytest.fixture
def judge(tmp_path):
    """Stores stories, judges the first founder of each, and gives the records and what was left out."""

    def judged(*pairs):
        with closing(Store(tmp_path / "founderwatch.db")) as store:
            for one, verdict in pairs:
                article = store.save(one, THRESHOLD).article
                found = store.db.execute("select event from mentions where article = ?", [article]).fetchone()
                given_to = {"event": found[0]} if found else {}
                if verdict:
                    reviews.record(store.db.conn, replace(verdict, article=article, **given_to))
            return passages(store.db.conn)

    return judged


def read(tmp_path, records):
    """The records as the corpus reads them."""
    file = tmp_path / "reviewed.txt"
    file.write_text("\n".join(records), encoding="utf-8")
    found, problems = corpus.read_file(file)
    assert not problems
    assert len(found) == len(records)
    return found


def accept(**corrected):
    return Verdict("ana", "accept", corrected=corrected)


def reject(reason):
    return Verdict("ana", "reject", reason=reason)


def test_training_takes_in_what_was_judged(judge, tmp_path):
    judge(
        (told(body=BODY, focus="salmon farms"), accept()),
        (told(url="https://a.example/2", person="Ben Ode", employer="Vale", venture="Kelp"), None),
    )
    (record,) = reviewed_records(Config(database=tmp_path / "founderwatch.db"))
    assert record.events == {1: ("founds", "confirmed")} and record.person(1) == "Mara Lind"
    assert record.argument(1, "f") == "salmon farms"


def test_an_accepted_event_becomes_a_marked_passage(judge, tmp_path):
    records, left_out = judge((told(body=BODY, focus="salmon farms"), accept()))
    assert not left_out
    assert records[0] == (
        "--\n@en wire 1=founds/confirmed published=2026-07-06\n"
        "# [Mara Lind|p1] leaves [Orrin Cloud|e1]\n"
        "[Mara Lind|p1], [chief scientist|r1] of Orrin Cloud, [has left|t1] to [start|t1] [Fjord|v1], a maker of [salmon farms|f1]."
        " [Lind|p1], 41, and Dr [Lind|p1]'s team said so; Otto Lind stays.\n"
    )
    found = read(tmp_path, records)[0]
    assert found.person(1) == "Mara Lind" and found.flagged


def test_corrections_are_what_is_learnt(judge, tmp_path):
    told_wrongly = told(body=BODY, person="Otto Lind", venture="salmon farms")
    records, _ = judge((told_wrongly, accept(person="Mara Lind", venture="Fjord", status="announced", role=None)))
    found = read(tmp_path, records)[0]
    assert found.events == {1: ("founds", "announced")}
    assert (found.person(1), found.argument(1, "v"), found.argument(1, "r")) == ("Mara Lind", "Fjord", None)
    assert "Otto Lind|" not in records[0]


@pytest.mark.parametrize(("reason", "kind"), [("joins", "joins"), ("leaves", "leaves")])
def test_a_look_alike_becomes_what_it_is(judge, tmp_path, reason, kind):
    records, _ = judge((told(body=BODY), reject(reason)))
    found = read(tmp_path, records)[0]
    assert found.events == {1: (kind, "confirmed")} and not found.flagged
    assert found.argument(1, "v") == ("Fjord" if kind == "joins" else None)


@pytest.mark.parametrize("reason", ["stays", "biography", "background", "controlled", "nobody"])
def test_a_story_of_nobody_who_leaves_has_no_event(judge, tmp_path, reason):
    records, _ = judge((told(body=BODY), reject(reason)))
    found = read(tmp_path, records)[0]
    assert found.events == {} and {found.words(s) for s in found.spans if s.label == "o"} == {"Mara Lind", "Lind"}


@pytest.mark.parametrize(
    ("one", "verdict", "why"),
    [
        (told(), reject(None), "without a reason"),
        (told(), reject("person"), "without a reason"),
        (told(), reject("denied"), "without a reason"),
        (told(person=None), accept(), "without a name"),
        (told(), accept(person="Nobody Here"), "name does not stand"),
        (told(body="Mara Lind went.", sentence=0), accept(), "deciding words"),
        (story("https://a.example/1", title="Rain", body="It rained."), accept(person="Ann Low"), "missed departure"),
    ],
)
def test_what_is_not_wholly_known_is_left_out(judge, one, verdict, why):
    records, left_out = judge((one, verdict))
    assert not records and why in next(iter(left_out))


def test_only_verdicts_in_force_on_no_copies_in_our_languages_count(judge):
    first = told()
    copy = replace(told("https://b.example/1"), copy_of="https://a.example/1")
    french = told("https://c.example/1", person="Ida Falk")
    french = replace(french, article=replace(french.article, language="fr"))
    records, left_out = judge((first, accept()), (copy, None), (french, accept()), (told("https://d.example/1", person="Otto Berg"), Verdict("ana", "unsure")))  # fmt: skip
    assert len(records) == 1 and list(left_out.elements()) == ["the corpus has no language fr"]


def test_a_second_departure_that_nobody_judged_leaves_the_story_out(judge):
    first = told(body=BODY)
    other = replace(first.assessment.mentions[0], person="Otto Lind")
    both = replace(first, assessment=replace(first.assessment, mentions=(*first.assessment.mentions, other)))
    records, left_out = judge((both, accept()))
    assert not records and list(left_out) == ["another departure in it is not judged yet"]


def test_two_judged_departures_share_their_words(judge, tmp_path):
    first = told(body="Mara Lind and Otto Berg have left Orrin Cloud to start Fjord.", sentence=0)
    one = replace(first.assessment.mentions[0], triggers=("have left", "start"))
    two = replace(one, person="Otto Berg")
    both = replace(first, assessment=replace(first.assessment, mentions=(one, two)))
    judge((both, accept()))
    with closing(Store(tmp_path / "founderwatch.db")) as store:
        for event in store.db.execute("select id from events").fetchall():
            reviews.record(store.db.conn, Verdict("ana", "accept", event=event[0]))
        records, _ = passages(store.db.conn)
    assert "[have left|t12] [Orrin Cloud|e12]" in records[0] or "[Orrin Cloud|e12]" in records[0]
    assert [p for p in read(tmp_path, records)[0].events] == [1, 2]


def test_a_story_of_the_sample_is_ordinary_news_or_a_missed_departure(judge, tmp_path):
    rain = story("https://a.example/1", title="Rain", body="It rained.\nAll day.")
    missed = story("https://a.example/2", title="Ann Low is off", body="Ann Low quit Orrin to set up a lab.")
    given_ = accept(person="Ann Low", employer="Orrin", status="confirmed", trigger="quit")
    records, _ = judge((rain, Verdict("ana", "reject")), (missed, given_))
    ordinary, found = read(tmp_path, records)
    assert ordinary.events == {} and ordinary.body == "It rained.\nAll day."
    assert found.person(1) == "Ann Low" and found.argument(1, "e") == "Orrin"


def test_nasty_text_stays_one_record(judge, tmp_path):
    body = (
        f"@en wire 1=founds/confirmed\n--\nMara Lind [of] Orrin|Cloud {SCRIPT}\u2028has left\u202e to start Fjord.\n# x"
    )
    records, _ = judge((told(title="@ [x|p1] # --", body=body, sentence=2), accept()))
    found = read(tmp_path, records)[0]
    assert found.person(1) == "Mara Lind" and found.title.startswith("＠ ［x｜p1］")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["Mara Lind", "林婉清", "[a|p1]", "@x"]))
def test_whatever_the_text_the_corpus_reads_it(tmp_path_factory, before, after, person):
    folder = tmp_path_factory.mktemp("any")
    said = f"{before} {person} has left {after}".replace("\n", " ").replace("\0", "")
    said = said.encode("utf-8", "ignore").decode()
    one = told(title=said, body=said, sentence=0, person=person, employer=after.strip()[:9] or None)
    with closing(Store(folder / "founderwatch.db")) as store:
        store.save(one, THRESHOLD)
        event = store.db.execute("select id from events").fetchone()[0]
        reviews.record(store.db.conn, Verdict("ana", "accept", event=event))
        read(folder, passages(store.db.conn)[0])


# The command


def test_the_command_writes_the_file_and_says_what_it_left_out(judge, tmp_path):
    judge((told(body=BODY), accept()), (told("https://b.example/1", person="Otto Berg"), reject(None)))
    out, db = tmp_path / "reviewed.txt", str(tmp_path / "founderwatch.db")
    result = CliRunner().invoke(main, ["export-training", "--out", str(out), "--db", db])
    assert result.exit_code == 0 and "1 passages" in result.output and "1 left out: rejected" in result.output
    assert corpus.read_file(out)[0][0].flagged
    printed = CliRunner().invoke(main, ["export-training", "--quiet", "--db", db])
    assert printed.output == out.read_text(encoding="utf-8")
    check = CliRunner().invoke(main, ["corpus", "check", str(tmp_path)])
    assert check.exit_code == 0, check.output


@pytest.mark.parametrize("arguments", [["--db", "missing.db"], ["--out", "no/such/folder/x.txt"]])
def test_what_cannot_be_read_or_written_is_told(judge, tmp_path, arguments):
    judge((told(), accept()))
    given_ = arguments if "--db" in arguments else [*arguments, "--db", str(tmp_path / "founderwatch.db")]
    result = CliRunner().invoke(main, ["export-training", *given_])
    assert result.exit_code == 3 and re.search(r"missing\.db|x\.txt", result.output)
