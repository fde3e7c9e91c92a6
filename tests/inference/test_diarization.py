"""Two voices on one channel are told apart; one voice stays one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import speakers
from inference.audio import decode
from inference.diarization import tell_apart
from inference.errors import BadOptions
from inference.results import Span
from inference.speakers import Options, find_patient
from inference.speech import clear_speech, intersect, probabilities, total
from tests import sound

Samples = NDArray[np.float32]
RATE = 16_000


@pytest.fixture(scope="module")
def second_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice with a shorter vocal tract than the first: every frequency is a quarter higher."""
    return sound.write(tmp_path_factory.mktemp("voice") / "second.wav", sound.higher_voice(), RATE)


@pytest.fixture(scope="module")
def conversation(second_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Span], list[Span]]:
    """The first voice speaks 38 s, the second 12 s, in turns; the file, and when each of them speaks."""
    first, second = (decode(file).mono for file in (sound.SPEECH, second_voice))
    cuts = [(first, 0, 10), (second, 0, 6), (first, 10, 24), (second, 6, 12), (first, 24, 38)]
    parts, spans, start = [], ([], []), 0.0
    for voice, begin, end in cuts:
        part = voice[begin * RATE : end * RATE]
        parts += [part, np.zeros(RATE // 2, np.float32)]
        spans[0 if voice is first else 1].append(Span(start, start + len(part) / RATE))
        start += len(part) / RATE + 0.5
    file = tmp_path_factory.mktemp("conversation") / "session.wav"
    return sound.write(file, np.concatenate(parts), RATE), spans[0], spans[1]


def speech_of(samples: Samples) -> tuple[Span, ...]:
    return clear_speech(samples, probabilities(samples))


def share_inside(spans: tuple[Span, ...], truth: list[Span]) -> float:
    return total(intersect(spans, truth)) / total(spans)


def test_two_voices_on_one_channel_are_told_apart_and_the_longer_is_assumed_to_be_the_patient(conversation) -> None:
    file, first, second = conversation
    found = find_patient(decode(file), Options())
    assert found.method == speakers.BY_LENGTH
    assert share_inside(found.speech, first) > 0.95
    assert share_inside(found.others, second) > 0.95


def test_a_clip_of_the_counselor_decides_who_is_who(conversation, second_voice: Path) -> None:
    file, first, second = conversation
    for clip, patient in ((second_voice, first), (sound.SPEECH, second)):
        found = find_patient(decode(file), Options(counselor_voice=clip))
        assert found.method == speakers.BY_ENROLMENT
        assert share_inside(found.speech, patient) > 0.95
        assert {turn.speaker for turn in found.turns} == {"patient", "counselor"}


def test_swapping_makes_the_other_one_the_patient(conversation) -> None:
    file, _, second = conversation
    found = find_patient(decode(file), Options(swapped=True))
    assert found.method == speakers.BY_PERSON
    assert share_inside(found.speech, second) > 0.95


def test_gain_and_silence_around_the_speech_move_nobody(conversation) -> None:
    samples = decode(conversation[0]).mono
    speech = (Span(0, len(samples) / RATE),)
    plain, quiet = (tell_apart(samples * np.float32(gain), speech) for gain in (1.0, 0.1))
    assert plain is not None
    assert quiet is not None
    assert total(intersect(plain.voices[0], quiet.voices[0])) == pytest.approx(total(plain.voices[0]), abs=0.3)


@pytest.mark.parametrize("file", [sound.SPEECH, sound.SECOND_VOICE])
def test_one_voice_is_not_cut_in_two(file: Path) -> None:
    assert find_patient(decode(file), Options()).method == speakers.ASSUMED


def test_one_voice_has_nobody_to_be_swapped_with() -> None:
    with pytest.raises(BadOptions, match="Only one voice was heard"):
        find_patient(decode(sound.SPEECH), Options(swapped=True))


def test_a_named_channel_cannot_be_swapped(conversation) -> None:
    with pytest.raises(BadOptions, match="please name the other one"):
        find_patient(decode(conversation[0]), Options(patient_channel="left", swapped=True))


@pytest.mark.parametrize(("start", "seconds"), [(6.92, 5.79), (0.0, 5.5), (12.3, 7.1), (20.0, 10.9)])
def test_a_few_seconds_of_one_voice_stay_one_voice(start: float, seconds: float) -> None:
    samples = decode(sound.SPEECH).mono
    part = np.pad(samples, (0, 20 * RATE))[round(start * RATE) : round((start + seconds) * RATE)]
    assert tell_apart(part, speech_of(part)) is None


def test_a_change_of_voice_without_a_silence_is_left_out_of_both(second_voice: Path) -> None:
    first, second = (decode(file).mono for file in (sound.SPEECH, second_voice))
    loud_border = np.concatenate([first[: 20 * RATE], second[2 * RATE : 10 * RATE]])
    found = tell_apart(loud_border, (Span(0, len(loud_border) / RATE),))
    assert found is not None
    assert total(intersect(found.doubtful, [Span(19.6, 20.4)])) > 0.6
    assert not intersect(found.doubtful, found.voices[0])
    assert not intersect(found.doubtful, found.voices[1])


def test_no_turn_of_the_patient_holds_speech_that_was_left_out(second_voice: Path, tmp_path: Path) -> None:
    first, second = (decode(file).mono for file in (sound.SPEECH, second_voice))
    both = first[: 36 * RATE].copy()
    both[10 * RATE : 16 * RATE] = second[: 6 * RATE]
    found = find_patient(decode(sound.write(tmp_path / "both.wav", both, RATE)), Options())
    assert total(found.excluded) > 0
    for turn in found.turns:
        assert total(intersect([Span(turn.start, turn.end)], found.excluded)) < 1e-9
