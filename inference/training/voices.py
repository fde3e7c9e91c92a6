"""Speech engines as raw material: espeak-ng and Festival for training, flite held out for evaluation.

All are heard through the same door: a sentence in, samples at 16 kHz and the onset times of its syllables out.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

SAMPLE_RATE = 16_000

Engine = Literal["espeak", "festival", "flite"]

FLITE_VOICES = ("kal", "kal16", "awb", "rms", "slt")
FESTIVAL_VOICES = {
    "ked_diphone": "festvox-kdlpc16k",
    "lp_diphone": "festvox-italp16k",
    "pc_diphone": "festvox-itapc16k",
    "suo_fi_lj_diphone": "festvox-suopuhe-lj",
    "hy_fi_mv_diphone": "festvox-suopuhe-mv",
    "czech_dita": "festvox-czech-dita",
    "czech_krb": "festvox-czech-krb",
    "czech_machac": "festvox-czech-machac",
    "czech_ph": "festvox-czech-ph",
    "upc_ca_ona_hts": "festvox-ca-ona-hts",
    "msu_ru_nsh_clunits": "festvox-ru",
}
"""Festival's voices and the packages that hold them; none of them is a person whom flite has as well.

Most speak another language and read English by their own rules: their timbre is wanted, not their accent.
"""

ESPEAK_ACCENTS = ("en", "en-us", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 Alex Alicia Andrea Andy Annie Denis Diogo Gene Hugo Jacky Lee Marco Mario "
    "Michael Mike adam anika announcer antonio belinda benjamin boris caleb david ed edward grandma grandpa gustave "
    "iven john klatt klatt2 klatt3 klatt4 linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert "
    "sandro shelby steph travis victor zac"
)
ESPEAK_VARIANTS = tuple(_VARIANTS.split())


class EngineMissing(RuntimeError):
    """The speech engine is not installed; the message says which package to install."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks.

    ``engine`` and ``name`` choose the raw voice (espeak: accent+variant; others: voice). ``pitch``: semitones on its
    own mean. ``tract``: vocal tract length, 1 as it is, above 1 longer (lower formants). ``rate``: habitual
    speed as a factor.
    """

    engine: Engine
    name: str
    pitch: float = 0.0
    tract: float = 1.0
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class RawSpeech:
    """What an engine said: samples (n,) at 16 kHz in -1..1, and the onsets of its vowels in seconds."""

    samples: NDArray[np.float64]
    onsets: NDArray[np.float64]


def draw_voice(rng: np.random.Generator) -> Voice:
    """A random espeak-ng speaker: accent, variant, pitch within 5 semitones, vocal tract .88 to 1.14."""
    name = f"{rng.choice(ESPEAK_ACCENTS)}+{rng.choice(ESPEAK_VARIANTS)}"
    return Voice("espeak", name, *_body(rng))


def draw_body(engine: Engine, name: str, rng: np.random.Generator) -> Voice:
    """The raw voice ``name`` with a random pitch, vocal tract and speed, as ``draw_voice`` draws them."""
    return Voice(engine, name, *_body(rng))


def _body(rng: np.random.Generator) -> tuple[float, float, float]:
    return float(rng.uniform(-5, 5)), float(rng.uniform(0.88, 1.14)), float(np.exp(rng.normal(0, 0.06)))


def speak(voice: Voice, sentence: str) -> RawSpeech:
    """``sentence`` as the raw engine says it. Raises ``EngineMissing`` when the engine is not installed."""
    return _ENGINES[voice.engine](voice.name, sentence)


def require_training_voices() -> None:
    """Before an hour of rendering begins: raise ``EngineMissing`` that names every package it would lack."""
    missing = [program for program in ("espeak-ng", "festival") if shutil.which(program) is None]
    there = "" if "festival" in missing else _printed_by("festival", "-b", "(print (voice.list))")
    missing += [package for voice, package in FESTIVAL_VOICES.items() if voice not in re.findall(r"\w+", there)]
    if missing:
        raise EngineMissing(f"Speech engines are missing. Please install: {' '.join(missing)}")


def _at_16k(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    if rate == SAMPLE_RATE:
        return samples
    divisor = int(np.gcd(rate, SAMPLE_RATE))
    resampled: NDArray[np.float64] = resample_poly(samples, SAMPLE_RATE // divisor, rate // divisor)
    return resampled


# espeak-ng, through its C library: it tells when each phoneme starts. Names and numbers are those of speak_lib.h.

_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8, _EVENT_PHONEME = 2, 1, 1, 7
_VOWEL = re.compile(rb"[aAeEiIoOuUV0@3Q]")


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)  # fmt: skip


class _Espeak:
    """The library, started once per process; it keeps one current voice and one callback."""

    def __init__(self) -> None:
        path = ctypes.util.find_library("espeak-ng")
        if path is None:
            raise EngineMissing("espeak-ng is not installed. Please install the package 'espeak-ng'.")
        self.library = ctypes.CDLL(path)
        self.rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        self.chunks: list[NDArray[np.int16]] = []
        self.onsets: list[float] = []
        self.callback = _Callback(self._hear)
        self.library.espeak_SetSynthCallback(self.callback)

    def _hear(self, wave_data: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        if wave_data and count:
            self.chunks.append(np.ctypeslib.as_array(wave_data, (count,)).copy())
        for event in _until_end(events):
            if event.type == _EVENT_PHONEME and _VOWEL.match(event.id.string):
                self.onsets.append(event.sample / self.rate)
        return 0

    def say(self, voice: str, sentence: str) -> RawSpeech:
        self.chunks, self.onsets = [], []
        if self.library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EngineMissing(f"espeak-ng has no voice '{voice}'.")
        text = sentence.encode()
        self.library.espeak_Synth(text, len(text) + 1, 0, 1, 0, _UTF8, None, None)
        samples = np.concatenate(self.chunks).astype(np.float64) / 32768
        return RawSpeech(_at_16k(samples, self.rate), np.array(self.onsets))


def _until_end(events: ctypes._Pointer[_Event]) -> Iterator[_Event]:
    place = 0
    while events[place].type:
        yield events[place]
        place += 1


@cache
def _library() -> _Espeak:
    return _Espeak()


def _espeak(voice: str, sentence: str) -> RawSpeech:
    return _library().say(voice, sentence)


_VOWEL_PHONES = "aa ae ah ao aw ax axr ay eh er ey ih iy ow oy uh uw"
_FLITE_VOWELS = frozenset(_VOWEL_PHONES.split())


def _flite(voice: str, sentence: str) -> RawSpeech:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        printed = _printed_by("flite", "-voice", voice, "-psdur", "-t", sentence, "-o", str(file))
        return RawSpeech(_samples_in(file), _vowel_onsets(printed))


def _printed_by(program: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise EngineMissing(f"{program} is not installed. Please install the package '{program}'.")
    # Called by whoever trains, with programs that this file names.
    return subprocess.run([path, *arguments], check=True, capture_output=True, text=True).stdout  # noqa: S603


def _samples_in(file: Path) -> NDArray[np.float64]:
    with wave.open(str(file)) as sound:
        rate, frames = sound.getframerate(), sound.readframes(sound.getnframes())
    return _at_16k(np.frombuffer(frames, np.int16).astype(np.float64) / 32768, rate)


def _vowel_onsets(printed: str) -> NDArray[np.float64]:
    """Vowel starts from flite's list of ``phone:end`` pairs; a phone starts where the one before it ends."""
    pairs = [pair.rsplit(":", 1) for pair in printed.split()]
    starts = [0.0, *(float(end) for _, end in pairs[:-1])]
    return np.array([start for start, (phone, _) in zip(starts, pairs, strict=True) if phone in _FLITE_VOWELS])


_SCHEME = """
(voice_{voice})
(set! said (utt.synth (eval (list 'Utterance 'Text "{sentence}"))))
(utt.save.wave said "{file}" 'riff)
(mapcar
 (lambda (phone)
   (if (string-equal (item.feat phone "ph_vc") "+") (format t "vowel %f\\n" (item.feat phone "segment_start"))))
 (utt.relation.items said 'Segment))
"""
"""Says one sentence in Festival's own language and prints where its vowels start."""


def _festival(voice: str, sentence: str) -> RawSpeech:
    if voice not in FESTIVAL_VOICES:
        raise EngineMissing(f"Festival has no voice '{voice}' here.")
    with tempfile.TemporaryDirectory() as folder:
        file, script = Path(folder) / "speech.wav", Path(folder) / "say.scm"
        script.write_text(_SCHEME.format(voice=voice, sentence=sentence.replace('"', ""), file=file))
        try:
            printed = _printed_by("festival", "-b", str(script))
        except subprocess.CalledProcessError as error:
            package = FESTIVAL_VOICES[voice]
            raise EngineMissing(
                f"Festival cannot say it as '{voice}'. Please install the package '{package}'."
            ) from error
        onsets = [float(line.split()[1]) for line in printed.splitlines() if line.startswith("vowel ")]
        return RawSpeech(_samples_in(file), np.array(onsets))


_ENGINES: dict[Engine, Callable[[str, str], RawSpeech]] = {
    "espeak": _espeak,
    "festival": _festival,
    "flite": _flite,
}
