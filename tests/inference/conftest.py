"""Recordings and a small checkpoint for the engine's tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference import audio, checkpoints
from inference.checkpoints import Checkpoint
from tests import sound
from tests.inference.small_models import saved_checkpoint


@pytest.fixture(scope="session")
def speech() -> NDArray[np.float32]:
    """43 s of one synthetic voice, mono at 16 kHz."""
    return audio.decode(sound.SPEECH).mono


@pytest.fixture(scope="session")
def second_voice() -> NDArray[np.float32]:
    """16 s of another synthetic voice, mono at 16 kHz."""
    return audio.decode(sound.SECOND_VOICE).mono


@pytest.fixture(scope="session")
def checkpoint_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint "small", whose weights are random."""
    folder = tmp_path_factory.mktemp("checkpoints")
    saved_checkpoint(folder)
    return folder


@pytest.fixture
def checkpoint(checkpoint_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """The checkpoint "small", loaded."""
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(checkpoint_folder))
    return checkpoints.load("small")
