"""Events on the pages: added, corrected and removed in place or without JavaScript; in chart, table and file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import EmergencyAccess
from sessions_app.annotations import Said, annotation_add, marks_of
from sessions_app.models import Annotation, AnnotationKind
from tests.pages import HTMX, signed_in, text
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

GIVEN = {"day": "2026-02-03", "kind": "life_event", "text": "Moved to another town"}


def post(world: World, path: str, given: dict[str, str] | None = None, **headers: str) -> HttpResponse:
    return signed_in(world.alice).post(path, given or {}, headers=headers)


def there(world: World) -> Annotation:
    said = Said(date(2026, 2, 3), AnnotationKind.LIFE_EVENT, "Moved to another town")
    return annotation_add(user=world.alice, patient=world.alices_patient, said=said)


def of_patient(world: World) -> str:
    return f"/patients/{world.alices_patient.id}/annotations/"


def texts(world: World) -> list[Any]:
    return [mark.text for mark in marks_of(world.alices_patient, world.alice)]


def test_without_javascript_it_is_added_corrected_and_removed_by_forms(world: World) -> None:
    back = f"/patients/{world.alices_patient.id}/"
    assert post(world, of_patient(world), GIVEN).headers["Location"] == back
    (one,) = Annotation.objects.all()
    assert "Moved to another town" in text(signed_in(world.alice).get(back))
    form = signed_in(world.alice).get(f"/annotations/{one.id}/").content.decode()
    assert 'value="Moved to another town"' in form
    assert post(world, f"/annotations/{one.id}/", GIVEN | {"text": "Moved back"}).headers["Location"] == back
    assert texts(world) == ["Moved back"]
    assert "Remove “Moved back”" in text(signed_in(world.alice).get(f"/annotations/{one.id}/remove/"))
    assert texts(world) == ["Moved back"]
    assert post(world, f"/annotations/{one.id}/remove/").headers["Location"] == back
    assert texts(world) == []


def test_in_place_the_list_comes_back_and_the_chart_is_told(world: World) -> None:
    answer = post(world, of_patient(world), GIVEN, **HTMX)
    assert "Moved to another town" in text(answer)
    assert "<html" not in answer.content.decode()
    assert "course-changed" in json.loads(answer.headers["HX-Trigger"])


def test_what_is_wrong_is_said_beside_what_was_written(world: World) -> None:
    wrong = GIVEN | {"day": (timezone.localdate() + timedelta(days=2)).isoformat()}
    answer = post(world, of_patient(world), wrong)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This day is still to come." in page
    assert 'value="Moved to another town"' in page
    assert "This day is still to come." in text(post(world, of_patient(world), wrong, **HTMX))
    assert texts(world) == []


def test_it_is_a_mark_in_the_chart_and_a_line_of_table_and_file(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    there(world)
    client = signed_in(world.alice)
    page = client.get(f"/patients/{world.alices_patient.id}/course/").content.decode()
    data = json.loads(page.split('id="course-data" type="application/json">')[1].split("</script>")[0])
    (mark,) = data["annotations"]
    assert (mark["kind"], mark["text"]) == ("Life event", "Moved to another town")
    table = text(client.get(f"/patients/{world.alices_patient.id}/numbers/"))
    assert "Life event Moved to another town" in table
    file = client.post(f"/patients/{world.alices_patient.id}/numbers/export/").content.decode()
    assert "Moved to another town" in file


def test_a_spreadsheet_calculates_nothing_of_it(world: World) -> None:
    said = Said(date(2026, 2, 3), AnnotationKind.OTHER, '=HYPERLINK("https://example.org")')
    annotation_add(user=world.alice, patient=world.alices_patient, said=said)
    file = signed_in(world.alice).post(f"/patients/{world.alices_patient.id}/numbers/export/").content.decode()
    assert "'=HYPERLINK" in file


def test_under_emergency_access_it_is_read_and_not_written(world: World) -> None:
    one = there(world)
    EmergencyAccess.objects.create(
        clinic=world.clinic,
        user=world.bob,
        patient_id=world.alices_patient.id,
        reason="Nobody is here.",
        ends_at=timezone.now() + timedelta(hours=1),
    )
    client = signed_in(world.bob)
    page = text(client.get(f"/patients/{world.alices_patient.id}/"))
    assert "Moved to another town" in page
    assert "Add an event" not in page
    assert client.post(of_patient(world), GIVEN).status_code == 403
    assert client.post(f"/annotations/{one.id}/remove/").status_code == 403
    assert texts(world) == ["Moved to another town"]


def test_staff_see_none_on_the_page_and_are_refused(world: World) -> None:
    there(world)
    client = signed_in(world.sam)
    assert "Moved" not in client.get(f"/patients/{world.alices_patient.id}/").content.decode()
    assert client.get(of_patient(world)).status_code == 403


def test_the_changes_of_the_record_say_that_the_wording_changed_and_not_what_it_was(world: World) -> None:
    one = there(world)
    post(world, f"/annotations/{one.id}/", GIVEN | {"text": "Moved back"})
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/changes/"))
    assert "Event of 3 Feb 2026" in page
    assert "version 2, encrypted" in page
    assert "Moved" not in page
