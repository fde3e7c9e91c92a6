"""Which checkpoints a clinic's analyses were made with."""

from __future__ import annotations

from uuid import uuid4

import pytest

from inference.models import Analysis
from inference.services import checkpoint_names
from tests.world import SessionFactory, World, analysed


def test_each_name_once_in_order_and_of_one_clinic_alone(world: World) -> None:
    for name in ("b", "a", "b", "c", "a"):
        made = analysed(SessionFactory(patient=world.alices_patient))
        Analysis.objects.filter(id=made.analysis_id).update(checkpoint_name=name)
    other = analysed(SessionFactory(patient=world.mallorys_patient))
    Analysis.objects.filter(id=other.analysis_id).update(checkpoint_name="d")
    assert checkpoint_names(tenant=world.clinic.id) == ["a", "b", "c"]


@pytest.mark.django_db
def test_a_clinic_without_analyses_has_none() -> None:
    assert checkpoint_names(tenant=uuid4()) == []
