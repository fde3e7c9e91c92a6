"""What people change about their clinic, one verb per function."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from accounts import access_log
from accounts.models import AffectPolicy, Clinic, User
from accounts.policy import Action, may


def affect_policy_set(*, user: User, policy: AffectPolicy) -> Clinic:
    """Say whether the user's clinic makes and shows affect scores. It holds from the next page on, for all scores."""
    if not may(user, Action.MANAGE_CLINIC):
        access_log.record(actor=user, action=Action.MANAGE_CLINIC, object_kind="clinic", allowed=False)
        raise PermissionDenied
    clinic = user.clinic
    clinic.affect_policy = policy
    clinic.full_clean()
    clinic.save(update_fields=["affect_policy"])
    access_log.record(actor=user, action=f"affect_policy_{policy}", object_kind="clinic", object_id=clinic.id)
    return clinic
