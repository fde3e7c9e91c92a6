"""Looks for tampering with the access log: every row against its seal, the seals among each other, the head's anchors.

What it can find and what it cannot: docs/security.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import chain
from accounts.anchors import Anchor, Anchors, anchors
from accounts.models import AccessLogEntry, AccessLogSeal, AccessLogUnsealed

BATCH = 2000
LATE = timedelta(hours=1)
"""No transaction that writes a row of the log lasts as long."""

UNANCHORED = timedelta(days=2)
"""A seal that is older than this has an anchor at or behind it, unless nothing writes anchors or somebody took them."""


class Kind(StrEnum):
    """What was done to the log."""

    CHANGED = "changed"
    MISSING = "missing"
    PUT_IN = "put in"
    MOVED = "moved"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"
    NO_ANCHOR = "no anchor"


@dataclass(frozen=True, slots=True)
class Finding:
    """One trace of tampering."""

    kind: Kind
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked and what was found."""

    sealed: int
    unsealed: int
    head: AccessLogSeal | None
    anchors: Anchors
    findings: tuple[Finding, ...]


def verify() -> Report:
    """Check the whole log. Writes nothing; rows that come meanwhile are not looked at."""
    # In this order: an anchor that is written meanwhile is of a seal that is looked at too.
    known, head = anchors(), AccessLogSeal.objects.last()
    walk = _Walk({anchor.position: anchor for anchor in known.found})
    findings = [
        *walk.findings(head.position if head else 0),
        *_beyond_the_end(head, known),
        *_replaced_anchors(known),
        *_rows_without_seal(),
        *_rows_gone_before_sealing(),
        *_unanchored(known.newest),
    ]
    return Report(walk.seals, AccessLogUnsealed.objects.count(), head, known, tuple(findings))


@dataclass
class _Walk:
    """Goes along the chain from its beginning. ``anchored``: what the file says about some positions."""

    anchored: dict[int, Anchor]
    seals: int = 0
    _before: AccessLogSeal | None = None
    _last_run: datetime | None = None
    _run_before: datetime | None = None
    _rows: dict[int, AccessLogEntry] = field(default_factory=dict)

    def findings(self, end: int) -> Iterator[Finding]:
        """Of all seals up to position ``end``."""
        while seals := self._next(end):
            self._rows = AccessLogEntry.objects.in_bulk([seal.entry_id for seal in seals])
            for seal in seals:
                yield from self._link(seal)
                yield from self._row(seal)
                yield from self._anchor(seal)
                self._before = seal
            self.seals += len(seals)

    def _next(self, end: int) -> list[AccessLogSeal]:
        after = self._before.position if self._before else 0
        return list(AccessLogSeal.objects.filter(position__gt=after, position__lte=end)[:BATCH])

    def _link(self, seal: AccessLogSeal) -> Iterator[Finding]:
        expected = self._before.position + 1 if self._before else 1
        if seal.position != expected:
            gone = (
                f"Seal {expected} is"
                if seal.position == expected + 1
                else f"Seals {expected} to {seal.position - 1} are"
            )
            yield Finding(Kind.MISSING, f"{gone} gone.")
        elif chain.link_hash(seal, self._before.hash if self._before else chain.GENESIS) != seal.hash:
            sentence = f"Seal {seal.position} (row {seal.entry_id}) does not follow from the seal before it."
            yield Finding(Kind.MOVED, sentence)

    def _row(self, seal: AccessLogSeal) -> Iterator[Finding]:
        row = self._rows.get(seal.entry_id)
        if row is None:
            yield Finding(Kind.MISSING, f"Row {seal.entry_id} is gone; it was sealed at position {seal.position}.")
        elif chain.row_hash(row) != seal.row_hash:
            yield Finding(Kind.CHANGED, f"Row {row.id} does not say what it said when it was sealed.")
        elif self._is_late(row, seal):
            sentence = f"Row {row.id} says {_time(row.at)}, but was not there when rows were sealed after that."
            yield Finding(Kind.PUT_IN, sentence)

    def _is_late(self, row: AccessLogEntry, seal: AccessLogSeal) -> bool:
        """Whether an earlier sealing, long after the row says it was written, did not find it."""
        if seal.sealed_at != self._last_run:
            self._run_before, self._last_run = self._last_run, seal.sealed_at
        return self._run_before is not None and row.at < self._run_before - LATE

    def _anchor(self, seal: AccessLogSeal) -> Iterator[Finding]:
        anchor = self.anchored.get(seal.position)
        if anchor is not None and anchor.hash != seal.hash:
            sentence = f"Seal {seal.position} is not the one that was anchored on {_time(anchor.at)}."
            yield Finding(Kind.REWRITTEN, f"{sentence} It, or rows before it, were sealed anew.")


def _beyond_the_end(head: AccessLogSeal | None, known: Anchors) -> Iterator[Finding]:
    end = head.position if head else 0
    beyond = [anchor for anchor in known.found if anchor.position > end]
    if beyond:
        farthest = max(beyond, key=lambda anchor: anchor.position)
        sentence = f"The log ends at position {end}, but reached {farthest.position} on {_time(farthest.at)}."
        yield Finding(Kind.CUT_OFF, f"{sentence} Its end is gone.")


def _replaced_anchors(known: Anchors) -> Iterator[Finding]:
    """Two anchors of one position that differ: the log was cut off and has grown to the same length again."""
    seen: dict[int, str] = {}
    for anchor in known.found:
        if seen.setdefault(anchor.position, anchor.hash) != anchor.hash:
            yield Finding(Kind.REWRITTEN, f"Position {anchor.position} was anchored twice, with different hashes.")


def _rows_without_seal() -> Iterator[Finding]:
    # One statement, and so one moment: a row is committed together with its place among the unsealed.
    seal = AccessLogSeal.objects.filter(entry_id=OuterRef("id"))
    waiting = AccessLogUnsealed.objects.filter(entry_id=OuterRef("id"))
    strangers = AccessLogEntry.objects.filter(~Exists(seal), ~Exists(waiting)).order_by("id")
    for row in strangers.values_list("id", flat=True).iterator():
        yield Finding(Kind.PUT_IN, f"Row {row} has no seal and does not wait for one.")


def _rows_gone_before_sealing() -> Iterator[Finding]:
    row = AccessLogEntry.objects.filter(id=OuterRef("entry_id"))
    seal = AccessLogSeal.objects.filter(entry_id=OuterRef("entry_id"))
    gone = AccessLogUnsealed.objects.filter(~Exists(row), ~Exists(seal)).order_by("entry_id")
    for number in gone.values_list("entry_id", flat=True).iterator():
        yield Finding(Kind.MISSING, f"Row {number} is gone; it had not been sealed yet.")


def _unanchored(newest: Anchor | None) -> Iterable[Finding]:
    behind = AccessLogSeal.objects.filter(position__gt=newest.position if newest else 0)
    first = behind.first()
    if first is None or first.sealed_at > timezone.now() - UNANCHORED:
        return []
    since = f"since {_time(newest.at)}" if newest else "at all"
    sentence = f"{settings.ACCESS_LOG_ANCHORS} has no anchor {since}, though rows were sealed."
    return [Finding(Kind.NO_ANCHOR, f"{sentence} A cut-off end cannot be ruled out.")]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
