"""Taking in a public checkpoint: from a folder to one that scores, or refused with nothing left behind."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings
from safetensors.torch import save_file

from inference import adoption, affect, checkpoints
from inference.errors import CheckpointUnavailable
from tests.inference.test_layouts import PublishedModel, configured, emotions


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where imported checkpoints are kept."""
    root = tmp_path / "shelf"
    root.mkdir()
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(root))
    return root


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder as the authors of a dimensional checkpoint publish it, with random weights."""
    folder = tmp_path / "published"
    folder.mkdir()
    config = configured(**emotions("arousal", "dominance", "valence"))
    save_file(PublishedModel(config, "out_proj").state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(config.to_json_string())
    return folder


def command(*arguments: str) -> str:
    printed = StringIO()
    call_command("checkpoints", *arguments, stdout=printed)
    return printed.getvalue()


def test_an_imported_checkpoint_scores_what_it_has_heads_for_and_nothing_else(shelf: Path, published: Path) -> None:
    command("import", str(published), "--name", "dimensional", "--licence", "CC-BY-NC-SA-4.0")
    checkpoint = checkpoints.load("dimensional")
    scores = affect.predict(checkpoint.model, [np.random.default_rng(1).normal(size=16000).astype(np.float32)])
    assert scores.depression is None
    assert scores.arousal is not None
    assert scores.valence is not None
    assert checkpoint.card["licence"] == "CC-BY-NC-SA-4.0"
    assert "not validated" in checkpoint.label


def test_an_imported_checkpoint_is_listed_beside_the_shipped_one(shelf: Path, published: Path) -> None:
    command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    lines = command("list").splitlines()
    assert any("dimensional" in line and "arousal, valence" in line for line in lines)


def test_a_card_is_shown_as_json(shelf: Path, published: Path) -> None:
    command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    assert json.loads(command("show", "dimensional"))["layout"] == "dense-out_proj"


def test_verify_finds_a_changed_byte(shelf: Path, published: Path) -> None:
    command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    weights = shelf / "dimensional" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(CommandError, match="SHA-256"):
        command("verify", "dimensional")


def test_a_pickle_is_refused_and_nothing_is_left(shelf: Path, published: Path) -> None:
    (published / "model.safetensors").rename(published / "pytorch_model.bin")
    with pytest.raises(CommandError, match="pickle"):
        command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    assert list(shelf.iterdir()) == []


def test_weights_that_do_not_fit_are_refused_and_nothing_is_left(shelf: Path, published: Path) -> None:
    config = json.loads((published / "config.json").read_text())
    (published / "config.json").write_text(json.dumps(config | {"intermediate_size": 64}))
    with pytest.raises(CommandError, match="intermediate_dense"):
        command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize("name", ["../evil", "/etc", "", ".hidden", "a/b"])
def test_a_name_that_is_a_path_is_refused(shelf: Path, published: Path, name: str) -> None:
    with pytest.raises(CheckpointUnavailable, match="name"):
        adoption.adopt(published, shelf, name=name, version="1", licence="MIT", origin="test")


def test_a_name_that_is_taken_is_refused(shelf: Path, published: Path) -> None:
    command("import", str(published), "--name", "dimensional", "--licence", "MIT")
    with pytest.raises(CommandError, match="already there"):
        command("import", str(published), "--name", "dimensional", "--licence", "MIT")


@pytest.mark.parametrize("revision", ["", "main", "abc123"])
def test_the_hub_is_asked_for_a_pinned_revision_only(shelf: Path, revision: str) -> None:
    with pytest.raises(CommandError, match="commit hash"):
        command("import", "someone/something", "--name", "x", "--licence", "MIT", "--revision", revision)


def test_without_a_network_the_hub_is_a_plain_sentence(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CommandError, match="could not be fetched"):
        command("import", "someone/something", "--name", "x", "--licence", "MIT", "--revision", "a" * 40)


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_a_checkpoint_that_is_not_named_is_the_one_in_use(verb: str, settings: Settings) -> None:
    settings.CHECKPOINT = checkpoints.DEMO
    assert command(verb) == command(verb, checkpoints.DEMO)
