"""Who is in a clinic of made-up rows, and how many sessions each patient has: the same for the same seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

CLINIC_NAME = "Made-up rows for measuring"
PATIENTS, ANALYSES, SEED = 20_000, 1_000_000, 1
PATIENTS_OF_A_COUNSELOR = 200
SPREAD = 0.6
"""SD of the logarithm of how many sessions a patient has: most have fewer than the mean, a few several times it."""

ONSETS, VOWELS = "bdfgklmnprstvz", "aeiou"
SYLLABLES = len(ONSETS) * len(VOWELS)


@dataclass(frozen=True, slots=True)
class MadeUpPatient:
    """Patient ``number`` (from 1), whose sessions are those from ``first`` (counted over all patients)."""

    id: UUID
    number: int
    first: int
    sessions: int

    @property
    def reference(self) -> str:
        """What stands where a clinic's own number would."""
        return f"MADE-UP-{self.number:06}"

    @property
    def family_name(self) -> str:
        """A word that is no name, and begins like no other part of the list's order."""
        place = int.from_bytes(self.id.bytes[:4], "big")
        return "".join(_syllable(place // SYLLABLES**each) for each in range(3)).capitalize()


def sql_id(kind: str, number: str = "n") -> str:
    """SQL that derives the id of one row, as `Plan.id_of` does; ``number``: the column that has its number."""
    return f"substr(encode(sha256(convert_to(%(salt)s || '/{kind}/' || {number}, 'UTF8')), 'hex'), 1, 32)::uuid"


def _syllable(number: int) -> str:
    onset, vowel = divmod(number % SYLLABLES, len(VOWELS))
    return ONSETS[onset] + VOWELS[vowel]


@dataclass(frozen=True, slots=True)
class Plan:
    """A clinic of made-up rows. ``until``: the day that its sessions lead to. Each session has one analysis."""

    clinic_name: str
    patients: int
    analyses: int
    seed: int
    until: date

    def id_of(self, kind: str, number: int = 0) -> UUID:
        """The id of one row; `sql_id` derives those of sessions in the same way."""
        return UUID(hashlib.sha256(f"{self.salt}/{kind}/{number}".encode()).hexdigest()[:32])

    @property
    def salt(self) -> str:
        """What all ids are derived from, so that clinics of two plans never share one."""
        return f"{self.clinic_name}/{self.seed}/{self.patients}/{self.analyses}"

    @property
    def counselors(self) -> int:
        """How many share the patients."""
        return -(-self.patients // PATIENTS_OF_A_COUNSELOR)

    def everybody(self) -> list[MadeUpPatient]:
        """The patients; their sessions add up to ``analyses``."""
        counts = self._counts()
        firsts = np.cumsum(counts) - counts
        return [
            MadeUpPatient(self.id_of("patient", number), number, int(first), int(count))
            for number, (first, count) in enumerate(zip(firsts, counts, strict=True), start=1)
        ]

    def _counts(self) -> NDArray[np.int64]:
        """Sessions of each patient, rounded so that none is lost."""
        share = np.random.default_rng(self.seed).lognormal(0, SPREAD, self.patients)
        ends = np.rint(np.cumsum(share) / share.sum() * self.analyses).astype(np.int64)
        counts: NDArray[np.int64] = np.diff(ends, prepend=0)
        return counts
