"""Looks after a few programs: starts each with its own log, notices when one ends, stops them in order."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config import children
from config.children import STOPPING_SIGNALS

TAIL_LINES = 5


class Stopped(BaseException):
    """Somebody asked this process to stop (Ctrl-C, SIGTERM, a closed terminal)."""


@dataclass
class Wish:
    """Whether somebody has asked to stop: libraries turn `Stopped` into errors of their own, or lose it."""

    made: bool = False

    def check(self) -> None:
        """Raise `Stopped` if it was."""
        if self.made:
            raise Stopped


class ProgramEnded(RuntimeError):
    """A program that should run for ever has ended; the message says which and where its log is."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program to run: ``stop_with`` are the signals that end it, gentlest first, ``patience`` seconds apart."""

    name: str
    command: tuple[str, ...]
    stop_with: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    orphaned: signal.Signals = signal.SIGTERM
    patience: float = 5.0


@dataclass
class Supervisor:
    """The programs that run, in the order in which they are to be stopped."""

    logs: Path
    environment: Mapping[str, str]
    folder: Path
    _running: list[tuple[Program, subprocess.Popen[bytes]]] = field(default_factory=list)

    def start(self, program: Program) -> int:
        """Start ``program`` and return its process id. The log of its last run is kept beside the new one."""
        log = self.log_of(program)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with children.undisturbed():
            process = children.spawn(
                program.command, log=log, orphaned=program.orphaned, environment=self.environment, folder=self.folder
            )
            self._running.append((program, process))
        return process.pid

    def log_of(self, program: Program) -> Path:
        """Where ``program`` writes."""
        return self.logs / f"{program.name}.log"

    def check(self) -> None:
        """Raise `ProgramEnded` if one has ended."""
        for program, process in self._running:
            if process.poll() is not None:
                raise ProgramEnded(self._obituary(program, process))

    def stop(self) -> None:
        """Stop every program, one after the other. Safe to call twice."""
        while self._running:
            program, process = self._running.pop(0)
            children.stop(process, *program.stop_with, patience=program.patience)

    def _obituary(self, program: Program, process: subprocess.Popen[bytes]) -> str:
        code = process.returncode
        how = f"killed by signal {-code}" if code < 0 else f"exit status {code}"
        log = self.log_of(program)
        tail = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        return f"The program '{program.name}' has stopped ({how}). Its log is {log} and ends with:\n{tail}"


@contextmanager
def stoppable() -> Iterator[Wish]:
    """Inside, a wish to stop raises `Stopped` once.

    While it is being fulfilled, a Ctrl-C ends this process at once (its children end with it), and the other signals,
    which a closing terminal sends twice, are ignored.
    """
    wish = Wish()

    def stop(_number: int, _frame: FrameType | None) -> None:
        wish.made = True
        for number in STOPPING_SIGNALS:
            signal.signal(number, signal.SIG_DFL if number == signal.SIGINT else signal.SIG_IGN)
        raise Stopped

    before = {number: signal.signal(number, stop) for number in STOPPING_SIGNALS}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_child_of(process_id: int, ancestor: int) -> bool:
    """Whether ``process_id`` runs in the process group that `Supervisor.start` gave to ``ancestor``."""
    try:
        return os.getpgid(process_id) == ancestor
    except ProcessLookupError:
        return False
