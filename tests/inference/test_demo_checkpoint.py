"""The checkpoint that ships: it is whole, it says what it is, and it reacts to what it claims to hear."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from inference import checkpoints
from inference.affect import predict
from inference.results import HEADS
from tests.inference.training.tools import needs_synthesis

RATE = 16_000
MEGABYTES_16 = 16 * 2**20


@cache
def demo() -> checkpoints.Checkpoint:
    return checkpoints.load()


def murmur(seed: int) -> np.ndarray:
    """Voiced sound with a moving pitch and pauses, so that scores differ from window to window."""
    rng, time = np.random.default_rng(seed), np.arange(6 * RATE) / RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * rng.uniform(0.2, 1) * time)
    voice = sum(np.sin(partial * 2 * np.pi * np.cumsum(pitch) / RATE) / partial for partial in range(1, 8))
    return (0.05 * voice * (np.sin(2 * np.pi * rng.uniform(0.3, 2) * time) > -0.5)).astype(np.float32)


def test_it_says_that_it_is_a_demonstration() -> None:
    description = checkpoints.describe()
    assert description.demonstration
    assert description.label == "demonstration: trained on synthetic speech, not for clinical use"
    assert description.heads == HEADS
    assert "No human speech" in description.card["training_data"]
    assert description.card["gaps"]
    assert description.card["licence"] == "Apache-2.0"


def test_its_figures_are_on_its_card() -> None:
    figures = {figure["name"]: figure for figure in checkpoints.describe().card["metrics"]}
    assert figures["AUC severity > .5, clean"]["reached"]
    assert all({"value", "at_least", "at_most", "reached"} <= figure.keys() for figure in figures.values())


def test_it_fits_into_the_repository() -> None:
    folder = checkpoints._directory(checkpoints.DEMO)
    assert sum(file.stat().st_size for file in folder.iterdir()) < MEGABYTES_16


def test_its_thresholds_leave_room_for_doubt() -> None:
    assert all(0 < limits.low < limits.high < 1 for limits in checkpoints.describe().thresholds.values())


@pytest.mark.parametrize("head", HEADS)
def test_a_batch_of_many_equals_a_batch_of_one(head: str) -> None:
    windows = [murmur(seed) for seed in range(4)]
    many, one = (getattr(predict(demo().model, windows, batch_size=size), head) for size in (4, 1))
    assert np.abs(many - one).max() <= 1e-4


def test_gain_moves_nothing() -> None:
    quiet, loud = (predict(demo().model, [murmur(0) * np.float32(gain)]).depression for gain in (0.1, 2.0))
    assert quiet == pytest.approx(loud, abs=1e-4)


def test_silence_is_finite_and_neither_low_nor_elevated() -> None:
    scores = predict(demo().model, [np.zeros(6 * RATE, np.float32)]).depression
    assert scores is not None
    assert 0.3 < scores[0] < 0.7


@pytest.mark.training
@needs_synthesis
def test_valence_and_arousal_are_not_mistaken_for_one_another() -> None:
    from inference.training.evaluate import Ear
    from inference.training.prosody import Latents
    from inference.training.synthesis import render
    from inference.training.voices import Voice

    texts = ["You washed the green towels in the basement, and a student sold four envelopes."] * 2
    states = [Latents(0.5, valence, arousal) for valence in (0.05, 0.95) for arousal in (0.05, 0.95)]
    voices = [Voice("espeak", name) for name in ("en-us+m4", "en-gb-x-rp+f4", "en-gb-scotland+caleb")]
    sounds = [render(texts, voice, state, np.random.default_rng(0)).samples for voice in voices for state in states]
    heard = {head: values.reshape(len(voices), 2, 2).mean(0) for head, values in Ear(demo()).values(sounds).items()}
    by_valence, by_arousal = ({head: np.diff(heard[head], axis=axis).mean() for head in HEADS} for axis in (0, 1))
    assert by_valence["valence"] > by_valence["arousal"]
    assert by_arousal["arousal"] > by_arousal["valence"]


@pytest.mark.training
@needs_synthesis
@pytest.mark.parametrize(
    ("cue", "doses", "direction"), [("f0_sd", (0.6, 2.6, 4.6), -1), ("pause_ratio", (0.05, 0.2, 0.4), 1)]
)
def test_it_follows_the_dose_of_a_cue(cue: str, doses: tuple[float, ...], direction: int) -> None:
    from inference.training.evaluate import Ear
    from inference.training.prosody import Latents, prosody_of
    from inference.training.synthesis import render_prosody
    from inference.training.voices import Voice

    texts, neutral = (
        ["You washed the green towels in the basement, and a student sold four envelopes."],
        prosody_of(Latents(0.5)),
    )
    sounds = [
        render_prosody(
            texts * 2, Voice("flite", "rms"), replace(neutral, **{cue: dose}), np.random.default_rng(0)
        ).samples
        for dose in doses
    ]
    assert (np.diff(Ear(demo()).values(sounds)["depression"]) * direction > 0).all()
