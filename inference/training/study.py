"""What each ingredient of the demonstration checkpoint is worth, and how much one seed differs from another.

    python -m inference.training.study

Prints one row per variant and one for a plain regression on the acoustic measures. Variants that concern the encoder
train one of their own, each as long as the checkpoint's; an accelerator makes that a matter of minutes. With
``--scale`` they train for less, and compare with the seeds at that scale, not with the checkpoint. ``--keep`` writes
the rows on the card. Every run is kept under ``build/`` and goes on where it was stopped. Measured on the held-out
engine, on fewer clips than the card's figures.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import torch

from inference import checkpoints
from inference.affect import AffectiveModel
from inference.training import baseline, corpus, evaluate, fit, trials
from inference.training.batches import Draw
from inference.training.calibrate import calibrated
from inference.training.contrasts import contrasts
from inference.training.evaluate import Ear, Figure, Listener
from inference.training.heads import TWO_EARS, fit_heads, pooled_windows
from inference.training.nuisance import CLEAN, Conditions, draw_conditions
from inference.training.train_demo import HEAD_WINDOWS, TARGET, TRAIN_SHARDS, VALIDATION_SHARDS, save

FOLDER = Path("build/training/study")
ROWS = FOLDER / "rows"
CLIPS_PER_VOICE, DOSES_PER_VOICE = 16, 2
BASELINE_CLIPS = 800


def _always_clean(_: np.random.Generator) -> Conditions:
    return CLEAN


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train. ``whole``: new heads on the encoder of the checkpoint that ships, else all of it anew.

    ``shards``: of training clips; ``length``: factor on the steps; ``hidden`` and ``layers``: of the encoder.
    ``frame_weight`` is a factor on that of the frame targets; ``conditions`` disturb the clips of the encoder;
    ``cues_alone`` and ``two_ears`` are those of ``fit_heads``, with pairs from ``contrasts`` or without.
    """

    name: str
    whole: bool = False
    seed: int = 0
    shards: int = TRAIN_SHARDS
    length: float = 1.0
    hidden: int = 128
    layers: int = 4
    frame_weight: float = 1.0
    conditions: Draw = draw_conditions
    cues_alone: bool = True
    two_ears: float = TWO_EARS
    contrasts: bool = True

    def plan(self, scale: float) -> tuple[fit.Stage, ...]:
        """Its stages, shortened by ``scale``."""
        planned = fit.stages(self.length * scale)
        return tuple(replace(stage, frame_weight=stage.frame_weight * self.frame_weight) for stage in planned)


VARIANTS = (
    Variant("its heads hear timbre too", whole=True, cues_alone=False),
    Variant("its heads heard each moment once", whole=True, two_ears=0.0),
    Variant("its heads met no contrasts", whole=True, contrasts=False),
    Variant("seed 0", seed=0),
    Variant("seed 1", seed=1),
    Variant("seed 2", seed=2),
    Variant("no frame targets", frame_weight=0.0),
    Variant("encoder trained on clean clips", conditions=_always_clean),
    Variant("twice the clips and steps", shards=2 * TRAIN_SHARDS, length=2.0),
    Variant("larger, twice the clips and steps", shards=2 * TRAIN_SHARDS, length=2.0, hidden=192, layers=6),
)
BASELINE, SHIPPED = "regression on acoustic measures", "the checkpoint"
NAMES = (BASELINE, SHIPPED, *(variant.name for variant in VARIANTS))
UNSCALED = {BASELINE, SHIPPED, *(variant.name for variant in VARIANTS if variant.whole)}
"""What ``--scale`` does not touch: no encoder is trained for it."""


def main() -> None:
    """Trains and measures every variant that is asked for, and keeps what was found."""
    options = _options()
    for name in options.only or NAMES:
        listener = _listener(name, options)
        if options.train_only:
            continue
        found = list(evaluate.hearing(listener, trials.HELD_OUT, _clips(), DOSES_PER_VOICE))
        print(_line(name, found), flush=True)
        _keep(name, found, 1.0 if name in UNSCALED else options.scale)
    if options.keep and not options.train_only:
        card = json.loads((TARGET / checkpoints.CARD_FILE).read_text(encoding="utf-8"))
        checkpoints.write_card(TARGET, {**card, "study": {"clips_per_voice": CLIPS_PER_VOICE, "rows": _kept()}})


def _kept() -> dict[str, dict[str, float]]:
    """The rows found so far, in the order of the variants."""
    files = {name: _row_of(name) for name in NAMES}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}


def _keep(name: str, found: list[Figure], scale: float) -> None:
    """Writes the figures of one variant, in a file of its own: variants may run side by side."""
    row = {figure.name: float(f"{figure.value:.3g}") for figure in found if "voice" not in figure.name}
    if scale != 1:
        row["scale"] = scale
    ROWS.mkdir(parents=True, exist_ok=True)
    _row_of(name).write_text(json.dumps(row, indent=1), encoding="utf-8")


def _row_of(name: str) -> Path:
    return ROWS / f"{_slug(name)}.json"


def _slug(name: str) -> str:
    return name.replace(" ", "-").replace(",", "")


def _listener(name: str, options: argparse.Namespace) -> Listener:
    if name == BASELINE:
        return baseline.fit(_corpus("train", TRAIN_SHARDS), BASELINE_CLIPS)
    if name == SHIPPED:
        return Ear(checkpoints.load_folder(TARGET))
    target = FOLDER / "checkpoints" / _slug(name)
    if not (target / checkpoints.CARD_FILE).exists():
        (variant,) = (variant for variant in VARIANTS if variant.name == name)
        _train(variant, target, options)
    return Ear(checkpoints.load_folder(target))


def _train(variant: Variant, target: Path, options: argparse.Namespace) -> None:
    """Trains ``variant``, or its heads alone, and saves it in ``target``."""
    clips = _corpus("train", variant.shards)
    shipped = cast(AffectiveModel, checkpoints.load_folder(TARGET).model)
    model = shipped if variant.whole else _fitted(variant, clips, options)
    with torch.random.fork_rng():
        pooled, latents = pooled_windows(model, clips, HEAD_WINDOWS, np.random.default_rng(variant.seed))
        pairs = contrasts(model, variant.seed) if variant.contrasts else None
        fit_heads(
            model,
            pooled,
            latents,
            variant.seed,
            pairs=pairs,
            cues_alone=variant.cues_alone,
            two_ears=variant.two_ears,
        )
    save(model, calibrated(model, _corpus("validation", VALIDATION_SHARDS)), "study", {"variant": variant.name}, target)


def _fitted(variant: Variant, clips: list[corpus.Clip], options: argparse.Namespace) -> AffectiveModel:
    """An encoder trained from nothing, and kept where the next run finds it."""
    return fit.fit(
        clips,
        FOLDER / f"{_slug(variant.name)}.pt",
        variant.plan(options.scale),
        variant.seed,
        conditions=variant.conditions,
        config=fit.demo_config(variant.hidden, variant.layers),
        processes=options.processes,
    )


@cache
def _corpus(split: corpus.Split, shards: int) -> list[corpus.Clip]:
    """The first ``shards`` shards, rendered first where they are not there yet."""
    root = corpus.default_root()
    corpus.build(root, split, shards)
    return list(corpus.clips(root, split, shards))


@cache
def _clips() -> list[trials.Clip]:
    return trials.clips(trials.HELD_OUT, CLIPS_PER_VOICE)


def _line(name: str, found: list[Figure]) -> str:
    figures = "  ".join(f"{figure.name} {figure.value:.3f}" for figure in found if "voice" not in figure.name)
    return f"{name}: {figures}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What each ingredient of the demonstration checkpoint is worth.")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the training steps of further encoders")
    parser.add_argument("--processes", type=int, help="how many draw batches; by default one for every two cores")
    parser.add_argument("--only", nargs="*", help="names of the variants to run")
    parser.add_argument("--train-only", action="store_true", help="measure nothing yet")
    parser.add_argument("--keep", action="store_true", help="write the rows on the card")
    return parser.parse_args()


if __name__ == "__main__":
    main()
