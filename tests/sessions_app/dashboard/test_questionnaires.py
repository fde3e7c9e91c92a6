"""Questionnaires on pages: who enters and reads them, what is refused, and what is said of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessLogEntry
from sessions_app.emergency import emergency_begin
from sessions_app.models import Instrument, Patient, QuestionnaireChange, QuestionnaireResponse
from sessions_app.questionnaires import questionnaire_correct, questionnaire_remove
from tests.pages import signed_in, text
from tests.world import QuestionnaireFactory, World

ANSWERED = "2026-03-02T09:00"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def sheet(answers: str, **other: str) -> dict[str, str]:
    """What the form sends; ``answers``: a figure for each item, and a dash where it was left out."""
    items = {f"item_{place}": "none" if one == "-" else one for place, one in enumerate(answers, 1)}
    return {"answered_at": ANSWERED, **items, **other}


def new(patient: Patient, kind: str = "phq9") -> str:
    return reverse(f"{kind}-new", args=[patient.id])


def listed(patient: Patient) -> str:
    return reverse("patient-questionnaires", args=[patient.id])


def phq9_of(patient: Patient, *sheets: list[int | None]) -> list[QuestionnaireResponse]:
    return [
        QuestionnaireFactory(patient=patient, items=items, answered_at=AT + timedelta(weeks=week))
        for week, items in enumerate(sheets)
    ]


def test_a_counselor_enters_a_phq9_and_reads_total_severity_and_items(world: World) -> None:
    alice, patient = signed_in(world.alice), world.alices_patient
    answer = alice.post(new(patient), sheet("121121120"))
    assert (answer.status_code, answer["Location"]) == (302, listed(patient))
    kept = patient.questionnaires.get()
    assert (kept.instrument, kept.items, kept.total) == ("phq9", [1, 2, 1, 1, 2, 1, 1, 2, 0], 11)
    page = text(alice.get(listed(patient)))
    assert "11 of 27, moderate 2 Mar 2026" in page
    assert "2. Feeling down, depressed, or hopeless 2" in page


def test_a_counselor_enters_a_gad7(world: World) -> None:
    alice, patient = signed_in(world.alice), world.alices_patient
    assert alice.post(new(patient, "gad7"), sheet("3333333")).status_code == 302
    assert "21 of 21, severe" in text(alice.get(listed(patient)))


def test_the_time_is_that_of_the_clinic(world: World) -> None:
    world.clinic.time_zone = "America/New_York"
    world.clinic.save()
    signed_in(world.alice).post(new(world.alices_patient), sheet("000000000"))
    assert world.alices_patient.questionnaires.get().answered_at == datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (sheet("11111111"), "Please choose one of the answers"),
        (sheet("111111114"), "Please choose one of the answers"),
        (sheet("11111111x"), "Please choose one of the answers"),
        (sheet("---------"), "Nothing is answered yet."),
        (sheet("111111111", answered_at="soon"), "Please give a date and a time."),
        (sheet("111111111", answered_at="2999-01-01T09:00"), "This time lies in the future."),
        (sheet("111111111", answered_at="0001-01-01T09:00"), "Please give a day after"),
    ],
    ids=["one missing", "too high", "no number", "nothing", "no time", "time to come", "too long ago"],
)
def test_what_is_no_answer_is_refused_in_the_form_and_not_kept(world: World, sent: dict[str, str], said: str) -> None:
    answer = signed_in(world.alice).post(new(world.alices_patient), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not QuestionnaireResponse.objects.exists()


def test_a_refused_form_keeps_what_was_chosen(world: World) -> None:
    page = signed_in(world.alice).post(new(world.alices_patient), sheet("21111111")).content.decode()
    assert page.count(" checked") == 8
    assert re.search(r'<input type="radio" name="item_1" value="2"[^>]* checked', page)


def test_no_answer_is_chosen_before_somebody_chooses(world: World) -> None:
    assert " checked" not in signed_in(world.alice).get(new(world.alices_patient)).content.decode()


def test_the_same_sheet_sent_twice_is_kept_once(world: World) -> None:
    alice, sent = signed_in(world.alice), sheet("111111111")
    alice.post(new(world.alices_patient), sent)
    again = alice.post(new(world.alices_patient), sent)
    assert again.status_code == 422
    assert "of this kind and of this minute is there already" in again.content.decode()
    assert QuestionnaireResponse.objects.count() == 1


def test_one_left_out_is_made_up_by_the_mean_of_the_others_and_said(world: World) -> None:
    alice = signed_in(world.alice)
    alice.post(new(world.alices_patient), sheet("22222222-"))
    page = text(alice.get(listed(world.alices_patient)))
    assert "18 of 27" in page
    assert "1 item left out: for each stands the mean of the others." in page
    assert "left out" in page


def test_with_three_left_out_there_is_no_total_and_it_is_said_everywhere(world: World) -> None:
    alice, patient = signed_in(world.alice), world.alices_patient
    alice.post(new(patient), sheet("222222---"))
    assert "No total 2 Mar 2026; 3 items left out" in text(alice.get(listed(patient)))
    assert "No total" in text(alice.get(reverse("patient", args=[patient.id])))
    assert "no total" in text(alice.get("/"))


def test_a_correction_replaces_the_answers_and_is_among_the_changes(world: World) -> None:
    (response,) = phq9_of(world.alices_patient, [1] * 9)
    alice = signed_in(world.alice)
    form = alice.get(reverse("questionnaire", args=[response.id])).content.decode()
    assert form.count(" checked") == 9
    alice.post(reverse("questionnaire", args=[response.id]), sheet("222222222"))
    response.refresh_from_db()
    assert response.items == [2] * 9
    page = text(alice.get(reverse("patient-changes", args=[world.alices_patient.id])))
    assert "1, 1, 1, 1, 1, 1, 1, 1, 1" in page
    assert "2, 2, 2, 2, 2, 2, 2, 2, 2" in page


def test_a_sheet_that_a_colleague_has_just_taken_away_is_not_put_back_by_correcting_it(world: World) -> None:
    (response,) = phq9_of(world.alices_patient, [1] * 9)
    questionnaire_remove(user=world.alice, response=QuestionnaireResponse.objects.get(id=response.id))
    with pytest.raises(Http404):
        questionnaire_correct(user=world.alice, response=response, answered_at=AT, items=[2] * 9)
    assert not QuestionnaireResponse.objects.exists()
    assert not AccessLogEntry.objects.filter(object_kind="questionnaire", action="update").exists()


def test_an_answer_that_was_left_out_is_called_so_among_the_changes(world: World) -> None:
    phq9_of(world.alices_patient, [1, None, *[1] * 7])
    page = text(signed_in(world.alice).get(reverse("patient-changes", args=[world.alices_patient.id])))
    assert "1, left out, 1, 1" in page


def test_a_removed_sheet_is_in_no_list_and_stays_among_the_changes(world: World) -> None:
    (response,) = phq9_of(world.alices_patient, [3] * 9)
    alice, address = signed_in(world.alice), reverse("questionnaire-remove", args=[response.id])
    assert "27 of 27, severe" in text(alice.get(address))
    assert alice.post(address)["Location"] == listed(world.alices_patient)
    assert "No questionnaire yet" in text(alice.get(listed(world.alices_patient)))
    assert QuestionnaireChange.objects.filter(pgh_label="removed", items=[3] * 9).exists()


def test_the_change_since_the_first_and_since_the_one_before_is_said_with_its_rule(world: World) -> None:
    phq9_of(world.alices_patient, [2] * 9, [0] * 9, [1] * 9)
    page = text(signed_in(world.alice).get(listed(world.alices_patient)))
    assert "Since the first, of 2 Mar 2026: 18 → 9, 9 points fewer. Reliable improvement" in page
    assert "Response The first total was 10 or more and has at least halved" in page
    assert "Since the one before, of 9 Mar 2026: 0 → 9, 9 points more. Reliable worsening" in page
    assert "Remission" not in page


def test_one_sheet_alone_is_not_compared(world: World) -> None:
    phq9_of(world.alices_patient, [2] * 9)
    assert "Since the" not in text(signed_in(world.alice).get(listed(world.alices_patient)))


def test_the_table_of_items_shows_the_last_eight(world: World) -> None:
    phq9_of(world.alices_patient, *[[week % 4] * 9 for week in range(10)])
    page = text(signed_in(world.alice).get(listed(world.alices_patient)))
    assert "All sheets (10)" in page
    assert "9. Thoughts that you would be better off dead or of hurting yourself in some way 2 3 0 1 2 3 0 1" in page


def test_an_answer_about_self_harm_stands_on_top_of_the_patients_page(world: World) -> None:
    phq9_of(world.alices_patient, [*[0] * 8, 1])
    page = text(signed_in(world.alice).get(reverse("patient", args=[world.alices_patient.id])))
    assert "PHQ-9, item 9: “several days”, on 2 Mar 2026." in page
    assert page.index("item 9") < page.index("Questionnaires")


def test_it_goes_once_a_newer_sheet_says_not_at_all(world: World) -> None:
    phq9_of(world.alices_patient, [*[0] * 8, 1], [0] * 9)
    page = text(signed_in(world.alice).get(reverse("patient", args=[world.alices_patient.id])))
    assert "item 9" not in page


def test_staff_and_administrators_are_shown_no_answer(world: World) -> None:
    phq9_of(world.alices_patient, [*[0] * 8, 1])
    page = text(signed_in(world.sam).get(reverse("patient", args=[world.alices_patient.id])))
    assert "PHQ" not in page
    assert "Questionnaires" not in page
    for user in (world.sam, world.ada):
        assert signed_in(user).get(listed(world.alices_patient)).status_code == 403


def test_a_colleague_reads_under_emergency_access_and_enters_nothing(world: World) -> None:
    (response,) = phq9_of(world.alices_patient, [1] * 9)
    patient, bob = world.alices_patient, signed_in(world.bob)
    assert bob.get(listed(patient)).status_code == 404
    emergency_begin(user=world.bob, number=patient.reference, reason="She is in crisis and nobody is here.")
    page = bob.get(listed(patient))
    assert "9 of 27, mild" in text(page)
    assert new(patient) not in page.content.decode()
    addresses = [
        new(patient),
        *(reverse(name, args=[response.id]) for name in ("questionnaire", "questionnaire-remove")),
    ]
    for address in addresses:
        assert bob.get(address).status_code == 403
        assert bob.post(address, sheet("000000000")).status_code == 403
    assert list(patient.questionnaires.all()) == [response]


def test_a_sheet_cannot_be_moved_to_another_patient_or_kind(world: World) -> None:
    (response,) = phq9_of(world.alices_patient, [1] * 9)
    extra = {"patient": str(world.bobs_patient.id), "patient_id": str(world.bobs_patient.id), "instrument": "gad7"}
    signed_in(world.alice).post(reverse("questionnaire", args=[response.id]), sheet("000000000", **extra))
    response.refresh_from_db()
    assert (response.patient_id, response.instrument) == (world.alices_patient.id, Instrument.PHQ9)


@pytest.mark.parametrize(
    ("name", "method", "action"),
    [("questionnaire", "get", "read"), ("questionnaire", "post", "update"), ("questionnaire-remove", "post", "delete")],
)
def test_each_look_and_each_change_is_in_the_access_log(world: World, name: str, method: str, action: str) -> None:
    (response,) = phq9_of(world.alices_patient, [1] * 9)
    send: Any = getattr(signed_in(world.alice), method)
    send(reverse(name, args=[response.id]), sheet("000000000") if method == "post" else None)
    row = AccessLogEntry.objects.get(object_kind="questionnaire", action=action)
    assert (row.object_id, row.patient_id, row.actor_id) == (response.id, world.alices_patient.id, world.alice.id)


def test_entering_and_listing_are_in_the_access_log(world: World) -> None:
    alice = signed_in(world.alice)
    alice.post(new(world.alices_patient), sheet("000000000"))
    alice.get(listed(world.alices_patient))
    actions = AccessLogEntry.objects.filter(object_kind="questionnaire", patient_id=world.alices_patient.id)
    assert sorted(actions.values_list("action", flat=True)) == ["create", "list"]


def test_the_form_proposes_this_minute(world: World) -> None:
    page = signed_in(world.alice).get(new(world.alices_patient)).content.decode()
    now = timezone.now()
    assert any(timezone.localtime(now - timedelta(minutes=ago)).strftime("%Y-%m-%dT%H:%M") in page for ago in (0, 1))


@pytest.mark.parametrize("answer", "123")
def test_thoughts_of_self_harm_are_named_as_soon_as_they_are_entered(world: World, answer: str) -> None:
    said = signed_in(world.alice).post(new(world.alices_patient), sheet(f"00000000{answer}"), follow=True)
    notice = said.content.decode().split('class="notice notice-warning"')[1].split("</div>")[0]
    assert "The PHQ-9 was kept. Item 9 was answered with" in notice
    assert "Please follow your clinic’s safety procedure" in notice


def test_a_correction_to_thoughts_of_self_harm_names_them_and_one_back_does_not(world: World) -> None:
    response = phq9_of(world.alices_patient, [0] * 9)[0]
    there, client = reverse("questionnaire", args=[response.id]), signed_in(world.alice)
    said = text(client.post(there, sheet("000000002"), follow=True))
    assert "The PHQ-9 was corrected. Item 9 was answered with “more than half the days”" in said
    said = text(client.post(there, sheet("333333330"), follow=True))
    assert "The PHQ-9 was corrected." in said
    assert "safety procedure" not in said


@pytest.mark.parametrize(("kind", "answers"), [("phq9", "333333330"), ("phq9", "33333333-"), ("gad7", "3333333")])
def test_nothing_is_said_of_self_harm_where_it_was_not_answered(world: World, kind: str, answers: str) -> None:
    said = signed_in(world.alice).post(new(world.alices_patient, kind), sheet(answers), follow=True)
    assert "safety procedure" not in text(said)
    assert 'class="notice notice-success"' in said.content.decode()
