"""Only the patient's speech is called the patient's, and where that cannot be known the analysis asks or says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.audio import Audio, Source
from inference.errors import BadChannel, BadOptions, NoSpeech
from inference.results import Span
from inference.speakers import Options, Voices, find_patient
from inference.speech import intersect, total
from tests import sound

Samples = NDArray[np.float32]


def recording(*channels: Samples) -> Audio:
    stacked = np.stack(channels)
    source = Source("wav", "pcm_s16le", 16_000, len(channels))
    return Audio(channels=stacked, duration=stacked.shape[1] / 16_000, source=source, sha256="0" * 64)


def share_before(voices: Voices, time: float) -> float:
    """Share of the patient's speech that lies before ``time``, where only the counselor speaks."""
    return total(intersect(voices.speech, [Span(0, time)])) / total(voices.speech)


@pytest.mark.parametrize("crosstalk", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("channel", ["left", "right"])
def test_on_a_named_channel_only_the_patient_counts(
    speech: Samples, second_voice: Samples, crosstalk: float, channel: str
) -> None:
    channels, begin = sound.conversation(speech[: 16_000 * 20], second_voice, crosstalk=crosstalk)
    placed = channels if channel == "left" else channels[::-1]
    voices = find_patient(recording(*placed), Options(patient_channel=channel))  # type: ignore[arg-type]
    assert voices.method == "channel"
    assert share_before(voices, begin) < 0.02
    assert total(voices.speech) > 14
    assert total(intersect(voices.others, [Span(begin, 100)])) < 0.5
    assert {turn.speaker for turn in voices.turns} == {"patient", "counselor"}
    assert min(turn.start for turn in voices.patient_turns) >= begin - 0.1


@pytest.mark.parametrize("crosstalk", [0.5, 0.6, 0.7, 0.8, 0.85, 0.9])
@pytest.mark.parametrize("counselor_gain", [0.5, 1.0, 2.0])
def test_however_much_crosstalk_the_counselors_voice_is_never_scored(
    speech: Samples, second_voice: Samples, crosstalk: float, counselor_gain: float
) -> None:
    patient, counselor = speech[: 16_000 * 30], second_voice[: 16_000 * 15] * np.float32(counselor_gain)
    channels, begin = sound.conversation(patient, counselor, crosstalk=crosstalk)
    alone = total(find_patient(recording(patient), Options()).speech)
    try:
        voices = find_patient(recording(*channels), Options(patient_channel="left"))
    except BadOptions as refused:
        assert "RTTM" in refused.message  # noqa: PT017 (refusing is as good as telling them apart)
    else:
        assert share_before(voices, begin) < 0.02
        assert total(voices.speech) <= 1.1 * alone


def test_voices_that_are_half_as_loud_on_the_other_channel_are_still_told_apart(
    speech: Samples, second_voice: Samples
) -> None:
    channels, begin = sound.conversation(speech[: 16_000 * 30], second_voice, crosstalk=0.5)
    voices = find_patient(recording(*channels), Options(patient_channel="left"))
    assert share_before(voices, begin) < 0.02
    assert total(voices.speech) > 20


@pytest.mark.parametrize("crosstalk", [0.0, 0.1, 0.4])
def test_where_two_speak_at_once_on_two_channels_nothing_is_the_patients(
    speech: Samples, second_voice: Samples, crosstalk: float
) -> None:
    patient, counselor = speech[: 16_000 * 30], np.zeros(16_000 * 30, np.float32)
    counselor[16_000 * 5 : 16_000 * 20] = second_voice[: 16_000 * 15]
    their_speech = find_patient(recording(counselor), Options()).speech
    channels = np.stack([patient + crosstalk * counselor, counselor + crosstalk * patient])
    hiss = np.stack([sound.noise(30, rms=3e-4, seed=seed) for seed in (1, 2)])
    voices = find_patient(recording(*(channels + hiss).astype(np.float32)), Options(patient_channel="left"))
    assert total(intersect(voices.speech, their_speech)) < 0.1 * total(their_speech)
    assert total(voices.speech) > 10


def test_a_named_channel_of_one_room_is_refused_in_plain_words(speech: Samples) -> None:
    heard = speech[: 16_000 * 10]
    with pytest.raises(BadChannel, match="same voices"):
        find_patient(recording(heard, np.float32(0.5) * heard), Options(patient_channel="left"))


def test_where_the_other_channel_is_empty_the_named_one_is_one_voice(speech: Samples) -> None:
    heard = speech[: 16_000 * 10]
    channels = recording(heard, sound.noise(10, rms=1e-4))
    voices = find_patient(channels, Options(patient_channel="left"))
    assert voices.method == "single_voice"
    assert total(voices.speech) > 7
    with pytest.raises(NoSpeech, match="none of the patient's"):
        find_patient(channels, Options(patient_channel="right"))


def test_a_quiet_voice_on_a_channel_of_its_own_is_not_taken_for_the_same_room(
    speech: Samples, second_voice: Samples
) -> None:
    channels, _ = sound.conversation(speech[: 16_000 * 20], second_voice, crosstalk=0.05)
    channels[0] *= 0.1
    with pytest.raises(BadChannel, match="left or right"):
        find_patient(recording(*channels), Options())


def test_a_quieter_microphone_does_not_lose_the_patient(speech: Samples, second_voice: Samples) -> None:
    channels, begin = sound.conversation(speech[: 16_000 * 20], second_voice, crosstalk=0.05)
    channels[0] *= 0.1
    voices = find_patient(recording(*channels), Options(patient_channel="left"))
    assert share_before(voices, begin) < 0.02
    assert total(voices.speech) > 14


def test_two_different_voices_without_a_word_on_who_is_who_are_asked_about(
    speech: Samples, second_voice: Samples
) -> None:
    channels, _ = sound.conversation(speech[: 16_000 * 20], second_voice, crosstalk=0.1)
    with pytest.raises(BadChannel, match="left or right"):
        find_patient(recording(*channels), Options())


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_one_room_on_both_channels_is_one_voice(speech: Samples, gain: float) -> None:
    heard = speech[: 16_000 * 10]
    noise = sound.noise(10, rms=1e-4)
    voices = find_patient(recording(heard, np.float32(gain) * heard + noise), Options())
    assert voices.method == "single_voice"
    assert total(voices.speech) > 7


@pytest.mark.parametrize("place", [0, 1])
def test_where_one_channel_is_empty_the_other_is_used(speech: Samples, place: int) -> None:
    channels = [sound.noise(10, rms=1e-4), sound.noise(10, rms=1e-4)]
    channels[place] = speech[: 16_000 * 10]
    voices = find_patient(recording(*channels), Options())
    assert voices.method == "single_voice"
    assert np.array_equal(voices.samples, speech[: 16_000 * 10])


def test_one_channel_is_one_voice_and_all_speech_is_the_patients(speech: Samples) -> None:
    voices = find_patient(recording(speech), Options())
    assert voices.method == "single_voice"
    assert voices.others == ()
    assert {turn.speaker for turn in voices.turns} == {"patient"}


def test_a_tune_that_sounds_like_speech_for_moments_is_no_voice(speech: Samples) -> None:
    moments = np.zeros(16_000 * 60, np.float32)
    for start in range(0, len(moments) - 16_000, 16_000 * 4):
        moments[start : start + 8_000] = speech[9_000:17_000]
    with pytest.raises(NoSpeech):
        find_patient(recording(moments), Options())


def rttm(folder: Path, *rows: tuple[float, float, str]) -> Path:
    lines = [f"SPEAKER session 1 {onset} {duration} <NA> <NA> {name} <NA> <NA>" for onset, duration, name in rows]
    path = folder / "a.rttm"
    path.write_text("\n".join([";; comment", *lines]) + "\n")
    return path


def test_an_rttm_file_says_which_speech_is_the_patients(speech: Samples, tmp_path: Path) -> None:
    file = rttm(tmp_path, (0.0, 10.0, "P"), (10.0, 10.0, "C"), (20.0, 22.0, "P"))
    voices = find_patient(recording(speech), Options(rttm=file, patient_label="P"))
    assert voices.method == "rttm"
    assert total(intersect(voices.speech, [Span(10, 20)])) == 0
    assert total(intersect(voices.others, [Span(10, 20)])) > 7
    assert {turn.speaker for turn in voices.turns} == {"patient", "other"}


def test_where_two_speak_at_once_nothing_is_the_patients(speech: Samples, tmp_path: Path) -> None:
    file = rttm(tmp_path, (0.0, 20.0, "P"), (5.0, 5.0, "C"))
    voices = find_patient(recording(speech), Options(rttm=file, patient_label="P"))
    assert total(intersect(voices.speech, [Span(5, 10)])) == 0


def test_silence_that_an_rttm_file_calls_speech_is_not(tmp_path: Path) -> None:
    file = rttm(tmp_path, (0.0, 20.0, "P"))
    with pytest.raises(NoSpeech):
        find_patient(recording(sound.noise(20, rms=0.01)), Options(rttm=file, patient_label="P"))


def test_a_patient_who_never_speaks_is_told_from_a_recording_without_speech(speech: Samples, tmp_path: Path) -> None:
    file = rttm(tmp_path, (0.0, 0.2, "P"), (0.5, 30.0, "C"))
    with pytest.raises(NoSpeech, match="none of the patient's"):
        find_patient(recording(speech), Options(rttm=file, patient_label="P"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("SPEAKER s 1 0 x <NA> <NA> P <NA>", "Line 1 .* not a number"),
        ("SPEAKER s 1 0.0 1.0 <NA>", "Line 1 .* fields"),
        ("\nSPEAKER s 1 0.0 -1 <NA> <NA> P <NA>", "Line 2 .* duration above 0"),
        ("SPEAKER s 1 nan 1 <NA> <NA> P <NA>", "Line 1"),
        ("SPEAKER s 1 0.0 1.0 <NA> <NA> Q <NA>", "not the name of any speaker"),
        ("", "not the name of any speaker"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_an_rttm_file_that_does_not_fit_is_refused_in_plain_words(
    speech: Samples, tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    file = tmp_path / "a.rttm"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadOptions, match=sentence):
        find_patient(recording(speech[:16_000]), Options(rttm=file, patient_label="P"))


def test_a_missing_rttm_file_is_refused_in_plain_words(speech: Samples, tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match="cannot be opened"):
        find_patient(recording(speech), Options(rttm=tmp_path / "none", patient_label="P"))


@pytest.mark.parametrize(
    "options",
    [
        Options(patient_channel="left"),
        Options(rttm=Path("a.rttm")),
        Options(patient_label="P"),
        Options(patient_channel="left", rttm=Path("a.rttm"), patient_label="P"),
        Options(patient_channel="middle"),  # type: ignore[arg-type]
    ],
    ids=["channel of mono", "rttm without label", "label without rttm", "both", "unknown channel"],
)
def test_options_that_do_not_fit_are_refused(speech: Samples, options: Options) -> None:
    with pytest.raises(BadOptions):
        find_patient(recording(speech[:16_000]), options)
