"""What people do in a clinic, one verb per function. Rules are asked here, so pages and API obey the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext

from accounts import access_log
from accounts.models import Clinic, Role, User
from accounts.permissions import require
from accounts.policy import Action
from inference import services as jobs
from inference.models import AnalysisJob
from sessions_app.care import refuse_in_emergency
from sessions_app.models import Consent, Method, Patient, Recording, Scope, Session
from sessions_app.signals import record_changed


def patient_add(
    *, user: User, reference: str, given_name: str, family_name: str, care_team: Iterable[User] = ()
) -> Patient:
    """Add a patient to the user's clinic, cared for by ``care_team``; a counselor who adds one joins it.

    Raises ``ValidationError``: the reference is taken, or somebody named is no counselor of the clinic.
    """
    require(user, Action.ADD_PATIENT)
    team = _care_team(user, care_team)
    patient = Patient(clinic=user.clinic, reference=reference, given_name=given_name, family_name=family_name)
    with transaction.atomic():
        # One addition at a time per clinic, so that the same reference sent twice at once is found the second time.
        Clinic.objects.select_for_update(no_key=True).get(id=user.clinic_id)
        patient.full_clean()
        patient.save()
        patient.care_team.set(team)
        _log_about(user, patient, "create", "patient", patient.id)
    return patient


def patient_correct(
    *,
    user: User,
    patient: Patient,
    reference: str | None = None,
    given_name: str | None = None,
    family_name: str | None = None,
) -> Patient:
    """Put right what is given; the rest stays as it is meanwhile. What it was before stays among the changes.

    Raises ``ValidationError``: a name is missing, or another patient has the number.
    """
    require(user, Action.CORRECT_PATIENT)
    refuse_in_emergency(user, patient, Action.CORRECT_PATIENT)
    given = {"reference": reference, "given_name": given_name, "family_name": family_name}
    fields = {name: value for name, value in given.items() if value is not None}
    with transaction.atomic():
        # As an addition does, so that two patients are not given the same number at once.
        Clinic.objects.select_for_update(no_key=True).get(id=patient.clinic_id)
        # As an erasure does: of a patient who is gone nothing is kept.
        row = get_object_or_404(Patient.objects.select_for_update(no_key=True), id=patient.id)
        for name, value in fields.items():
            setattr(row, name, value)
        row.full_clean()
        row.save(update_fields=[*fields])
        _log_about(user, row, "update", "patient", row.id)
    return row


def _care_team(user: User, chosen: Iterable[User]) -> set[User]:
    team = set(chosen)
    if team - set(User.objects.counselors_of(user.clinic)):
        raise ValidationError({"care_team": gettext("A care team is made of counselors of this clinic.")})
    return team | {user} if user.role == Role.COUNSELOR else team


def consent_record(
    *,
    user: User,
    patient: Patient,
    given_on: date,
    text_version: str,
    scopes: Iterable[Scope],
    method: Method = Method.PAPER,
    expires_on: date | None = None,
) -> Consent:
    """Record that the patient gave consent. Raises ``ValidationError`` where it cannot be meant so."""
    require(user, Action.RECORD_CONSENT)
    consent = Consent(
        patient=patient,
        given_on=given_on,
        text_version=text_version,
        method=method,
        expires_on=expires_on,
        taken_by=user,
        **dict.fromkeys(scopes, True),
    )
    with transaction.atomic():
        # As a withdrawal does: one that is made meanwhile counts.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=patient.id)
        consent.full_clean()
        consent.save()
        _log_about(user, patient, "create", "consent", consent.id)
        record_changed.send(sender=Patient, patient_id=patient.id)
    return consent


def consent_withdraw(*, user: User, patient: Patient) -> list[Consent]:
    """Withdraw all consents of the patient, at once: open analyses end, scores are hidden. Returns those withdrawn."""
    require(user, Action.WITHDRAW_CONSENT)
    # No later consent covers what was before it.
    refuse_in_emergency(user, patient, Action.WITHDRAW_CONSENT)
    with transaction.atomic():
        # Uploads take the same lock: one that came first is ended here, a later one finds no consent.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=patient.id)
        standing = list(patient.consents.standing())
        for consent in standing:
            consent.withdrawn_at, consent.withdrawn_by = timezone.now(), user
            consent.save(update_fields=["withdrawn_at", "withdrawn_by"])
            _log_about(user, patient, "withdraw", "consent", consent.id)
        _cancel_analyses(user, patient)
        record_changed.send(sender=Patient, patient_id=patient.id)
    return standing


def _cancel_analyses(user: User, patient: Patient) -> None:
    for recording in Recording.objects.filter(session__patient=patient, job__in=AnalysisJob.objects.open()):
        if jobs.job_cancel(recording.job_id, by=str(user.id)):
            _log_about(user, patient, "cancel", "recording", recording.id)


def _log_about(user: User, patient: Patient, action: str, kind: str, object_id: UUID) -> None:
    access_log.record(actor=user, action=action, object_kind=kind, object_id=object_id, patient_id=patient.id)


def session_add(*, user: User, patient: Patient, held_at: datetime) -> Session:
    """Add a session that was held at ``held_at`` (aware)."""
    require(user, Action.ADD_SESSION)
    session = Session(patient=patient, held_at=held_at, created_by=user)
    with transaction.atomic():
        # As an erasure does: of a patient who is gone nothing is kept.
        get_object_or_404(Patient.objects.select_for_update(no_key=True), id=patient.id)
        session.full_clean()
        session.save()
        _log_about(user, patient, "create", "session", session.id)
        record_changed.send(sender=Patient, patient_id=patient.id)
    return session
