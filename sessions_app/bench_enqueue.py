"""What queueing an analysis adds to the answer of an upload, in milliseconds.

The same upload is timed with its job written and its message sent, and with a job that was there before and no message.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import Clinic, Role, User
from inference import services as jobs
from inference.models import AnalysisJob
from sessions_app import uploads
from sessions_app.added_cost import AddedCost
from sessions_app.models import Consent, Patient, Session

LIMIT_MS = 20.0
WARM_UP = 10


def measure(count: int) -> AddedCost:
    """Time ``count`` uploads of a small file each way. For a database of its own: what is made here stays."""
    user, patient = _clinic()
    queued: list[float] = []
    bare: list[float] = []
    for number in range(count + WARM_UP):
        queued.append(_upload(user, patient, number))
        with _without_queueing():
            bare.append(_upload(user, patient, number))
    return AddedCost(queued[WARM_UP:], bare[WARM_UP:], LIMIT_MS)


def as_text(cost: AddedCost) -> str:
    """The run as a table to read."""
    return cost.table(what="queueing", column="queued", runs="uploads")


def _clinic() -> tuple[User, Patient]:
    clinic = Clinic.objects.create(name="Bench", is_synthetic=True)
    user = User.objects.create_user(
        email="bench@clinic.test", password=None, clinic=clinic, display_name="Bench", role=Role.STAFF
    )
    patient = Patient.objects.create(clinic=clinic, reference="B-1", given_name="No", family_name="Body")
    Consent.objects.create(
        patient=patient,
        text_version="1",
        recording=True,
        voice_analysis=True,
        given_on=date(2000, 1, 1),
        taken_by=user,
    )
    return user, patient


def _upload(user: User, patient: Patient, number: int) -> float:
    """Milliseconds of one upload of 64 KiB that no other holds."""
    held_at = timezone.now() - timedelta(days=1)
    session = Session.objects.create(patient=patient, held_at=held_at, created_by=user)
    file = SimpleUploadedFile(f"{number}.wav", uuid.uuid4().bytes * 4096)
    started = time.perf_counter()
    uploads.recording_add(user=user, session=session, upload=file)
    return 1000 * (time.perf_counter() - started)


@contextmanager
def _without_queueing() -> Iterator[None]:
    """An upload finds its job made already, and sends no message."""
    made = AnalysisJob.objects.create(tenant=uuid.uuid4(), file="none", checkpoint="none")
    enqueue: Callable[..., AnalysisJob] = jobs.job_enqueue

    def none(**_: Any) -> AnalysisJob:
        return made

    jobs.job_enqueue = none
    try:
        yield
    finally:
        jobs.job_enqueue = enqueue
