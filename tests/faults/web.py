"""The web application as it is, with probes around files: ``uvicorn tests.faults.web:application``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from config.asgi import application
from sessions_app import storage
from tests.faults.orders import Point
from tests.faults.probes import reach

__all__ = ["application"]


def _stored(store: Callable[..., storage.StoredFile]) -> Callable[..., storage.StoredFile]:
    def store_then(*args: Any) -> storage.StoredFile:
        stored = store(*args)
        reach(Point.STORED, stored.sha256)
        return stored

    return store_then


def _removed(remove: Callable[[str], None]) -> Callable[[str], None]:
    def remove_after(name: str) -> None:
        with suppress(FileNotFoundError):
            reach(Point.REMOVING, storage.digest(name))
        remove(name)

    return remove_after


storage.store = _stored(storage.store)
storage.remove = _removed(storage.remove)
