"""Fine-tunes the encoder and its heads on the corpus with transformers' own Trainer.

Needs the `[train]` extra. One command, repeatable by its seed, resuming from its last checkpoint.
"""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch.optim import AdamW
from transformers import AutoConfig, AutoTokenizer, Trainer, TrainingArguments, set_seed
from transformers.trainer_utils import get_last_checkpoint

from models import document as documents
from models.labels import FINDER, KIND_CLASSES
from models.training import corpus, examples
from models.training.corpus import Record, Span
from models.training.network import DepartureNetwork
from models.training.settings import Settings

_LABELS = ("finder_labels", "argument_labels", "kind_labels", "status_labels")


def train(base: str, work: Path, settings: Settings, records: list[Record], resume: bool = True) -> Path:
    """Trains from a local folder or hub name and returns the folder with the best state on dev.

    A base that is a trained state of this network is trained on: its heads and its mark are kept as they are.
    """
    set_seed(settings.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    # No dropout of attention, and no fused attention: with either, two cores take three times as long.
    config = AutoConfig.from_pretrained(base, hidden_dropout_prob=settings.dropout, attention_probs_dropout_prob=0.0)
    network = DepartureNetwork.from_pretrained(base, config=config, attn_implementation="eager")
    # The embeddings are most of the weights, and the corpus is too small to improve them.
    network.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    goes_on = "DepartureNetwork" in (config.architectures or ())
    if not goes_on:
        with torch.no_grad():  # the mark starts as what the encoder takes for no mark, and learns to differ
            types = network.bert.embeddings.token_type_embeddings.weight
            types[1] = types[0] + 0.1 * torch.randn_like(types[0])

    by_split = {name: [r for r in records if corpus.split(r) == name] for name in ("train", "dev")}
    data = {
        "train": list(_dataset(by_split["train"], tokenizer, settings, settings.rounds, vary=True, seen=goes_on)),
        "dev": list(_dataset(by_split["dev"], tokenizer, settings, 1, vary=False)),
    }
    print(
        f"{len(by_split['train'])} records and {len(data['train'])} inputs to train on, {len(by_split['dev'])} held back",
        flush=True,
    )

    if not goes_on:
        sample = random.Random(settings.seed).sample(data["train"], min(256, len(data["train"])))
        network.eval().standardise(
            collate(sample[i : i + 32], tokenizer.pad_token_id) for i in range(0, len(sample), 32)
        )

    steps = len(data["train"]) // settings.batch_size
    arguments = TrainingArguments(
        output_dir=str(work / "checkpoints"),
        num_train_epochs=1,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=32,
        learning_rate=settings.encoder_learning_rate,
        warmup_steps=int(steps * settings.warmup_share),
        lr_scheduler_type="linear",
        bf16=_has_fast_bfloat16(),
        eval_strategy="steps",
        eval_steps=max(1, steps // settings.checks),
        save_strategy="steps",
        save_steps=max(1, steps // settings.checks),
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="kind_f1",
        greater_is_better=True,
        logging_steps=50,
        train_sampling_strategy="group_by_length",
        label_names=list(_LABELS),
        remove_unused_columns=False,
        report_to=[],
        seed=settings.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=False,
    )
    trainer = _Trainer(
        model=network,
        args=arguments,
        train_dataset=data["train"],
        eval_dataset=data["dev"],
        data_collator=lambda batch: collate(batch, tokenizer.pad_token_id),
        compute_metrics=_metrics,
    )
    trainer.settings = settings
    last = get_last_checkpoint(arguments.output_dir) if resume and Path(arguments.output_dir).is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    best = work / "best"
    trainer.save_model(str(best))
    tokenizer.save_pretrained(best)
    return best


class _Trainer(Trainer):
    """A Trainer that lets the heads, which start from nothing, learn faster than the encoder."""

    settings: Settings

    def create_optimizer(self, model=None):
        def is_head(name: str) -> bool:
            return not name.startswith("bert.") or "token_type" in name

        trained = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        s = self.settings
        self.optimizer = AdamW(
            [
                {"params": [p for n, p in trained if is_head(n)], "lr": s.head_learning_rate},
                {"params": [p for n, p in trained if not is_head(n)], "lr": s.encoder_learning_rate},
            ],
            weight_decay=s.weight_decay,
            fused=True,
        )
        return self.optimizer


def collate(batch: list[dict], pad: int) -> dict[str, torch.Tensor]:
    """Pads a batch to its longest input."""
    width = max(len(item["input_ids"]) for item in batch)

    def padded(key: str, filler: int):
        return torch.tensor([item[key] + [filler] * (width - len(item[key])) for item in batch])

    return {
        "input_ids": padded("input_ids", pad),
        "attention_mask": torch.tensor(
            [[1] * len(item["input_ids"]) + [0] * (width - len(item["input_ids"])) for item in batch]
        ),
        "token_type_ids": padded("token_type_ids", 0),
        "finder_labels": padded("finder_labels", examples.IGNORED),
        "argument_labels": padded("argument_labels", examples.IGNORED),
        "kind_labels": torch.tensor([item["kind_labels"] for item in batch]),
        "status_labels": torch.tensor([item["status_labels"] for item in batch]),
    }


def _dataset(records: list[Record], tokenizer, settings: Settings, rounds: int, vary: bool, seen: bool = False):
    """The inputs of all rounds; names vary from the second on, and from the first where the texts were `seen` before."""
    source = random.Random(settings.seed)
    for number in range(rounds):
        texts = list(records)
        if vary:
            texts = _mixture(records, settings, source)
            texts += [r for r in records if r.long] * (settings.story_weight - 1)
            texts += [
                _joined(source.sample(_alike(records, source), source.choice((2, 2, 3))))
                for _ in range(int(len(records) * settings.joined_share))
            ]
        for text in texts:
            record = examples.renamed(text, source) if vary and (seen or number > 0) else text
            doc = documents.document(record.text, record.language, tokenizer)
            found = list(examples.finder_examples(record, doc, tokenizer))
            found += examples.reader_examples(
                record, doc, tokenizer, source, settings.bystanders * (3 if record.long else 1)
            )
            yield from (asdict(example) for example in found)


def _mixture(records: list[Record], settings: Settings, source: random.Random) -> list[Record]:
    """One round's texts: fresh ones as often as set, of the others a random part."""

    def is_fresh(record: Record) -> bool:
        file = PurePosixPath(record.where.partition(":")[0]).name
        return any(fnmatch(file, f"{name}.txt") for name in settings.fresh)

    fresh, others = [r for r in records if is_fresh(r)], [r for r in records if not is_fresh(r)]
    if settings.replay_share < 1:
        others = source.sample(others, round(len(others) * settings.replay_share))
    return fresh * settings.fresh_weight + others


def _alike(records: list[Record], source: random.Random) -> list[Record]:
    language = source.choice(("en", "zh"))
    return [r for r in records if r.language == language and not r.long]


def _joined(parts: list[Record]) -> Record:
    """One text of several records, as in a round-up: what is said of one person must not colour the next."""
    text, spans, events = "", [], {}
    for part in parts:
        if max(events, default=0) + len(part.events) > 9:
            break
        shift = {old: len(events) + k for k, old in enumerate(part.events, 1)}
        text += "\n" if text else ""
        spans += [
            Span(s.start + len(text), s.end + len(text), s.label, tuple(shift[e] for e in s.events)) for s in part.spans
        ]
        events |= {shift[old]: what for old, what in part.events.items()}
        text += part.text
    return replace(parts[0], title="", body=text, spans=tuple(spans), events=events)


def _metrics(prediction) -> dict[str, float]:
    """How well the heads do on dev: F1 of kinds over marked persons, statuses, finder tags."""
    finder, _arguments, kind, status = prediction.predictions
    finder_gold, _, kind_gold, status_gold = prediction.label_ids
    read = kind_gold != examples.IGNORED
    guess, truth = kind[read].argmax(-1), kind_gold[read]
    none = KIND_CLASSES.index("none")
    hit = ((guess == truth) & (truth != none)).sum()
    told = status_gold != examples.IGNORED
    leaver = [FINDER.index("B-leaver"), FINDER.index("I-leaver")]
    tagged, tagged_gold = np.isin(finder.argmax(-1), leaver), np.isin(finder_gold, leaver)
    tagged &= finder_gold != examples.IGNORED
    return {
        "kind_f1": 2 * hit / max(1, (guess != none).sum() + (truth != none).sum()),
        "status_accuracy": float((status[told].argmax(-1) == status_gold[told]).mean()) if told.any() else 0.0,
        "finder_f1": 2 * (tagged & tagged_gold).sum() / max(1, tagged.sum() + tagged_gold.sum()),
    }


def _has_fast_bfloat16() -> bool:
    """Whether this machine trains faster in bfloat16: a GPU that knows it, or a processor with the instructions."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    flags = Path("/proc/cpuinfo")
    return flags.exists() and "avx512_bf16" in flags.read_text(encoding="utf-8", errors="replace")
