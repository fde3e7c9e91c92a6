"""How many children a worker has on a machine with GPUs."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import accelerators
from inference import worker


def driver_of(folder: Path, gpus: int) -> Path:
    for number in range(gpus):
        (folder / f"0000:0{number}:00.0").mkdir()
    return folder


def test_a_machine_without_the_driver_has_no_accelerator(tmp_path: Path) -> None:
    assert accelerators.present(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("visible", "count"), [(None, 4), ("0,2", 2), ("", 0), ("-1", 0), ("1,-1,2", 1), ("0,1,2,3,4,5", 4)]
)
def test_the_accelerators_that_cuda_would_see_are_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, visible: str | None, count: int
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert accelerators.present(driver_of(tmp_path, 4)) == count


def test_each_child_has_an_accelerator_of_its_own() -> None:
    assert [worker.device(2, child) for child in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert worker.device(0, 1) == "cpu"
