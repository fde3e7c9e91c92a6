"""Taking in a public Wav2Vec2 checkpoint: from a folder, or from the hub at a pinned revision, into one with a card.

Only safetensors are read: a pickle can run code. What is adopted is loaded once before it is kept, so that a checkpoint
with a tensor that does not fit is refused here and not on the first patient.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

from inference import checkpoints
from inference.checkpoints import CONFIG_FILE, WEIGHTS_FILE, Description
from inference.errors import CheckpointUnavailable

NEUTRAL_BAND = {"low": 0.4, "high": 0.6}
"""Thresholds where the authors give none: a score within 0.1 of neutral is called neither low nor elevated."""

_REVISION = re.compile(r"[0-9a-f]{40}")


def adopt(source: Path, root: Path, *, name: str, version: str, licence: str, origin: str) -> Description:
    """Copy the public checkpoint in ``source`` to ``root/name`` and write its card; loaded once before it is kept.

    ``origin`` says where it came from. Raises ``CheckpointUnavailable`` naming what is missing or does not fit, and
    leaves nothing behind.
    """
    if not checkpoints.is_name(name):
        raise CheckpointUnavailable(
            "A checkpoint's name is letters, digits, '.', '_' and '-', beginning with a letter."
        )
    for needed in (CONFIG_FILE, WEIGHTS_FILE):
        if not (source / needed).is_file():
            raise CheckpointUnavailable(f"There is no {needed} in that folder. {_hint(source)}".strip())
    target, partial = root / name, root / f".{name}.partial"
    if target.exists():
        raise CheckpointUnavailable(f"A checkpoint '{name}' is already there. Please choose another name.")
    try:
        _write(source, partial, _card(source, name=name, version=version, licence=licence, origin=origin))
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return checkpoints.describe_folder(target)


def fetch(repository: str, revision: str) -> Path:
    """The folder of the hub checkpoint ``repository`` ("owner/name") at commit ``revision``, downloaded if need be.

    ``HF_HUB_OFFLINE`` is honoured: then only what is in the hub's cache is used. Raises ``CheckpointUnavailable``.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    if not _REVISION.fullmatch(revision):
        raise CheckpointUnavailable("A revision is a full commit hash (40 hexadecimal digits), so that it cannot move.")
    try:
        return Path(
            snapshot_download(repository, revision=revision, allow_patterns=[CONFIG_FILE, WEIGHTS_FILE, "README.md"])
        )
    except (LocalEntryNotFoundError, RepositoryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise CheckpointUnavailable(
            f"'{repository}' could not be fetched from the hub. Download it elsewhere and give its folder instead."
        ) from error


def _card(source: Path, **facts: str) -> dict[str, Any]:
    from inference import layouts

    weights = (source / WEIGHTS_FILE).read_bytes()
    model = layouts.parse((source / CONFIG_FILE).read_bytes(), weights)
    return {
        **facts,
        "layout": model.layout,
        "label": f"imported checkpoint '{facts['name']}': not validated by Undertone, not a diagnosis",
        "demonstration": False,
        "heads": list(model.heads),
        "categories": list(model.categories),
        "thresholds": dict.fromkeys(model.heads, NEUTRAL_BAND),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }


def _write(source: Path, folder: Path, card: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    for file in (CONFIG_FILE, WEIGHTS_FILE):
        shutil.copyfile(source / file, folder / file)
    checkpoints.write_card(folder, card)


def _hint(source: Path) -> str:
    pickles = [file.name for file in source.glob("*") if file.suffix in {".bin", ".pt", ".pth"}]
    return f"{pickles[0]} is a pickle, which can run code: please convert it to safetensors." if pickles else ""
