"""Keeping the flags of patients as what is known of them is, and what people answer to one.

A flag that is answered stays so for as long as it rests on the same; where there is something newer, it is another one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.models import Clinic, User
from accounts.permissions import require
from accounts.policy import Action
from sessions_app.attention import Known, Reason, reasons, turning_points
from sessions_app.care import refuse_in_emergency
from sessions_app.models import Flag, FlagKind, Patient
from sessions_app.models.flags import AT_THE_DESK, NO_NEED, ON_A_VOICE
from sessions_app.scores import ConsentGate
from sessions_app.trends import points_of

log = structlog.get_logger(__name__)

KIND = "flag"
"""What the access log calls one, and a list of them."""

LOOK_AGAIN = timedelta(days=1)
"""So often each patient is looked at, whatever happens: what was missed is not missed for long."""

AT_ONCE = 500
UNUSED = ("analysis__biomarkers", "analysis__timings")
UNANSWERED = {"answered_by": None, "answered_at": None, "until": None}
LATEST = timedelta(days=183)
NOT_LATER = gettext_lazy(
    "What a patient answered about self-harm cannot be put off. Please mark it as seen when you have seen it."
)
TOO_SOON = gettext_lazy("Please give a day after today.")
TOO_LATE = gettext_lazy("Please give a day within half a year.")


def flags_refresh(patient_id: UUID) -> None:
    """Write the flags of one patient anew, and what lists sort by. Nothing where there is no such patient any more."""
    with transaction.atomic():
        # One at a time, so that the last one to write has seen what all the others changed.
        found = Patient.objects.select_for_update(no_key=True, of=("self",)).select_related("clinic")
        patient = found.filter(id=patient_id).first()
        if patient is None:
            return
        known = _known(patient)
        flags = _written(patient, reasons(known), _today(patient.clinic))
        Patient.objects.filter(id=patient.id).update(
            **needs_of(flags),
            last_session_at=known.sessions[-1].held_at if known.sessions else None,
            look_again_at=_look_again_at(patient.clinic, known, flags),
        )


def flags_refresh_due() -> int:
    """Do so for patients whose time has come, at most `AT_ONCE`. Returns for how many.

    One who cannot be looked at keeps nobody else waiting, and has another turn a day later.
    """
    due = Patient.objects.filter(look_again_at__lte=timezone.now()).order_by("look_again_at")
    ids = list(due.values_list("id", flat=True)[:AT_ONCE])
    for patient_id in ids:
        try:
            flags_refresh(patient_id)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others have their turn
            # Neither its words nor its traceback: they may quote a row.
            log.error("flags_not_refreshed", error=type(error).__name__)
            Patient.objects.filter(id=patient_id).update(look_again_at=timezone.now() + LOOK_AGAIN)
    return len(ids)


def flags_refresh_soon(clinic: Clinic) -> None:
    """Let all patients of ``clinic`` be looked at again, as soon as there is time: a rule of theirs has changed."""
    Patient.objects.filter(clinic=clinic).update(look_again_at=timezone.now())


def _known(patient: Patient) -> Known:
    gate = ConsentGate(patient.clinic, tuple(patient.consents.all()))
    sessions = tuple(patient.sessions.order_by("held_at", "id").with_recordings(*UNUSED))
    return Known(
        now=timezone.now(),
        responses=tuple(patient.questionnaires.all()),
        sessions=sessions,
        points=points_of(sessions, gate),
        overdue_after=timedelta(weeks=patient.clinic.overdue_weeks),
    )


def _written(patient: Patient, found: Iterable[Reason], today: date) -> list[Flag]:
    """The flags as they are now in the database."""
    kept = {flag.kind: flag for flag in patient.flags.select_related("session", "response")}
    flags = [_flag(patient, reason, kept.get(reason.kind), today) for reason in found]
    gone = set(kept) - {flag.kind for flag in flags}
    if gone:
        patient.flags.filter(kind__in=gone).delete()
    return flags


def _flag(patient: Patient, reason: Reason, kept: Flag | None, today: date) -> Flag:
    says = {"since": reason.since, "session": reason.session, "response": reason.response}
    if kept is not None and (kept.session, kept.response) != (reason.session, reason.response):
        # Another one, so that nobody answers with an old page in hand what is new.
        kept.delete()
        kept = None
    if kept is None:
        return Flag.objects.create(patient=patient, clinic=patient.clinic, kind=reason.kind, **says)
    if kept.until is not None and kept.until <= today:
        says |= UNANSWERED
    changed = [name for name, value in says.items() if getattr(kept, name) != value]
    for name in changed:
        setattr(kept, name, says[name])
    if changed:
        kept.save(update_fields=changed)
    return kept


def needs_of(flags: Iterable[Flag]) -> dict[str, int]:
    """By the columns of a patient, the rank of the most urgent open flag of ``flags``."""
    ranks = {FlagKind(flag.kind): flag.rank for flag in flags if flag.is_open}
    return {
        "need": min(ranks.values(), default=NO_NEED),
        "need_unheard": min((ranks[kind] for kind in ranks.keys() - ON_A_VOICE), default=NO_NEED),
        "need_at_desk": min((ranks[kind] for kind in ranks.keys() & AT_THE_DESK), default=NO_NEED),
    }


def _look_again_at(clinic: Clinic, known: Known, flags: Iterable[Flag]) -> datetime:
    zone = ZoneInfo(clinic.time_zone)
    ends = [datetime.combine(flag.until, time.min, tzinfo=zone) for flag in flags if flag.until]
    return min([known.now + LOOK_AGAIN, *turning_points(known), *ends])


def _today(clinic: Clinic) -> date:
    return timezone.localdate(timezone=ZoneInfo(clinic.time_zone))


def flag_see(*, user: User, flag: Flag) -> bool:
    """Note that ``user`` has seen it: it asks for nothing until there is something new. About self-harm it stays.

    False, and nothing is noted, where the flag is gone: its reason has ended, or there is another one in its place.
    """
    return _answer(user, flag, "see_flag", answered_by=user, answered_at=timezone.now(), until=None)


def flag_put_off(*, user: User, flag: Flag, until: date) -> bool:
    """Let it ask again on the day ``until``; False where the flag is gone.

    Raises ``ValidationError``: not such a day, or not to be put off.
    """
    today = _today(user.clinic)
    if not flag.can_be_put_off:
        raise ValidationError(NOT_LATER)
    if until <= today:
        raise ValidationError(TOO_SOON)
    if until > today + LATEST:
        raise ValidationError(TOO_LATE)
    return _answer(user, flag, "put_off_flag", answered_by=user, answered_at=timezone.now(), until=until)


def flag_reopen(*, user: User, flag: Flag) -> bool:
    """Take an answer back, whoever gave it; False where the flag is gone."""
    return _answer(user, flag, "reopen_flag", **UNANSWERED)


def _answer(user: User, flag: Flag, action: str, **says: object) -> bool:
    require(user, Action.ANSWER_FLAG)
    # Whoever is here for an hour takes nothing off the list of those who stay.
    refuse_in_emergency(user, flag.patient, Action.ANSWER_FLAG)
    with transaction.atomic():
        list(Patient.objects.select_for_update(no_key=True).filter(id=flag.patient_id).values_list("id"))
        is_there = bool(Flag.objects.filter(id=flag.id).update(**says))
        if is_there:
            access_log.record(
                actor=user, action=action, object_kind=KIND, object_id=flag.id, patient_id=flag.patient_id
            )
        flags_refresh(flag.patient_id)
    return is_there
