"""Entering what a patient answered, correcting it, and taking away what was never theirs; by the care team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.shortcuts import get_object_or_404

from accounts import access_log
from accounts.models import User
from accounts.policy import Action
from sessions_app.care import require_own_care
from sessions_app.models import Flag, Instrument, Patient, QuestionnaireResponse
from sessions_app.signals import record_changed

KIND = "questionnaire"
"""What the access log calls one, and a patient's list of them."""


def questionnaire_enter(
    *, user: User, patient: Patient, instrument: Instrument, answered_at: datetime, items: Sequence[int | None]
) -> QuestionnaireResponse:
    """Keep the answers that ``patient`` gave at ``answered_at`` (aware).

    Raises ``ValidationError``: answers that the instrument does not have, a time to come, or one that has an entry.
    """
    response = QuestionnaireResponse(patient=patient, instrument=instrument)
    return _keep(user, response, "create", answered_at, items)


def questionnaire_correct(
    *, user: User, response: QuestionnaireResponse, answered_at: datetime, items: Sequence[int | None]
) -> QuestionnaireResponse:
    """Put time and answers right; what they were stays among the changes. Raises ``ValidationError`` likewise.

    ``Http404`` where somebody has taken it away meanwhile.
    """
    return _keep(user, response, "update", answered_at, items)


def questionnaire_remove(*, user: User, response: QuestionnaireResponse) -> None:
    """Take away an entry, for instance another patient's; that it was there stays among the changes."""
    require_own_care(user, response.patient, Action.ENTER_QUESTIONNAIRE)
    with transaction.atomic():
        _log(user, response, "delete")
        response.delete()
        record_changed.send(sender=Patient, patient_id=response.patient_id)


def _keep(
    user: User, response: QuestionnaireResponse, action: str, answered_at: datetime, items: Sequence[int | None]
) -> QuestionnaireResponse:
    require_own_care(user, response.patient, Action.ENTER_QUESTIONNAIRE)
    is_changed = response.items != list(items)
    response.answered_at, response.items = answered_at, list(items)
    with transaction.atomic():
        # As an erasure does: of a patient who is gone nothing is kept. And the same entry sent twice comes one by one.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=response.patient_id)
        if action == "update":
            # What a colleague has just taken away is not put back by correcting it.
            get_object_or_404(QuestionnaireResponse, id=response.id)
        response.full_clean()
        response.save()
        _log(user, response, action)
        if is_changed:
            # Whoever has seen a flag of other answers has not seen these.
            Flag.objects.filter(response=response).delete()
        record_changed.send(sender=Patient, patient_id=response.patient_id)
    return response


def _log(user: User, response: QuestionnaireResponse, action: str) -> None:
    access_log.record(
        actor=user, action=action, object_kind=KIND, object_id=response.id, patient_id=response.patient_id
    )
