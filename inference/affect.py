"""AffectiveModel: a Wav2Vec2 encoder, statistics pooling, and one small head per score.

The encoder is ``transformers.Wav2Vec2Model`` (Baevski et al. 2020). Pooling takes mean and standard deviation over
time (x-vectors, Snyder et al. 2018): the standard deviation lets a head see variation, and flat speech is flat in its
variation. A checkpoint may also hear cues (log F0, voicing, level, syllable rate) in every frame; their statistics are
pooled too, once over all frames and once over voiced frames (attentive pooling, Okabe et al. 2018, with voicing for
attention), because an SD of F0 is a matter of voiced frames. Each head is one logit, linear in these statistics, so
that what moves a score, and which way, can be read from its weights. Depression is the probability of depressive
speech, valence and arousal are positions between 0 and 1 with 0.5 neutral.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from inference.results import HEADS, HeadName

if TYPE_CHECKING:
    from inference.layouts import PublicModel

VOICING_CUE = 1
"""Which cue is the logit of voicing, in a checkpoint that hears cues."""

CPU_BATCH, GPU_BATCH = 2, 16
"""Windows at once. A core gains nothing by more than two, and each takes 10 MiB."""

LEAST_VOICED = 0.05
"""Share of voiced frames below which a logit fades to 0: speech has more, also where it is mostly pauses."""

_SILENCE_SD = 1e-6
_POOLING_FLOOR = 1e-5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a head's logit into a score: ``sigmoid(logit / temperature + bias)``."""

    temperature: float = 1.0
    bias: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowScores:
    """Scores per window, each (n,) in 0..1, or ``None`` for a head that the checkpoint lacks."""

    depression: NDArray[np.float32] | None
    valence: NDArray[np.float32] | None
    arousal: NDArray[np.float32] | None


class AffectiveModel(nn.Module):
    """Encoder, pooling and heads.

    ``config``: sizes of the encoder, and ``num_cues`` when it hears cues. ``heads``: which scores there are.
    ``calibration``: per head, as fitted on validation data; a head without one uses its logit as it is.
    """

    def __init__(
        self,
        config: Wav2Vec2Config,
        heads: Sequence[HeadName] = HEADS,
        calibration: Mapping[HeadName, Calibration] | None = None,
    ) -> None:
        super().__init__()
        self.wav2vec2 = Wav2Vec2Model(config)
        cues = getattr(config, "num_cues", 0)
        self.cues = nn.Linear(config.hidden_size, cues) if cues else None
        self.heads = nn.ModuleDict({name: _head(2 * config.hidden_size + 4 * cues) for name in heads})
        self.calibration = dict(calibration or {})

    def frames(self, waveforms: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Normalised waveforms (batch, samples) to hidden frames (batch, frames, hidden) and their mask."""
        hidden = self.wav2vec2(waveforms, attention_mask=attention_mask).last_hidden_state
        if attention_mask is None:
            return hidden, None
        return hidden, self._frame_mask(attention_mask, hidden.shape[1])

    def _frame_mask(self, attention_mask: Tensor, frames: int) -> Tensor:
        """Mask over samples (batch, samples) to mask over frames (batch, frames): 1 where a frame saw only sound."""
        lengths, config = attention_mask.sum(dim=-1).long(), self.wav2vec2.config
        for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            lengths = torch.div(lengths - kernel, stride, rounding_mode="floor") + 1
        return (torch.arange(frames, device=lengths.device) < lengths[:, None]).long()

    def pooled(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """Hidden frames (batch, frames, hidden) to statistics (batch, 2 * hidden + 4 * cues)."""
        everything = statistics(hidden, mask)
        if self.cues is None:
            return everything
        cues = self.cues(hidden)
        voicing = torch.sigmoid(cues[..., VOICING_CUE])
        voiced = voicing if mask is None else voicing * mask
        return torch.cat([everything, statistics(cues, mask), statistics(cues, voiced)], dim=-1)

    def logits(self, pooled: Tensor) -> dict[HeadName, Tensor]:
        """Pooled statistics (batch, width) to one raw logit (batch,) per head."""
        return {cast(HeadName, name): head(pooled).squeeze(-1) for name, head in self.heads.items()}

    def forward(self, waveforms: Tensor, attention_mask: Tensor | None = None) -> dict[HeadName, Tensor]:
        """Normalised waveforms (batch, samples) to scores (batch,) in 0..1 per head.

        ``attention_mask`` (batch, samples) is 1 where there is sound and 0 on padding.
        """
        hidden, mask = self.frames(waveforms, attention_mask)
        raw, heard = self.logits(self.pooled(hidden, mask)), self._voice(hidden, mask)
        return {name: self._score(name, logit * heard) for name, logit in raw.items()}

    def _voice(self, hidden: Tensor, mask: Tensor | None) -> Tensor | float:
        """How far there is a voice to hear, (batch,) in 0..1: statistics of next to no voice tell nothing."""
        if self.cues is None:
            return 1.0
        voicing = torch.sigmoid(self.cues(hidden)[..., VOICING_CUE])
        shown = torch.ones_like(voicing) if mask is None else mask.to(voicing.dtype)
        share = (voicing * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
        return (share / LEAST_VOICED).clamp(max=1.0)

    def _score(self, name: HeadName, logit: Tensor) -> Tensor:
        fitted = self.calibration.get(name, Calibration())
        return torch.sigmoid(logit / fitted.temperature + fitted.bias)


def _head(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Dropout(0.1), nn.Linear(width, 1))


def statistics(hidden: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean and standard deviation over time: (batch, frames, hidden) to (batch, 2 * hidden).

    ``mask`` (batch, frames) weighs the frames: 0 counts for nothing, 1 in full.
    """
    weight = torch.ones_like(hidden[..., :1]) if mask is None else mask[..., None].to(hidden.dtype)
    count = weight.sum(dim=1).clamp(min=1e-3)
    mean = (hidden * weight).sum(dim=1) / count
    variance = ((hidden - mean[:, None]).square() * weight).sum(dim=1) / count
    return torch.cat([mean, (variance + _POOLING_FLOOR).sqrt()], dim=-1)


def normalized(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples (n,) at zero mean and unit variance, so that gain cannot matter; digital silence stays zero."""
    centred = samples.astype(np.float64) - np.mean(samples, dtype=np.float64)
    return (centred / max(float(np.sqrt(np.mean(centred**2))), _SILENCE_SD)).astype(np.float32)


def predict(
    model: AffectiveModel | PublicModel,
    windows: Sequence[NDArray[np.float32]],
    *,
    batch_size: int | None = None,
    on_batch: Callable[[float], None] | None = None,
) -> WindowScores:
    """Scores of ``windows``, each (samples,) at 16 kHz, on the device that holds ``model`` (in evaluation mode).

    Windows of one length share a batch, so nothing is ever padded; ``batch_size`` is by default what suits the device.
    ``on_batch`` hears the share done, 0..1.
    """
    names = cast(tuple[HeadName, ...], tuple(model.heads))
    scores = {name: np.zeros(len(windows), dtype=np.float32) for name in names}
    device, done = next(model.parameters()).device, 0
    size = batch_size or (CPU_BATCH if device.type == "cpu" else GPU_BATCH)
    with torch.inference_mode():
        for places in _batches(windows, size):
            batch = torch.from_numpy(np.stack([normalized(windows[place]) for place in places])).to(device)
            for name, values in model(batch).items():
                scores[name][places] = values.float().cpu().numpy()
            done += len(places)
            if on_batch:
                on_batch(done / len(windows))
    return WindowScores(*(scores.get(name) for name in HEADS))


def _batches(windows: Sequence[NDArray[np.float32]], size: int) -> Iterator[list[int]]:
    """Places in ``windows``, at most ``size`` at a time and of one length each."""
    by_length: dict[int, list[int]] = {}
    for place, window in enumerate(windows):
        by_length.setdefault(len(window), []).append(place)
    for places in by_length.values():
        yield from (places[start : start + size] for start in range(0, len(places), size))
