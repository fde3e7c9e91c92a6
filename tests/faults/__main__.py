"""Breaks a real installation in many ways and says what came of it: ``make faults`` (FAULTS=500 SEED=7).

Exits with 1 unless nothing was lost, doubled, stuck or otherwise not as it must be.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tenancy import every_clinic
from tests.faults.installation import PRODUCTION, Installation, Pace

if TYPE_CHECKING:
    from tests.faults.kinds import Kind
    from tests.faults.trial import Ready, Scene, Steps, Trial

TRIAL_SECONDS = 240.0
CLIP_SECONDS = 12


@dataclass
class Lane:
    """A trial under way."""

    kind: Kind
    trial: Trial
    steps: Steps[None]
    waits_for: Ready
    deadline: float

    def go_on(self) -> bool:
        """Take the trial as far as it gets without waiting. False when it is over."""
        try:
            while self.waits_for():
                self.waits_for = next(self.steps)
        except StopIteration:
            return False
        if time.monotonic() > self.deadline:
            self.trial.stuck = True
            self.steps.close()
            return False
        return True


@dataclass
class Play:
    """All trials, some at once."""

    scene: Scene
    waiting: deque[Kind]
    most: int
    lanes: list[Lane] = field(default_factory=list)
    over: list[Trial] = field(default_factory=list)

    def run(self) -> list[Trial]:
        """Play until every trial is over."""
        while self.waiting or self.lanes:
            self._fill()
            for lane in list(self.lanes):
                if not lane.go_on():
                    self.lanes.remove(lane)
                    self.over.append(lane.trial)
                    print(f"{len(self.over):4} {lane.kind.name}{' STUCK' if lane.trial.stuck else ''}", flush=True)
            self.scene.installation.tend()
            time.sleep(0.05)
        return self.over

    def _fill(self) -> None:
        from tests.faults.trial import Trial

        for kind in list(self.waiting):
            taken = frozenset[str]().union(*(lane.kind.alone for lane in self.lanes))
            if len(self.lanes) >= self.most:
                return
            if not kind.alone & taken:
                self.waiting.remove(kind)
                trial = Trial(kind.name, self.scene)
                deadline = time.monotonic() + TRIAL_SECONDS
                self.lanes.append(Lane(kind, trial, kind.story(trial), lambda: True, deadline))


@every_clinic()
def main() -> int:
    """Makes the installation, plays the trials, prints the table."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="undertone-faults-"))
    pace = PRODUCTION if options.production else Pace()
    installation = Installation(folder, pace)
    os.environ.update(installation.environment)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        return _play(installation, options)
    finally:
        installation.stop()
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _play(installation: Installation, options: argparse.Namespace) -> int:
    import django

    installation.start_servers()
    django.setup()

    from tests.faults.kinds import kinds
    from tests.faults.verdict import verdict

    scene = _scene(installation)
    installation.start_programs()
    parts = options.only.lower().split(",")
    pack = [kind for kind in kinds(options.redis_away) if any(part in kind.name.lower() for part in parts)]
    started = time.monotonic()
    trials = Play(scene, deque(_draw(pack, options.faults, options.seed)), options.at_once).run()
    _wait_for_quiet(installation)
    found = verdict(trials)
    print(found.table())
    print(_about(installation.pace, options, time.monotonic() - started))
    return 0 if found.holds else 1


def _draw(pack: list[Kind], number: int, seed: int) -> Iterable[Kind]:
    """``number`` faults, each kind as often as another, in random order."""
    chance = random.Random(seed)
    for _ in range(0, number, len(pack)):
        yield from chance.sample(pack, min(len(pack), number))
        number -= len(pack)


def _scene(installation: Installation) -> Scene:
    from django.core.management import call_command

    from inference.audio import SAMPLE_RATE, decode
    from tests.faults.client import Client
    from tests.faults.trial import Scene
    from tests.sound import SPEECH, write
    from tests.tokens import token_of
    from tests.world import SessionFactory, make_world

    call_command("migrate", verbosity=0)
    world = make_world()
    token = token_of(world.alice)
    clip = write(installation.folder / "clip.wav", decode(SPEECH).mono[: CLIP_SECONDS * SAMPLE_RATE], SAMPLE_RATE)
    session = SessionFactory(patient=world.alices_patient)
    return Scene(installation, Client(installation.port, token), session.id, clip)


def _wait_for_quiet(installation: Installation) -> None:
    """Until no job is open, and what was doomed is gone."""
    from inference.models import AnalysisJob
    from tests.faults.trial import after, asked

    def quiet() -> bool:
        return asked(lambda: not AnalysisJob.objects.open().exists(), False)

    try:
        installation.wait(quiet, "quiet", seconds=4 * installation.pace.lease + 120.0)
        # What production tidies within hours is not waited for.
        installation.wait(after(min(20.0, 2 * (installation.pace.doomed + installation.pace.tidy))), "tidying")
    except TimeoutError:
        print("some jobs are still open", flush=True)


def _about(pace: Pace, options: argparse.Namespace, seconds: float) -> str:
    return (
        f"seed {options.seed}, lease {pace.lease} s, heartbeat {pace.heartbeat:g} s, sweep every {pace.sweep:g} s, "
        f"a message is sent again after {pace.resend:g} s; {seconds / 60:.0f} minutes"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description="Break an installation and look what is lost.")
    parser.add_argument("--faults", type=int, default=40, help="how many")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--at-once", type=int, default=4, help="so many faults are under way together")
    parser.add_argument("--only", default="", help="only kinds whose name has this in it (or this, after a comma)")
    parser.add_argument("--redis-away", type=float, default=60.0, help="seconds for which Redis is stopped")
    parser.add_argument("--production", action="store_true", help="with the lease and the sweep of production")
    parser.add_argument("--keep", action="store_true", help="leave the folder with its logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
