"""The administrator says who cares for whom, and learns no more of a patient than number, name and care team."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AccessLogEntry, Role
from sessions_app.care_teams import NO_COUNSELOR, care_team_join
from sessions_app.models import CareTeamChange, Patient
from tests.pages import signed_in, text
from tests.world import PatientFactory, QuestionnaireFactory, UserFactory, World

PAGE = "/clinic/care-teams/"


def address(patient: Patient) -> str:
    return f"{PAGE}{patient.id}/"


def test_a_patient_is_found_by_number_and_by_name_and_the_address_holds_neither(world: World) -> None:
    client = signed_in(world.ada)
    for asked in (world.alices_patient.reference, "robin alder"):
        response = client.post(PAGE, {"text": asked})
        assert "Robin Alder" in text(response)
        assert "Birch" not in text(response)
        assert response.request["QUERY_STRING"] == ""


def test_all_patients_of_a_counselor_can_be_found_who_is_about_to_leave(world: World) -> None:
    page = text(signed_in(world.ada).post(PAGE, {"counselor": world.bob.id}))
    assert "Birch" in page
    assert "Alder" not in page


def test_no_patient_is_listed_without_being_asked_for(world: World) -> None:
    assert "Alder" not in text(signed_in(world.ada).get(PAGE))
    response = signed_in(world.ada).post(PAGE, {"text": "  "})
    assert response.status_code == 422
    assert "Alder" not in response.content.decode()
    assert "Please give a number or a name" in response.content.decode()


def test_a_patient_of_another_clinic_is_not_found(world: World) -> None:
    client = signed_in(world.ada)
    assert "No patient of this clinic is like that." in text(client.post(PAGE, {"text": "Maple"}))
    assert client.get(address(world.mallorys_patient)).status_code == 404


def test_patients_whom_no_counselor_sees_stand_on_the_first_page(world: World) -> None:
    world.alice.is_active = False
    world.alice.save()
    former = UserFactory(clinic=world.clinic, role=Role.STAFF)
    PatientFactory(clinic=world.clinic, family_name="Nobodys", care_team=[former])
    page = text(signed_in(world.ada).get(PAGE))
    assert "Robin Alder" in page
    assert "(switched off)" in page
    assert "Robin Nobodys" in page
    assert "Birch" not in page


def test_the_clinic_s_page_says_how_many_patients_no_counselor_sees(world: World) -> None:
    assert "no counselor" not in text(signed_in(world.ada).get("/"))
    world.bobs_patient.care_team.clear()
    assert "1 patient is seen by no counselor." in text(signed_in(world.ada).get("/"))


def test_whoever_joins_sees_the_patient_and_the_change_is_kept_and_logged(world: World) -> None:
    response = signed_in(world.ada).post(address(world.alices_patient), {"counselor": world.bob.id}, follow=True)
    assert "Bob is of the care team now" in text(response)
    assert Patient.objects.visible_to(world.bob).filter(id=world.alices_patient.id).exists()
    change = CareTeamChange.objects.get(patient_id=world.alices_patient.id, user_id=world.bob.id)
    assert (change.pgh_label, change.actor_id) == ("added", world.ada.id)
    row = AccessLogEntry.objects.get(action="join_care_team")
    assert (row.actor_id, row.object_id, row.patient_id) == (world.ada.id, world.bob.id, world.alices_patient.id)


def test_whoever_is_taken_out_sees_nothing_more_and_the_change_is_kept_and_logged(world: World) -> None:
    world.alices_patient.care_team.add(world.bob)
    leave = f"{address(world.alices_patient)}leave/{world.alice.id}/"
    assert "Alice has left the care team" in text(signed_in(world.ada).post(leave, follow=True))
    assert not Patient.objects.visible_to(world.alice).exists()
    change = CareTeamChange.objects.filter(user_id=world.alice.id).latest("pgh_id")
    assert (change.pgh_label, change.actor_id) == ("removed", world.ada.id)
    row = AccessLogEntry.objects.get(action="leave_care_team")
    assert (row.actor_id, row.object_id, row.patient_id) == (world.ada.id, world.alice.id, world.alices_patient.id)


def test_the_last_who_sees_a_patient_is_not_taken_out(world: World) -> None:
    gone = UserFactory(clinic=world.clinic, is_active=False)
    world.alices_patient.care_team.add(gone)
    leave = f"{address(world.alices_patient)}leave/{world.alice.id}/"
    assert "Please add another counselor first." in text(signed_in(world.ada).post(leave, follow=True))
    assert Patient.objects.visible_to(world.alice).exists()
    assert not AccessLogEntry.objects.filter(action="leave_care_team").exists()
    assert "has left" in text(signed_in(world.ada).post(leave.replace(str(world.alice.id), str(gone.id)), follow=True))


def test_nobody_but_a_counselor_of_the_clinic_can_join(world: World) -> None:
    for who in (world.sam, world.ada, world.mallory, world.robot):
        response = signed_in(world.ada).post(address(world.alices_patient), {"counselor": who.id})
        assert response.status_code == 422
        assert "Please choose a counselor of this clinic" in response.content.decode()
        with pytest.raises(ValidationError, match=str(NO_COUNSELOR)):
            care_team_join(user=world.ada, patient=world.alices_patient, counselor=who)
    assert list(world.alices_patient.care_team.all()) == [world.alice]


def test_the_page_shows_nothing_clinical(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient)
    page = text(signed_in(world.ada).get(address(world.alices_patient)))
    assert "Robin Alder" in page
    assert "PHQ" not in page
    assert signed_in(world.ada).get(f"/patients/{world.alices_patient.id}/").status_code == 403


def test_each_patient_who_was_shown_stands_in_the_access_log(world: World) -> None:
    client = signed_in(world.ada)
    client.post(PAGE, {"text": "Robin"})
    shown = {world.alices_patient.id, world.bobs_patient.id}
    rows = AccessLogEntry.objects.filter(object_kind="care_team")
    assert set(rows.filter(action="list").values_list("patient_id", flat=True)) == shown
    client.get(address(world.alices_patient))
    assert rows.get(action="read").patient_id == world.alices_patient.id


@pytest.mark.parametrize("who", ["alice", "sam", "robot"])
def test_others_may_not_and_a_try_is_recorded(world: World, who: str) -> None:
    user = getattr(world, who)
    assert signed_in(user).post(address(world.bobs_patient), {"counselor": world.alice.id}).status_code == 403
    assert AccessLogEntry.objects.filter(actor_id=user.id, allowed=False, action="assign_care").exists()


def test_the_page_costs_the_same_for_many_patients(world: World) -> None:
    client = signed_in(world.ada)
    client.post(PAGE, {"text": "Robin"})
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.post(PAGE, {"text": "Robin"})
    for _ in range(20):
        PatientFactory(clinic=world.clinic, care_team=[world.alice, world.bob])
    with CaptureQueriesContext(connection) as many:
        client.post(PAGE, {"text": "Robin"})
    assert len(many) == len(few)
