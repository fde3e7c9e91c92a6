"""``manage.py bench engine`` and ``bench pages``: what an analysis and the counselor's pages cost on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import bench_apart
from inference import bench, checkpoints
from inference.errors import AnalysisError
from sessions_app.scale.plan import ANALYSES, PATIENTS

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
        pages = parts.add_parser("pages", help="caseload, patient and session in a large clinic of made-up rows")
        pages.add_argument("--pages", type=int, default=300, help="how often each is asked for (default: %(default)s)")
        pages.add_argument("--patients", type=int, default=PATIENTS, help="default: %(default)s")
        pages.add_argument("--analyses", type=int, default=ANALYSES, help="default: %(default)s")
        pages.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the rows here, to measure them again")

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

    def _pages(self, *, pages: int, patients: int, analyses: int, keep: Path | None, **_: Any) -> None:
        if min(pages, patients, analyses) < 1:
            raise CommandError("The numbers of pages, patients and analyses are above zero.")
        table, status = bench_apart.run("sessions_app.bench_pages", pages, patients, analyses, kept=keep)
        self.stdout.write(table, ending="")
        if status:
            sys.exit(status)


def _as_json(costs: bench.Costs) -> str:
    return json.dumps(bench.as_dict(costs))


def _packaged() -> list[Path]:
    return sorted((Path(settings.BASE_DIR) / PACKAGED).glob(PERSON))
