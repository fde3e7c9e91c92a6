"""Exchanging keys while everything runs: the master key, the clinics' data keys, and what is encrypted with old ones.

Each step is one row or one file, so that whoever was interrupted runs it again and it goes on where it was.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Model, QuerySet

from accounts.models import Clinic
from inference import services as jobs
from inference.errors import FileDamaged
from sessions_app import files, keys, notes, storage
from sessions_app.annotations import annotation_reencrypt
from sessions_app.models import Annotation, ClinicKey, CounselorVoice, Note, Patient, Recording, Review
from sessions_app.reviews import review_reencrypt

M = TypeVar("M", bound=Model)


def master_key_apply() -> int:
    """Encrypt all clinics' keys with today's master key. Returns how many were not. Raises ``KeyMissing``."""
    return sum(keys.clinic_key_rewrap(key=key) for key in ClinicKey.objects.values_list("id", flat=True))


def data_keys_renew() -> int:
    """Give every clinic that has stored anything a new key for what it stores from now on. Returns how many clinics."""
    clinics = list(Clinic.objects.filter(keys__isnull=False).distinct().values_list("id", flat=True))
    for clinic_id in clinics:
        keys.clinic_key_add(clinic_id=clinic_id)
    return len(clinics)


def files_reencrypt() -> Counter[str]:
    """Encrypt files of older keys with their clinics' newest. Returns how often what happened.

    ``"done"``; ``"left"``: an analysis waits or runs, so that the next run has to do it; ``"damaged"`` or ``"gone"``:
    see ``manage.py doctor --storage``.
    """
    told: Counter[str] = Counter()
    recordings = Recording.objects.exclude(file="").select_related("session__patient")
    for recording in recordings.order_by("id").iterator():
        clinic_id = recording.session.patient.clinic_id
        told += _renewed(recording, clinic_id, storage.RECORDINGS, partial(_point_at, recording))
    for voice in CounselorVoice.objects.select_related("counselor").order_by("id").iterator():
        clinic_id = voice.counselor.clinic_id
        told += _renewed(voice, clinic_id, storage.VOICES, partial(_use, voice))
    return told


def notes_reencrypt() -> Counter[str]:
    """Encrypt notes, annotations and notes of reviews of older keys with their clinics' newest.

    Returns how often what happened: "done" or "damaged".
    """
    return (
        _reencrypted(Note.objects.all(), notes.note_reencrypt)
        + _reencrypted(Annotation.objects.all(), annotation_reencrypt)
        + _reencrypted(Review.objects.exclude(key=None), review_reencrypt)
    )


def _reencrypted(rows: QuerySet[M], reencrypt: Callable[[M], bool]) -> Counter[str]:
    told: Counter[str] = Counter()
    for row in rows.select_related("key", "patient").order_by("id").iterator():
        try:
            told["done"] += reencrypt(row)
        except FileDamaged:
            told["damaged"] += 1
    return told


def _rewritten(reencrypt: Callable[[], bool]) -> Counter[str]:
    try:
        return Counter(done=reencrypt())
    except FileDamaged:
        return Counter(damaged=1)


def _renewed(
    row: Recording | CounselorVoice, clinic_id: uuid.UUID, folder: str, replace: Callable[[str], bool]
) -> Counter[str]:
    if keys.is_newest(row.file, clinic_id):
        return Counter()
    try:
        with storage.opened(row.file) as file:
            again = UploadedFile(file, "again", size=row.size)
            with files.taken_in(again, folder, clinic_id) as stored:
                _require_same(row, stored)
                return Counter(["done" if replace(stored.name) else "left"])
    except FileDamaged:
        return Counter(["damaged"])
    except FileNotFoundError:
        return Counter(["gone"])


def _require_same(row: Recording | CounselorVoice, stored: storage.StoredFile) -> None:
    if isinstance(row, Recording) and stored.sha256 != row.sha256:
        raise FileDamaged


@transaction.atomic
def _point_at(recording: Recording, name: str) -> bool:
    """Let the recording and its jobs name another file, unless somebody is at work on the one they name now."""
    Patient.objects.select_for_update(no_key=True).get(id=recording.session.patient_id)
    jobs.jobs_hold(subject=recording.id)
    changed = not jobs.jobs_open(subject=recording.id) and Recording.objects.filter(
        id=recording.id, file=recording.file
    ).update(file=name)
    if changed:
        jobs.jobs_point_at(subject=recording.id, file=name)
        files.claim(name)
        files.doom(recording.file)
    return bool(changed)


@transaction.atomic
def _use(voice: CounselorVoice, name: str) -> bool:
    changed = CounselorVoice.objects.filter(id=voice.id, file=voice.file).update(file=name)
    if changed:
        files.claim(name)
        files.doom(voice.file)
    return bool(changed)
