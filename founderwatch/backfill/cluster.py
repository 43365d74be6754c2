"""The same work on a Ray cluster: pieces of archives in, Parquet out, one model an actor."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator

import pyarrow as pa
import ray
import ray.data

from founderwatch.backfill import parts
from founderwatch.backfill.files import Reach, open_archive, size
from founderwatch.backfill.judge import Asked, Judge, Span
from founderwatch.backfill.run import SPAN, SPAN_REMOTE
from spiders.warc import WarcError

# Of a core: an actor on each leaves room to write what they gave; without it, the one would wait for the other for ever.
_READING, _WRITING = 0.9, 0.05


class Reader:
    """An actor: keeps one model, and gives for each piece of an archive its rows."""

    def __init__(self, asked: Asked, model: str, alarms: float):
        self._judge = Judge(asked, model, alarms)

    def __call__(self, batch: pa.Table) -> pa.Table:
        return pa.concat_tables([self._rows(**piece) for piece in batch.to_pylist()])

    def _rows(self, number: int, file: str, start: int, end: int) -> pa.Table:
        try:
            outcome = self._judge(Span(file, start, end))
        except (WarcError, OSError) as error:
            return parts.failed(number, file, start, str(error))
        return parts.table(number, file, start, end, outcome)


def pieces(files: Iterable[str], reach: Reach) -> Iterator[tuple[dict, str | None]]:
    """The pieces of all archives, or why one cannot be read. One that is packed in one piece is one of them."""
    for number, file in enumerate(files):
        try:
            archive = open_archive(file, reach)
        except WarcError as error:
            yield {"number": number, "file": file, "start": 0, "end": 0}, str(error)
            continue
        length = archive.size or 1
        step = (SPAN if size(file) is not None else SPAN_REMOTE) if archive.warc.parted else length
        for start in range(0, length, step):
            yield {"number": number, "file": file, "start": start, "end": min(start + step, length)}, None


def run(files: list[str], made: tuple[Asked, str, float], folder: str, workers: int | None) -> dict[str, str]:
    """Reads what the folder does not hold yet; gives the archives that could not be read, with the reason.

    Ray starts an actor that dies anew, and does its piece again.
    """
    there = parts.done(folder)
    waiting, problems = [], {}
    for piece, problem in pieces(files, made[0].reach):
        if problem:
            problems[piece["file"]] = problem
        elif (piece["file"], piece["start"], piece["end"]) not in there:
            waiting.append(piece)
    if not waiting:
        return problems
    if not ray.is_initialized():
        # Ray starts its workers at niceness 15: on a machine that does anything else, its actors would not even begin.
        os.environ.setdefault("RAY_worker_niceness", "0")
        ray.init(logging_level=logging.ERROR, log_to_driver=False, include_dashboard=False)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    rows = ray.data.from_items(waiting, override_num_blocks=len(waiting)).map_batches(
        Reader,
        batch_size=1,
        batch_format="pyarrow",
        fn_constructor_args=made,
        compute=ray.data.ActorPoolStrategy(size=min(count, len(waiting))),
        num_cpus=_READING,
    )
    rows.write_parquet(folder, mode="append", ray_remote_args={"num_cpus": _WRITING})
    there = parts.done(folder)
    for piece in waiting:
        if (piece["file"], piece["start"], piece["end"]) not in there:
            problems.setdefault(piece["file"], f"could not be read from byte {piece['start']:,} on")
    return problems
