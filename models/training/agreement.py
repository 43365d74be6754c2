"""Whether the int8 model says what the full-precision one says, story by story.

The full model is four times too large to ship. What both said of the corpus' test part is kept beside the weights, with the
curve and the threshold by which they said so: these may be fitted anew, and so may be the code that reads a story out of
the model's answers, which the kept answers do not follow. So the kept ones are held against each other, and what int8 says
today against what it said then: a processor that reckons otherwise shows there.
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
    """Writes what the model in `full` and the int8 one in `folder` say of some records into `folder`."""
    readers = {"full": StoryReader(Encoder(full)), "int8": StoryReader(Encoder(folder))}
    by = readers["full"]
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write(json.dumps({"chance": asdict(by.chance), "threshold": by.threshold}) + "\n")
        for record in records:
            row = {"text": corpus.digest([record])} | {
                name: _said(_judge(reader, record)) for name, reader in readers.items()
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def compare(folder: Path, records: Sequence[Record]) -> dict[str, dict[str, float]]:
    """For each language {"stories", "same_flags", "flag_f1", "event_f1", "flags_now"}, of the records whose text is the same.

    `flag_f1` and `event_f1` are differences of F1 between the two kept models; `same_flags` is the share of stories that
    both flag or neither, and `flags_now` that of those that int8 flags today as it did when it was kept.
    """
    reader = StoryReader(Encoder(folder))
    with (folder / FILE).open(encoding="utf-8") as file:
        by = json.loads(next(file))
        kept = {row["text"]: row for row in map(json.loads, file)}
    reader.chance, reader.threshold = Chance.read(by["chance"]), by["threshold"]
    tallies: dict[str, list] = {"full": [], "int8": []}
    flags: list[tuple[str, bool, bool, bool]] = []
    for record in records:
        row = kept.get(corpus.digest([record]))
        if row is None:
            continue
        gold = GoldStory.read(corpus.gold(record))
        then = {name: _read(row[name]) for name in tallies}
        for name, said in then.items():
            tallies[name].append(tally(gold, said))
        flags.append((record.language, then["full"].flagged, then["int8"].flagged, _judge(reader, record).flagged))
    measured = {name: by_language(rows) for name, rows in tallies.items()}

    def apart(language: str, group: str) -> float:
        one, other = (measured[name][language][group]["f1"]["value"] for name in tallies)
        return abs(one - other)

    compared = {}
    for language in sorted({row[0] for row in flags}):
        mine = [row[1:] for row in flags if row[0] == language]
        compared[language] = {
            "stories": len(mine),
            "same_flags": sum(full == int8 for full, int8, _ in mine) / len(mine),
            "flag_f1": apart(language, "flag"),
            "event_f1": apart(language, "events"),
            "flags_now": sum(int8 == now for _, int8, now in mine) / len(mine),
        }
    return compared


def _judge(reader: StoryReader, record: Record) -> Assessment:
    return reader.judge(record.title, record.body, record.language, record.moment)


def _said(found: Assessment) -> dict:
    return {
        "flagged": found.flagged,
        "score": round(found.score, 4),
        "events": [[m.person, m.kind, m.status, m.score] for m in found.mentions],
    }


def _read(said: dict) -> Assessment:
    mentions = (Mention(person, kind, status, score) for person, kind, status, score in said["events"])
    return Assessment("kept", said["score"], said["flagged"], tuple(mentions))
