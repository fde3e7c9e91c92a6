"""Links that let somebody in for the first time, or again after password or second factor were lost.

A link works once and for some days. The database keeps its hash, so that nobody who reads the table can use one.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

import tenancy
from accounts import access_log, second_factor
from accounts.api_tokens import api_token_end
from accounts.devices import sessions_end
from accounts.models import Invitation, Purpose, Role, User
from accounts.permissions import require
from accounts.policy import Action, may

LASTS = timedelta(days=7)
KIND = "invitation"


@transaction.atomic
def invitation_add(*, user: User, email: str, role: Role) -> tuple[Invitation, str]:
    """Invite somebody into the user's clinic; the invitation and the secret of its link, which is told only now.

    Raises ``ValidationError`` where somebody of the clinic has an account with this address. A link from before ends.
    """
    require(user, Action.MANAGE_CLINIC, object_kind=KIND)
    if User.objects.filter(clinic=user.clinic_id, email__iexact=email).exists():
        raise ValidationError(gettext("Somebody of this clinic has an account with this e-mail address already."))
    Invitation.objects.filter(clinic=user.clinic_id, email__iexact=email, used_at=None).delete()
    invitation, secret = _made(user, email=email, role=role, account=None)
    access_log.record(actor=user, action=f"invite_{role}", object_kind=KIND, object_id=invitation.id)
    return invitation, secret


@transaction.atomic
def renewal_add(*, user: User, person: User) -> tuple[Invitation, str]:
    """Let ``person``, who cannot sign in, set a new password and second factor; a link from before ends."""
    require(user, Action.MANAGE_CLINIC, object_kind=KIND)
    Invitation.objects.filter(account=person, used_at=None).delete()
    invitation, secret = _made(user, email=person.email, role=Role(person.role), account=person)
    access_log.record(actor=user, action="make_link", object_kind="account", object_id=person.id)
    return invitation, secret


def invitation_withdraw(*, user: User, invitation: Invitation) -> None:
    """The link leads nowhere any more."""
    require(user, Action.MANAGE_CLINIC, object_kind=KIND)
    access_log.record(actor=user, action="withdraw", object_kind=KIND, object_id=invitation.id)
    invitation.delete()


def invitation_of(secret: str) -> Invitation | None:
    """What the link with ``secret`` leads to, if it still leads anywhere."""
    return _open(secret_hash=_hash(secret))


def invitation_open(invitation_id: UUID | str | None) -> Invitation | None:
    """The one of this id, if its link still leads anywhere."""
    return _open(id=invitation_id) if invitation_id else None


def _open(**which: Any) -> Invitation | None:
    found = Invitation.objects.filter(**which).select_related("clinic", "account", "invited_by").first()
    if found is None or not found.is_open or not may(found.invited_by, Action.MANAGE_CLINIC):
        return None
    return None if found.account is not None and not found.account.is_active else found


@transaction.atomic
def accept(*, invitation_id: UUID, name: str, password: str) -> User:
    """Use a link that was followed: the account that it makes, or whose password it sets. Raises ``ValidationError``.

    Whoever had an account before has lost its second factor and sets up a new one; its sessions and API token end.
    """
    # Two who use it at once: the second waits here, and then finds it used.
    Invitation.objects.select_for_update().filter(id=invitation_id).first()
    invitation = invitation_open(invitation_id)
    if invitation is None:
        raise ValidationError(gettext("This link has been used, or its days are over. Please ask for a new one."))
    user = _renewed(invitation.account, password) if invitation.account else _new(invitation, name, password)
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    access_log.record(actor=user, action="accept", object_kind=KIND, object_id=invitation.id, purpose=Purpose.ACCOUNT)
    return user


def _new(invitation: Invitation, name: str, password: str) -> User:
    said: dict[str, Any] = {
        "clinic": invitation.clinic,
        "email": invitation.email,
        "display_name": name,
        "role": invitation.role,
    }
    validate_password(password, User(**said))
    account_id = uuid4()
    # Nobody has signed in: whoever has the link makes their own account.
    with tenancy.acting_as(account_id):
        return User.objects.create_user(id=account_id, password=password, **said)


def _renewed(account: User, password: str) -> User:
    validate_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password", "has_first_password"])
    second_factor.forget_all(account)
    api_token_end(account)
    sessions_end(account)
    return account


def _made(user: User, *, email: str, role: Role, account: User | None) -> tuple[Invitation, str]:
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        clinic=user.clinic,
        email=User.objects.normalize_email(email).lower(),
        role=role,
        account=account,
        invited_by=user,
        secret_hash=_hash(secret),
        expires_at=timezone.now() + LASTS,
    )
    invitation.full_clean()
    invitation.save()
    return invitation, secret


def _hash(secret: str) -> str:
    # The secret is random and long: a slow hash would guard nothing.
    return hashlib.sha256(secret.encode()).hexdigest()
