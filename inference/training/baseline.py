"""A plain regression on the acoustic measures: what the network has to be worth more than.

The same clips under the same conditions as the network hears, measured by ``inference.biomarkers`` and regressed by a
ridge (Hoerl and Kennard 1970) on each latent's log-odds. It sees a clip whole, the network windows of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from inference import biomarkers
from inference.highpass import take_hum_away
from inference.results import HEADS, HeadName, Turn
from inference.speech import cut_silences, probabilities, speech_spans
from inference.training.corpus import Clip
from inference.training.nuisance import draw_conditions, recorded
from inference.training.voices import SAMPLE_RATE

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

_NEED_TWO_PEOPLE = frozenset({"response_latency", "talk_ratio"})
_IN_HERTZ = frozenset({"f0_mean"})
CODES = tuple(row.code for row in biomarkers.DEFINITIONS if row.code not in _NEED_TWO_PEOPLE)


@dataclass(frozen=True, slots=True)
class Baseline:
    """One regression per head; a ``Listener`` of ``inference.training.evaluate``."""

    regressions: dict[HeadName, Pipeline]

    def values(self, sounds: list[Samples]) -> dict[HeadName, Array]:
        """The value of each head for each of ``sounds`` (n,): (clips,)."""
        measured = np.stack([features(sound) for sound in sounds])
        return {head: expit(regression.predict(measured)) for head, regression in self.regressions.items()}


def fit(clips: list[Clip], count: int, seed: int = 0) -> Baseline:
    """The regressions on ``count`` random ``clips``, each recorded under random conditions."""
    rng = np.random.default_rng(seed)
    chosen = [clips[int(place)] for place in rng.permutation(len(clips))[:count]]
    sounds = [clip.samples.astype(np.float32) / np.float32(32767) for clip in chosen]
    measured = np.stack([features(recorded(sound, draw_conditions(rng), rng)) for sound in sounds])
    odds = logit(np.clip(np.stack([clip.latents for clip in chosen]).astype(np.float64), 0.02, 0.98))
    return Baseline({head: _regression().fit(measured, odds[:, place]) for place, head in enumerate(HEADS)})


def features(sound: Samples) -> Array:
    """The measures of one clip (n,) at 16 kHz in the order of ``CODES``, NaN where one is missing."""
    heard = sound.astype(np.float32, copy=True)
    take_hum_away(heard)
    seconds = len(heard) / SAMPLE_RATE
    spans = cut_silences(speech_spans(probabilities(heard), seconds), heard)
    turns = [Turn(spans[0].start, spans[-1].end, "patient")] if spans else []
    found = biomarkers.measure(heard, SAMPLE_RATE, turns, spans)
    return np.array([_number(code, found[code].value) for code in CODES])


def _number(code: str, value: float | None) -> float:
    if value is None:
        return np.nan
    return 12 * float(np.log2(value)) if code in _IN_HERTZ else value


def _regression() -> Pipeline:
    return make_pipeline(SimpleImputer(), StandardScaler(), RidgeCV(np.logspace(-1, 3, 9)))
