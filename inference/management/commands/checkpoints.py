"""``manage.py checkpoints list|show|verify|use|import``: which voice models there are, and taking in another."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import adoption, checkpoints
from inference.errors import CheckpointUnavailable


class Command(BaseCommand):
    help = "List, show, verify, choose and import checkpoints (voice models). Needs no database."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command per verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="all checkpoints that can be found; * marks the one in use")
        for verb, text in (
            ("show", "the card of one checkpoint, as JSON"),
            ("verify", "load it: is every tensor there, and are the weights those of the card?"),
        ):
            named = verbs.add_parser(verb, help=text)
            named.add_argument("name", nargs="?", default=settings.CHECKPOINT, help="default: the one in use")
        verbs.add_parser("use", help="say how to make it the one in use").add_argument("name")
        taking_in = verbs.add_parser("import", help="take in a public checkpoint, from a folder or the hub")
        taking_in.add_argument(
            "source", help="a folder with config.json and model.safetensors, or OWNER/NAME of the hub"
        )
        taking_in.add_argument("--name", required=True)
        taking_in.add_argument("--licence", required=True, help="as its authors state it, e.g. Apache-2.0")
        taking_in.add_argument("--revision", default="", help="commit hash on the hub (40 hexadecimal digits)")

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        """Do one verb; what is wrong is one plain sentence and exit status 1."""
        try:
            getattr(self, f"_{verb}")(**options)
        except CheckpointUnavailable as error:
            raise CommandError(error.message) from error

    def _list(self, **_: Any) -> None:
        for name in checkpoints.names():
            found = checkpoints.describe(name)
            mark = "*" if name == settings.CHECKPOINT else " "
            heads = ", ".join(found.heads) or "no head: scores are null"
            self.stdout.write(f"{mark} {name} {found.identity.version}  ({heads})  {found.label}")

    def _show(self, *, name: str, **_: Any) -> None:
        self.stdout.write(json.dumps(checkpoints.describe(name).card, indent=2, ensure_ascii=False))

    def _verify(self, *, name: str, **_: Any) -> None:
        found = checkpoints.load(name)
        self.stdout.write(
            f"{name} {found.identity.version}: every tensor has its place, SHA-256 {found.identity.sha256}"
        )

    def _use(self, *, name: str, **_: Any) -> None:
        checkpoints.verify(name)
        self.stdout.write(f"Set CHECKPOINT={name} in the environment of web and workers, and start them again.")

    def _import(self, *, source: str, name: str, licence: str, revision: str, **_: Any) -> None:
        folder = Path(source)
        origin = f"folder, imported as {name}"
        if not folder.is_dir():
            folder, origin = adoption.fetch(source, revision), f"{source} at {revision}"
        found = adoption.adopt(
            folder, _own_root(), name=name, version=revision[:12] or "imported", licence=licence, origin=origin
        )
        self.stdout.write(
            f"{name} is in {_own_root()}: layout {found.layout}, heads {', '.join(found.heads) or 'none'}."
        )


def _own_root() -> Path:
    roots = os.environ.get("UNDERTONE_CHECKPOINTS", "").split(os.pathsep)
    if not roots[0]:
        raise CheckpointUnavailable(
            "Please set UNDERTONE_CHECKPOINTS to the folder in which imported checkpoints are kept."
        )
    return Path(roots[0])
