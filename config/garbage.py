"""Keeps Python's garbage collector from looking again and again through what a server loads once and for all.

A full collection looks at everything that is alive: with all of Undertone loaded that takes a tenth of a second, and on
busy pages every fourth request had to wait for one.
"""

from __future__ import annotations

import gc

from django.urls import get_resolver

THRESHOLDS = (50_000, 10, 50)
"""Objects made before the youngest are looked at, and how often so before the older ones are."""


def settle() -> None:
    """Load what the first request would, and leave all that is there now out of every later collection."""
    # Views, forms and serializers are loaded by whoever asks for an address first.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
