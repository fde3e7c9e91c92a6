"""Marks for tests that need programs which only training needs. In CI they must run, so there they fail instead."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil

import pytest


def _missing() -> list[str]:
    missing = [] if importlib.util.find_spec("pyworld") else ["pyworld (the 'train' extra)"]
    missing += [] if importlib.util.find_spec("pkg_resources") else ["setuptools below 81, which pyworld needs"]
    missing += [] if importlib.util.find_spec("sklearn") else ["scikit-learn (the 'train' extra)"]
    missing += [] if ctypes.util.find_library("espeak-ng") else ["espeak-ng"]
    return missing + [program for program in ("festival", "flite") if not shutil.which(program)]


needs_synthesis = pytest.mark.skipif(
    bool(_missing()) and os.environ.get("CI") != "true", reason=f"not installed: {', '.join(_missing())}"
)
