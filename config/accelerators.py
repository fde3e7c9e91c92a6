"""How many accelerators this machine has, told without torch: a worker's main process must never import it."""

from __future__ import annotations

import os
from pathlib import Path

DRIVER = Path("/proc/driver/nvidia/gpus")
"""NVIDIA's driver keeps a folder here for each GPU; in a container, for each that it may use."""


def present(driver: Path = DRIVER) -> int:
    """The number of GPUs that a worker on this machine may use, 0 if there is none."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not driver.is_dir():
        return 0
    here = len(list(driver.iterdir()))
    if chosen is None:
        return here
    # As CUDA reads it: the list ends at the first entry that names no device.
    names = [name.strip() for name in chosen.split(",")]
    usable = next((place for place, name in enumerate(names) if name in {"", "-1"}), len(names))
    return min(here, usable)
