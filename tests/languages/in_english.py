"""What stays in English by intention, and is not asked to be marked for translation."""

from __future__ import annotations

SAID_BY_THE_ENGINE = (
    "inference/adoption.py",
    "inference/audio.py",
    "inference/biomarkers/definitions.py",
    "inference/checkpoints.py",
    "inference/clips.py",
    "inference/errors.py",
    "inference/layouts.py",
    "inference/pipeline.py",
    "inference/quality.py",
    "inference/report.py",
    "inference/rttm.py",
    "inference/scratch.py",
    "inference/speakers.py",
)
"""Modules of the engine, which never imports Django; `test_engine_words` asks for their words in the pages."""

IN_ENGLISH = (
    *SAID_BY_THE_ENGINE,
    "accounts/management/",
    "accounts/verification.py",
    "accounts/wrong_tokens.py",
    "config/",
    "inference/bench.py",
    "inference/management/",
    "inference/training/",
    "sessions_app/api/",
    "sessions_app/demo/",
    "sessions_app/exports.py",
    "sessions_app/management/",
    "sessions_app/numbers.py",
    "sessions_app/scale/",
    "templates/api/",
)
"""What is said to programs and to who runs an installation stays in English, as their documentation is."""

SENTENCES_IN_ENGLISH = frozenset(
    {
        "Please set up a second factor at {} first.",
        "Please choose a password of your own at {} first.",
        "This file has been written.",
        "Files come in through sessions_app.storage.store.",
    }
)
"""The same, in modules that otherwise speak to people; braces stand for what is filled in."""
