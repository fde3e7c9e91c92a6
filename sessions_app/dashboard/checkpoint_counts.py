"""How many analyses of a clinic each checkpoint has made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min

from accounts.models import Clinic
from inference import checkpoints
from inference.errors import CheckpointUnavailable
from inference.models import Analysis, Purpose
from inference.results import CheckpointIdentity
from sessions_app.checkpoint_labels import label_of
from sessions_app.engine_words.errors import error_words

IDENTITY = ("checkpoint_name", "checkpoint_version", "checkpoint_sha256")


@dataclass(frozen=True, slots=True)
class CheckpointCount:
    """One checkpoint and how many ``analyses`` it made, from ``first`` to ``last``; ``None`` where it made none yet.

    ``is_current``: whether new recordings are scored with it. ``line``: what its scores are fit for.
    """

    identity: CheckpointIdentity
    line: str
    is_current: bool
    analyses: int = 0
    first: datetime | None = None
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckpointCounts:
    """The current one first, then by when it was last used. ``problem``: why new recordings cannot be scored."""

    rows: tuple[CheckpointCount, ...]
    problem: str


def checkpoint_counts(clinic: Clinic) -> CheckpointCounts:
    """Of ``clinic``, now. What was analysed anew counts each time; clips of counselors' voices do not."""
    current, problem = _current()
    rows = [_row(found, current) for found in _counted(clinic)]
    if current and not any(row.is_current for row in rows):
        rows.append(CheckpointCount(current, label_of(current.name), is_current=True))
    return CheckpointCounts(tuple(sorted(rows, key=lambda row: not row.is_current)), problem)


def _current() -> tuple[CheckpointIdentity | None, str]:
    try:
        return checkpoints.describe(settings.CHECKPOINT).identity, ""
    except CheckpointUnavailable as error:
        return None, error_words(error.code, error.message)


def _counted(clinic: Clinic) -> list[dict[str, object]]:
    made = Analysis.objects.filter(tenant=clinic.id, job__purpose=Purpose.SESSION).order_by()
    counted = made.values(*IDENTITY).annotate(analyses=Count("id"), first=Min("created_at"), last=Max("created_at"))
    return list(counted.order_by("-last"))


def _row(found: dict[str, object], current: CheckpointIdentity | None) -> CheckpointCount:
    identity = CheckpointIdentity(*(str(found[name]) for name in IDENTITY))
    numbers = {name: found[name] for name in ("analyses", "first", "last")}
    return CheckpointCount(identity, label_of(identity.name), identity == current, **numbers)  # type: ignore[arg-type]
