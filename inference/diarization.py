"""Two voices on one channel, told apart by their sound: no training data, no downloads.

Short stretches of speech are described by the mean of their cepstrum and by their pitch, clustered in two (Ward 1963),
and then every moment is assigned anew by a hidden Markov model with one Gaussian mixture per voice, over and over
(resegmentation, Tranter and Reynolds 2006). Whether there are two voices at all is decided by how far the two clusters
lie apart. What describes a voice lives in memory only, while a recording is analysed: it identifies a person.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import librosa  # its parts load when they are used
import numpy as np
import scipy  # its parts load when they are used: the pages import this module too
from numpy.typing import NDArray

from inference.biomarkers import pitch
from inference.levels import batches, frames_of
from inference.results import Span

RATE = 16_000
HOP = 320
"""Samples between two frames: 20 ms."""

FRAME = 800
COEFFICIENTS = 19
BANDS = 32
BLOCK = 250
"""Frames at once (5 s): more would not fit a core's cache, and take memory."""

SCORED = 10_000
"""Frames whose likelihood is asked for at once."""

SEGMENT, SEGMENT_HOP = 75, 25
"""Frames of a stretch that is clustered as one (1.5 s), and between two of them."""

LEAST_SEGMENTS = 8
MOST_CLUSTERED = 3000
LEAST_ROWS = 50
"""Frames (1 s) below which nothing is known of a voice."""

LEAST_PURE = 3
MIXTURES = 8
ROUNDS = 4
WEIGHT = 0.1
"""Of one frame's log-likelihood ratio: neighbouring frames tell nearly the same, so ten count as one."""

MOST_TOLD = 1.0
"""The most that one frame may tell: a single odd sound names nobody."""

CHANGE_COST = 10.0
"""Evidence for which a change of voice is believed, about half a second of it; in a silence a third."""

BLUR = 25
"""Frames (half a second) over which evidence is averaged where doubt is asked for."""

SILENCE, HANDOVER = 10, 25
"""Frames: people who change over within 0.2 s are taken to overlap for half a second to either side."""

DOUBT = 0.05
"""Mean evidence below which it is not clear who speaks."""

SURE = 0.5
"""Mean evidence from which on a known voice is taken for one of two. Noise that its clip does not have moves it: in one
of eight rendered conversations to 0.27 for the wrong one, while the right ones lay above 0.8.
"""

SMALLEST_SHARE = 0.04
"""A second voice with less of the speech than this is a laugh or a cough of the first."""

APART = 4.5
"""How many spreads two voices lie apart at least; one voice cut in two reaches 4.4 at most in the demonstration."""

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What is heard every 20 ms of speech: ``features`` (frames, 20) and ``places`` (frames,), their number in the
    recording.
    """

    features: FloatArray
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TwoVoices:
    """Who speaks when: ``voices``, the spans of the one and the other; ``doubtful``: speech of which it is not clear.

    ``models`` score frames by voice, in the ``scale`` (mean, deviation) of this recording, to compare a known voice.
    """

    voices: tuple[tuple[Span, ...], tuple[Span, ...]]
    doubtful: tuple[Span, ...]
    models: tuple[Any, Any]
    scale: tuple[FloatArray, FloatArray]


def tell_apart(samples: FloatArray, speech: Sequence[Span]) -> TwoVoices | None:
    """The two voices in ``speech`` of ``samples`` (mono, 16 kHz); None where one voice is heard."""
    heard = describe(samples, speech)
    if not len(heard.places):
        return None
    scale = heard.features.mean(axis=0), np.maximum(heard.features.std(axis=0), 1e-6)
    _scale(heard, *scale)
    segments = _segments(heard)
    if len(segments) < LEAST_SEGMENTS:
        return None
    points = _points(heard, segments)
    assigned = _seed(heard, segments, _clusters(points))
    ratio = np.zeros(0)
    for _ in range(ROUNDS):
        if _too_little(assigned):
            return None
        models = _models(heard, assigned)
        ratio = _evidence(models, heard)
        assigned = _path(ratio, heard.places)
    if _too_little(assigned) or _apart(points, segments, assigned) < APART:
        return None
    models = _models(heard, assigned)
    doubtful = (np.abs(_smoothed(ratio)) < DOUBT) | _handovers(assigned, heard.places)
    spans = [_spans(heard.places[(assigned == who) & ~doubtful]) for who in (0, 1)]
    return TwoVoices((spans[0], spans[1]), _spans(heard.places[doubtful]), models, scale)


def _too_little(assigned: NDArray[np.int64]) -> bool:
    """Whether one of two voices has too little of the speech to be a voice at all."""
    rows = min(int(assigned.sum()), int((1 - assigned).sum()))
    return rows < max(LEAST_ROWS, SMALLEST_SHARE * len(assigned))


def _handovers(assigned: NDArray[np.int64], places: NDArray[np.int64]) -> Mask:
    """Where one voice takes over from the other without a silence: there people speak at once, (frames,)."""
    taken_over = np.flatnonzero((np.diff(assigned) != 0) & (np.diff(places) <= SILENCE)) + 1
    near = np.zeros(len(places), bool)
    for row in taken_over:
        near[max(0, row - HANDOVER) : row + HANDOVER] = True
    return near


def nearer(known: FloatArray, speech: Sequence[Span], found: TwoVoices) -> int | None:
    """Which of the two voices is that of ``known`` (mono, 16 kHz, with its ``speech``): 0, 1, or None for neither."""
    heard = describe(known, speech)
    if not len(heard.places):
        return None
    _scale(heard, *found.scale)
    told = float(_evidence(found.models, heard).mean())
    return None if abs(told) < SURE else int(told > 0)


def describe(samples: FloatArray, speech: Sequence[Span]) -> Frames:
    """Cepstrum (without loudness) and pitch of every 20 ms of ``speech``."""
    inside = np.zeros(max(0, (len(samples) - FRAME) // HOP + 1), bool)
    for span in speech:
        inside[max(0, round(span.start * RATE / HOP)) : round(span.end * RATE / HOP)] = True
    places = np.flatnonzero(inside)
    if len(places) < 2:
        return Frames(np.zeros((0, COEFFICIENTS + 1), np.float32), np.zeros(0, np.int64))
    frames = frames_of(samples, FRAME, HOP)
    loudest = pitch.loudest(frames, places)
    features = np.empty((len(places), COEFFICIENTS + 1), np.float32)
    offered = pitch.no_candidates(len(places))
    for rows, batch in batches(frames, places, BLOCK):
        features[rows, :COEFFICIENTS], found = _described(batch, loudest)
        offered.f0[rows], offered.strength[rows] = found.f0, found.strength
    f0, _ = pitch.track(offered)
    octaves = np.log2(np.where(np.isfinite(f0), f0, np.nan) / 100)
    # Where there is no pitch it tells nothing: the middle of the recording stands there.
    middle = np.nanmedian(octaves) if np.isfinite(octaves).any() else 0.0
    features[:, COEFFICIENTS] = np.where(np.isfinite(octaves), octaves, middle)
    return Frames(features, places)


def _scale(heard: Frames, mean: FloatArray, deviation: FloatArray) -> None:
    """Bring the features to ``mean`` 0 and ``deviation`` 1, in place: of a long recording they are large."""
    np.subtract(heard.features, mean, out=heard.features)
    np.divide(heard.features, deviation, out=heard.features)


def _described(frames: FloatArray, loudest: float) -> tuple[FloatArray, pitch.Candidates]:
    power = pitch.spectra(frames)
    level = np.log(power @ _bands(power.shape[1]) + 1e-10)
    cepstrum = scipy.fft.dct(level, axis=1, norm="ortho")[:, 1 : COEFFICIENTS + 1]
    return cepstrum.astype(np.float32), pitch.candidates(frames, power, RATE, loudest)


@cache
def _bands(bins: int) -> FloatArray:
    """Mel-frequency bands of 100 to 7000 Hz over a power spectrum: (bins, bands)."""
    bands: FloatArray = librosa.filters.mel(sr=RATE, n_fft=2 * (bins - 1), n_mels=BANDS, fmin=100, fmax=7000).T
    return bands


def _segments(heard: Frames) -> list[NDArray[np.int64]]:
    """Rows of each stretch of 1.5 s of speech; a pause inside counts for nothing, a longer silence ends a stretch."""
    breaks = np.flatnonzero(np.diff(heard.places) > SEGMENT_HOP) + 1
    runs = np.split(np.arange(len(heard.places)), breaks)
    return [
        run[start : start + SEGMENT]
        for run in runs
        for start in range(0, max(1, len(run) - SEGMENT_HOP), SEGMENT_HOP)
        if len(run[start : start + SEGMENT]) >= SEGMENT // 2
    ]


def _points(heard: Frames, segments: list[NDArray[np.int64]]) -> FloatArray:
    """The mean of each segment, in units of what varies within one voice: (segments, 20)."""
    means = np.stack([heard.features[rows].mean(axis=0) for rows in segments])
    # Neighbouring stretches that share no frame are mostly of one voice: their differences show what is not the voice.
    apart = SEGMENT // SEGMENT_HOP
    within = means[apart:] - means[:-apart]
    sizes = np.square(within).sum(axis=1)
    calm = within[sizes <= np.quantile(sizes, 0.8)]
    points: FloatArray = means / np.sqrt(np.mean(np.square(calm), axis=0) / 2 + 1e-4)
    return points


def _clusters(points: FloatArray) -> NDArray[np.int64]:
    """Cluster 0 or 1 of each point, (segments,). Of a long recording every so many are clustered: memory grows with
    the square of their number. The others belong to the nearer centre.
    """
    from sklearn.cluster import AgglomerativeClustering

    chosen = points[:: math.ceil(len(points) / MOST_CLUSTERED)]
    labels = AgglomerativeClustering(n_clusters=2, linkage="ward").fit_predict(chosen)
    centres = np.stack([chosen[labels == who].mean(axis=0) for who in (0, 1)])
    nearest: NDArray[np.int64] = np.square(points[:, None] - centres).sum(axis=2).argmin(axis=1)
    return labels if len(chosen) == len(points) else nearest


def _apart(points: FloatArray, segments: list[NDArray[np.int64]], assigned: NDArray[np.int64]) -> float:
    """How far the two voices lie apart, from the segments in which only one of them speaks."""
    share = np.array([assigned[rows].mean() for rows in segments])
    pure = (share == 0) | (share == 1)
    return separation(points[pure], share[pure].astype(np.int64))


def separation(points: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """How far two clusters of ``points`` (n, width) lie apart, in their spreads along the line between their means."""
    first, second = (points[labels == who] for who in (0, 1))
    if min(len(first), len(second)) < LEAST_PURE:
        return 0.0
    line = second.mean(axis=0) - first.mean(axis=0)
    along = points @ (line / max(float(np.linalg.norm(line)), 1e-9))
    spread = np.sqrt((along[labels == 0].var() + along[labels == 1].var()) / 2)
    return float(np.linalg.norm(line) / max(spread, 1e-9))


def _seed(heard: Frames, segments: list[NDArray[np.int64]], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """A first voice for every frame: the majority of the segments it lies in."""
    votes = np.zeros(len(heard.places))
    for rows, label in zip(segments, labels, strict=True):
        votes[rows] += 1 if label else -1
    return (votes > 0).astype(np.int64)


def _models(heard: Frames, assigned: NDArray[np.int64]) -> tuple[Any, Any]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    def fitted(rows: FloatArray) -> Any:
        count = int(np.clip(len(rows) // 100, 1, MIXTURES))
        mixture = GaussianMixture(count, covariance_type="diag", reg_covar=1e-2, max_iter=30, random_state=0)
        with warnings.catch_warnings():
            # It need not be the best mixture: it is fitted anew in every round.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return mixture.fit(rows)

    return fitted(heard.features[assigned == 0]), fitted(heard.features[assigned == 1])


def _evidence(models: tuple[Any, Any], heard: Frames) -> NDArray[np.float64]:
    """What each frame tells for the second voice (above 0) or the first (below), (frames,)."""
    told = np.empty(len(heard.features))
    for start in range(0, len(told), SCORED):
        rows = slice(start, start + SCORED)
        first, second = (model.score_samples(heard.features[rows]) for model in models)
        told[rows] = np.clip(WEIGHT * (second - first), -MOST_TOLD, MOST_TOLD)
    return told


def _path(ratio: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The likeliest voice of each frame, given that voices seldom change: Viterbi over two states."""
    # A silence makes a change cheaper: turns mostly change there.
    penalties = np.where(np.diff(places, prepend=places[:1]) > 1, CHANGE_COST / 3, CHANGE_COST).tolist()
    first, second, kept = 0.0, 0.0, []
    for penalty, evidence in zip(penalties, (ratio / 2).tolist(), strict=True):
        kept.append((second - penalty <= first, first - penalty <= second))
        first, second = max(first, second - penalty) - evidence, max(second, first - penalty) + evidence
    path = np.zeros(len(ratio), np.int64)
    path[-1] = state = int(second > first)
    for row in range(len(ratio) - 1, 0, -1):
        state = state if kept[row][state] else 1 - state
        path[row - 1] = state
    return path


def _smoothed(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of ``ratio`` over half a second around each frame."""
    averaged: NDArray[np.float64] = scipy.ndimage.uniform_filter1d(ratio, BLUR, mode="nearest")
    return averaged


def _spans(places: NDArray[np.int64]) -> tuple[Span, ...]:
    """The stretches of time that frames ``places`` cover."""
    if not len(places):
        return ()
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return tuple(Span(int(run[0]) * HOP / RATE, (int(run[-1]) + 1) * HOP / RATE) for run in runs)
