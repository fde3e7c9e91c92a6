"""A file in the default storage, as the engine asks for it: whatever the storage does to it is undone on reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal, cast

from django.core.files.storage import default_storage


@dataclass(frozen=True, slots=True)
class Stored:
    """The file called ``name`` in the default storage."""

    name: str

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """The file, to be read and sought in. Raises ``OSError`` and whatever the storage raises."""
        return cast(BinaryIO, default_storage.open(self.name, mode).file)

    def exists(self) -> bool:
        """Whether it is there."""
        return default_storage.exists(self.name)
