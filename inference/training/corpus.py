"""The synthetic corpus on disk: shards of clean clips with their latents and what is known of every frame.

Nothing in it is human speech. A shard that is there is not rendered again, so a build that was stopped goes on where it
stood; a corpus of another recipe lies in another folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from inference.training.grammar import sentences
from inference.training.prosody import draw_latents, prosody_of
from inference.training.synthesis import FRAME_SECONDS, Rendering, render_prosody
from inference.training.voices import ESPEAK_VARIANTS, FESTIVAL_VOICES, SAMPLE_RATE, Voice, draw_body, draw_voice

RECIPE = "3"
"""Raised when a change here or in the synthesis makes other clips."""

TARGET_HOP = 320
"""Samples between two rows of frame targets (20 ms), the hop of the encoder."""

FRAME_TARGETS = ("log_f0", "voiced", "level", "syllable_rate", "tilt", "brightness", "breath")
"""Octaves re 100 Hz (0 where unvoiced); 0 or 1; dB re the loudest frame / 20; syllables per second / 5; then the colour
of voiced frames: dB per octave / 6, dB / 20 and dB / 20."""

ON_VOICED_FRAMES = (0, 4, 5, 6)
"""Columns of the targets that mean something where there is voice alone."""

CLIPS_PER_SHARD = 48
CLIPS_PER_SPEAKER = 4
SENTENCES_PER_CLIP = 3
VALIDATION_VARIANTS = frozenset(ESPEAK_VARIANTS[3::8])
VALIDATION_FESTIVAL = ("pc_diphone", "czech_ph", "upc_ca_ona_hts")
TRAINING_FESTIVAL = tuple(name for name in FESTIVAL_VOICES if name not in VALIDATION_FESTIVAL)

FESTIVAL_SHARE = 0.4
"""Share of the speakers that are Festival's: what is learnt from one engine alone fits the next one badly."""

_COLOUR_UNITS = np.array([6.0, 20.0, 20.0])

FEW_CUES_SHARE, FEW_CUES = 0.25, 0.4
"""Share of training clips in which a cue follows the latents with probability 0.4 alone, so that every cue counts."""

Split = Literal["train", "validation"]


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: samples (n,) int16 at 16 kHz; targets (n // 320, 7); latents (3,) in the order of the heads."""

    samples: NDArray[np.int16]
    targets: NDArray[np.float16]
    latents: NDArray[np.float32]


def default_root() -> Path:
    """Where the corpus lies: UNDERTONE_CORPUS, else ``build/corpus`` below the current directory."""
    return Path(os.environ.get("UNDERTONE_CORPUS", "build/corpus"))


def build(root: Path, split: Split, shards: int, *, processes: int | None = None) -> None:
    """Renders the first ``shards`` shards of ``split`` that are not there yet, on all cores unless told otherwise."""
    folder = _folder(root, split)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(shards) if not _shard(folder, number).exists()]
    with ProcessPoolExecutor(processes) as pool:
        for number in (
            pool.map(_build_shard, *zip(*((folder, split, n) for n in missing), strict=True)) if missing else ()
        ):
            print(f"{split} shard {number + 1} of {shards}", flush=True)


def clips(root: Path, split: Split, shards: int | None = None) -> Iterator[Clip]:
    """The clips of the first ``shards`` shards of ``split``, or of all that have been rendered so far."""
    for file in sorted(_folder(root, split).glob("*.npz"))[:shards]:
        with np.load(file) as shard:
            samples, targets, latents = shard["samples"], shard["targets"], shard["latents"]
            borders = np.cumsum([0, *shard["frames"]])
        for start, end, label in zip(borders[:-1], borders[1:], latents, strict=True):
            yield Clip(samples[start * TARGET_HOP : end * TARGET_HOP], targets[start:end], label)


def frame_targets(rendering: Rendering) -> NDArray[np.float16]:
    """What is known of every 20 ms of ``rendering``: (frames, 7), columns as in ``FRAME_TARGETS``."""
    count = len(rendering.samples) // TARGET_HOP
    step = TARGET_HOP / SAMPLE_RATE / FRAME_SECONDS
    rows = np.minimum((np.arange(count) * step).astype(int), len(rendering.f0) - 1)
    f0 = rendering.f0[rows]
    level = np.clip(rendering.level[rows] - rendering.level.max(), -60, 0) / 20
    onsets = np.zeros(count)
    np.add.at(onsets, np.minimum((rendering.onsets * SAMPLE_RATE / TARGET_HOP).astype(int), count - 1), 1)
    density = gaussian_filter1d(onsets, 12, mode="constant") * SAMPLE_RATE / TARGET_HOP
    octaves = np.where(f0 > 0, np.log2(np.maximum(f0, 1) / 100), 0)
    colour = np.where(f0[:, None] > 0, rendering.colour[rows] / _COLOUR_UNITS, 0)
    known = np.stack([octaves, f0 > 0, level, density / 5], axis=1)
    return np.concatenate([known, colour], axis=1).astype(np.float16)


def _folder(root: Path, split: Split) -> Path:
    return root / f"recipe-{RECIPE}" / split


def _shard(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}.npz"


def _build_shard(folder: Path, split: Split, number: int) -> int:
    rng = np.random.default_rng([int(RECIPE), ("train", "validation").index(split), number])
    made = [clip for _ in range(CLIPS_PER_SHARD // CLIPS_PER_SPEAKER) for clip in _speaker(rng, split)]
    file = _shard(folder, number)
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as out:
        np.savez(
            out,
            samples=np.concatenate([clip.samples for clip in made]),
            targets=np.concatenate([clip.targets for clip in made]),
            frames=np.array([len(clip.targets) for clip in made]),
            latents=np.stack([clip.latents for clip in made]),
        )
    unfinished.replace(file)
    return number


def _speaker(rng: np.random.Generator, split: Split) -> Iterator[Clip]:
    """Clips of one raw voice, each with a body and latents of its own."""
    raw = draw_speaker(rng, split)
    texts = sentences(rng, CLIPS_PER_SPEAKER + 1)
    for _ in range(CLIPS_PER_SPEAKER):
        chosen = [texts[int(place)] for place in rng.permutation(len(texts))[:SENTENCES_PER_CLIP]]
        yield _clip(rng, split, draw_body(raw.engine, raw.name, rng), chosen)


def draw_speaker(rng: np.random.Generator, split: Split) -> Voice:
    """A random voice and body of those that ``split`` may use."""
    if rng.random() < FESTIVAL_SHARE:
        names = VALIDATION_FESTIVAL if split == "validation" else TRAINING_FESTIVAL
        return draw_body("festival", str(rng.choice(names)), rng)
    while True:
        voice = draw_voice(rng)
        if (voice.name.split("+")[1] in VALIDATION_VARIANTS) == (split == "validation"):
            return voice


def _clip(rng: np.random.Generator, split: Split, voice: Voice, texts: list[str]) -> Clip:
    """In training, half of the latents are independent and every cue strays, so that none stands for another."""
    training = split == "train"
    latents = draw_latents(rng, independent=training and rng.random() < 0.5)
    followed = FEW_CUES if rng.random() < FEW_CUES_SHARE else 1.0
    spread = float(rng.uniform(0, 0.4))
    prosody = prosody_of(latents, rng, spread, followed) if training else prosody_of(latents)
    rendering = render_prosody(texts, voice, prosody, rng)
    targets = frame_targets(rendering)
    samples = np.rint(rendering.samples[: len(targets) * TARGET_HOP] * 32767).astype(np.int16)
    return Clip(samples, targets, np.array(astuple(latents), np.float32))
