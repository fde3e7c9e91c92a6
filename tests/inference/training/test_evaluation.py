"""The figures say what they claim, on listeners whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.results import HEADS
from inference.training import baseline, evaluate, trials
from inference.training.corpus import VALIDATION_VARIANTS, Clip
from inference.training.prosody import Latents, prosody_of
from inference.training.synthesis import render_prosody
from inference.training.voices import FLITE_VOICES, Voice
from tests.inference.training.tools import needs_synthesis

pytestmark = [needs_synthesis, pytest.mark.training]

ONE_VOICE = replace(trials.FOR_TUNING, voices=trials.FOR_TUNING.voices[:1])


class Knows:
    """Listens to nothing: it knows the clips, and answers for others as a coin would."""

    def __init__(self, clips: list[trials.Clip], wrong: bool = False) -> None:
        self.known = {len(clip.samples): clip.latents for clip in clips}
        self.sign, self.rng = (-1 if wrong else 1), np.random.default_rng(0)

    def values(self, sounds: list[np.ndarray]) -> dict[str, np.ndarray]:
        found = [self.known.get(len(sound), Latents(*self.rng.random(3))) for sound in sounds]
        return {head: 0.5 + self.sign * (np.array([getattr(f, head) for f in found]) - 0.5) for head in HEADS}


def figures_of(listener: Knows, clips: list[trials.Clip]) -> dict[str, evaluate.Figure]:
    return {figure.name: figure for figure in evaluate.hearing(listener, ONE_VOICE, clips, doses_per_voice=1)}


def test_who_knows_the_truth_reaches_everything_and_who_has_it_upside_down_nothing() -> None:
    clips = trials.clips(ONE_VOICE, 8)
    right, wrong = figures_of(Knows(clips), clips), figures_of(Knows(clips, wrong=True), clips)
    for name in ("AUC severity > .5, clean", "Spearman depression", "Spearman arousal", "Spearman valence"):
        assert right[name].reached
        assert not wrong[name].reached
    assert right["AUC severity > .5, clean"].value == pytest.approx(1)
    assert wrong["AUC severity > .5, clean"].value == pytest.approx(0)
    assert right["mean change in SD, 20 dB noise"].value == 0


def test_choices_are_made_on_voices_that_are_neither_trained_on_nor_held_out() -> None:
    assert {voice.split("+")[1] for voice in trials.FOR_TUNING.voices} <= VALIDATION_VARIANTS
    assert trials.HELD_OUT.voices == FLITE_VOICES
    assert (trials.FOR_TUNING.engine, trials.HELD_OUT.engine) == ("espeak", "flite")


def test_doses_of_a_cue_are_said_by_one_voice_in_the_same_words() -> None:
    (slow_to_fast,) = trials.dose_series(ONE_VOICE, "rate", 1)
    lengths = [len(sound) for sound in slow_to_fast]
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) == len(lengths)


def test_a_regression_on_the_measures_hears_flat_slow_speech_with_long_pauses() -> None:
    rng, clips = np.random.default_rng(0), []
    for depression in np.linspace(0.05, 0.95, 16):
        latents = Latents(float(depression))
        made = render_prosody(
            ["The teacher counted the blue chairs."] * 3, Voice("espeak", "en-us+m3"), prosody_of(latents), rng
        )
        samples = np.rint(made.samples * 32767).astype(np.int16)
        clips.append(Clip(samples, np.zeros((1, 7), np.float16), np.array([depression, 0.5, 0.5], np.float32)))
    found = baseline.fit(clips, len(clips))
    heard = [clip.samples.astype(np.float32) / 32767 for clip in clips]
    assert np.corrcoef(found.values(heard)["depression"], [clip.latents[0] for clip in clips])[0, 1] > 0.9
