"""Makes the demonstration checkpoint from nothing: corpus, fit, heads, calibration, card.

    python -m inference.training.train_demo

Needs the ``train`` extra, espeak-ng, and Festival with the voices of ``voices.FESTIVAL_VOICES``. Every step is kept
under ``build/``; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference import checkpoints
from inference.affect import AffectiveModel
from inference.training import corpus, fit, voices
from inference.training.calibrate import Scored, calibrated, thresholds, window_spread
from inference.training.contrasts import contrasts
from inference.training.heads import fit_heads, pooled_windows

TRAIN_SHARDS, VALIDATION_SHARDS = 56, 6
HEAD_WINDOWS = 3000
TARGET = Path(__file__).parents[1] / "weights" / checkpoints.DEMO
STATE = Path("build/training/demo.pt")

ABOUT: dict[str, Any] = {
    "name": checkpoints.DEMO,
    "label": "demonstration: trained on synthetic speech, not for clinical use",
    "demonstration": True,
    "licence": "Apache-2.0",
    "training_data": (
        "Synthetic speech alone: neutral sentences of a grammar said by espeak-ng in many accents and variants and by "
        "Festival's voices, re-synthesised by WORLD with pitch, its variation, rate, pauses, dynamics and colour set "
        "by three latent numbers, then disturbed by rooms, microphones, noise, telephone and codecs. No human speech "
        "was used."
    ),
    "intended_use": (
        "To show and to test Undertone end to end. It reacts to the named cues in the directions that the literature "
        "reports for depressive speech."
    ),
    "gaps": [
        "It has heard no human voice, so nothing is known about its scores for people.",
        "It shows a reaction to named cues of prosody; it shows nothing about depression and diagnoses nothing.",
        "English text only; other languages, children, old age, illness of the voice and overlap were never tried.",
        "How much each cue weighs is our choice, not a finding.",
    ],
    "architecture": (
        "Wav2Vec2 encoder trained from nothing, 7 cues, statistics pooling over frames and voiced frames, 3 heads"
    ),
}


def main() -> None:
    """Runs every step that is not done yet and saves the checkpoint."""
    options = _options()
    root = corpus.default_root()
    if not options.no_build:
        voices.require_training_voices()
        corpus.build(root, "validation", VALIDATION_SHARDS)
        corpus.build(root, "train", options.shards)
    clips, validation = list(corpus.clips(root, "train", options.shards)), list(corpus.clips(root, "validation"))
    plan = fit.stages(options.scale)
    model = fit.fit(clips, options.state, plan, options.seed, processes=options.processes)
    with torch.random.fork_rng():
        pooled, latents = pooled_windows(model, clips, options.head_windows, np.random.default_rng(options.seed))
        fit_heads(model, pooled, latents, options.seed, pairs=contrasts(model, options.seed))
    origin = {**_origin(clips, validation, plan, options.seed), "head_windows": options.head_windows}
    saved = save(model, calibrated(model, validation), options.version, origin, options.target)
    print(f"saved {saved.identity}")


def save(
    model: AffectiveModel, scored: Scored, version: str, origin: dict[str, Any], target: Path = TARGET
) -> checkpoints.Description:
    """Writes the checkpoint with its card into ``target``; figures are added by ``evaluate_demo``."""
    limits = {head: {"low": found.low, "high": found.high} for head, found in thresholds(scored).items()}
    card = {**ABOUT, "version": version, "training": origin, "thresholds": limits, "window_sd": window_spread(scored)}
    return checkpoints.save(target, model, card)


def _origin(
    clips: list[corpus.Clip], validation: list[corpus.Clip], plan: tuple[fit.Stage, ...], seed: int
) -> dict[str, Any]:
    hours = sum(len(clip.targets) for clip in clips) * corpus.TARGET_HOP / 16_000 / 3600
    return {
        "recipe": corpus.RECIPE,
        "clips": len(clips),
        "hours": round(hours, 2),
        "validation_clips": len(validation),
        "steps": {stage.name: stage.steps for stage in plan},
        "seed": seed,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--version", default="0.5", help="version to write on the card")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of training steps")
    parser.add_argument("--shards", type=int, default=TRAIN_SHARDS, help="shards of 48 training clips")
    parser.add_argument("--head-windows", type=int, default=HEAD_WINDOWS, help="windows that the heads are fitted on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state", type=Path, default=STATE, help="where the run is kept")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write the checkpoint into")
    parser.add_argument("--processes", type=int, help="how many draw batches; by default one for every two cores")
    parser.add_argument("--no-build", action="store_true", help="train on the clips that are there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
