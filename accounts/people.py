"""What the administrator decides about the people of the clinic: one verb per function."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.api_tokens import api_token_end
from accounts.devices import sessions_end
from accounts.models import Invitation, Role, User
from accounts.permissions import require
from accounts.policy import Action

OWN = gettext_lazy(
    "You cannot do this to your own account: a clinic needs somebody who runs it. Please ask another administrator."
)


@transaction.atomic
def role_set(*, user: User, person: User, role: Role) -> User:
    """Give ``person`` another role: they are signed out, and open links end.

    Raises ``ValidationError`` for one's own account.
    """
    _require(user, person)
    person.role = role
    person.save(update_fields=["role"])
    _end_links(person)
    sessions_end(person)
    access_log.record(actor=user, action=f"set_role_{role}", object_kind="account", object_id=person.id)
    return person


@transaction.atomic
def switch_off(*, user: User, person: User) -> User:
    """Let ``person`` in no more: sessions, API token and open links end. Raises ``ValidationError`` for one's own."""
    _require(user, person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    sessions_end(person)
    api_token_end(person)
    _end_links(person)
    access_log.record(actor=user, action="switch_off", object_kind="account", object_id=person.id)
    return person


def switch_on(*, user: User, person: User) -> User:
    """Let ``person`` in again, with the password and second factor from before."""
    _require(user, person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    access_log.record(actor=user, action="switch_on", object_kind="account", object_id=person.id)
    return person


def _end_links(person: User) -> None:
    """End links for ``person`` and those they have made: they could come back through their own."""
    Invitation.objects.filter(Q(account=person) | Q(invited_by=person), used_at=None).delete()


def _require(user: User, person: User) -> None:
    require(user, Action.MANAGE_CLINIC, object_kind="account")
    if person.id == user.id:
        raise ValidationError(OWN)
