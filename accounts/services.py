"""Making a clinic and its people, and what people change about their clinic: one verb per function."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password

from accounts import access_log
from accounts.models import AffectPolicy, Clinic, Role, User
from accounts.permissions import require
from accounts.policy import Action


def clinic_add(*, name: str, time_zone: str) -> Clinic:
    """Make a clinic without people. Raises ``ValidationError``, for instance for an unknown time zone."""
    clinic = Clinic(name=name, time_zone=time_zone)
    clinic.full_clean()
    clinic.save()
    return clinic


def user_add(*, clinic: Clinic, email: str, name: str, role: Role, password: str) -> User:
    """Give somebody an account in ``clinic``, whose first act is to choose another password.

    Raises ``ValidationError``: address taken, password too weak.
    """
    validate_password(password, User(clinic=clinic, email=email, display_name=name, role=role))
    user = User.objects.create_user(clinic=clinic, email=email, display_name=name, role=role, password=password)
    user.has_first_password = True
    user.save(update_fields=["has_first_password"])
    return user


def affect_policy_set(*, user: User, policy: AffectPolicy) -> Clinic:
    """Say whether the user's clinic makes and shows affect scores. It holds from the next page on, for all scores."""
    require(user, Action.MANAGE_CLINIC, object_kind="clinic")
    clinic = user.clinic
    clinic.affect_policy = policy
    clinic.full_clean()
    clinic.save(update_fields=["affect_policy"])
    access_log.record(actor=user, action=f"affect_policy_{policy}", object_kind="clinic", object_id=clinic.id)
    return clinic


def idle_minutes_set(*, user: User, minutes: int) -> Clinic:
    """Say after how long without doing anything people are signed out. Raises ``ValidationError``."""
    require(user, Action.MANAGE_CLINIC, object_kind="clinic")
    clinic = user.clinic
    clinic.idle_minutes = minutes
    clinic.full_clean()
    clinic.save(update_fields=["idle_minutes"])
    access_log.record(actor=user, action="set_idle_minutes", object_kind="clinic", object_id=clinic.id)
    return clinic


def overdue_weeks_set(*, user: User, weeks: int) -> Clinic:
    """Say after how many weeks without a session a patient of the clinic is flagged. Raises ``ValidationError``."""
    require(user, Action.MANAGE_CLINIC, object_kind="clinic")
    clinic = user.clinic
    clinic.overdue_weeks = weeks
    clinic.full_clean()
    clinic.save(update_fields=["overdue_weeks"])
    access_log.record(actor=user, action="set_overdue_weeks", object_kind="clinic", object_id=clinic.id)
    return clinic


def audio_days_set(*, user: User, days: int) -> Clinic:
    """Say how many days after its analysis the clinic keeps audio. Raises ``ValidationError``."""
    require(user, Action.MANAGE_CLINIC, object_kind="clinic")
    clinic = user.clinic
    clinic.audio_days = days
    clinic.full_clean()
    clinic.save(update_fields=["audio_days"])
    access_log.record(actor=user, action="set_audio_days", object_kind="clinic", object_id=clinic.id)
    return clinic
