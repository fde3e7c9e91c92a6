"""From a file to an analysis: the one road, in stages that a person can follow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from inference import audio, biomarkers, highpass, quality, scratch, speakers
from inference.aggregate import aggregate
from inference.checkpoints import Checkpoint
from inference.results import HEADS, Analysis, HeadName, Measure, Quality, Score, Timeline
from inference.speakers import Options, Voices
from inference.speech import total
from inference.stages import STAGE_LABELS, STAGE_TABLE, STAGES
from inference.windows import Window, cut, windows_over

# A worker's parent process imports this module and then forks; torch does not survive that, so the model's code is
# imported where it is used.
if TYPE_CHECKING:
    from inference.affect import WindowScores

__all__ = ["STAGES", "STAGE_LABELS", "Options", "analyze"]

FloatArray = NDArray[np.float32]
Progress = Callable[[str, float], None]


def analyze(
    recording: audio.AudioFile,
    options: Options,
    checkpoint: Checkpoint,
    *,
    progress: Progress | None = None,
    length: Callable[[float], None] | None = None,
) -> Analysis:
    """Analyse the ``recording`` (a path, or what else can be opened) with a loaded ``checkpoint``.

    ``progress(stage, fraction)`` hears the share of the whole work done, 0..1 and never falling; what it raises ends
    the analysis. ``length`` hears the seconds of the recording, once they are known. Raises ``AnalysisError`` when
    there can be none. The same file gives the same result.
    """
    clock = _Clock(progress)
    sound, peaks = _decoded(recording, options, clock, length)
    with clock.stage("speech"):
        voices = speakers.find_patient(sound, options, progress=clock.within)
        checked = quality.assess(voices.samples, voices.speech, voices.not_the_patients, channels=sound.source.channels)
    with clock.stage("measures"):
        measures = _measures(voices, clock.within)
    with clock.stage("model"):
        windows = windows_over(voices.patient_turns, voices.speech)
        scores = _listen(voices, windows, options, checkpoint, clock.within)
    with clock.stage("summary"):
        timeline = _timeline(windows, scores)
        summary = _scores(windows, scores, options, checkpoint, checked)
    return Analysis(
        sha256=sound.sha256,
        duration=sound.duration,
        speech_seconds=total(voices.speech),
        quality=checked,
        checkpoint=checkpoint.identity,
        scores=summary,
        biomarkers=measures,
        timeline=timeline,
        turns=voices.turns,
        speaker_method=voices.method,
        timings=clock.timings,
        excluded_seconds=total(voices.excluded),
        peaks=peaks,
    )


def _decoded(
    recording: audio.AudioFile, options: Options, clock: _Clock, length: Callable[[float], None] | None
) -> tuple[audio.Audio, tuple[float, ...]]:
    """The recording without hum, if it may be scored at all, and its waveform for drawing."""
    with clock.stage("decode"):
        sound = audio.decode(recording, progress=clock.within)
        peaks = audio.peaks(sound.channels)
    if length:
        length(sound.duration)
    with clock.stage("quality"):
        quality.refuse_silence(sound)
        speakers.check(options, sound)
        for channel in sound.channels:
            highpass.take_hum_away(channel)
    return sound, peaks


def _measures(voices: Voices, progress: Callable[[float], None]) -> dict[str, Measure]:
    return biomarkers.measure(
        voices.samples, audio.SAMPLE_RATE, voices.turns, voices.speech, voices.others, progress=progress
    )


def _listen(
    voices: Voices,
    windows: tuple[Window, ...],
    options: Options,
    checkpoint: Checkpoint,
    progress: Callable[[float], None],
) -> WindowScores:
    from inference import affect

    if options.withhold_affect:
        return affect.WindowScores(None, None, None)
    return affect.predict(checkpoint.model, _Cuts(voices.samples, windows), on_batch=progress)


def _timeline(windows: tuple[Window, ...], scores: WindowScores) -> Timeline:
    return Timeline(
        start=tuple(window.start for window in windows),
        end=tuple(window.end for window in windows),
        depression=_column(scores.depression, len(windows)),
        valence=_column(scores.valence, len(windows)),
        arousal=_column(scores.arousal, len(windows)),
    )


def _column(values: FloatArray | None, count: int) -> tuple[float | None, ...]:
    return (None,) * count if values is None else tuple(float(value) for value in values)


def _scores(
    windows: tuple[Window, ...],
    scores: WindowScores,
    options: Options,
    checkpoint: Checkpoint,
    checked: Quality,
) -> dict[HeadName, Score]:
    weights = np.array([window.speech_seconds for window in windows])
    return {
        head: _score(head, getattr(scores, head), weights, options, checkpoint, reliable=checked.ok) for head in HEADS
    }


def _score(
    head: HeadName,
    values: FloatArray | None,
    weights: NDArray[np.float64],
    options: Options,
    checkpoint: Checkpoint,
    *,
    reliable: bool,
) -> Score:
    if values is None:
        lacking = f"The checkpoint {checkpoint.identity.name} does not score {head}."
        return Score.unavailable(options.withhold_affect or lacking)
    return aggregate(
        values,
        weights,
        checkpoint.thresholds[head],
        reliable=reliable,
        missing_reason="There is not enough of the patient's speech.",
        window_sd=checkpoint.window_sd[head],
    )


class _Cuts(Sequence[FloatArray]):
    """The sound of each window, cut when it is asked for: together they would hold the recording twice."""

    def __init__(self, samples: FloatArray, windows: tuple[Window, ...]) -> None:
        self._samples = samples
        self._windows = windows

    def __len__(self) -> int:
        return len(self._windows)

    @overload
    def __getitem__(self, place: int) -> FloatArray: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[FloatArray]: ...
    def __getitem__(self, place: int | slice) -> FloatArray | Sequence[FloatArray]:
        if isinstance(place, slice):
            return _Cuts(self._samples, self._windows[place])
        window, rate = self._windows[place], audio.SAMPLE_RATE
        sound = cut(self._samples, rate, window)
        scratch.release(self._samples[int(window.start * rate) : int(window.end * rate) + 1])
        return sound


class _Clock:
    """Times each stage and turns its progress into that of the whole."""

    def __init__(self, progress: Progress | None) -> None:
        self.timings: dict[str, float] = {}
        self._progress = progress
        self._stage = STAGE_TABLE[0]
        self._before = 0.0
        self._reported = 0.0

    @contextmanager
    def stage(self, code: str) -> Iterator[None]:
        """Run one stage."""
        self._stage = next(stage for stage in STAGE_TABLE if stage.code == code)
        self.within(0.0)
        started = time.perf_counter()
        yield
        self.timings[code] = time.perf_counter() - started
        self.within(1.0)
        self._before += self._stage.share

    def within(self, fraction: float) -> None:
        """Report ``fraction`` (0..1) of the current stage."""
        done = self._before + self._stage.share * min(1.0, max(0.0, fraction))
        self._reported = max(self._reported, min(1.0, done))
        if self._progress:
            self._progress(self._stage.code, self._reported)
