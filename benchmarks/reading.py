"""How many stories one core reads: python -m benchmarks.reading [MODEL_FOLDER …]

Every passage goes through the encoder. The stories are the corpus' whole ones, joined to about 3,000 English or 1,200
Chinese characters. With several model folders, each is measured on the same stories in the same run.
"""

from __future__ import annotations

import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"

import time

from models.encoder import WEIGHTS, Encoder
from models.story import StoryReader
from models.training import corpus

LENGTHS = {"en": 3000, "zh": 1200}
STORIES = 20


def stories(language: str, length: int):
    """Texts of the wanted length: ordinary stories one after the other, a departure in every fourth."""
    mine = [r for r in corpus.read() if r.long and r.language == language]
    told, ordinary = (iter([r for r in mine if bool(r.events) is flag]) for flag in (True, False))
    for number in range(STORIES):
        parts = [next(told if number % 4 == 0 else ordinary)]
        while sum(len(p.text) for p in parts) < length:
            parts.append(next(ordinary))
        yield parts[0].title, "\n".join(p.body for p in parts)[:length]


def main() -> None:
    readers = {str(folder): StoryReader(Encoder(folder, threads=1)) for folder in sys.argv[1:] or [WEIGHTS]}
    for language, length in LENGTHS.items():
        texts = list(stories(language, length))
        for folder, reader in readers.items():
            reader.judge(*texts[0], language)
            start = time.process_time()
            for title, body in texts:
                reader.judge(title, body, language)
            rate = len(texts) / (time.process_time() - start)
            print(f"{language} {length} characters: {rate:.2f} stories a second and core  ({folder})")


if __name__ == "__main__":
    main()
