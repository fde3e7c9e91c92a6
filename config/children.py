"""Starting a program that ends when its parent ends, whatever ends the parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    orphaned: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    owner: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, both its outputs appended to ``log``.

    ``orphaned`` is the signal that the kernel sends it should this process die without stopping it (Linux only).
    ``owner`` is the user id it runs as, for a parent that is root. Call it from the main thread: the kernel's promise
    is tied to the thread that started the child. Keep what it returns inside the same `undisturbed`.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - its callers name the programs, no request does
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            # Ctrl-C must reach only the supervisor, which then stops its children in the right order.
            start_new_session=True,
            preexec_fn=_tie_to_parent(orphaned),  # noqa: PLW1509 - it calls two functions of libc and nothing else
            user=owner,
            group=owner,
            extra_groups=None if owner is None else [],
        )


@contextmanager
def undisturbed() -> Iterator[None]:
    """A wish to stop that comes inside is heard at the end, so that no process is started whose handle gets lost."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    heard = [number for number in STOPPING_SIGNALS if signal.getsignal(number) not in {signal.SIG_IGN, None}]
    before = {number: signal.signal(number, note) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for missed in came:
            signal.raise_signal(missed)


def run(command: Sequence[str | Path], *, log: Path, folder: Path, owner: int | None) -> int:
    """Run ``command`` to its end and return its exit status; whoever is interrupted meanwhile ends it."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with undisturbed():
            process = spawn(command, log=log, folder=folder, owner=owner)
        return process.wait()
    except BaseException:
        if process is not None:
            stop(process, signal.SIGTERM)
        raise


def stop(process: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 10.0) -> None:
    """End ``process``: send each signal in turn, waiting ``patience`` seconds after each; at last kill what is left."""
    for number in signals:
        process.send_signal(number)
        try:
            process.wait(timeout=patience)
            break
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tie_to_parent(orphaned: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(orphaned))
        # The parent may have died before the line above.
        if os.getppid() != parent:
            os._exit(1)

    return tie
