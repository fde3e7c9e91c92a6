"""``manage.py analyze``: the engine on files, with no database and no server."""

from __future__ import annotations

import json
import sys
import traceback
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from inference import checkpoints, report
from inference.checkpoints import Checkpoint
from inference.errors import AnalysisError
from inference.pipeline import Options, analyze


class FileNotReadable(AnalysisError):
    code = "not_found"
    default_message = "There is no such file, or it cannot be opened. Please check the path."


class InternalError(AnalysisError):
    code = "internal_error"
    default_message = "Something went wrong inside Undertone while analysing this file. Details are on standard error."


class Command(BaseCommand):
    help = "Analyse recordings and print what was found, as text or as one JSON object per line and file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the files and options."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object per line and file")
        parser.add_argument("--patient-channel", choices=["left", "right"], help="the patient's channel, in stereo")
        parser.add_argument("--rttm", type=Path, metavar="FILE", help="an RTTM file that says who speaks when")
        parser.add_argument("--patient", metavar="LABEL", help="the patient's name in the RTTM file")
        parser.add_argument("--counselor-voice", type=Path, metavar="FILE", help="a short clip of the counselor alone")
        parser.add_argument("--swap", action="store_true", help="the patient is the other one of two voices")
        parser.add_argument("--checkpoint", default=checkpoints.DEMO, metavar="NAME", help="the voice model to use")

    def handle(self, *args: Any, **options: Any) -> None:
        """Analyse each file; exit status 1 if one of them could not be."""
        asked = Options(
            patient_channel=options["patient_channel"],
            rttm=options["rttm"],
            patient_label=options["patient"],
            counselor_voice=options["counselor_voice"],
            swapped=options["swap"],
        )
        model = _Model(options["checkpoint"])
        failed = False
        for file in options["files"]:
            try:
                line = _success(file, asked, model.checkpoint(), as_json=options["json"])
            except Exception as error:  # noqa: BLE001 (one file must never cost the others)
                failed = True
                line = _failure(file, _explained(error), as_json=options["json"])
            self.stdout.write(line)
            self.stdout.flush()
        if failed:
            sys.exit(1)


class _Model:
    """Loads the checkpoint when the first file needs it, and says the same of every file when it cannot."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loaded: Checkpoint | AnalysisError | None = None

    def checkpoint(self) -> Checkpoint:
        """The checkpoint. Raises ``CheckpointUnavailable``."""
        if self._loaded is None:
            try:
                self._loaded = checkpoints.load(self._name)
            except AnalysisError as error:
                self._loaded = error
        if isinstance(self._loaded, AnalysisError):
            raise self._loaded
        return self._loaded


def _success(file: str, asked: Options, checkpoint: Checkpoint, *, as_json: bool) -> str:
    analysis = analyze(Path(file), asked, checkpoint)
    if as_json:
        return json.dumps(report.as_dict(analysis, file=file), allow_nan=False)
    return report.as_text(analysis, file=file, label=checkpoint.label) + "\n"


def _failure(file: str, error: AnalysisError, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(report.error_as_dict(error, file=file))
    return report.error_as_text(error, file=file) + "\n"


def _explained(error: Exception) -> AnalysisError:
    """Every failure as a code and a sentence; one that nobody foresaw leaves its traceback on standard error."""
    if isinstance(error, AnalysisError):
        return error
    if isinstance(error, OSError) or (isinstance(error, ValueError) and "null" in str(error)):
        return FileNotReadable()
    traceback.print_exception(error)
    return InternalError()
