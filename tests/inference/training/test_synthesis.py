"""Rendered speech has the prosody that was ordered, measured on what was rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.training import voices
from inference.training.corpus import FRAME_TARGETS, ON_VOICED_FRAMES, TARGET_HOP, frame_targets
from inference.training.prosody import Latents, prosody_of
from inference.training.synthesis import SPEECH_RMS, Rendering, render, render_prosody
from inference.training.voices import EngineMissing, Voice, speak
from tests.inference.training.tools import needs_synthesis

pytestmark = [needs_synthesis, pytest.mark.training]

TEXTS = ["The teacher counted the blue chairs.", "My neighbour borrowed a wooden ladder on Tuesday."]
VOICES = [Voice("espeak", "en-us+f3"), Voice("festival", "ked_diphone"), Voice("flite", "slt")]
NEUTRAL = prosody_of(Latents(0.5))


def rendered(voice: Voice = VOICES[0], **changes: float) -> Rendering:
    return render_prosody(TEXTS, voice, replace(NEUTRAL, **changes), np.random.default_rng(0))


@pytest.mark.parametrize("voice", VOICES)
def test_the_pitch_varies_as_ordered(voice: Voice) -> None:
    for ordered in (0.8, 3.0):
        f0 = rendered(voice, f0_sd=ordered).f0
        assert np.std(12 * np.log2(f0[f0 > 0])) == pytest.approx(ordered, abs=0.1)


@pytest.mark.parametrize("voice", VOICES)
def test_pauses_fill_their_share(voice: Voice) -> None:
    for ordered in (0.1, 0.35):
        made = rendered(voice, pause_ratio=ordered)
        assert (made.pauses[:, 1] - made.pauses[:, 0]).sum() / made.duration == pytest.approx(ordered, abs=0.02)
        start, end = (made.pauses[0] * 16_000).astype(int)
        middle = made.samples[start + 800 : end - 800]
        assert len(middle) == 0 or np.abs(middle).max() < 0.01


@pytest.mark.parametrize("voice", VOICES)
def test_pauses_stay_where_they_are_when_only_dynamics_change(voice: Voice) -> None:
    flat, lively = rendered(voice, dynamics=0.6), rendered(voice, dynamics=1.4)
    assert np.array_equal(flat.pauses, lively.pauses)


def test_a_higher_rate_says_the_same_syllables_in_less_time() -> None:
    slow, fast = rendered(rate=0.8), rendered(rate=1.25)
    assert slow.syllables == fast.syllables == 8 + 13
    assert slow.duration / fast.duration == pytest.approx(1.25 / 0.8, rel=0.05)
    assert (np.diff(slow.onsets) >= 0).all()


def test_levels_are_fixed_and_never_clip() -> None:
    samples = rendered(dynamics=1.4).samples
    assert samples.dtype == np.float32
    assert np.abs(samples).max() <= 1
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(SPEECH_RMS * np.sqrt(0.8), rel=0.1)


def test_the_same_seed_renders_the_same_samples() -> None:
    once, again = (render(TEXTS, VOICES[0], Latents(0.7), np.random.default_rng(1)).samples for _ in range(2))
    assert np.array_equal(once, again)


def test_a_voice_that_does_not_exist_is_named() -> None:
    with pytest.raises(EngineMissing, match="no-such-voice"):
        speak(Voice("espeak", "no-such-voice"), "Hello.")
    with pytest.raises(EngineMissing, match="no-such-voice"):
        speak(Voice("festival", "no-such-voice"), "Hello.")


def test_every_package_that_training_lacks_is_named_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"nobody_diphone": "festvox-nobody", "somebody_hts": "festvox-somebody"}
    monkeypatch.setattr(voices, "FESTIVAL_VOICES", {"ked_diphone": "festvox-kdlpc16k"} | lacking)
    with pytest.raises(EngineMissing, match=r"Please install: festvox-nobody festvox-somebody$"):
        voices.require_training_voices()


def test_festival_tells_where_its_vowels_start() -> None:
    said = speak(Voice("festival", "ked_diphone"), 'A "blue" chair.')
    assert len(said.onsets) == 3
    assert 0 < said.onsets[0] < said.onsets[-1] < len(said.samples) / 16_000


@pytest.mark.parametrize(("cue", "column", "low", "high"), [("tilt", 0, -1.5, 1.5), ("aspiration", 2, -30, -18)])
def test_the_colour_of_voiced_frames_is_known(cue: str, column: int, low: float, high: float) -> None:
    dark, bright = rendered(**{cue: low}), rendered(**{cue: high})
    (before, after) = (made.colour[made.f0 > 0, column].mean() for made in (dark, bright))
    assert after > before
    if cue == "tilt":
        assert after - before == pytest.approx(high - low, abs=0.2)


def test_brightness_is_that_of_the_upper_band() -> None:
    plain, bright = (made.colour[made.f0 > 0, 1].mean() for made in (rendered(), rendered(brightness=2.5)))
    assert bright - plain == pytest.approx(2.5, abs=0.6)


def test_frame_targets_have_one_row_per_20_ms_and_colour_where_there_is_voice() -> None:
    made = rendered()
    targets = frame_targets(made).astype(np.float64)
    assert targets.shape == (len(made.samples) // TARGET_HOP, len(FRAME_TARGETS))
    assert (targets[targets[:, 1] == 0][:, ON_VOICED_FRAMES] == 0).all()
    assert targets[:, 2].max() == pytest.approx(0, abs=0.1)
    assert targets[:, 3].sum() * 5 * TARGET_HOP / 16_000 == pytest.approx(made.syllables, rel=0.1)
