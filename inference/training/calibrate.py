"""From logits to scores that mean what they say, on validation voices that training never heard.

Temperature and bias per head (Platt 1999; Guo et al. 2017); thresholds; and the spread of one window's score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import norm

from inference.affect import AffectiveModel, Calibration, WindowScores, predict
from inference.aggregate import COVERAGE, Thresholds
from inference.highpass import take_hum_away
from inference.results import HEADS, HeadName, Span
from inference.training.corpus import Clip
from inference.training.nuisance import CLEAN, draw_conditions, recorded
from inference.training.voices import SAMPLE_RATE
from inference.windows import cut, windows_over

Array = NDArray[np.float64]

ERROR_SHARE = 0.1
"""Share of validation clips above the middle that may fall below ``low``, and the other way round for ``high``."""

NEUTRAL_BAND = (0.4, 0.6)
"""Valence and arousal count as low or high outside of what most clips with latents in this band score."""


SPREAD_SHARE: dict[HeadName, float] = {"depression": 0.6, "valence": 1.0, "arousal": 1.0}
"""Share of the measured spread that is kept. An interval is the wider one of this and the bootstrap's, so together they
may hold more than either does. Chosen on the tuning voices (coverage in ``evaluate_demo --tuning``)."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Validation windows: ``clip`` (n,) which clip; ``truth`` and ``score`` (n,) per head."""

    clip: NDArray[np.int64]
    truth: dict[HeadName, Array]
    score: dict[HeadName, Array]


def calibrated(model: AffectiveModel, clips: list[Clip], seed: int = 0) -> Scored:
    """Fits the calibration of ``model`` in place; the validation windows under it."""
    windows, clip, latents = _windows(clips, np.random.default_rng(seed))
    truth = {head: latents[:, place].astype(np.float64) for place, head in enumerate(HEADS)}
    model.calibration = {}
    raw = _by_head(predict(model, windows))
    for head in HEADS:
        # Depression is the probability of the upper half; valence and arousal are positions, so their target is soft.
        target = (truth[head] > 0.5).astype(np.float64) if head == "depression" else truth[head]
        model.calibration[head] = _fitted(logit(np.clip(raw[head], 1e-6, 1 - 1e-6)), target, clip)
    return Scored(clip, truth, _by_head(predict(model, windows)))


def thresholds(scored: Scored) -> dict[HeadName, Thresholds]:
    """Where low ends and elevated begins, per head, from the scores of whole clips."""
    chosen: dict[HeadName, Thresholds] = {}
    for head in HEADS:
        truth, score = clip_means(scored, scored.truth[head]), clip_means(scored, scored.score[head])
        if head == "depression":
            ends = (np.quantile(score[truth > 0.5], ERROR_SHARE), np.quantile(score[truth <= 0.5], 1 - ERROR_SHARE))
        else:
            neutral = score[(truth >= NEUTRAL_BAND[0]) & (truth <= NEUTRAL_BAND[1])]
            ends = (np.quantile(neutral, ERROR_SHARE), np.quantile(neutral, 1 - ERROR_SHARE))
        chosen[head] = Thresholds(round(float(min(ends)), 3), round(float(max(ends)), 3))
    return chosen


def window_spread(scored: Scored) -> dict[HeadName, float]:
    """Spread of one window's log-odds around its clip's, per head: that of a normal distribution of which nine in ten
    lie as near, times ``SPREAD_SHARE``. The few windows that lie far off would widen every interval.
    """
    spread: dict[HeadName, float] = {}
    for head in HEADS:
        odds = logit(np.clip(scored.score[head], 1e-6, 1 - 1e-6))
        count = np.bincount(scored.clip)[scored.clip]
        several = count > 1
        # Around a mean of few windows they seem nearer than they are.
        away = (odds - clip_means(scored, odds)[scored.clip])[several] * np.sqrt(count / np.maximum(count - 1.0, 1.0))[
            several
        ]
        normal = np.quantile(np.abs(away), COVERAGE) / norm.ppf((1 + COVERAGE) / 2)
        spread[head] = round(float(SPREAD_SHARE[head] * normal), 4)
    return spread


def clip_means(scored: Scored, values: Array) -> Array:
    """Mean of ``values`` (windows,) over each clip: (clips,)."""
    return np.bincount(scored.clip, values) / np.bincount(scored.clip)


def _windows(
    clips: list[Clip], rng: np.random.Generator
) -> tuple[list[NDArray[np.float32]], NDArray[np.int64], NDArray[np.float32]]:
    """The windows of each clip as the pipeline cuts them, every other clip under random conditions."""
    windows, numbers, latents = [], [], []
    for place, clip in enumerate(clips):
        samples = clip.samples.astype(np.float32) / np.float32(32767)
        heard = recorded(samples, CLEAN if place % 2 else draw_conditions(rng), rng)
        take_hum_away(heard)
        whole = [Span(0.0, len(heard) / SAMPLE_RATE)]
        own = [cut(heard, SAMPLE_RATE, window) for window in windows_over(whole, whole)]
        windows += own
        numbers += [place] * len(own)
        latents += [clip.latents] * len(own)
    return windows, np.array(numbers), np.stack(latents)


def _by_head(scores: WindowScores) -> dict[HeadName, Array]:
    found = {head: getattr(scores, head) for head in HEADS}
    return {head: np.asarray(values, np.float64) for head, values in found.items() if values is not None}


def _fitted(logits: Array, target: Array, clip: NDArray[np.int64]) -> Calibration:
    """Slope and bias of least cross-entropy of a clip's score, the mean of its windows, against its target."""
    count = np.bincount(clip)
    wanted = np.bincount(clip, target) / count

    def cross_entropy(parameters: Array) -> float:
        windows = expit(logits * np.exp(parameters[0]) + parameters[1])
        score = np.clip(np.bincount(clip, windows) / count, 1e-7, 1 - 1e-7)
        return float(-np.mean(wanted * np.log(score) + (1 - wanted) * np.log(1 - score)))

    log_slope, bias = minimize(cross_entropy, np.zeros(2), method="Nelder-Mead").x
    return Calibration(temperature=round(float(np.exp(-log_slope)), 4), bias=round(float(bias), 4))
