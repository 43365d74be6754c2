"""What the back-fill's cheap look leaves out of the corpus' whole stories, in each page style: python -m benchmarks.sifting

The gate was fitted on the train part; what it does with the other two parts is what it will do with news. With --model also says
how many of the lost stories the model would have flagged, and the same of the glance that follows the look.
"""

from __future__ import annotations

import argparse

from founderwatch.items import Article
from models.encoder import Encoder
from models.story import StoryReader
from models.training import corpus
from models.training.corpus import Record
from tests.test_sift import SIFT, STORIES, STYLES


def glanced(reader: StoryReader, unseen: list[Record]) -> None:
    """What the encoder's glance at a few sentences loses of the stories whose words let them pass, by language."""
    for language in ("en", "zh"):
        mine = [r for r in STORIES if r.language == language and SIFT.gate.passes(r.text, language)]
        lost = [r for r in mine if not SIFT.likely(Article("", "", r.title, r.body, language), reader)]
        flagged = [r.where for r in lost if reader.judge(r.title, r.body, r.language, r.moment).flagged]
        print(
            f"{language}: a glance at {len(mine)} stories of founders loses {len(lost)}, {sum(r in unseen for r in lost)} of them not in"
            f" the train part, {len(flagged)} that the model flags {flagged}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="store_true", help="ask the model about the lost stories")
    given = parser.parse_args()
    reader = StoryReader(Encoder()) if given.model else None
    unseen = [r for r in STORIES if corpus.split(r) != "train"]
    print(f"{len(STORIES)} stories of founders, {len(unseen)} of them not in the train part")
    for style, made in STYLES.items():
        lost = [r for r in STORIES if SIFT(made(r))]
        line = f"{style}: {len(lost)} lost, {sum(r in unseen for r in lost)} of them not in the train part"
        if reader:
            line += f", {sum(reader.judge(r.title, r.body, r.language, r.moment).flagged for r in lost)} that the model flags"
        print(line)
    if reader:
        glanced(reader, unseen)
    others = [r for r in corpus.read() if r.long and not r.flagged and corpus.split(r) != "train"]
    for language in ("en", "zh"):
        mine = [r for r in others if r.language == language]
        passed = sum(SIFT(STYLES["plain"](r)) is None for r in mine)
        print(f"{language}: {passed} of {len(mine)} other stories pass that are not in the train part")


if __name__ == "__main__":
    main()
