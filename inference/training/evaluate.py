"""Figures of a checkpoint on speech that nothing of it has heard, each beside the figure it has to reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from inference.affect import WindowScores, predict
from inference.aggregate import aggregate
from inference.checkpoints import Checkpoint
from inference.highpass import take_hum_away
from inference.results import HEADS, HeadName, Score, Span
from inference.training import trials
from inference.training.nuisance import CLEAN, Conditions, recorded
from inference.training.trials import HELD_OUT, Cast
from inference.training.voices import SAMPLE_RATE
from inference.windows import cut, windows_over

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

HARD = Conditions(room=0.4, snr=15.0, noise_slope=-3.0, equalizer=(-3.0, 2.0, 0.0, -2.0, 2.0, -3.0))
DISTURBANCES = {
    "20 dB noise": (replace(CLEAN, snr=20.0, noise_slope=-3.0), 0.15),
    "telephone band": (replace(CLEAN, telephone=True), 0.30),
    "Opus at 16 kbit/s": (replace(CLEAN, codec="opus"), 0.20),
}
GAINS = (-20.0, -10.0, 6.0)
DRAWS = 500


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure: what it must reach (``at_least`` or ``at_most``) and a 90 % interval where there is one."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def reached(self) -> bool:
        """Whether the figure is where it must be."""
        low_enough = self.at_most is None or self.value <= self.at_most
        return low_enough and (self.at_least is None or self.value >= self.at_least)


class Listener(Protocol):
    """Anything that gives whole clips scores."""

    def values(self, sounds: list[Samples]) -> dict[HeadName, Array]:
        """The value of each head for each of ``sounds`` (n,): (clips,)."""


class Ear:
    """A checkpoint that listens to whole clips and gives each a score, as the pipeline does."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def scores(self, sounds: list[Samples]) -> dict[HeadName, list[Score]]:
        """The scores of each of ``sounds`` (n,), every head."""
        whole = [Span(0.0, len(sound) / SAMPLE_RATE) for sound in sounds]
        laid = [windows_over([span], [span]) for span in whole]
        clean = [_without_hum(sound) for sound in sounds]
        pieces = [cut(sound, SAMPLE_RATE, w) for sound, windows in zip(clean, laid, strict=True) for w in windows]
        heard = predict(self.checkpoint.model, pieces)
        ends = np.cumsum([len(windows) for windows in laid])[:-1]
        return {head: [self._score(head, part) for part in np.split(_values(heard, head), ends)] for head in HEADS}

    def values(self, sounds: list[Samples]) -> dict[HeadName, Array]:
        """The value of each head for each of ``sounds`` (n,): (clips,)."""
        scores = self.scores(sounds)
        return {head: np.array([score.value for score in found], np.float64) for head, found in scores.items()}

    def _score(self, head: HeadName, windows: NDArray[np.float32]) -> Score:
        limits, spread = self.checkpoint.thresholds[head], self.checkpoint.window_sd[head]
        weights = np.ones(len(windows))
        return aggregate(windows, weights, limits, reliable=True, missing_reason="no head", window_sd=spread)


def figures(
    ear: Ear, cast: Cast = HELD_OUT, *, clips_per_voice: int = 48, doses_per_voice: int = 3
) -> Iterator[Figure]:
    """Every figure on the voices of ``cast``, as it is measured."""
    clips = trials.clips(cast, clips_per_voice)
    yield from hearing(ear, cast, clips, doses_per_voice)
    yield from _coverage(ear, cast)
    yield from _machine(ear, sounds_of(clips))


def hearing(listener: Listener, cast: Cast, clips: list[trials.Clip], doses_per_voice: int = 3) -> Iterator[Figure]:
    """The figures that need nothing but scores of whole clips, so that other listeners can be compared."""
    scored = listener.values(sounds_of(clips))
    yield from _severity(clips, scored["depression"])
    yield from _latents(clips, scored)
    yield from _robustness(listener, clips, scored["depression"])
    for cue in trials.SWEEPS:
        yield _dose_response(listener, cast, cue, doses_per_voice)
    yield _calibration_error(clips, scored["depression"])


def sounds_of(clips: list[trials.Clip]) -> list[Samples]:
    """The samples of each clip."""
    return [clip.samples for clip in clips]


def _without_hum(sound: Samples) -> Samples:
    """What the pipeline lets the model hear of a clip: (n,) to (n,)."""
    heard = sound.astype(np.float32, copy=True)
    take_hum_away(heard)
    return heard


def _values(heard: WindowScores, head: HeadName) -> NDArray[np.float32]:
    values = getattr(heard, head)
    if values is None:
        raise ValueError(f"only checkpoints with all heads can be evaluated; this one lacks {head}")
    found: NDArray[np.float32] = values
    return found


def _severe(clips: list[trials.Clip]) -> NDArray[np.bool_]:
    return np.array([clip.latents.depression > 0.5 for clip in clips])


def _severity(clips: list[trials.Clip], score: Array) -> Iterator[Figure]:
    severe = _severe(clips)
    value, interval = _resampled(roc_auc_score, severe, score)
    yield Figure("AUC severity > .5, clean", value, at_least=0.96, interval=interval)
    voices = np.array([clip.voice for clip in clips])
    for name in sorted(set(voices)):
        own = voices == name
        yield Figure(f"AUC severity > .5, voice {name}", roc_auc_score(severe[own], score[own]), at_least=0.92)


def _latents(clips: list[trials.Clip], scored: dict[HeadName, Array]) -> Iterator[Figure]:
    wanted: dict[HeadName, float] = {"depression": 0.90, "arousal": 0.70, "valence": 0.65}
    for head, least in wanted.items():
        truth = np.array([getattr(clip.latents, head) for clip in clips])
        value, interval = _resampled(_rank_correlation, truth, scored[head])
        yield Figure(f"Spearman {head}", value, at_least=least, interval=interval)


def _robustness(listener: Listener, clips: list[trials.Clip], clean: Array) -> Iterator[Figure]:
    rng, sounds, spread = np.random.default_rng(4), sounds_of(clips), float(clean.std())

    def severity(heard: list[Samples]) -> Array:
        return listener.values(heard)["depression"]

    hard = severity([recorded(sound, HARD, rng) for sound in sounds])
    value, interval = _resampled(roc_auc_score, _severe(clips), hard)
    yield Figure("AUC severity > .5, reverb + 15 dB noise + EQ", value, at_least=0.95, interval=interval)
    for name, (conditions, most) in DISTURBANCES.items():
        moved = severity([recorded(sound, conditions, rng) for sound in sounds])
        yield Figure(f"mean change in SD, {name}", float(np.abs(moved - clean).mean()) / spread, at_most=most)
    louder = [severity([sound * np.float32(10 ** (gain / 20)) for sound in sounds]) for gain in GAINS]
    moved = np.mean([np.abs(values - clean).mean() for values in louder])
    yield Figure("mean change in SD, gain -20 to +6 dB", float(moved) / spread, at_most=0.05)


def _dose_response(listener: Listener, cast: Cast, cue: str, per_voice: int) -> Figure:
    doses, direction = trials.SWEEPS[cue]
    series = [listener.values(sounds)["depression"] for sounds in trials.dose_series(cast, cue, per_voice)]
    mean = float(np.mean([_rank_correlation(np.array(doses) * direction, values) for values in series]))
    least = {"f0_sd": 0.95, "pause_ratio": 0.95, "rate": 0.90, "dynamics": 0.80}[cue]
    return Figure(f"dose response {cue}, mean Spearman", mean, at_least=least)


def _calibration_error(clips: list[trials.Clip], score: Array, bins: int = 5) -> Figure:
    """Expected calibration error over bins of equal size."""
    order, severe = np.argsort(score), _severe(clips)
    gaps = [abs(score[part].mean() - severe[part].mean()) * len(part) for part in np.array_split(order, bins)]
    return Figure("calibration error (ECE)", float(sum(gaps) / len(score)), at_most=0.05)


def _coverage(ear: Ear, cast: Cast, count: int = 4) -> Iterator[Figure]:
    """How often a clip's interval holds the mean score of the same speaker's other clips, per head."""
    held: dict[HeadName, list[bool]] = {head: [] for head in HEADS}
    for sounds in trials.renditions(cast, count):
        for head, found in ear.scores(sounds).items():
            held[head] += [_holds(score, [*found[:place], *found[place + 1 :]]) for place, score in enumerate(found)]
    for head, answers in held.items():
        yield Figure(f"coverage of the 90 % interval, {head}", float(np.mean(answers)), at_least=0.85, at_most=0.95)


def _holds(score: Score, others: list[Score]) -> bool:
    mean = np.mean([other.value for other in others])
    return score.low is not None and score.high is not None and bool(score.low <= mean <= score.high)


def _machine(ear: Ear, sounds: list[Samples]) -> Iterator[Figure]:
    windows = [sound[: 6 * SAMPLE_RATE] for sound in sounds if len(sound) >= 6 * SAMPLE_RATE]
    started = time.perf_counter()
    many = _values(predict(ear.checkpoint.model, windows), "depression")
    seconds = time.perf_counter() - started
    one = _values(predict(ear.checkpoint.model, windows, batch_size=1), "depression")
    yield Figure("batch of one against many, max. difference", float(np.abs(many - one).max()), at_most=1e-4)
    yield Figure("seconds of sound per second of work", 6 * len(windows) / seconds, at_least=150)


def _rank_correlation(truth: NDArray[Any], score: Array) -> float:
    return 0.0 if np.ptp(score) == 0 else float(spearmanr(truth, score).statistic)


def _resampled(
    statistic: Callable[[NDArray[Any], Array], float], truth: NDArray[Any], score: Array
) -> tuple[float, tuple[float, float]]:
    """``statistic`` of ``truth`` and ``score`` (n,), and its 90 % bootstrap interval over clips."""
    rng, drawn = np.random.default_rng(5), []
    for _ in range(DRAWS):
        rows = rng.integers(len(score), size=len(score))
        if np.ptp(truth[rows].astype(np.float64)) > 0:
            drawn.append(statistic(truth[rows], score[rows]))
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(statistic(truth, score)), (float(low), float(high))


def table(found: list[Figure]) -> str:
    """The figures as lines of text."""
    return "\n".join(_line(figure) for figure in found)


def _line(figure: Figure) -> str:
    asked = [f">= {figure.at_least:g}"] if figure.at_least is not None else []
    asked += [f"<= {figure.at_most:g}"] if figure.at_most is not None else []
    span = f" ({figure.interval[0]:.3f} to {figure.interval[1]:.3f})" if figure.interval else ""
    verdict = "reached" if figure.reached else "NOT REACHED"
    return f"{figure.name:<46} {figure.value:9.4g}{span:<19} {' and '.join(asked):<20} {verdict}"


def metrics(found: list[Figure]) -> list[dict[str, object]]:
    """The figures as the card holds them."""
    rounded = [replace(figure, value=float(f"{figure.value:.4g}")) for figure in found]
    return [{**asdict(figure), "reached": figure.reached} for figure in rounded]
