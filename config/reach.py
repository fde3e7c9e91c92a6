"""What the user can reach to whom root lends PostgreSQL, and a place for what lies where that user cannot go.

Nothing outside the data folder has its permissions changed: what lies under a closed folder (such as /root) is kept in
the temporary folder instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.places import ServiceUnavailable, make_socket_folder


def within_reach(path: Path) -> bool:
    """Whether every folder above ``path`` lets everybody through; always so unless this process is root."""
    above = (parent for parent in path.parents if parent.exists())
    return os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in above)


def lodging(path: Path, version: str = "") -> Path:
    """The folder in the temporary folder that stands in for ``path``; it need not be there yet."""
    digest = hashlib.sha256(os.fsencode(path) + version.encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"undertone-root-{digest}"


def open_lodging(folder: Path) -> None:
    """Make a `lodging` that only root writes to and everybody may pass. Raises `ServiceUnavailable`."""
    if not within_reach(folder):
        message = f"PostgreSQL never runs as root, and no other user can enter {folder.parent}. Please set TMPDIR."
        raise ServiceUnavailable(message)
    make_socket_folder(folder)
    folder.chmod(0o711)


def reachable_copy(site: Path, parts: Sequence[str], program: str) -> Path:
    """``site``, or a copy of its folders ``parts`` with which everybody can run ``program`` (all relative to it)."""
    if within_reach(site / program):
        return site
    place = lodging(site, str((site / program).stat().st_mtime_ns))
    copy = place / "site"
    if not copy.exists():
        open_lodging(place)
        # Made beside its place and then moved there, so that one that was interrupted is never taken for a whole one.
        fresh = Path(tempfile.mkdtemp(dir=place))
        for part in parts:
            shutil.copytree(site / part, fresh / part)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755)
        fresh.rename(copy)
    return copy
