"""Small models with random weights, for tests of machinery alone: no score of theirs means anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Wav2Vec2Config

from inference import checkpoints, worker
from inference.affect import HEADS, AffectiveModel
from inference.results import HeadName


def small_config() -> Wav2Vec2Config:
    return Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8, 8),
        conv_kernel=(16, 8, 8),
        conv_stride=(10, 8, 4),
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        mask_time_prob=0.0,
    )


def small_model(heads: Sequence[HeadName] = HEADS) -> AffectiveModel:
    torch.manual_seed(0)
    return AffectiveModel(small_config(), heads).eval()


def small_card(**changes: Any) -> dict[str, Any]:
    return {
        "name": "small",
        "version": "0.0",
        "label": "random weights, for tests",
        "demonstration": True,
        "licence": "Apache-2.0",
        "thresholds": {head: {"low": 0.4, "high": 0.6} for head in HEADS},
        "window_sd": {"depression": 0.1},
    } | changes


def saved_checkpoint(root: Path, heads: Sequence[HeadName] = HEADS, **changes: Any) -> checkpoints.Description:
    """A small checkpoint at ``root/small``; point UNDERTONE_CHECKPOINTS at ``root`` to load it."""
    return checkpoints.save(root / "small", small_model(heads), small_card(**changes))


def let_workers_use_a_small_checkpoint(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers in this process analyse with a small checkpoint at ``root/small``."""
    saved_checkpoint(root)
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(root))
    small = checkpoints.load("small")
    monkeypatch.setattr(worker, "checkpoint", lambda _: small)
