"""The last stage: heads alone, on pooled statistics of many windows.

The encoder stays as it is, so a window costs one forward pass however often the heads see it. Each window is there
twice, as two recordings of the same moment, and a head pays for scoring them differently. The head for depression also
pays where it does not notice a cue that changes alone (see ``contrasts``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from inference.affect import AffectiveModel
from inference.results import HEADS
from inference.training.batches import draw_pairs
from inference.training.corpus import Clip
from inference.training.trials import SWEEPS
from inference.windows import WINDOW_SECONDS

STEPS = 600
BATCH = 256
LEARNING_RATE = 0.02
INPUT_NOISE = 0.1
"""SD of noise on the standardised statistics while the heads learn: another voice engine shifts them by more."""

TWO_EARS = 0.1
"""Weight of the squared difference of log-odds between two recordings of the same moment."""

CONTRAST = 0.1
"""Weight of the ranking loss on pairs that differ in one cue (Burges et al. 2005)."""

_CONTRAST_SLOPE = 4.0
_FORWARD = 16


def pooled_windows(
    model: AffectiveModel, clips: list[Clip], count: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Pooled statistics (count, 2, width) of random windows of ``clips``, recorded twice, and latents (count, 3)."""
    pooled, latents, device = [], [], next(model.parameters()).device
    with torch.inference_mode():
        for _ in range(0, count, _FORWARD):
            waves, truth = draw_pairs(clips, _FORWARD, WINDOW_SECONDS, rng)
            hidden, _ = model.frames(torch.from_numpy(waves).to(device).flatten(0, 1))
            pooled.append(model.pooled(hidden).reshape(_FORWARD, 2, -1).cpu())
            latents.append(torch.from_numpy(truth))
    # clone: what inference_mode made cannot be trained on
    return torch.cat(pooled).clone(), torch.cat(latents).clone()


def fit_heads(
    model: AffectiveModel,
    pooled: Tensor,
    latents: Tensor,
    seed: int = 0,
    *,
    pairs: Tensor | None = None,
    cues_alone: bool = True,
    two_ears: float = TWO_EARS,
) -> None:
    """Trains new heads of ``model`` in place, on the CPU, on ``pooled`` (n, 2, width) and ``latents`` (n, 3).

    ``pairs``: of clips that differ in one cue, as ``contrasts`` makes them.

    ``cues_alone``: they read the statistics of the cues and nothing else of the encoder, so that timbre, which differs
    most between engines, cannot mislead them. ``two_ears``: see ``TWO_EARS``.
    """
    torch.manual_seed(seed)
    model.cpu()
    mean, deviation = pooled.mean(dim=(0, 1)), pooled.std(dim=(0, 1)).clamp(min=1e-4)
    standardized = (pooled - mean) / deviation
    unread = 2 * model.wav2vec2.config.hidden_size if cues_alone else 0
    read = (torch.arange(pooled.shape[-1]) >= unread).float()
    apart = None if pairs is None else (pairs - mean) / deviation * read
    for place, name in enumerate(HEADS):
        head = cast(nn.Sequential, model.heads[name])
        head.apply(_fresh)
        rng = np.random.default_rng([seed, place])
        loss = partial(_loss, two_ears=two_ears, pairs=apart if name == "depression" else None)
        _descend(head.train(), standardized, read, latents[:, place], rng=rng, loss_of=loss)
        _absorb(head.eval(), mean, deviation, read)


def _fresh(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        layer.reset_parameters()


def _descend(
    head: nn.Sequential,
    inputs: Tensor,
    read: Tensor,
    target: Tensor,
    *,
    rng: np.random.Generator,
    loss_of: Callable[[nn.Sequential, Tensor, Tensor], Tensor],
) -> None:
    optimizer = torch.optim.AdamW(head.parameters(), lr=LEARNING_RATE, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        chosen = torch.from_numpy(_rows(rng, len(inputs)))
        noisy = inputs[chosen] + INPUT_NOISE * torch.randn(len(chosen), 1, inputs.shape[-1])
        loss = loss_of(head, noisy * read, target[chosen])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


def _loss(head: nn.Sequential, inputs: Tensor, target: Tensor, *, two_ears: float, pairs: Tensor | None) -> Tensor:
    """Cross-entropy, and what a head pays for two recordings that differ and for pairs in the wrong order."""
    odds: Tensor = head(inputs).squeeze(-1)
    loss = functional.binary_cross_entropy_with_logits(odds, target[:, None].expand_as(odds))
    loss = loss + two_ears * (odds[:, 0] - odds[:, 1]).square().mean()
    if pairs is None:
        return loss
    less, more = head(pairs).squeeze(-1).unbind(dim=1)
    return loss + CONTRAST * len(SWEEPS) * functional.softplus(_CONTRAST_SLOPE * (less - more)).mean()


def _rows(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    return rng.integers(count, size=BATCH)


def _absorb(head: nn.Sequential, mean: Tensor, deviation: Tensor, read: Tensor) -> None:
    """Moves the standardisation of the inputs, and which are read, into the first layer, so the model needs neither."""
    first = cast(nn.Linear, head[1])
    with torch.no_grad():
        first.weight.mul_(read / deviation)
        first.bias.sub_(first.weight @ mean)
