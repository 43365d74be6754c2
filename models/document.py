"""A text as the encoder sees it: sentences, their tokens, and what one look takes in.

The same functions prepare text for training and for reading, so that the two cannot drift apart.
Every token keeps its characters in the text, so that whatever is found can be quoted exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sentencex import segment

WINDOW = 160  # tokens of one look of the finder
DIGEST = 256  # tokens that the reader gets to see about one person
LONGEST_SENTENCE = 120  # tokens; longer ones (lists, missing punctuation) are cut

# What readers do not see must not part a name from itself. Each is replaced by one space, so that offsets stay.
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e"), " "
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` with its token ids and each token's characters in the text."""

    start: int
    end: int
    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    sentences: tuple[Sentence, ...]

    def at(self, position: int) -> int:
        """The index of the sentence that holds a character."""
        for index, sentence in enumerate(self.sentences):
            if position < sentence.end:
                return index
        return len(self.sentences) - 1


@dataclass(frozen=True, slots=True)
class Look:
    """One input of the encoder: some sentences of a document, with the tokens of one person marked.

    `offsets` has one entry a token; those of the special tokens are empty spans.
    """

    ids: tuple[int, ...]
    marks: tuple[int, ...]  # 1 for the tokens of the marked person, 0 for the others
    offsets: tuple[tuple[int, int], ...]
    sentences: tuple[int, ...]


def document(text: str, language: str, tokenizer) -> Document:
    """Splits a text into tokenised sentences; whatever the text, no sentence is longer than the limit."""
    clean = text.translate(_INVISIBLE)
    spans: list[tuple[int, int]] = []
    start = 0
    for piece in segment("zh" if language == "zh" else "en", clean):
        end = start + len(piece)
        # A sentence never crosses a paragraph, nor the title the body.
        for line in piece.splitlines(keepends=True):
            if line.strip():
                spans.append((start, start + len(line)))
            start += len(line)
        start = end
    if not spans:
        return Document(text, ())
    # The tokenizer warns about texts longer than the encoder's limit; the cuts below see to that.
    encoded = tokenizer(
        [clean[a:b] for a, b in spans], add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )
    sentences = []
    for (first, last), ids, within in zip(spans, encoded["input_ids"], encoded["offset_mapping"], strict=True):
        offsets = [(a + first, b + first) for a, b in within]
        for cut in range(0, len(ids), LONGEST_SENTENCE):
            part = slice(cut, cut + LONGEST_SENTENCE)
            begin = first if cut == 0 else offsets[cut][0]
            end = last if cut + LONGEST_SENTENCE >= len(ids) else offsets[cut + LONGEST_SENTENCE][0]
            sentences.append(Sentence(begin, end, tuple(ids[part]), tuple(offsets[part])))
    return Document(text, tuple(sentences))


def windows(doc: Document, budget: int = WINDOW) -> list[list[int]]:
    """Parts a document into runs of whole sentences of at most `budget` tokens."""
    runs: list[list[int]] = []
    room = 0
    for index, sentence in enumerate(doc.sentences):
        if not runs or len(sentence.ids) > room:
            runs.append([])
            room = budget
        runs[-1].append(index)
        room -= len(sentence.ids)
    return runs


def digest(
    doc: Document, mentions: Sequence[tuple[int, int]], weights: Sequence[float], budget: int = DIGEST
) -> list[int]:
    """The sentences that tell most about one person, in the order of the text.

    First those that name the person (the weightiest first), then what follows each (where "he" and "she" go on),
    what leads up to the first (a lead tells without the name), and the title. No more: what the rest of the story
    tells is most often somebody else's.
    """
    if not doc.sentences:
        return []
    weight: dict[int, float] = {}
    for (start, _), w in zip(mentions, weights, strict=True):
        index = doc.at(start)
        weight[index] = max(weight.get(index, 0.0), w)
    named = sorted(weight, key=lambda i: (-round(weight[i], 1), i))
    wanted = [*named, *(i + 1 for i in named), min(named) - 1, 0]
    chosen: set[int] = set()
    room = budget
    for index in wanted:
        if index in chosen or not 0 <= index < len(doc.sentences):
            continue
        size = len(doc.sentences[index].ids)
        if size <= room:
            chosen.add(index)
            room -= size
    return sorted(chosen)


def look(doc: Document, sentences: Iterable[int], tokenizer, marked: Sequence[tuple[int, int]] = ()) -> Look:
    """Joins sentences to one input and marks the tokens that lie in the given spans."""
    chosen = tuple(sentences)
    ids, offsets = [tokenizer.cls_token_id], [(0, 0)]
    for index in chosen:
        ids += doc.sentences[index].ids
        offsets += doc.sentences[index].offsets
    ids.append(tokenizer.sep_token_id)
    offsets.append((0, 0))
    marks = tuple(int(any(covers(doc.text, token, span) for span in marked)) for token in offsets)
    return Look(tuple(ids), marks, tuple(offsets), chosen)


def covers(text: str, token: tuple[int, int], span: tuple[int, int]) -> bool:
    """Whether more than half of a token's visible characters lie in a span."""
    start, end = token
    while start < end and text[start].isspace():
        start += 1
    inside = min(end, span[1]) - max(start, span[0])
    return end > start and inside * 2 > end - start
