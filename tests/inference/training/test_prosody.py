"""Latents move prosody in the directions that the literature reports."""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
import pytest

from inference.results import HEADS
from inference.training.prosody import CORRELATIONS, Latents, draw_latents, prosody_of


@pytest.mark.parametrize(
    ("cue", "rises"),
    [("f0_sd", False), ("rate", False), ("pause_ratio", True), ("mean_pause", True), ("dynamics", False),
     ("tilt", False), ("aspiration", True)],
)  # fmt: skip
def test_depression_moves_each_cue_its_way(cue: str, rises: bool) -> None:
    low, high = asdict(prosody_of(Latents(0.1)))[cue], asdict(prosody_of(Latents(0.9)))[cue]
    assert (high > low) == rises


def test_latents_are_in_the_order_of_the_heads_that_learn_them() -> None:
    assert tuple(field.name for field in fields(Latents)) == HEADS


@pytest.mark.parametrize(("latent", "cue"), [("valence", "brightness"), ("arousal", "f0_shift"), ("arousal", "rate")])
def test_valence_and_arousal_move_each_their_own_cues(latent: str, cue: str) -> None:
    other = "arousal" if latent == "valence" else "valence"
    own, others = (asdict(prosody_of(Latents(0.5, **{name: 0.9})))[cue] for name in (latent, other))
    assert own > others


def test_neutral_latents_give_neutral_prosody() -> None:
    neutral = prosody_of(Latents(0.5))
    assert (neutral.f0_sd, neutral.rate, neutral.pause_ratio, neutral.dynamics) == (2.6, 1.0, 0.2, 1.0)


def test_drawn_latents_correlate_as_asked() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([(d.depression, d.valence, d.arousal) for d in (draw_latents(rng) for _ in range(3000))])
    assert np.corrcoef(drawn.T) == pytest.approx(CORRELATIONS, abs=0.08)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_independent_latents_do_not_correlate() -> None:
    rng = np.random.default_rng(0)
    found = [draw_latents(rng, independent=True) for _ in range(3000)]
    drawn = np.array([(d.depression, d.valence, d.arousal) for d in found])
    assert np.corrcoef(drawn.T) == pytest.approx(np.eye(3), abs=0.06)


def test_cues_that_stray_stay_within_what_a_voice_can_do() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        prosody = prosody_of(Latents(float(rng.random())), rng, spread=1.0)
        assert prosody.f0_sd >= 0.25
        assert 0.02 <= prosody.pause_ratio <= 0.5


def test_a_state_may_show_in_few_cues_and_leave_the_others_neutral() -> None:
    rng, neutral = np.random.default_rng(0), asdict(prosody_of(Latents(0.5)))
    moved = [
        sum(asdict(prosody_of(Latents(0.9), rng, followed=0.4))[cue] != value for cue, value in neutral.items())
        for _ in range(500)
    ]
    # Brightness follows valence alone, which is neutral here.
    assert np.mean(moved) / 8 == pytest.approx(0.4, abs=0.05)
