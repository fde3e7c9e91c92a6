"""The public Wav2Vec2 checkpoints: which layout a set of tensors has, and the model that computes as its authors do.

The layout is read from the names of the tensors, never guessed from a class name in ``config.json``: a loader that
guesses wrongly starts a head with random weights and says nothing. Every tensor must have its place; the only ones
that may be missing or left over are those that serve pre-training alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load as deserialized
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from inference.errors import CheckpointUnavailable
from inference.results import HeadName

ENCODER = "wav2vec2."
TRAINING_ONLY = {"wav2vec2.masked_spec_embed"}
"""The vector that replaces masked frames in training; nothing is masked here, so no result depends on it."""

MSP_COLUMNS = ["arousal", "dominance", "valence"]
MSP_DIMENSIONS: dict[HeadName, int] = {"arousal": 0, "valence": 2}
"""Columns of the regression head of the MSP-Podcast checkpoints (Wagner et al. 2023, IEEE TPAMI 45, 10745-10759)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One published arrangement of tensors. ``head_keys``: what its head has beside the encoder's tensors."""

    name: str
    head_keys: frozenset[str]
    build: Callable[[Wav2Vec2Config], nn.Module]

    def fits(self, keys: set[str]) -> bool:
        """Whether these names of head tensors are this layout's."""
        return keys == self.head_keys


class PublicModel(nn.Module):
    """Encoder and published head.

    ``heads``: which score is in which column of the head's output. ``categories``: names of the columns where they
    are emotions instead. A model with neither has no head at all.
    """

    def __init__(self, config: Wav2Vec2Config, head: nn.Module, heads: Mapping[HeadName, int] | None = None) -> None:
        super().__init__()
        self.layout = ""
        self.wav2vec2 = Wav2Vec2Model(config)
        self.head = head
        self.heads = dict(heads or {})
        self.categories = () if heads is not None else _categories(config)

    def outputs(self, waveforms: Tensor) -> Tensor:
        """Normalised waveforms (batch, samples) to the head's raw outputs (batch, columns)."""
        encoded = self.wav2vec2(waveforms, output_hidden_states=getattr(self.head, "needs_all_layers", False))
        raw: Tensor = self.head(encoded)
        return raw

    def forward(self, waveforms: Tensor) -> dict[HeadName, Tensor]:
        """Normalised waveforms (batch, samples) to scores (batch,) in 0..1 per head that there is."""
        if not self.heads:
            return {}
        raw = self.outputs(waveforms)
        return {name: raw[:, column].clamp(0.0, 1.0) for name, column in self.heads.items()}

    def category_probabilities(self, waveforms: Tensor) -> Tensor:
        """Normalised waveforms (batch, samples) to probabilities (batch, categories)."""
        return torch.softmax(self.outputs(waveforms), dim=-1)


class NoHead(nn.Module):
    """An encoder alone: it hears, and scores nothing."""

    def forward(self, encoded: Any) -> Tensor:
        """Frames to no columns (batch, 0)."""
        return torch.empty(len(encoded.last_hidden_state), 0)


class ProjectedMean(nn.Module):
    """``Wav2Vec2ForSequenceClassification``: each frame is projected, then the mean is classified."""

    def __init__(self, config: Wav2Vec2Config, *, weighted: bool) -> None:
        super().__init__()
        self.needs_all_layers = weighted
        if weighted:
            self.layer_weights = nn.Parameter(torch.zeros(config.num_hidden_layers + 1))
        self.projector = nn.Linear(config.hidden_size, config.classifier_proj_size)
        self.classifier = nn.Linear(config.classifier_proj_size, len(_categories(config)))

    def forward(self, encoded: Any) -> Tensor:
        """Frames (batch, frames, hidden) to logits (batch, labels)."""
        frames = encoded.last_hidden_state
        if self.needs_all_layers:
            layers = torch.stack(encoded.hidden_states, dim=1)  # (batch, layers, frames, hidden)
            frames = (layers * torch.softmax(self.layer_weights, dim=-1).view(-1, 1, 1)).sum(dim=1)
        logits: Tensor = self.classifier(self.projector(frames).mean(dim=1))
        return logits


class DenseTanh(nn.Module):
    """Pooled frames, one dense layer with tanh, one output layer (named ``out_proj`` or ``output``)."""

    def __init__(self, config: Wav2Vec2Config, *, output: str, pooling: str = "mean") -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise CheckpointUnavailable(f"The configuration asks for pooling_mode '{pooling}', which is not known.")
        self.pool = POOLINGS[pooling]
        self.classifier = nn.ModuleDict(
            {
                "dense": nn.Linear(config.hidden_size, config.hidden_size),
                output: nn.Linear(config.hidden_size, len(_categories(config))),
            }
        )
        self.output = output

    def forward(self, encoded: Any) -> Tensor:
        """Frames (batch, frames, hidden) to outputs (batch, labels)."""
        pooled = self.pool(encoded.last_hidden_state)
        raw: Tensor = self.classifier[self.output](torch.tanh(self.classifier["dense"](pooled)))
        return raw


POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda frames: frames.mean(dim=1),
    "sum": lambda frames: frames.sum(dim=1),
    "max": lambda frames: frames.amax(dim=1),
}
"""Frames (batch, frames, hidden) to (batch, hidden)."""


def _linear(*names: str) -> frozenset[str]:
    return frozenset(f"{name}.{part}" for name in names for part in ("weight", "bias"))


def _dense_out_proj(config: Wav2Vec2Config) -> PublicModel:
    """Two published families share these names: MSP-Podcast dimensions (regression) and pooled classification."""
    pooling = getattr(config, "pooling_mode", None)
    if pooling is None and [name.lower() for name in _categories(config)] == MSP_COLUMNS:
        return PublicModel(config, DenseTanh(config, output="out_proj"), MSP_DIMENSIONS)
    return PublicModel(config, DenseTanh(config, output="out_proj", pooling=pooling or "mean"))


LAYOUTS = (
    Layout("encoder", frozenset(), lambda config: PublicModel(config, NoHead(), {})),
    Layout(
        "sequence-classification",
        _linear("projector", "classifier"),
        lambda config: PublicModel(config, ProjectedMean(config, weighted=False)),
    ),
    Layout(
        "sequence-classification-weighted",
        _linear("projector", "classifier") | {"layer_weights"},
        lambda config: PublicModel(config, ProjectedMean(config, weighted=True)),
    ),
    Layout("dense-out_proj", _linear("classifier.dense", "classifier.out_proj"), _dense_out_proj),
    Layout(
        "dense-output",
        _linear("classifier.dense", "classifier.output"),
        lambda config: PublicModel(config, DenseTanh(config, output="output")),
    ),
)


def build(config: Wav2Vec2Config, tensors: Mapping[str, Tensor]) -> PublicModel:
    """The model for these tensors, loaded and in evaluation mode.

    Raises ``CheckpointUnavailable`` naming every tensor that no layout has a place for, is missing, or has another
    shape than the configuration asks for.
    """
    named = {_current_name(name): tensor.float() for name, tensor in _with_prefix(tensors).items()}
    layout = layout_of(set(named))
    model = cast(PublicModel, layout.build(config))
    expected = {_published_name(name): name for name in model.state_dict()}
    refuse_mismatch(
        layout.name,
        {published: model.state_dict()[name] for published, name in expected.items()},
        named,
        ignoring=TRAINING_ONLY,
    )
    model.load_state_dict({expected[name]: tensor for name, tensor in named.items() if name in expected}, strict=False)
    model.layout = layout.name
    return model.eval()


def parse(config: bytes, weights: bytes) -> PublicModel:
    """The model in the contents of ``config.json`` and a safetensors file.

    Raises ``CheckpointUnavailable`` when either cannot be read, and as ``build`` does.
    """
    try:
        sizes, tensors = Wav2Vec2Config.from_dict(json.loads(config)), deserialized(weights)
    except (ValueError, TypeError, AttributeError, SafetensorError) as error:
        raise CheckpointUnavailable(f"This checkpoint cannot be read ({type(error).__name__}: {error}).") from error
    return build(sizes, tensors)


def layout_of(names: set[str]) -> Layout:
    """Which layout has these tensors. Raises ``CheckpointUnavailable`` naming what does not fit."""
    head = {name for name in names if not name.startswith(ENCODER)}
    for layout in LAYOUTS:
        if layout.fits(head):
            return layout
    nearest = max(LAYOUTS, key=lambda layout: len(layout.head_keys & head) - len(layout.head_keys ^ head) / 100)
    missing, extra = sorted(nearest.head_keys - head), sorted(head - nearest.head_keys)
    faults = [f"{name} is missing" for name in missing] + [f"{name} has no place" for name in extra]
    raise CheckpointUnavailable(f"These weights have no known layout (nearest: {nearest.name}): {'; '.join(faults)}.")


def refuse_mismatch(
    name: str, expected: Mapping[str, Tensor], found: Mapping[str, Tensor], *, ignoring: set[str] | None = None
) -> None:
    """Raise ``CheckpointUnavailable`` that names every tensor missing, left over or of another shape."""
    ignored = ignoring or set()
    faults = [f"{key} is missing" for key in sorted(expected.keys() - found.keys() - ignored)]
    faults += [f"{key} is not part of this model" for key in sorted(found.keys() - expected.keys() - ignored)]
    for key in sorted(expected.keys() & found.keys()):
        want, have = tuple(expected[key].shape), tuple(found[key].shape)
        if want != have:
            faults.append(f"{key} has shape {have} where {want} is needed")
    if faults:
        raise CheckpointUnavailable(f"The weights of '{name}' do not fit its configuration: {'; '.join(faults)}.")


def _with_prefix(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A bare ``Wav2Vec2Model`` has its tensors without the prefix that every model around it adds."""
    bare = any(name.startswith("feature_extractor.") for name in tensors)
    return {ENCODER + name if bare else name: tensor for name, tensor in tensors.items()}


def _current_name(name: str) -> str:
    """Files written before PyTorch 2 name the weight norm of the positional convolution in another way."""
    return name.replace("conv.weight_g", "conv.parametrizations.weight.original0").replace(
        "conv.weight_v", "conv.parametrizations.weight.original1"
    )


def _published_name(name: str) -> str:
    return name.removeprefix("head.")


def _categories(config: Wav2Vec2Config) -> tuple[str, ...]:
    return tuple(str(label) for _, label in sorted((config.id2label or {}).items()))
