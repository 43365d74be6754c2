"""What the encoder sees: tokens that keep their characters, bounded looks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import document as documents
from models.encoder import Encoder

ENGLISH = "Zhou Chang has left Orrin. He will start a firm.\nIt is in Hangzhou. Nobody replied to the mail."
CHINESE = "周畅已离开奥林云。他将创办一家公司。\n新公司设在杭州。"


@pytest.fixture(scope="module")
def tokenizer():
    return Encoder().tokenizer


@pytest.mark.parametrize(("text", "language", "count"), [(ENGLISH, "en", 4), (CHINESE, "zh", 3)])
def test_sentences_cover_the_text(tokenizer, text, language, count):
    doc = documents.document(text, language, tokenizer)
    assert len(doc.sentences) == count
    assert "".join(text[s.start : s.end] for s in doc.sentences) == text


def test_every_token_knows_its_characters(tokenizer):
    doc = documents.document(CHINESE, "zh", tokenizer)
    for sentence in doc.sentences:
        for start, end in sentence.offsets:
            assert sentence.start <= start < end <= sentence.end


@pytest.mark.parametrize("text", ["x" * 10_000, "我" * 20_000, "a, " * 5_000, "\u200b" * 500 + "word"])
def test_a_sentence_without_end_is_cut(tokenizer, text):
    doc = documents.document(text, "en", tokenizer)
    assert all(len(s.ids) <= documents.LONGEST_SENTENCE for s in doc.sentences)
    for window in documents.windows(doc):
        assert len(documents.look(doc, window, tokenizer).ids) <= documents.WINDOW + 2


def test_a_digest_holds_the_mentions_first(tokenizer):
    filler = "The market rose by two points on a day of quiet trading in all of the regions. "
    text = filler * 40 + "Zhou Chang has left Orrin. He will start a firm. " + filler * 40
    doc = documents.document(text, "en", tokenizer)
    start = text.index("Zhou Chang")
    chosen = documents.digest(doc, [(start, start + 10)], [1.0])
    shown = "".join(text[doc.sentences[i].start : doc.sentences[i].end] for i in chosen)
    assert "Zhou Chang has left" in shown and "He will start" in shown
    assert sum(len(doc.sentences[i].ids) for i in chosen) <= documents.DIGEST


def test_only_the_marked_person_is_marked(tokenizer):
    doc = documents.document(ENGLISH, "en", tokenizer)
    look = documents.look(doc, range(4), tokenizer, [(0, 10)])
    marked = [ENGLISH[a:b].strip() for (a, b), mark in zip(look.offsets, look.marks, strict=True) if mark]
    assert "".join(marked) == "ZhouChang"


def test_invisible_characters_do_not_move_offsets(tokenizer):
    text = "Zhou\u200b Chang has left\u00ad Orrin."
    doc = documents.document(text, "en", tokenizer)
    assert doc.text == text
    assert doc.sentences[-1].offsets[-1][1] == len(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_taken(tokenizer, text):
    doc = documents.document(text, "en", tokenizer)
    for sentence in doc.sentences:
        assert all(0 <= a <= b <= len(text) for a, b in sentence.offsets)
