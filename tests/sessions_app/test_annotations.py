"""What happened on a day: kept encrypted, bound to its row, tracked, exported, erased, and given a new key."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts.models import AccessLogEntry
from inference.errors import FileDamaged
from sessions_app import erasure, keys, rotation
from sessions_app.annotations import (
    MAX_CHARACTERS,
    Said,
    annotation_add,
    annotation_correct,
    annotation_remove,
    marks_of,
    text_of,
)
from sessions_app.changes import changes_of_patient
from sessions_app.export_rows import tables_of
from sessions_app.models import Annotation, AnnotationKind
from tests.world import World

pytestmark = pytest.mark.django_db

DAY = date(2026, 2, 3)
WORDS = "Sertraline, 50 mg a day"


def added(world: World, text: str = WORDS, day: date = DAY) -> Annotation:
    said = Said(day, AnnotationKind.MEDICATION, text)
    return annotation_add(user=world.alice, patient=world.alices_patient, said=said)


def test_its_words_are_encrypted_and_opened_again(world: World) -> None:
    found = Annotation.objects.get(id=added(world).id)
    assert WORDS.encode() not in bytes(found.sealed)
    assert text_of(found) == WORDS


@pytest.mark.parametrize("field", ["day", "kind", "edition"])
def test_a_row_in_which_something_was_changed_opens_nothing(world: World, field: str) -> None:
    found = Annotation.objects.get(id=added(world).id)
    setattr(found, field, {"day": date(2026, 2, 4), "kind": "other", "edition": 7}[field])
    with pytest.raises(FileDamaged):
        text_of(found)


@pytest.mark.parametrize(
    ("text", "day", "why"),
    [
        ("  ", DAY, "Please say in a few words"),
        ("a" * (MAX_CHARACTERS + 1), DAY, "200 characters or fewer"),
        (WORDS, timezone.localdate() + timedelta(days=2), "still to come"),
        (WORDS, date(1789, 7, 14), "look at the year"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(world: World, text: str, day: date, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        added(world, text, day)
    assert not Annotation.objects.exists()


def test_only_the_care_team_notes_corrects_and_removes(world: World) -> None:
    found = added(world)
    said = Said(DAY, AnnotationKind.OTHER, "Something else")
    for user in (world.bob, world.sam, world.ada, world.robot):
        for attempt in (
            lambda user=user: annotation_add(user=user, patient=world.alices_patient, said=said),
            lambda user=user: annotation_correct(user=user, annotation=found, said=said),
            lambda user=user: annotation_remove(user=user, annotation=found),
        ):
            with pytest.raises(PermissionDenied):
                attempt()
        assert marks_of(world.alices_patient, user) == []
    assert [mark.text for mark in marks_of(world.alices_patient, world.alice)] == [WORDS]


def test_each_step_is_logged_and_kept_among_the_changes_without_its_words(world: World) -> None:
    found = added(world)
    later = DAY + timedelta(days=1)
    annotation_correct(user=world.alice, annotation=found, said=Said(later, AnnotationKind.MEDICATION, WORDS))
    annotation_correct(user=world.alice, annotation=found, said=Said(later, AnnotationKind.MEDICATION, "100 mg"))
    annotation_remove(user=world.alice, annotation=found)
    rows = AccessLogEntry.objects.filter(object_kind="annotation").order_by("id")
    assert [row.action for row in rows] == ["create", "update", "update", "delete"]
    changes = [one for one in changes_of_patient(world.alices_patient) if one.kind == "annotation"][::-1]
    assert [one.did for one in changes] == ["added", "changed", "changed", "removed"]
    assert [[edit.field for edit in one.edits] for one in changes[1:3]] == [["day"], ["edition"]]
    assert "mg" not in str([one.state for one in changes])


def test_one_that_a_colleague_has_just_taken_away_is_not_put_back_by_correcting_it(world: World) -> None:
    found = added(world)
    annotation_remove(user=world.alice, annotation=Annotation.objects.get(id=found.id))
    with pytest.raises(Http404):
        annotation_correct(user=world.alice, annotation=found, said=Said(DAY, AnnotationKind.OTHER, "Something else"))
    assert not Annotation.objects.exists()
    assert not AccessLogEntry.objects.filter(object_kind="annotation", action="update").exists()


def test_it_is_in_the_export_in_plain_words_and_goes_with_the_patient(world: World) -> None:
    added(world)
    (row,) = tables_of(world.alices_patient, world.alice)["annotations"]
    assert (row["day"], row["kind"], row["text"]) == (DAY, "medication", WORDS)
    assert "sealed" not in row
    report = erasure.patient_erase(user=world.alice, patient=world.alices_patient)
    assert report
    assert report.counts["annotations"] == 1
    assert not Annotation.objects.exists()


def test_a_new_key_of_the_clinic_opens_it_after_rotation(world: World) -> None:
    found = added(world)
    keys.clinic_key_add(clinic_id=world.clinic.id)
    assert rotation.notes_reencrypt()["done"] == 1
    again = Annotation.objects.get(id=found.id)
    assert again.key_id == keys.newest(world.clinic.id).id != found.key_id
    assert text_of(again) == WORDS
