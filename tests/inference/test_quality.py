"""Each defect of a recording is seen by its own check, with a value, and by no other."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from inference.audio import Audio, Source
from inference.errors import Silent, TooLittleSpeech
from inference.quality import assess, refuse_silence
from inference.results import Quality, QualityCheck, Span
from tests import sound

Samples = NDArray[np.float32]
WORDS = (Span(0.5, 4.32), Span(4.78, 9.3), Span(9.74, 40.0))
"""Speech of the test recording, with two of its pauses."""


def assessed(samples: Samples, speech: tuple[Span, ...] = WORDS, channels: int = 1) -> Quality:
    return assess(samples, speech, (), channels=channels)


def check(quality: Quality, code: str) -> QualityCheck:
    return next(check for check in quality.checks if check.code == code)


def failed(quality: Quality) -> list[str]:
    return [check.code for check in quality.checks if not check.ok]


def test_a_clean_recording_passes_every_check(speech: Samples) -> None:
    quality = assessed(speech)
    assert quality.ok
    assert failed(quality) == []
    codes = [check.code for check in quality.checks]
    assert codes == ["level", "clipping", "snr", "speech_seconds", "bandwidth", "dropouts", "reverberation_time"]


def test_a_faint_recording_fails_by_its_level(speech: Samples) -> None:
    quality = assessed(speech * np.float32(0.01))
    assert failed(quality) == ["level"]
    assert check(quality, "level").value == pytest.approx(check(assessed(speech), "level").value - 40, abs=0.2)  # type: ignore[operator]


def test_an_overdriven_recording_fails_by_its_clipping(speech: Samples) -> None:
    quality = assessed(np.clip(speech * 10, -1, 1))
    assert failed(quality) == ["clipping"]
    assert 0.01 < (check(quality, "clipping").value or 0) < 0.9


@pytest.mark.parametrize(("snr", "passes"), [(30, True), (15, True), (5, False)])
def test_noise_is_measured_within_two_decibels(speech: Samples, snr: float, passes: bool) -> None:
    voice = np.concatenate([speech[round(s.start * 16_000) : round(s.end * 16_000)] for s in WORDS])
    noise = sound.noise(len(speech) / 16_000, rms=float(voice.std()) * 10 ** (-snr / 20))[: len(speech)]
    quality = assessed(speech + noise)
    assert check(quality, "snr").value == pytest.approx(snr, abs=2)
    assert (failed(quality) == []) is passes


def test_somebody_elses_voice_is_not_background_noise(speech: Samples) -> None:
    patient, others = [Span(0.5, 20.0)], [Span(20.0, 42.2)]
    alone = check(assess(speech, patient, others, channels=1), "snr").value
    mistaken = check(assess(speech, patient, (), channels=1), "snr").value
    assert alone is not None
    assert mistaken is not None
    assert alone > mistaken + 20


def test_under_thirty_seconds_of_speech_fail_and_under_three_are_refused(speech: Samples) -> None:
    assert failed(assessed(speech[: 16_000 * 20], (Span(0.5, 20.0),))) == ["speech_seconds"]
    assert "speech_seconds" not in failed(assessed(speech[: 16_000 * 31], (Span(0.5, 31.0),)))
    with pytest.raises(TooLittleSpeech):
        assessed(speech, (Span(0.5, 3.4),))


def test_a_telephone_is_noted_but_not_failed(speech: Samples) -> None:
    telephone = signal.sosfilt(signal.butter(10, [300, 3400], "bandpass", fs=16_000, output="sos"), speech)
    found = check(assessed(telephone.astype(np.float32)), "bandwidth")
    assert found.ok
    assert 3250 <= (found.value or 0) <= 4200
    assert "telephone" in found.message


def test_a_muffled_recording_fails_by_its_bandwidth(speech: Samples) -> None:
    muffled = signal.sosfilt(signal.butter(12, 1200, fs=16_000, output="sos"), speech)
    assert failed(assessed(muffled.astype(np.float32))) == ["bandwidth"]


def test_lost_packets_fail_as_dropouts_but_silent_pauses_do_not(speech: Samples) -> None:
    loudness = np.sqrt(np.convolve(np.square(speech), np.ones(1600) / 1600, mode="same"))
    gated = np.where(loudness < 0.002, 0, speech).astype(np.float32)
    assert (gated == 0).sum() > 16_000 * 3
    assert "dropouts" not in failed(assessed(gated))
    lossy = speech.copy()
    for start in range(20_000, 600_000, 8_000):
        lossy[start : start + 320] = 0
    found = check(assessed(lossy), "dropouts")
    assert not found.ok
    assert 0.01 < (found.value or 0) < 0.04


def in_a_room(samples: Samples, seconds: float, *, direct_to_reverberant: float = 0.0, seed: int = 1) -> Samples:
    """``samples`` in a room of exponentially falling noise; the level of the direct sound over the room's in dB."""
    time = np.arange(round(1.2 * seconds * 16_000)) / 16_000
    room = np.random.default_rng(seed).standard_normal(len(time)) * 10 ** (-3 * time / seconds)
    room *= 10 ** (-direct_to_reverberant / 20) / np.sqrt(np.square(room).sum())
    room[0] += 1
    return signal.fftconvolve(samples, room)[: len(samples)].astype(np.float32)


def reverberance(samples: Samples) -> QualityCheck:
    return check(assessed(samples), "reverberation_time")


def test_reverberance_rises_with_the_rooms_reverberation_time(speech: Samples) -> None:
    values = [
        reverberance(speech).value,
        *(reverberance(in_a_room(speech, rt)).value for rt in (0.2, 0.4, 0.6, 1.0, 1.5)),
    ]
    assert values == sorted(values)  # type: ignore[type-var]
    assert values[2:5] == pytest.approx([0.4, 0.6, 1.0], rel=0.25)


def test_only_a_room_that_rings_fails_by_its_reverberance(speech: Samples) -> None:
    assert failed(assessed(in_a_room(speech, 0.6))) == []
    # What rings in the pauses counts as noise too.
    assert set(failed(assessed(in_a_room(speech, 1.2)))) == {"snr", "reverberation_time"}
    assert "carpet" in reverberance(in_a_room(speech, 1.2)).message


def test_noise_is_not_taken_for_a_room(speech: Samples) -> None:
    for level in (20, 12):
        noise = sound.noise(len(speech) / 16_000, rms=float(speech.std()) * 10 ** (-level / 20))[: len(speech)]
        assert (reverberance(speech + noise).value or 9) < 0.4


def test_pauses_that_end_abruptly_do_not_hide_a_room(speech: Samples) -> None:
    ringing = in_a_room(speech, 1.2)
    loudness = np.sqrt(np.convolve(np.square(ringing), np.ones(1600) / 1600, mode="same"))
    gated = np.where(loudness < 0.08 * loudness.max(), 0, ringing).astype(np.float32)
    assert (gated == 0).sum() > 16_000 * 3
    assert not reverberance(gated).ok


def test_more_than_two_channels_are_noted() -> None:
    samples = sound.noise(40)
    assert check(assessed(samples, channels=6), "channels").value == 6


@pytest.mark.parametrize(
    "samples",
    [np.zeros(16_000, np.float32), np.full(16_000, 0.25, np.float32), sound.noise(1, rms=2e-5)],
    ids=["zeros", "a constant", "the last bit of a converter"],
)
def test_a_silent_recording_is_refused_with_its_reason(samples: Samples) -> None:
    audio = Audio(samples[None], 1.0, Source("wav", "pcm_s16le", 16_000, 1), "0" * 64)
    with pytest.raises(Silent, match="microphone"):
        refuse_silence(audio)


def test_a_recording_with_one_silent_channel_is_not_silent() -> None:
    channels = np.stack([np.zeros(16_000, np.float32), sound.tone(1)])
    refuse_silence(Audio(channels, 1.0, Source("wav", "pcm_s16le", 16_000, 2), "0" * 64))
