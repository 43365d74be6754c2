"""Whether the int8 model says what the full-precision one says, story by story.

The full model is four times too large to ship. What it said of the corpus' test part is kept beside the weights, with the
curve and the threshold by which it said so: these may be fitted anew, and the two models are held against each other by one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from founderwatch.items import Assessment, Mention
from models.chance import Chance
from models.encoder import Encoder
from models.story import StoryReader
from models.training import corpus
from models.training.corpus import Record
from models.training.evaluate import GoldStory, by_language, tally

FILE = "full-precision.jsonl"


def keep(full: Path, folder: Path, records: Sequence[Record]) -> None:
    """Writes what the model in `full` says of some records into the model folder `folder`."""
    reader = StoryReader(Encoder(full))
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write(json.dumps({"chance": asdict(reader.chance), "threshold": reader.threshold}) + "\n")
        for record in records:
            found = reader.judge(record.title, record.body, record.language, record.moment)
            row = {
                "text": corpus.digest([record]),
                "flagged": found.flagged,
                "score": round(found.score, 4),
                "events": [[m.person, m.kind, m.status, m.score] for m in found.mentions],
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def compare(folder: Path, records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """For each language {"stories", "same_flags", "flag_f1", "event_f1"}: the last two are differences of F1.

    Records whose text has changed since, or that are new, are left out.
    """
    reader = StoryReader(Encoder(folder))
    with (folder / FILE).open(encoding="utf-8") as file:
        by = json.loads(next(file))
        kept = {row["text"]: row for row in map(json.loads, file)}
    reader.chance, reader.threshold = Chance.read(by["chance"]), by["threshold"]
    ours, theirs, same = [], [], []
    for record in records:
        row = kept.get(corpus.digest([record]))
        if row is None:
            continue
        full = Assessment(
            "full",
            row["score"],
            row["flagged"],
            tuple(Mention(person, kind, status, score) for person, kind, status, score in row["events"]),
        )
        found = reader.judge(record.title, record.body, record.language, record.moment)
        gold = GoldStory.read(corpus.gold(record))
        ours.append(tally(gold, found))
        theirs.append(tally(gold, full))
        same.append((record.language, found.flagged == full.flagged))
    measured, wanted = by_language(ours), by_language(theirs)

    def apart(language: str, group: str) -> float:
        return abs(measured[language][group]["f1"]["value"] - wanted[language][group]["f1"]["value"])

    compared = {}
    for language in sorted({code for code, _ in same}):
        flags = [ok for code, ok in same if code == language]
        compared[language] = {
            "stories": len(flags),
            "same_flags": sum(flags) / len(flags),
            "flag_f1": apart(language, "flag"),
            "event_f1": apart(language, "events"),
        }
    return compared
