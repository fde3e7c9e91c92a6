"""The last stage: heads alone, on pooled statistics of many windows.

The encoder stays as it is, so a window costs one forward pass however often the heads see it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inference.affect import AffectiveModel
from inference.results import HEADS, HeadName
from inference.training.batches import draw_batch
from inference.training.corpus import Clip
from inference.windows import WINDOW_SECONDS

STEPS = 600
BATCH = 256
INPUT_NOISE = 0.3
"""SD of noise on the standardised statistics while the heads learn: another voice engine shifts them by more."""

CUES_ALONE: frozenset[HeadName] = frozenset({"depression", "arousal"})
"""Heads that read the statistics of the cues and nothing else of the encoder. On validation voices they lose nothing by
it (depression) or gain (arousal), and timbre, which differs most between engines, cannot mislead them."""

_FORWARD = 16


def pooled_windows(
    model: AffectiveModel, clips: list[Clip], count: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Pooled statistics (count, width) of random windows of ``clips``, and their latents (count, 3)."""
    pooled, latents = [], []
    with torch.inference_mode():
        for _ in range(0, count, _FORWARD):
            batch = draw_batch(clips, _FORWARD, WINDOW_SECONDS, rng)
            hidden, _ = model.frames(torch.from_numpy(batch.waves))
            pooled.append(model.pooled(hidden))
            latents.append(torch.from_numpy(batch.latents))
    # clone: what inference_mode made cannot be trained on
    return torch.cat(pooled).clone(), torch.cat(latents).clone()


def fit_heads(model: AffectiveModel, pooled: Tensor, latents: Tensor, seed: int = 0) -> None:
    """Trains new heads of ``model`` in place on ``pooled`` (n, width) and ``latents`` (n, 3)."""
    torch.manual_seed(seed)
    mean, deviation = pooled.mean(dim=0), pooled.std(dim=0).clamp(min=1e-4)
    standardized = (pooled - mean) / deviation
    for place, name in enumerate(HEADS):
        head = model.heads[name]
        assert isinstance(head, nn.Sequential)
        head.apply(_fresh)
        read = _read_by(model, name, pooled.shape[1])
        _descend(head.train(), standardized, read, latents[:, place], np.random.default_rng([seed, place]))
        _absorb(head.eval(), mean, deviation, read)


def _read_by(model: AffectiveModel, name: HeadName, width: int) -> Tensor:
    """1 for each statistic (width,) that the head ``name`` reads, 0 for the others."""
    first = 2 * model.wav2vec2.config.hidden_size if name in CUES_ALONE else 0
    return (torch.arange(width) >= first).float()


def _fresh(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        layer.reset_parameters()


def _descend(head: nn.Sequential, inputs: Tensor, read: Tensor, target: Tensor, rng: np.random.Generator) -> None:
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        chosen = torch.from_numpy(_rows(rng, len(inputs)))
        noisy = inputs[chosen] + INPUT_NOISE * torch.randn(len(chosen), inputs.shape[1])
        loss = functional.binary_cross_entropy_with_logits(head(noisy * read).squeeze(-1), target[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


def _rows(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    return rng.integers(count, size=BATCH)


def _absorb(head: nn.Sequential, mean: Tensor, deviation: Tensor, read: Tensor) -> None:
    """Moves the standardisation of the inputs, and which are read, into the first layer, so the model needs neither."""
    first = head[1]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        first.weight.mul_(read / deviation)
        first.bias.sub_(first.weight @ mean)
