"""What each ingredient of the demonstration checkpoint is worth, and how much one seed differs from another.

    python -m inference.training.study

Prints one row per variant, all trained on the same clips, and one for a plain regression on the acoustic measures.
What concerns the encoder is tried in shortened runs (``--scale``), of which one is the checkpoint's own way. ``--keep``
writes the rows on the card. Every run is kept under ``build/`` and goes on where it was stopped. Measured on the
held-out engine, on fewer clips than the card's figures.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from inference import checkpoints
from inference.training import baseline, corpus, evaluate, fit, trials
from inference.training.batches import Draw
from inference.training.calibrate import calibrated
from inference.training.contrasts import contrasts
from inference.training.evaluate import Ear, Figure, Listener
from inference.training.heads import TWO_EARS, fit_heads, pooled_windows
from inference.training.nuisance import CLEAN, Conditions, draw_conditions
from inference.training.train_demo import HEAD_WINDOWS, STATE, TARGET, save

FOLDER = Path("build/training/study")
ROWS = FOLDER / "rows.json"
SCALE = 0.25
CLIPS_PER_VOICE, DOSES_PER_VOICE = 16, 2
BASELINE_CLIPS = 800


def _always_clean(_: np.random.Generator) -> Conditions:
    return CLEAN


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to train. ``whole``: heads on the checkpoint's own encoder, else all of it in a shortened run.

    ``frame_weight`` is a factor on that of the frame targets; ``conditions`` disturb the clips of the encoder;
    ``cues_alone`` and ``two_ears`` are those of ``fit_heads``, with pairs from ``contrasts`` or without.
    """

    name: str
    whole: bool = False
    seed: int = 0
    frame_weight: float = 1.0
    conditions: Draw = draw_conditions
    cues_alone: bool = True
    two_ears: float = TWO_EARS
    contrasts: bool = True

    @property
    def state(self) -> Path:
        """Where its encoder is kept."""
        return STATE if self.whole else FOLDER / f"{self.name.replace(' ', '-')}.pt"

    def plan(self, scale: float) -> tuple[fit.Stage, ...]:
        """Its stages, shortened by ``scale`` unless it uses the checkpoint's encoder."""
        planned = fit.stages(1.0 if self.whole else scale)
        return tuple(replace(stage, frame_weight=stage.frame_weight * self.frame_weight) for stage in planned)


VARIANTS = (
    Variant("the checkpoint", whole=True),
    Variant("its heads hear timbre too", whole=True, cues_alone=False),
    Variant("its heads heard each moment once", whole=True, two_ears=0.0),
    Variant("its heads met no contrasts", whole=True, contrasts=False),
    Variant("shortened, seed 0"),
    Variant("shortened, seed 1", seed=1),
    Variant("shortened, seed 2", seed=2),
    Variant("shortened, no frame targets", frame_weight=0.0),
    Variant("shortened, encoder trained on clean clips", conditions=_always_clean),
)
BASELINE = "regression on acoustic measures"


def main() -> None:
    """Trains and measures every variant that is asked for, and keeps what was found."""
    options = _options()
    for name in options.only or [BASELINE, *(variant.name for variant in VARIANTS)]:
        found = list(evaluate.hearing(_listener(name, options.scale), trials.HELD_OUT, _clips(), DOSES_PER_VOICE))
        print(_line(name, found), flush=True)
        _keep(name, found, options.scale)
    if options.keep:
        card = json.loads((TARGET / checkpoints.CARD_FILE).read_text(encoding="utf-8"))
        checkpoints.write_card(TARGET, {**card, "study": {"clips_per_voice": CLIPS_PER_VOICE, "rows": _kept()}})


def _kept() -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.exists() else {}
    return rows


def _keep(name: str, found: list[Figure], scale: float) -> None:
    """The figures of one variant, in the order of the variants; its place in a later run is taken again."""
    row = {figure.name: float(f"{figure.value:.3g}") for figure in found if "voice" not in figure.name}
    if name.startswith("shortened"):
        row["scale"] = scale
    order = [BASELINE, *(variant.name for variant in VARIANTS)]
    rows = _kept() | {name: row}
    ROWS.parent.mkdir(parents=True, exist_ok=True)
    ROWS.write_text(json.dumps({one: rows[one] for one in order if one in rows}, indent=1), encoding="utf-8")


def _listener(name: str, scale: float) -> Listener:
    if name == BASELINE:
        return baseline.fit(_corpus("train"), BASELINE_CLIPS)
    (variant,) = (variant for variant in VARIANTS if variant.name == name)
    model = fit.fit(_corpus("train"), variant.state, variant.plan(scale), variant.seed, variant.conditions)
    with torch.random.fork_rng():
        pooled, latents = pooled_windows(model, _corpus("train"), HEAD_WINDOWS, np.random.default_rng(variant.seed))
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
    target = FOLDER / "checkpoint"
    save(model, calibrated(model, _corpus("validation")), "study", {"variant": name}, target)
    return Ear(checkpoints.load_folder(target))


@cache
def _corpus(split: corpus.Split) -> list[corpus.Clip]:
    return list(corpus.clips(corpus.default_root(), split))


@cache
def _clips() -> list[trials.Clip]:
    return trials.clips(trials.HELD_OUT, CLIPS_PER_VOICE)


def _line(name: str, found: list[Figure]) -> str:
    figures = "  ".join(f"{figure.name} {figure.value:.3f}" for figure in found if "voice" not in figure.name)
    return f"{name}: {figures}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What each ingredient of the demonstration checkpoint is worth.")
    parser.add_argument("--scale", type=float, default=SCALE, help="factor on the checkpoint's training steps")
    parser.add_argument("--only", nargs="*", help="names of the variants to run")
    parser.add_argument("--keep", action="store_true", help="write the rows on the card")
    return parser.parse_args()


if __name__ == "__main__":
    main()
