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
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.archive import Pool
from benchmarks.results import write
from models.encoder import WEIGHTS, Encoder
from models.gate import Gate

LENGTHS, BATCHES = (32, 64, 128, 256), (1, 4, 16)
_AT_LEAST = 1.0  # seconds
_TEXTS = 500  # that the gate reads in turn, of each language
Inputs = dict[str, np.ndarray]


def rate(work: Callable[[], object], texts: int) -> float:
    """Texts a second and core, of work that reads so many."""
    work()
    began, done = time.process_time(), 0
    while time.process_time() - began < _AT_LEAST:
        work()
        done += texts
    return done / (time.process_time() - began)


def gate_rates(encoder: Encoder) -> dict[str, float]:
    """The gate's rates, one text at a time, by length."""
    gate, ordinary, rates = Gate.read(), Pool().ordinary, {}
    tokens = {
        language: list(chain.from_iterable(encoder.tokenizer(said, add_special_tokens=False)["input_ids"]))
        for language, said in ordinary.items()
    }
    for length in LENGTHS:
        texts = [
            (text, language)
            for language, ids in tokens.items()
            for text in encoder.tokenizer.batch_decode(
                [ids[at : at + length] for at in range(0, len(ids) - length, length)][:_TEXTS]
            )
        ]
        rates[f"{length}/1"] = rate(lambda texts=texts: [gate.passes(*text) for text in texts], len(texts))
    return rates


def encoder_rates(read: Callable[[Inputs], object], pieces: int) -> dict[str, float]:
    """Rates by length and batch, of texts that are random ones of so many token `pieces`."""
    rates = {}
    for length in LENGTHS:
        for batch in BATCHES:
            ids = np.random.default_rng(1).integers(5, pieces, (batch, length)).astype(np.int64)
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            rates[f"{length}/{batch}"] = rate(lambda given=given: read(given), batch)
    return rates


def readers() -> Iterator[tuple[str, Callable[[Inputs], object]]]:
    """What reads, by the name of its row."""

    def by(encoder: Encoder) -> Callable[[Inputs], object]:
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
    rates = {"the gate": gate_rates(encoder)}
    rates |= {name: encoder_rates(read, len(encoder.tokenizer)) for name, read in readers()}
    for name, told in rates.items():
        for place, found in told.items():
            print(f"{name}, {place} (tokens/batch): {found:,.1f} texts a second and core")
    write("classifier", {"version": encoder.version, "rates": rates})


if __name__ == "__main__":
    main()
