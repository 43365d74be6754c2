"""Sets from which glance on a story is read whole, for one model: python -m models.training.glance [MODEL_FOLDER]

The back-fill shows the encoder first the few sentences that the gate points at, where the gate is not sure by itself. Of the train and dev parts' stories of
founders, one in 200 may be lost by that glance, flagged though it is when read whole; half of the lowest chance among the
others becomes the limit, in the folder's config.json. Prints what the test part loses at it. To be said anew
for other weights, and after `models.training.gate`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from models.encoder import WEIGHTS, Encoder
from models.gate import Gate
from models.story import StoryReader
from models.training import corpus
from models.training.corpus import Record
from models.training.export import finish

_LOST = 1 / 200
_MOST = 0.1  # the highest limit; a glance above it cannot be what loses a story


def glances(reader: StoryReader, gate: Gate, records: Sequence[Record]) -> list[tuple[float, Record]]:
    """The stories with how likely a founding is by a glance at each, of those that the gate lets pass but doubts; rising."""
    told = []
    for record in records:
        heard = gate.heard(record.text, record.language)
        if heard.excerpt and not heard.sure:
            told.append((reader.glance(heard.excerpt, record.language), record))
    return sorted(told, key=lambda pair: pair[0])


def limit(reader: StoryReader, told: Sequence[tuple[float, Record]], stories: int) -> float:
    """Half of the lowest glance that may not be lost, of so many stories; low ones count where the model flags the story."""
    kept = [chance for chance, record in told if chance > 2 * _MOST or flags(reader, record)]
    return round(min(_MOST, kept[int(stories * _LOST)] / 2), 3)


def flags(reader: StoryReader, record: Record) -> bool:
    return reader.judge(record.title, record.body, record.language, record.moment).flagged


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    reader, gate = StoryReader(Encoder(folder)), Gate.read()
    stories = [r for r in corpus.read() if r.long and r.flagged]
    seen = [r for r in stories if corpus.split(r) != "test"]
    least = limit(reader, glances(reader, gate, seen), len(seen))
    finish(folder, folder, {"glance": least})
    told = glances(reader, gate, [r for r in stories if corpus.split(r) == "test"])
    low = [record for chance, record in told if chance < least]
    lost = sum(flags(reader, record) for record in low)
    print(
        f"from {least} on; of {len(told)} stories of the test part {len(low)} are not read whole, {lost} that the model flags"
    )


if __name__ == "__main__":
    main()
