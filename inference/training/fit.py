"""Training the demonstration model from nothing, in two stages.

First short crops and mostly frame targets (F0, voicing, level, syllable rate): the encoder learns to hear. Then whole
windows and the labels. A run that was stopped goes on from its last saved state; every batch is drawn from the seed and
its number alone, so the result is the same however many processes draw them. Runs on an accelerator where there is one.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Wav2Vec2Config

from inference.affect import VOICING_CUE, AffectiveModel
from inference.results import HEADS
from inference.training.batches import FRAME_DELAY, WINDOW_MEASURES, Batch, Draw, draw_batch
from inference.training.corpus import FRAME_TARGETS, ON_VOICED_FRAMES, Clip
from inference.training.nuisance import draw_conditions
from inference.windows import WINDOW_SECONDS

SAVE_EVERY = 100
LOG_EVERY = 20
_WARM_UP = 60
_AHEAD = 3
"""Batches that each drawing process is ahead of the training."""

_EVERYWHERE = [place for place in range(len(FRAME_TARGETS)) if place not in (*ON_VOICED_FRAMES, VOICING_CUE)]


@dataclass(frozen=True, slots=True)
class Stage:
    """``steps`` batches of ``size`` crops of ``seconds``; the weights say how much each kind of target counts."""

    name: str
    seconds: float
    steps: int
    size: int
    learning_rate: float
    frame_weight: float
    measure_weight: float
    label_weight: float


def stages(scale: float = 1.0) -> tuple[Stage, Stage]:
    """The two stages of the demonstration checkpoint; ``scale`` shortens or lengthens both."""
    return (
        Stage("frames", 2.0, round(900 * scale), 32, 1e-3, 1.0, 0.3, 0.3),
        Stage("windows", WINDOW_SECONDS, round(1400 * scale), 16, 8e-4, 0.3, 0.3, 1.0),
    )


def demo_config(hidden: int = 128, layers: int = 4) -> Wav2Vec2Config:
    """Sizes of the demonstration encoder, one frame per 20 ms: 1.2 million parameters, or more to compare it with."""
    config = Wav2Vec2Config(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 32,
        intermediate_size=4 * hidden,
        conv_dim=(64, 64, 96, 128, 128),
        conv_kernel=(16, 8, 8, 8, 4),
        conv_stride=(10, 4, 2, 2, 2),
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=8,
        # Group norm would let padding and the length of a window change the result.
        feat_extract_norm="layer",
        # Layer norm takes the level out of a frame; what a bias adds before it does not scale, so level is heard.
        conv_bias=True,
        do_stable_layer_norm=True,
        hidden_dropout=0.05,
        attention_dropout=0.05,
        activation_dropout=0.05,
        layerdrop=0.0,
        mask_time_prob=0.0,
    )
    config.num_cues = len(FRAME_TARGETS)
    return config


class Trainee(nn.Module):
    """The model and the output that only training needs: measures of a whole crop, from its pooled statistics."""

    def __init__(self, model: AffectiveModel) -> None:
        super().__init__()
        self.model = model
        width = 2 * model.wav2vec2.config.hidden_size + 4 * len(FRAME_TARGETS)
        self.measure_output = nn.Linear(width, len(WINDOW_MEASURES))

    def forward(self, waves: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, samples) to frames (batch, rows, 7), measures (batch, 8) and label logits (batch, 3)."""
        hidden, _ = self.model.frames(waves)
        cues = cast(nn.Module, self.model.cues)
        # A standard deviation needs more digits than 16-bit arithmetic has.
        with torch.autocast(waves.device.type, enabled=False):
            hidden = hidden.float()
            pooled = self.model.pooled(hidden)
            labels = torch.stack(list(self.model.logits(pooled).values()), dim=-1)
            return cues(hidden), self.measure_output(pooled), labels


class Run:
    """A training run that can be put down and taken up: the trainee, its optimiser, and how far it is."""

    def __init__(self, file: Path, seed: int, config: Wav2Vec2Config | None = None) -> None:
        torch.manual_seed(seed)
        self.file, self.seed, self.stage, self.step = file, seed, 0, 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.trainee = Trainee(AffectiveModel(config or demo_config(), HEADS)).to(self.device)
        self.optimizer = torch.optim.AdamW(self.trainee.parameters(), lr=1e-3, weight_decay=0.01)
        if file.exists():
            saved = torch.load(file, map_location=self.device, weights_only=True)
            self.stage, self.step = saved["stage"], saved["step"]
            self.trainee.load_state_dict(saved["trainee"])
            self.optimizer.load_state_dict(saved["optimizer"])

    def save(self) -> None:
        """Writes the state to ``file``, whole or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_suffix(".part")
        states = {"trainee": self.trainee.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({"stage": self.stage, "step": self.step, **states}, unfinished)
        unfinished.replace(self.file)


def fit(
    clips: list[Clip],
    state: Path,
    plan: tuple[Stage, ...],
    seed: int = 0,
    *,
    conditions: Draw = draw_conditions,
    config: Wav2Vec2Config | None = None,
    processes: int | None = None,
) -> AffectiveModel:
    """Trains on ``clips`` under ``conditions``, saving to and going on from ``state``; the model in evaluation mode.

    ``config``: sizes, by default those of ``demo_config``. ``processes``: how many draw batches, by default one for
    every two cores.
    """
    run, drawers = Run(state, seed, config), processes or max(1, (os.cpu_count() or 2) // 2)
    while run.stage < len(plan):
        # Forked, so that the clips, a gigabyte and more, are there without being sent.
        with ProcessPoolExecutor(
            drawers, multiprocessing.get_context("fork"), _hold, (partial(draw_batch, clips, conditions=conditions),)
        ) as pool:
            _train(run, pool, plan[run.stage], _AHEAD * drawers)
        run.stage, run.step = run.stage + 1, 0
        run.save()
    return run.trainee.model.eval()


_held: dict[str, Callable[..., Batch]] = {}
"""In a drawing process: how it draws."""


def _hold(draw: Callable[..., Batch]) -> None:
    torch.set_num_threads(1)
    _held["draw"] = draw


def _drawn(stage: Stage, *numbers: int) -> Batch:
    return _held["draw"](size=stage.size, seconds=stage.seconds, rng=np.random.default_rng(numbers))


def _train(run: Run, pool: Executor, stage: Stage, ahead: int) -> None:
    run.trainee.train()
    for batch in _batches(run, pool, stage, ahead):
        for group in run.optimizer.param_groups:
            group["lr"] = stage.learning_rate * _schedule(run.step, stage.steps)
        losses = _losses(run.trainee, batch, stage)
        run.optimizer.zero_grad()
        losses["all"].backward()  # type: ignore[no-untyped-call]
        steepness = nn.utils.clip_grad_norm_(run.trainee.parameters(), 1.0)
        # One gradient without bounds, rare in 16 bits, would turn every weight into a NaN.
        if torch.isfinite(steepness):
            run.optimizer.step()
        run.step += 1
        if run.step % LOG_EVERY == 0:
            told = " ".join(f"{name} {loss.item():.4f}" for name, loss in losses.items())
            print(f"{stage.name} {run.step}/{stage.steps} {told}", flush=True)
        if run.step % SAVE_EVERY == 0:
            run.save()


def _schedule(step: int, steps: int) -> float:
    """Share of the learning rate: a short rise, then half a cosine."""
    return min(1.0, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _batches(run: Run, pool: Executor, stage: Stage, ahead: int) -> Iterator[Batch]:
    """The batches from ``run.step`` on, ``ahead`` of them being made by ``pool``."""

    def ask(step: int) -> Future[Batch]:
        return pool.submit(_drawn, stage, run.seed, run.stage, step)

    asked = deque(ask(step) for step in range(run.step, min(run.step + ahead, stage.steps)))
    for step in range(run.step + ahead, stage.steps + ahead):
        yield asked.popleft().result()
        if step < stage.steps:
            asked.append(ask(step))


def _losses(trainee: Trainee, batch: Batch, stage: Stage) -> dict[str, Tensor]:
    device = next(trainee.parameters()).device
    waves, targets, measures, latents, speech = (torch.from_numpy(part).to(device) for part in batch.columns)
    # 16-bit arithmetic is half as dear and leaves the losses, taken in 32 bits, as they are.
    with torch.autocast(device.type, torch.bfloat16):
        frames, predicted, labels = trainee(waves)
    frame = _frame_loss(frames.float(), targets)
    measure = (functional.smooth_l1_loss(predicted.float(), measures, reduction="none").mean(1) * speech).mean()
    label = functional.binary_cross_entropy_with_logits(labels.float(), latents)
    total = stage.frame_weight * frame + stage.measure_weight * measure + stage.label_weight * label
    return {"all": total, "frame": frame, "measure": measure, "label": label}


def _frame_loss(frames: Tensor, targets: Tensor) -> Tensor:
    """Frame outputs (batch, rows, 7) against targets (batch, more rows, 7); F0 and colour count on voiced rows."""
    target = targets[:, FRAME_DELAY : FRAME_DELAY + frames.shape[1]]
    voiced = target[..., VOICING_CUE]
    away = functional.smooth_l1_loss(frames, target, reduction="none", beta=0.1)
    of_voice = (away[..., ON_VOICED_FRAMES] * voiced[..., None]).sum() / voiced.sum().clamp(min=1)
    voicing = functional.binary_cross_entropy_with_logits(frames[..., VOICING_CUE], voiced)
    return of_voice + 0.5 * voicing + away[..., _EVERYWHERE].mean()
