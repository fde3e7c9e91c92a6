"""Any container becomes the same sound, and what is not a whole recording is refused with its reason."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.audio import decode, peaks
from inference.errors import (
    AnalysisError,
    EmptyFile,
    InvalidSamples,
    NoAudioStream,
    NoSamples,
    NotAudio,
    TooLarge,
    TooLong,
    Truncated,
)
from tests import sound

OPUS = {".ogg", ".opus", ".webm", ".mkv"}
SUFFIXES = [".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".webm", ".mkv"]


def pitch(samples: np.ndarray) -> float:
    """Frequency of a sine at 16 kHz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 16_000 / len(samples))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_both_channels_of_every_container_arrive_in_order_at_16_khz(tmp_path: Path, suffix: str, rate: int) -> None:
    rate = 48_000 if suffix in OPUS and rate == 44_100 else rate
    written = np.stack([sound.tone(2, rate=rate, hertz=400), sound.tone(2, rate=rate, hertz=900)])
    found = decode(sound.write(tmp_path / f"a{suffix}", written, rate))
    assert found.sample_rate == 16_000
    assert found.channels.dtype == np.float32
    assert found.duration == pytest.approx(2.0, abs=0.11)
    assert [pitch(channel) for channel in found.channels] == pytest.approx([400, 900], abs=2)
    assert found.channels.std() == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_channel_stays_one_channel(tmp_path: Path, suffix: str) -> None:
    found = decode(sound.write(tmp_path / f"a{suffix}", sound.tone(1), 16_000))
    assert found.channels.shape[0] == 1
    assert np.array_equal(found.mono, found.channels[0])


def test_six_channels_are_mixed_into_one(tmp_path: Path) -> None:
    found = decode(sound.write(tmp_path / "a.wav", np.stack([sound.tone(1)] * 6), 16_000))
    assert found.channels.shape[0] == 1
    assert found.source.channels == 6


def test_the_hash_is_that_of_the_file_and_the_source_is_described(tmp_path: Path) -> None:
    path = sound.write(tmp_path / "a.flac", sound.tone(1, rate=44_100), 44_100)
    found = decode(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.source.container, found.source.codec, found.source.sample_rate) == ("flac", "flac", 44_100)


def test_a_wav_keeps_its_samples_exactly(tmp_path: Path) -> None:
    written = np.round(sound.noise(1) * 32_768) / 32_768
    found = decode(sound.write(tmp_path / "a.wav", written, 16_000))
    assert np.allclose(found.mono, written, atol=2 / 32_768)


def test_progress_rises_to_one(tmp_path: Path) -> None:
    heard: list[float] = []
    decode(sound.write(tmp_path / "a.wav", sound.tone(5), 16_000), progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0, abs=0.01)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(EmptyFile):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "content",
    [
        b"Dear all, please find attached the minutes of the meeting.\n" * 50,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20,
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"x",
        b"\xff\xfb" + np.random.default_rng(0).bytes(100_000),
        b"\x00\x00\x00\x18ftypheic" + bytes(100),
    ],
    ids=["text", "png", "jpeg", "playlist", "concat script", "one byte", "noise that looks like mp3", "heic photo"],
)
def test_what_is_not_a_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(NotAudio):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".avi"])
def test_a_film_without_sound_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(NoAudioStream):
        decode(sound.write_video(tmp_path / f"a{suffix}"))


def test_a_file_without_one_sample_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    with pytest.raises(NoSamples):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_samples_that_are_not_sound_are_refused(tmp_path: Path, bad: float, rate: int) -> None:
    samples = sound.tone(1, rate=rate)
    samples[5000] = bad
    with pytest.raises(InvalidSamples):
        decode(sound.write(tmp_path / "a.wav", samples, rate, codec="pcm_f32le"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.9])
def test_a_file_that_ends_in_the_middle_is_refused(tmp_path: Path, suffix: str, kept: float) -> None:
    content = sound.write(tmp_path / f"a{suffix}", sound.noise(4), 16_000).read_bytes()
    (tmp_path / f"b{suffix}").write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(Truncated):
        decode(tmp_path / f"b{suffix}")


def test_a_cut_m4a_whose_index_came_first_is_refused(tmp_path: Path) -> None:
    path = sound.write(tmp_path / "a.m4a", sound.noise(4), 16_000, options={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[:-10_000])
    with pytest.raises(Truncated):
        decode(path)


@pytest.mark.parametrize("stated", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_wav_whose_recorder_could_not_know_its_length_is_read(tmp_path: Path, stated: int) -> None:
    path = sound.write(tmp_path / "a.wav", sound.tone(2), 16_000)
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = stated.to_bytes(4, "little")
    path.write_bytes(content)
    assert decode(path).duration == pytest.approx(2.0)


@pytest.mark.parametrize("byte_rate", [0, 3, 16_000, 64_000, 0xFFFFFFFF])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f32le"])
def test_a_whole_wav_is_read_and_a_cut_one_refused_whatever_byte_rate_it_states(
    tmp_path: Path, byte_rate: int, codec: str
) -> None:
    path = sound.write(tmp_path / "a.wav", sound.tone(2), 16_000, codec=codec)
    content = bytearray(path.read_bytes())
    at = content.index(b"fmt ") + 16
    content[at : at + 4] = byte_rate.to_bytes(4, "little")
    path.write_bytes(content)
    assert decode(path).duration == pytest.approx(2.0)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Truncated):
        decode(path)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".webm", {"live": "1"}),
        (".mp4", {"movflags": "frag_keyframe+empty_moov"}),
        (".mp3", {"write_xing": "0"}),
    ],
)
def test_a_streamed_file_without_a_stated_length_is_read(tmp_path: Path, suffix: str, options: dict[str, str]) -> None:
    path = sound.write(tmp_path / f"a{suffix}", sound.tone(3), 16_000, options=options)
    assert decode(path).duration == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize("rate", [1, 1_000, 1_000_000])
def test_a_sample_rate_that_no_recorder_uses_is_refused(tmp_path: Path, rate: int) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8_000))
    with pytest.raises(NotAudio, match="sample rate"):
        decode(tmp_path / "a.wav")


def test_more_than_four_hours_are_refused_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 1, 8_000, 0, "NONE", ""))
        file.writeframes(bytes(8_000 * (4 * 3600 + 10)))
    with pytest.raises(TooLong):
        decode(path)


def test_a_length_that_no_header_states_is_counted(tmp_path: Path) -> None:
    path = sound.write(tmp_path / "a.webm", sound.tone(4), 16_000, options={"live": "1"})
    with pytest.raises(TooLong):
        decode(path, longest=2.0)
    assert decode(path, longest=4.5).duration == pytest.approx(4, abs=0.1)


def test_more_than_a_gibibyte_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(2**30 + 1)
    with pytest.raises(TooLarge):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["http:x.wav", "concat:a|b.wav", "a\u202ewav.exe", "-i.wav", "%d.wav", "a\nb.wav"])
def test_a_file_name_is_never_more_than_a_name(tmp_path: Path, name: str) -> None:
    plain = sound.write(tmp_path / "plain.wav", sound.tone(1), 16_000)
    assert decode(plain.rename(tmp_path / name)).duration == pytest.approx(1.0)


MAGICS = [
    b"RIFF\x00\x10\x00\x00WAVE",
    b"RIFF\x00\x10\x00\x00AVI ",
    b"fLaC",
    b"OggS\x00",
    b"\x1aE\xdf\xa3",
    b"\x00\x00\x00\x18ftypM4A ",
    b"ID3",
    b"\xff\xfb",
    b"\xff\xf1",
    b"",
]


@settings(max_examples=150, deadline=None)
@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=3000))
def test_whatever_the_bytes_are_only_an_analysis_error_comes_of_them(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(magic + rest)
    try:
        decode(path)
    except AnalysisError as error:
        assert error.message  # noqa: PT017 (decoding rubbish may also succeed)


@settings(max_examples=150, deadline=None)
@given(suffix=st.sampled_from(SUFFIXES), data=st.data())
def test_a_recording_with_broken_bytes_raises_only_analysis_errors(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    whole = tmp_path_factory.getbasetemp() / f"whole{suffix}"
    if not whole.exists():
        sound.write(whole, sound.noise(0.5), 16_000)
    content = bytearray(whole.read_bytes())
    reach = data.draw(st.sampled_from([100, 600, len(content)]))
    for at in data.draw(st.lists(st.integers(0, min(reach, len(content)) - 1), max_size=20)):
        content[at] = data.draw(st.integers(0, 255))
    broken = whole.with_name(f"broken{suffix}")
    broken.write_bytes(content)
    try:
        assert np.isfinite(decode(broken).channels).all()
    except AnalysisError as error:
        assert error.message  # noqa: PT017 (some damage goes unheard)


def test_peaks_are_the_signed_extremes_of_equal_parts() -> None:
    channels = np.zeros((2, 1000), np.float32)
    channels[0, 150], channels[1, 850] = 0.5, -0.75
    drawn = peaks(channels, 10)
    assert drawn == (0, 0.5, 0, 0, 0, 0, 0, 0, -0.75, 0)


@given(length=st.integers(1, 5000), count=st.integers(1, 1200))
def test_peaks_are_at_most_as_many_as_asked_and_never_leave_full_scale(length: int, count: int) -> None:
    drawn = peaks(2 * sound.noise(length / 16_000, rms=1.0)[None], count)
    assert len(drawn) == min(count, length)
    assert all(-1 <= value <= 1 for value in drawn)
