"""A checkpoint is found, says what it is, and is refused by name of what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inference import checkpoints
from inference.affect import Calibration, predict
from inference.aggregate import UNKNOWN_WINDOW_SD, Thresholds
from inference.errors import CheckpointUnavailable
from tests.inference.small_models import saved_checkpoint, small_card, small_model

Tensors = dict[str, torch.Tensor]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def change_weights(root: Path, change: Callable[[Tensors], object]) -> None:
    """Edits the tensors and makes the card match, as a careless tool would."""
    file = root / "small" / "model.safetensors"
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)
    card = json.loads((root / "small" / "card.json").read_text())
    card["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    (root / "small" / "card.json").write_text(json.dumps(card))


def test_what_was_saved_is_loaded(root: Path) -> None:
    model = small_model()
    model.calibration["depression"] = Calibration(2.0, -0.5)
    saved = checkpoints.save(root / "small", model, small_card())
    loaded = checkpoints.load("small")
    window = np.random.default_rng(0).normal(size=96_000).astype(np.float32)
    here, there = predict(model, [window]).depression, predict(loaded.model, [window]).depression
    assert here == pytest.approx(there, abs=2e-3)
    assert loaded.identity == saved.identity
    assert loaded.thresholds["valence"] == Thresholds(0.4, 0.6)
    assert loaded.window_sd == {"depression": 0.1, "valence": UNKNOWN_WINDOW_SD, "arousal": UNKNOWN_WINDOW_SD}
    assert not loaded.model.training
    assert next(loaded.model.parameters()).dtype == torch.float32


def test_a_checkpoint_may_lack_heads(root: Path) -> None:
    saved_checkpoint(root, heads=("depression",))
    loaded = checkpoints.load("small")
    assert loaded.heads == ("depression",)
    assert predict(loaded.model, [np.ones(96_000, np.float32)]).valence is None


def test_a_description_needs_no_torch(root: Path) -> None:
    saved_checkpoint(root)
    program = (
        "import sys; from inference import checkpoints; checkpoints.describe('small'); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["nowhere", "../small", "", "/etc"])
def test_an_unknown_name_is_refused(root: Path, name: str) -> None:
    saved_checkpoint(root)
    with pytest.raises(CheckpointUnavailable, match="No checkpoint"):
        checkpoints.load(name)


def test_weights_that_are_not_those_of_the_card_are_refused(root: Path) -> None:
    saved_checkpoint(root)
    file = root / "small" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(CheckpointUnavailable, match="SHA-256"):
        checkpoints.load("small")


def test_missing_weights_are_refused(root: Path) -> None:
    saved_checkpoint(root)
    (root / "small" / "model.safetensors").unlink()
    with pytest.raises(CheckpointUnavailable, match=r"no readable model\.safetensors"):
        checkpoints.load("small")


def test_a_missing_tensor_is_named(root: Path) -> None:
    saved_checkpoint(root)
    change_weights(root, lambda tensors: tensors.pop("heads.arousal.1.bias"))
    with pytest.raises(CheckpointUnavailable, match=r"heads\.arousal\.1\.bias is missing"):
        checkpoints.load("small")


def test_an_extra_tensor_is_named(root: Path) -> None:
    saved_checkpoint(root)
    change_weights(root, lambda tensors: tensors.update(classifier=torch.zeros(3)))
    with pytest.raises(CheckpointUnavailable, match="classifier is not part of this model"):
        checkpoints.load("small")


def test_a_tensor_of_another_shape_is_named(root: Path) -> None:
    saved_checkpoint(root)
    change_weights(root, lambda tensors: tensors.update({"heads.valence.1.bias": torch.zeros(2)}))
    with pytest.raises(CheckpointUnavailable, match=r"heads\.valence\.1\.bias has shape \(2,\) where \(1,\) is needed"):
        checkpoints.load("small")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"heads": ["anger"]}'])
def test_a_card_that_cannot_be_understood_is_refused(root: Path, text: str) -> None:
    saved_checkpoint(root)
    (root / "small" / "card.json").write_text(text)
    with pytest.raises(CheckpointUnavailable, match="card"):
        checkpoints.describe("small")


def test_a_checkpoint_loads_from_a_folder_that_is_searched_by_nobody(tmp_path: Path) -> None:
    description = saved_checkpoint(tmp_path)
    assert checkpoints.load_folder(tmp_path / "small").identity == description.identity
    with pytest.raises(CheckpointUnavailable):
        checkpoints.load(str(tmp_path / "small"))
