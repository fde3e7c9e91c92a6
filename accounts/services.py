"""Making a clinic and its people, and what people change about their clinic: one verb per function."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts import access_log, second_factor
from accounts.api_tokens import api_token_end
from accounts.devices import sessions_end
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


@transaction.atomic
def user_renew(*, user: User, password: str) -> User:
    """Let ``user``, who lost everything, in again with a first password; second factor, sessions and API token end.

    For whoever runs commands on the server; people do it for each other by links. Raises ``ValidationError``.
    """
    validate_password(password, user)
    user.set_password(password)
    user.has_first_password = True
    user.save(update_fields=["password", "has_first_password"])
    second_factor.forget_all(user)
    api_token_end(user)
    sessions_end(user)
    access_log.record_renewal(user)
    return user


def affect_policy_set(*, user: User, policy: AffectPolicy) -> Clinic:
    """Say whether the user's clinic makes and shows affect scores. It holds from the next page on, for all scores."""
    return _clinic_set(user, "affect_policy", policy, action=f"affect_policy_{policy}")


def idle_minutes_set(*, user: User, minutes: int) -> Clinic:
    """Say after how long without doing anything people are signed out. Raises ``ValidationError``."""
    return _clinic_set(user, "idle_minutes", minutes, action="set_idle_minutes")


def overdue_weeks_set(*, user: User, weeks: int) -> Clinic:
    """Say after how many weeks without a session a patient of the clinic is flagged. Raises ``ValidationError``."""
    return _clinic_set(user, "overdue_weeks", weeks, action="set_overdue_weeks")


def audio_days_set(*, user: User, days: int) -> Clinic:
    """Say how many days after its analysis the clinic keeps audio. Raises ``ValidationError``."""
    return _clinic_set(user, "audio_days", days, action="set_audio_days")


def _clinic_set(user: User, field: str, value: object, *, action: str) -> Clinic:
    """Change one setting of the clinic of ``user``, and log it as ``action``."""
    require(user, Action.MANAGE_CLINIC, object_kind="clinic")
    clinic = user.clinic
    setattr(clinic, field, value)
    clinic.full_clean()
    clinic.save(update_fields=[field])
    access_log.record(actor=user, action=action, object_kind="clinic", object_id=clinic.id)
    return clinic
