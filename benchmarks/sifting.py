"""What the back-fill's cheap look leaves out of the corpus' whole stories, in each page style: python -m benchmarks.sifting

The gate was fitted on the train part; what it does with the other two parts is what it will do with news. With --model also says
how many of the lost stories the model would have flagged, and the same of the glance that follows the look. --curve tells what other
limits than the gate's would lose, and let pass, of the stories that it was not fitted on.
"""

from __future__ import annotations

import argparse

import numpy as np

from founderwatch.items import Article
from models.encoder import Encoder
from models.story import StoryReader
from models.training import corpus
from models.training.corpus import Record
from models.training.glance import flags
from tests.test_sift import SIFT, STORIES, STYLES


def glanced(reader: StoryReader, unseen: list[Record]) -> None:
    """What the encoder's glance at a few sentences loses of the stories whose words let them pass, by language."""
    for language in ("en", "zh"):
        mine = [r for r in STORIES if r.language == language and SIFT.gate.passes(r.text, language)]
        lost = [r for r in mine if not SIFT.likely(Article("", "", r.title, r.body, language), reader)]
        flagged = [r.where for r in lost if flags(reader, r)]
        print(
            f"{language}: a glance at {len(mine)} stories of founders loses {len(lost)}, {sum(r in unseen for r in lost)} of them not in"
            f" the train part, {len(flagged)} that the model flags {flagged}"
        )


def curve(reader: StoryReader | None, unseen: list[Record], others: list[Record]) -> None:
    """What the gate would lose, of stories that the model flags where there is one, and let pass from other log-odds on."""
    for language in ("en", "zh"):
        wanted = [r for r in unseen if r.language == language and (reader is None or flags(reader, r))]
        rest = [r for r in others if r.language == language]
        scores, ordinary = ([SIFT.gate.margin(r.text, language) for r in some] for some in (wanted, rest))
        for shift in np.arange(-1, 1.75, 0.25):
            lost, passed = sum(s < shift for s in scores), sum(s >= shift for s in ordinary)
            print(f"{language}, {shift:+.2f}: {lost} of {len(wanted)} lost, {passed} of {len(rest)} others pass")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="store_true", help="ask the model about the lost stories")
    parser.add_argument("--curve", action="store_true", help="other limits than the gate's")
    given = parser.parse_args()
    reader = StoryReader(Encoder()) if given.model else None
    unseen = [r for r in STORIES if corpus.split(r) != "train"]
    print(f"{len(STORIES)} stories of founders, {len(unseen)} of them not in the train part")
    for style, made in STYLES.items():
        lost = [r for r in STORIES if SIFT(made(r))]
        line = f"{style}: {len(lost)} lost, {sum(r in unseen for r in lost)} of them not in the train part"
        if reader:
            line += f", {sum(flags(reader, r) for r in lost)} that the model flags"
        print(line)
    if reader:
        glanced(reader, unseen)
    others = [r for r in corpus.read() if r.long and not r.flagged and corpus.split(r) != "train"]
    if given.curve:
        curve(reader, unseen, others)
    for language in ("en", "zh"):
        mine = [r for r in others if r.language == language]
        passed = sum(SIFT(STYLES["plain"](r)) is None for r in mine)
        print(f"{language}: {passed} of {len(mine)} other stories pass that are not in the train part")


if __name__ == "__main__":
    main()
