"""How many texts one core puts through the gate and the encoder, by length and batch: python -m benchmarks.classifier

The encoder as it is shipped (int8), and, where the training extra is installed, the same weights read back to full precision, in
onnxruntime and in torch. Its texts are random tokens, the gate's are cut from the corpus' ordinary stories. Times are of the
processor. Writes benchmarks/results/classifier.json.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import chain, cycle
from pathlib import Path

import numpy as np

from benchmarks.results import write
from models.encoder import WEIGHTS, Encoder
from models.gate import Gate
from models.training import corpus

LENGTHS, BATCHES = (32, 64, 128, 256), (1, 4, 16)
_AT_LEAST = 1.0  # seconds
Inputs = dict[str, np.ndarray]
Reads = Callable[[Inputs], object]


def rate(read: Reads, pieces: int, length: int, batch: int) -> float:
    """Texts a second and core, of so many tokens out of so many `pieces`."""
    ids = np.random.default_rng(1).integers(5, pieces, (batch, length)).astype(np.int64)
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    read(given)
    began, done = time.process_time(), 0
    while time.process_time() - began < _AT_LEAST:
        read(given)
        done += batch
    return done / (time.process_time() - began)


def gate_rate(encoder: Encoder, length: int) -> float:
    """Texts a second and core that the gate tells of, each of so many tokens."""
    gate = Gate.read()
    cut = []
    for language in gate.weights:
        ordinary = [r.text for r in corpus.read() if r.long and not r.events and r.language == language][:300]
        tokens = list(chain.from_iterable(encoder.tokenizer(ordinary, add_special_tokens=False)["input_ids"]))
        pieces = [tokens[at : at + length] for at in range(0, len(tokens) - length, length)][:500]
        cut += [(text, language) for text in encoder.tokenizer.batch_decode(pieces)]
    began, done = time.process_time(), 0
    for text, language in cycle(cut):
        gate.passes(text, language)
        done += 1
        if time.process_time() - began > _AT_LEAST and done >= len(cut):
            break
    return done / (time.process_time() - began)


def readers() -> Iterator[tuple[str, Reads]]:
    """What reads, by the name of its row."""

    def by(encoder: Encoder) -> Reads:
        return lambda given: encoder.session.run(["finder"], given)

    yield "int8, onnxruntime (shipped)", by(Encoder(threads=1))
    if find_spec("torch") is None:
        return
    import torch  # noqa: PLC0415

    from models.training.export import export  # noqa: PLC0415
    from models.training.network import DepartureNetwork  # noqa: PLC0415
    from models.training.restore import restore  # noqa: PLC0415

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        full = restore(WEIGHTS, Path(folder) / "full")
        yield "full precision, onnxruntime", by(Encoder(export(full, Path(folder) / "onnx", "full").parent, threads=1))
        network = DepartureNetwork.from_pretrained(full).eval()

        def read(given: Inputs) -> object:
            with torch.inference_mode():
                return network(**{name: torch.from_numpy(value) for name, value in given.items()})

        yield "full precision, torch", read


def main() -> None:
    encoder = Encoder(threads=1)
    rates = {"the gate": {f"{length}/1": gate_rate(encoder, length) for length in LENGTHS}}
    print(rates)
    for name, read in readers():
        rates[name] = {}
        for length in LENGTHS:
            for batch in BATCHES:
                found = rates[name][f"{length}/{batch}"] = rate(read, len(encoder.tokenizer), length, batch)
                print(f"{name}: {length} tokens, batches of {batch}: {found:.1f} texts a second and core", flush=True)
    write("classifier", {"version": encoder.version, "rates": rates})


if __name__ == "__main__":
    main()
