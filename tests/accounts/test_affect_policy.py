"""Setting a clinic's policy for affect scores."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import AccessLogEntry, AffectPolicy
from accounts.services import affect_policy_set
from tests.world import World


def test_the_administrator_sets_the_policy_of_their_own_clinic_only(world: World) -> None:
    affect_policy_set(user=world.ada, policy=AffectPolicy.OFF)
    world.clinic.refresh_from_db()
    assert world.clinic.affect_policy == AffectPolicy.OFF
    world.mallory.clinic.refresh_from_db()
    assert world.mallory.clinic.affect_policy == AffectPolicy.ON


def test_others_are_refused_and_the_refusal_is_recorded(world: World) -> None:
    with pytest.raises(PermissionDenied):
        affect_policy_set(user=world.alice, policy=AffectPolicy.OFF)
    assert AccessLogEntry.objects.get().allowed is False
