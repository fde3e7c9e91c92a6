"""``manage.py bench engine``: what the engine costs on this machine, with no database and no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import bench, checkpoints
from inference.errors import AnalysisError

PACKAGED = "sessions_app/demo/audio"
PERSON = "syn-001-*.opus"
"""One person of the demonstration: her sessions, one after the other, until the recording is long enough."""


class Command(BaseCommand):
    help = "Measure speed and memory, beside what else could be used on the same sound."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command per part that can be measured."""
        parts = parser.add_subparsers(dest="part", required=True)
        engine = parts.add_parser("engine", help="from a file to an analysis: each stage, memory, two peers")
        engine.add_argument("--minutes", type=float, help="length of the recording (default: 5, or that of --audio)")
        engine.add_argument("--audio", type=Path, metavar="FILE", help="another recording; with --minutes, repeated")
        engine.add_argument("--stereo", action="store_true", help="two people in turn, with a channel each")
        engine.add_argument("--threads", type=int, default=bench.cores(), help="default: one per core")
        engine.add_argument("--checkpoint", default=checkpoints.DEMO, metavar="NAME", help="the voice model to use")
        engine.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: Any, part: str, **options: Any) -> None:
        """Measure one part; what is wrong is one plain sentence and exit status 1."""
        try:
            getattr(self, f"_{part}")(**options)
        except AnalysisError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"The recording cannot be read: {error.strerror}.") from error

    def _engine(self, *, minutes: float | None, threads: int, json: bool, stereo: bool, **options: Any) -> None:
        if threads < 1 or (minutes is not None and minutes <= 0):
            raise CommandError("Minutes and threads are numbers above zero.")
        if stereo and options["audio"]:
            raise CommandError(
                "Stereo is made of the demonstration's recordings. Please leave --audio or --stereo out."
            )
        files = [options["audio"]] if options["audio"] else _packaged()
        length = minutes if minutes or options["audio"] else 5.0
        checkpoint = checkpoints.load(options["checkpoint"])
        if busy := bench.busy():
            self.stderr.write(busy)
        costs = bench.run(files, length, checkpoint, threads, warm=_packaged()[0], stereo=stereo)
        self.stdout.write(_as_json(costs) if json else bench.as_text(costs))


def _as_json(costs: bench.Costs) -> str:
    return json.dumps(bench.as_dict(costs))


def _packaged() -> list[Path]:
    return sorted((Path(settings.BASE_DIR) / PACKAGED).glob(PERSON))
