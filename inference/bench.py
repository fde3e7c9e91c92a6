"""What the engine costs: seconds per second of sound, memory, and what others cost on the same sound in the same run.

Times on a machine that does other work are noisy; a ratio to a peer that ran beside it is what to trust. Every figure
says on how many threads it was measured.
"""

from __future__ import annotations

import itertools
import os
import platform
import resource
import tempfile
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import audio, biomarkers, highpass, speakers
from inference.checkpoints import Checkpoint
from inference.pipeline import Options, analyze
from inference.results import Analysis
from inference.speakers import Voices
from inference.stages import STAGE_LABELS
from inference.windows import cut, windows_over

PEER_WINDOWS = 40
PEER_SECONDS = 60.0
"""How much the peers hear: enough for a ratio, little enough to wait for."""

MEASURED_SECONDS = 300.0
REPEATS = 3
MEASURES_TARGET = 0.015
MODEL_TARGET = 150.0
MEMORY_TARGET, STEREO_MEMORY_TARGET = 1536.0, 2560.0

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StageCost:
    """Cost of one stage of the pipeline: ``seconds`` of wall time per second of sound, and ``share`` of all, 0..1."""

    code: str
    label: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class PeerCost:
    """What another does on the same sound: ``seconds`` (CPU) per second of it, and ours for the same work.

    ``what`` it is, ``beside`` which part of ours, on how many ``threads`` both, over how many seconds of ``heard``.
    """

    what: str
    beside: str
    seconds: float
    ours: float
    heard: float
    threads: int

    @property
    def ratio(self) -> float:
        """How many times as long as ours it takes."""
        return self.seconds / self.ours


@dataclass(frozen=True, slots=True)
class Costs:
    """One run. ``duration``, ``speech``: seconds of sound and of the patient's speech in it, on ``channels``.

    ``measures_one_core``: CPU seconds of all acoustic measures per second of sound, on one thread. ``model_speed``:
    seconds of sound per second of the model's stage. ``peak_mib``: the process at its largest, after the engine and
    before the peers. ``threads``: of the stages, on ``cores`` cores.
    """

    duration: float
    speech: float
    channels: int
    checkpoint: str
    machine: str
    threads: int
    cores: int
    stages: tuple[StageCost, ...]
    measures_one_core: float
    model_speed: float
    peak_mib: float
    peers: tuple[PeerCost, ...]

    @property
    def total(self) -> float:
        """Seconds of wall time per second of sound, all stages together."""
        return sum(stage.seconds for stage in self.stages)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def busy() -> str:
    """A warning where more work than the machine has cores is under way, else nothing."""
    load = os.getloadavg()[0]
    if load <= cores():
        return ""
    return f"The machine is busy (load average {load:.1f} on {cores()} cores): wall times will be too long."


def run(
    files: Sequence[Path],
    minutes: float | None,
    checkpoint: Checkpoint,
    threads: int,
    *,
    warm: Path,
    stereo: bool = False,
) -> Costs:
    """Measure the engine on ``files`` joined and repeated to ``minutes``, or on the first as it is (None).

    ``stereo``: joined as a conversation of two people with a channel each, the patient on the left. ``warm`` is a short
    recording that goes first: what the first alone pays (loading, compiling) is not counted.
    Raises ``AnalysisError`` where the sound cannot be analysed.
    """
    with tempfile.TemporaryDirectory(prefix="undertone-bench-") as folder:
        recording, options = files[0], Options(patient_channel="left" if stereo else None)
        if minutes is not None:
            recording = joined(files, 60 * minutes, Path(folder) / "bench.wav", channels=2 if stereo else 1)
        # The first of all: later, the peak of memory would be that of the peers.
        analysis = _analysed(recording, options, checkpoint, threads, warm)
        peak = peak_mib()
        voices = _voices(recording, options)
    seconds = _measures_on_one_core(voices)
    stages = _stages(analysis)
    return Costs(
        duration=analysis.duration,
        speech=analysis.speech_seconds,
        channels=2 if stereo else 1,
        checkpoint=f"{analysis.checkpoint.name} {analysis.checkpoint.version}",
        machine=platform.machine(),
        threads=threads,
        cores=cores(),
        stages=stages,
        measures_one_core=seconds,
        model_speed=analysis.duration / max(analysis.timings["model"], 1e-9),
        peak_mib=peak,
        peers=(_transformers(voices, checkpoint, threads), _pyin(voices, seconds)),
    )


def joined(files: Sequence[Path], seconds: float, target: Path, *, channels: int = 1) -> Path:
    """A WAV file at ``target`` of ``files`` one after the other, over and over, cut at ``seconds``.

    Each is on the next of ``channels``, while the others are silent.
    """
    sounds = [np.rint(audio.decode(file).mono * 32767).clip(-32767, 32767).astype("<i2") for file in files]
    left = round(seconds * audio.SAMPLE_RATE)
    with wave.open(str(target), "wb") as file:
        file.setparams((channels, 2, audio.SAMPLE_RATE, 0, "NONE", ""))
        for number, sound in enumerate(itertools.cycle(sounds)):
            laid = np.zeros((len(sound[:left]), channels), "<i2")
            laid[:, number % channels] = sound[:left]
            file.writeframes(laid.tobytes())
            left -= len(sound)
            if left <= 0:
                return target
    raise AssertionError("a cycle has no end")


def peak_mib() -> float:
    """The most memory this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Let PyTorch, BLAS and OpenMP use ``threads`` threads inside."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(limits=threads):
            yield
    finally:
        torch.set_num_threads(before)


def _analysed(recording: Path, options: Options, checkpoint: Checkpoint, threads: int, warm: Path) -> Analysis:
    with limited(threads):
        analyze(warm, Options(), checkpoint)
        return analyze(recording, options, checkpoint)


def _stages(analysis: Analysis) -> tuple[StageCost, ...]:
    whole = sum(analysis.timings.values())
    return tuple(
        StageCost(code, STAGE_LABELS[code], spent / analysis.duration, spent / whole)
        for code, spent in analysis.timings.items()
    )


def _voices(recording: Path, options: Options) -> Voices:
    """The patient in the first minutes of ``recording``."""
    sound = audio.decode(recording)
    part = sound.channels[:, : round(MEASURED_SECONDS * audio.SAMPLE_RATE)].copy()
    for channel in part:
        highpass.take_hum_away(channel)
    return speakers.find_patient(replace(sound, channels=part), options)


def _measures_on_one_core(voices: Voices) -> float:
    """CPU seconds per second of sound, the best of some runs: other work on the machine can only add to it."""

    def all_of_them() -> None:
        biomarkers.measure(voices.samples, audio.SAMPLE_RATE, voices.turns, voices.speech, voices.others)

    with limited(1):
        return _spent(all_of_them) / _seconds(voices.samples)


def _transformers(voices: Voices, checkpoint: Checkpoint, threads: int) -> PeerCost:
    """The same encoder weights as a user of ``transformers`` runs them: its pipeline, one window after the other."""
    from inference import affect

    windows = windows_over(voices.patient_turns, voices.speech)[:PEER_WINDOWS]
    sounds = [cut(voices.samples, audio.SAMPLE_RATE, window) for window in windows]
    classify = _classifier(checkpoint)
    heard = sum(map(len, sounds)) / audio.SAMPLE_RATE
    with limited(threads):
        theirs = _spent(lambda: [classify(sound) for sound in sounds])
        ours = _spent(lambda: affect.predict(checkpoint.model, sounds))
    what = 'transformers.pipeline("audio-classification"), one window at a time'
    return PeerCost(what, "the model's stage on the same windows", theirs / heard, ours / heard, heard, threads)


def _classifier(checkpoint: Checkpoint) -> Callable[[FloatArray], Any]:
    import transformers

    given: Any = transformers  # its own annotations are too narrow for what its documentation shows
    encoder = checkpoint.model.wav2vec2
    model = given.Wav2Vec2ForSequenceClassification(encoder.config).eval()
    model.wav2vec2.load_state_dict(encoder.state_dict())
    extractor = given.Wav2Vec2FeatureExtractor()
    hear = given.pipeline("audio-classification", model=model, feature_extractor=extractor, device=-1)
    return lambda sound: hear(sound.copy(), top_k=1)


def _pyin(voices: Voices, ours: float) -> PeerCost:
    """F0 alone, every 10 ms, by ``librosa.pyin`` (Mauch and Dixon 2014), beside all of our measures."""
    import librosa

    sound = voices.samples[: round(PEER_SECONDS * audio.SAMPLE_RATE)]
    settings: dict[str, Any] = {"fmin": 60, "fmax": 500, "sr": audio.SAMPLE_RATE, "hop_length": 160}
    with limited(1):
        librosa.pyin(sound[: audio.SAMPLE_RATE], **settings)
        theirs = _spent(lambda: librosa.pyin(sound, **settings), repeats=1) / _seconds(sound)
    return PeerCost("librosa.pyin, F0 alone", "all acoustic measures together", theirs, ours, _seconds(sound), 1)


def _spent(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """CPU seconds of ``work``, all threads together, the least of ``repeats`` runs."""
    found = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def _seconds(samples: FloatArray) -> float:
    return len(samples) / audio.SAMPLE_RATE


def as_dict(costs: Costs) -> dict[str, Any]:
    """The run as JSON holds it."""
    peers = [asdict(peer) | {"ratio": peer.ratio} for peer in costs.peers]
    return asdict(costs) | {"total": costs.total, "peers": peers}


def as_text(costs: Costs) -> str:
    """The run as a table to read."""
    threads = f"{costs.threads} thread{'s' if costs.threads > 1 else ''}"
    rows = [f"  {stage.label:<28}{stage.seconds:>10.5f}{100 * stage.share:>9.1f} %" for stage in costs.stages]
    return "\n".join(
        [
            f"{_clock(costs.duration)} of {'stereo' if costs.channels == 2 else 'mono'} sound, "
            f"{_clock(costs.speech)} of it the patient's speech; "
            f"{costs.checkpoint}; {threads} of {costs.cores} cores ({costs.machine})",
            "",
            f"  {f'stage (wall time, {threads})':<28}{'s per s':>10}{'share':>11}",
            *rows,
            f"  {'all':<28}{costs.total:>10.5f}{100:>9.1f} %",
            "",
            *_targets(costs, threads),
            "",
            "s per s: seconds of work per second of sound. x real time: seconds of sound per second of work.",
            "",
            "Beside others, on stretches of this sound in the same run (CPU time, s per s of what they heard):",
            *(_peer_line(peer) for peer in costs.peers),
        ]
    )


def _targets(costs: Costs, threads: str) -> Iterator[str]:
    yield (
        f"acoustic measures, all together, seconds per second of audio on one core (CPU time, 1 thread): "
        f"{costs.measures_one_core:.5f} {_met(costs.measures_one_core <= MEASURES_TARGET)} {MEASURES_TARGET:g} or less)"
    )
    yield (
        f"model stage, x real time (wall time, {threads}): "
        f"{costs.model_speed:.0f} {_met(costs.model_speed >= MODEL_TARGET)} {MODEL_TARGET:g} or more)"
    )
    most = STEREO_MEMORY_TARGET if costs.channels == 2 else MEMORY_TARGET
    yield (f"peak memory of the process, MiB: {costs.peak_mib:.0f} {_met(costs.peak_mib <= most)} {most:g} or less)")


def _met(met: bool) -> str:
    return "(meets the target:" if met else "(MISSES the target:"


def _peer_line(peer: PeerCost) -> str:
    threads = f"{peer.threads} thread{'s' if peer.threads > 1 else ''}"
    return (
        f"  {peer.what}: {peer.seconds:.5f}; {peer.beside}: {peer.ours:.5f}; "
        f"ratio {peer.ratio:.2f} ({peer.heard:.0f} s heard, {threads})"
    )


def _clock(seconds: float) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}"
