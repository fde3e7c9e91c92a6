"""Prints how well two voices are told apart, on rendered conversations of known truth.

    python -m inference.training.evaluate_voices

Needs the ``train`` extra, espeak-ng and flite. The limits in ``inference.diarization`` were set on espeak-ng voices and
a few of flite's; the conversations here are others.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from inference import speakers
from inference.audio import decode
from inference.results import Span
from inference.speech import intersect, merge, total
from inference.training.conversations import Conversation, conversation
from inference.training.voices import SAMPLE_RATE, Voice

STEP = 0.01
COLLAR = 0.25
"""Seconds around each true border that are not judged, as in the NIST Rich Transcription evaluations."""

MONO_AT_MOST, STEREO_AT_MOST = 0.20, 0.05

PAIRS = (
    (Voice("flite", "rms"), Voice("flite", "kal", 2)),
    (Voice("flite", "awb"), Voice("flite", "slt")),
    (Voice("flite", "slt", -1, 1.05), Voice("flite", "kal16")),
    (Voice("flite", "awb", -3, 1.1), Voice("flite", "rms", 3, 0.92)),
    (Voice("espeak", "en-us+f5"), Voice("espeak", "en-gb-x-rp+m2")),
    (Voice("espeak", "en-029+m5"), Voice("espeak", "en+m6", 3, 0.92)),
    (Voice("espeak", "en-gb-x-rp+f1"), Voice("espeak", "en-us+linda", -3, 1.08)),
    (Voice("espeak", "en-gb-scotland+michael"), Voice("flite", "slt", 2)),
)


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Shares of the true speech time (overlap counts twice): ``missed``, ``false`` alarms, ``confused`` voices."""

    missed: float
    false: float
    confused: float

    @property
    def rate(self) -> float:
        """The diarization error rate."""
        return self.missed + self.false + self.confused


Voices = Sequence[Sequence[Span]]


def diarization_error(truth: Voices, found: Voices, seconds: float, collar: float = COLLAR) -> DiarizationError:
    """How far ``found`` is from ``truth``, both two voices; the better of the two ways to name them."""
    judged = ~_near_borders(truth, seconds, collar)
    true = np.stack([_grid(spans, seconds) for spans in truth])[:, judged]
    heard = np.stack([_grid(spans, seconds) for spans in found])[:, judged]
    return min((_error(true, heard[order]) for order in ([0, 1], [1, 0])), key=lambda error: error.rate)


def _error(true: NDArray[np.bool_], heard: NDArray[np.bool_]) -> DiarizationError:
    wanted, given, right = true.sum(axis=0), heard.sum(axis=0), (true & heard).sum(axis=0)
    parts = np.maximum(wanted - given, 0), np.maximum(given - wanted, 0), np.minimum(wanted, given) - right
    return DiarizationError(*(float(part.sum() / wanted.sum()) for part in parts))


def _grid(spans: Sequence[Span], seconds: float) -> NDArray[np.bool_]:
    grid = np.zeros(round(seconds / STEP), bool)
    for span in spans:
        grid[round(span.start / STEP) : round(span.end / STEP)] = True
    return grid


def _near_borders(truth: Voices, seconds: float, collar: float) -> NDArray[np.bool_]:
    borders = [edge for spans in truth for span in spans for edge in (span.start, span.end)]
    return _grid([Span(max(0.0, edge - collar), edge + collar) for edge in borders], seconds)


def main() -> None:
    """Prints one line per conversation and the means beside what is asked."""
    parser = argparse.ArgumentParser(description="How well two voices are told apart.")
    parser.add_argument("--seconds", type=float, default=120.0, help="length of each conversation")
    seconds = parser.parse_args().seconds
    rows = list(_rows(seconds))
    mono, stereo, right, doubt, both = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    print(f"mono, 10 % overlap, 15 dB noise: error {mono.mean():.3f}, highest {mono.max():.3f}  <= {MONO_AT_MOST}")
    print(f"stereo, the same: error {stereo.mean():.3f}, highest {stereo.max():.3f}  <= {STEREO_AT_MOST}")
    told = f"right person in {int((right > 0).sum())} of {len(right)}, wrong one in {int((right < 0).sum())}"
    print(f"counselor known by a clip: {told}, else it is left open")
    print(f"speech left out, mono: {doubt.mean():.3f}")
    print(f"patient's speech, mono, in which the other one speaks too: {both.mean():.3f}")


def _rows(seconds: float) -> Iterator[tuple[float, float, int, float, float]]:
    for number, pair in enumerate(PAIRS):
        rng = np.random.default_rng([31, number])
        made = conversation(pair, rng, seconds=seconds)
        clip = conversation((pair[1], pair[1]), rng, seconds=15, overlap=0, snr=None)
        mono, right, doubt, both = _mono(made, clip)
        stereo = _stereo(made)
        print(f"{pair[0].name} and {pair[1].name}: mono {mono:.3f}, stereo {stereo:.3f}", flush=True)
        yield mono, stereo, right, doubt, both


def _mono(made: Conversation, clip: Conversation) -> tuple[float, int, float, float]:
    """Error; 1, -1 or 0 where the clip of the second voice made the first one the patient, the second, or told nothing;
    the share of the speech left out; and that of the patient's speech in which both speak.
    """
    with tempfile.TemporaryDirectory() as folder:
        session, enrolled = Path(folder) / "session.wav", Path(folder) / "counselor.wav"
        _write(session, made.mono[None])
        _write(enrolled, clip.mono[None])
        found = speakers.find_patient(decode(session), speakers.Options(counselor_voice=enrolled))
    error = diarization_error(made.speech, (found.speech, found.others), made.channels.shape[1] / SAMPLE_RATE)
    own = total(_shared(found.speech, made.speech[0])), total(_shared(found.speech, made.speech[1]))
    heard = total((*found.speech, *found.others, *found.excluded))
    right = (found.method == speakers.BY_ENROLMENT) * (1 if own[0] > own[1] else -1)
    both = total(intersect(found.speech, _shared(*made.speech))) / total(found.speech)
    return error.rate, right, total(found.excluded) / heard, both


def _shared(first: Sequence[Span], second: Sequence[Span]) -> tuple[Span, ...]:
    return intersect(merge(first), merge(second))


def _stereo(made: Conversation) -> float:
    """Error where each voice has a channel and is heard on the other one 20 dB quieter."""
    bleed = np.float32(0.1)
    channels = made.channels + bleed * made.channels[::-1]
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "session.wav"
        _write(session, channels)
        found = speakers.find_patient(decode(session), speakers.Options(patient_channel="left"))
    # Overlap is left out of the patient's speech, yet it was found: it counts as theirs here.
    patient = (*found.speech, *found.excluded)
    return diarization_error(made.speech, (patient, found.others), channels.shape[1] / SAMPLE_RATE).rate


def _write(path: Path, channels: NDArray[np.float32]) -> None:
    layout = "mono" if len(channels) == 1 else "stereo"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout=layout)
        whole = np.rint(np.clip(channels, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout=layout)
        frame.sample_rate = SAMPLE_RATE
        out.mux([*stream.encode(frame), *stream.encode(None)])


if __name__ == "__main__":
    main()
