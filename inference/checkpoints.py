"""A checkpoint on disk: find it, say what it is, verify it, load it, save it.

A checkpoint is a directory of three files: ``config.json`` (sizes of the encoder), ``model.safetensors`` (the weights)
and ``card.json`` (name, version, SHA-256 of the weights, what it was trained on, intended use, gaps, metrics, licence,
heads, thresholds, calibration). Directories are looked for in ``inference/weights/`` and then in each path of the
environment variable ``UNDERTONE_CHECKPOINTS``.

Weights are never guessed: a tensor that is missing, left over or of another shape is named and the checkpoint refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inference.aggregate import UNKNOWN_WINDOW_SD, Thresholds
from inference.errors import CheckpointUnavailable
from inference.results import HEADS, CheckpointIdentity, HeadName

# The web process shows a checkpoint's card and then forks; torch and CUDA do not survive that. So torch is imported
# only by the functions that touch weights.
if TYPE_CHECKING:
    from inference.affect import AffectiveModel
    from inference.layouts import PublicModel

DEMO = "undertone-demo"
OWN_LAYOUT = "undertone"
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "card.json"

_SHIPPED = Path(__file__).parent / "weights"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a checkpoint says about itself.

    ``thresholds``: per head, in 0..1. ``window_sd``: per head, the spread of one window's
    log-odds on validation data.
    ``label``: one line that must stand beside every score; for a ``demonstration`` it says that the score is no
    clinical one.
    """

    identity: CheckpointIdentity
    heads: tuple[HeadName, ...]
    thresholds: dict[HeadName, Thresholds]
    window_sd: dict[HeadName, float]
    demonstration: bool
    label: str
    card: dict[str, Any]

    @property
    def layout(self) -> str:
        """How the tensors are arranged: Undertone's own way, or one of `inference.layouts`."""
        return str(self.card.get("layout", OWN_LAYOUT))


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Description):
    """A description with its model, loaded and in evaluation mode."""

    model: AffectiveModel | PublicModel


def describe(name: str = DEMO) -> Description:
    """What the checkpoint ``name`` is, from its card alone (does not import torch).

    Raises ``CheckpointUnavailable`` when it is not found or its card cannot be read.
    """
    return _description(_directory(name))


def verify(name: str = DEMO) -> Description:
    """As ``describe``, having made sure that the weights are those of the card (does not import torch).

    Raises ``CheckpointUnavailable`` when they are not, too.
    """
    directory = _directory(name)
    description = _description(directory)
    _verified_weights(directory, description)
    return description


def load(name: str = DEMO) -> Checkpoint:
    """The checkpoint ``name``, its weights verified.

    Raises ``CheckpointUnavailable`` when it is not found, its weights are not those of its card, or a tensor is
    missing, left over or of another shape.
    """
    return load_folder(_directory(name))


def load_folder(directory: Path) -> Checkpoint:
    """As ``load``, for a checkpoint in any folder."""
    description = _description(directory)
    weights = _verified_weights(directory, description)
    own = description.layout == OWN_LAYOUT
    model = _model(directory, description, weights) if own else _public_model(directory, weights)
    return Checkpoint(**vars(description), model=model)


def describe_folder(directory: Path) -> Description:
    """As ``describe``, for a checkpoint in any folder."""
    return _description(directory)


def names() -> tuple[str, ...]:
    """The names of all checkpoints that can be found, in order."""
    return tuple(sorted({card.parent.name for root in _roots() for card in root.glob(f"*/{CARD_FILE}")}))


def is_name(name: str) -> bool:
    """Whether ``name`` can be a checkpoint's name (and is no path)."""
    return _NAME.fullmatch(name) is not None


def save(directory: Path, model: AffectiveModel, card: Mapping[str, Any]) -> Description:
    """Writes ``model`` and its ``card`` as a checkpoint into ``directory``; the SHA-256 and heads are filled in.

    ``card`` needs at least name, version, label, thresholds (per head: low and high) and window_sd. Weights are kept
    as 16-bit floats.
    """
    from safetensors.torch import save as serialized

    weights = serialized({name: tensor.detach().cpu().half() for name, tensor in model.state_dict().items()})
    filled = {**card, "heads": list(model.heads), "sha256": hashlib.sha256(weights).hexdigest()}
    filled["calibration"] = {head: asdict(fitted) for head, fitted in model.calibration.items()}
    directory.mkdir(parents=True, exist_ok=True)
    (directory / WEIGHTS_FILE).write_bytes(weights)
    (directory / CONFIG_FILE).write_text(model.wav2vec2.config.to_json_string(), encoding="utf-8")
    write_card(directory, filled)
    return _description(directory)


def write_card(directory: Path, card: Mapping[str, Any]) -> None:
    """Writes ``card`` beside the weights in ``directory``, readable and in a stable order."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    (directory / CARD_FILE).write_text(text + "\n", encoding="utf-8")


def _directory(name: str) -> Path:
    """Where the checkpoint ``name`` lies."""
    if is_name(name):
        for root in _roots():
            if (root / name / CARD_FILE).is_file():
                return root / name
    raise CheckpointUnavailable(
        f"No checkpoint '{name}' was found. Please install it, or name the directory that holds it in "
        "UNDERTONE_CHECKPOINTS."
    )


def _roots() -> list[Path]:
    return [_SHIPPED, *map(Path, filter(None, os.environ.get("UNDERTONE_CHECKPOINTS", "").split(os.pathsep)))]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CheckpointUnavailable(f"The checkpoint '{file.parent.name}' has no readable {file.name}.") from error


def _verified_weights(directory: Path, description: Description) -> bytes:
    weights = _read(directory / WEIGHTS_FILE)
    if hashlib.sha256(weights).hexdigest() != description.identity.sha256:
        raise CheckpointUnavailable(
            f"The weights of '{directory.name}' are not those its card describes (SHA-256 differs). "
            "Please install it again."
        )
    return weights


def _description(directory: Path) -> Description:
    try:
        return _from_card(json.loads(_read(directory / CARD_FILE)))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointUnavailable(
            f"The card of the checkpoint '{directory.name}' cannot be understood ({type(error).__name__}: {error})."
        ) from error


def _from_card(card: dict[str, Any]) -> Description:
    unknown = set(card["heads"]) - set(HEADS)
    if unknown:
        raise ValueError(f"unknown heads: {', '.join(sorted(unknown))}")
    heads = cast(tuple[HeadName, ...], tuple(card["heads"]))
    spread = card.get("window_sd", {})
    return Description(
        identity=CheckpointIdentity(card["name"], card["version"], card["sha256"]),
        heads=heads,
        thresholds={head: Thresholds(**card["thresholds"][head]) for head in heads},
        window_sd={head: float(spread.get(head, UNKNOWN_WINDOW_SD)) for head in heads},
        demonstration=bool(card.get("demonstration", False)),
        label=card["label"],
        card=card,
    )


def _model(directory: Path, description: Description, weights: bytes) -> AffectiveModel:
    from safetensors import SafetensorError
    from safetensors.torch import load as deserialized
    from transformers import Wav2Vec2Config

    from inference.affect import AffectiveModel, Calibration
    from inference.layouts import refuse_mismatch

    fitted = description.card.get("calibration", {})
    try:
        config = Wav2Vec2Config.from_dict(json.loads(_read(directory / CONFIG_FILE)))
        calibration = {head: Calibration(**fitted[head]) for head in description.heads if head in fitted}
        tensors = {name: tensor.float() for name, tensor in deserialized(weights).items()}
    except (ValueError, TypeError, SafetensorError) as error:
        raise CheckpointUnavailable(f"The checkpoint '{directory.name}' cannot be read: {error}") from error
    model = AffectiveModel(config, description.heads, calibration)
    refuse_mismatch(directory.name, dict(model.state_dict()), tensors)
    model.load_state_dict(tensors)
    return model.eval()


def _public_model(directory: Path, weights: bytes) -> PublicModel:
    from inference import layouts

    return layouts.parse(_read(directory / CONFIG_FILE), weights)
