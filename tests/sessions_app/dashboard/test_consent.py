"""Recording and withdrawing a consent on the patient's page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import AccessLogEntry, User
from inference.models import AnalysisJob, JobState
from sessions_app import services
from sessions_app.dashboard.admission_forms import ConsentForm
from sessions_app.models import Consent, Patient, Scope
from tests.pages import signed_in, text
from tests.world import ConsentFactory, RecordingFactory, SessionFactory, World, analysed

GIVEN = {
    "consent-given_on": "2026-03-01",
    "consent-method": "paper",
    "consent-text_version": "2026-01",
    "consent-recording": "on",
    "consent-voice_analysis": "on",
}


def record(user: User, patient: Patient, **fields: str) -> HttpResponse:
    response: HttpResponse = signed_in(user).post(f"/patients/{patient.id}/consents/", {**GIVEN, **fields})
    return response


def withdraw(user: User, patient: Patient) -> HttpResponse:
    response: HttpResponse = signed_in(user).post(f"/patients/{patient.id}/consents/withdraw/")
    return response


@pytest.fixture
def patient(world: World) -> Patient:
    """Alice's patient, without any consent."""
    Consent.objects.filter(patient=world.alices_patient).delete()
    return world.alices_patient


def refused(response: HttpResponse, patient: Patient) -> str:
    assert response.status_code == 422
    response.status_code = 200
    assert not patient.consents.exists()
    return text(response)


def test_the_missing_drop_zone_points_to_the_form(world: World, patient: Patient) -> None:
    page = signed_in(world.sam).get(f"/patients/{patient.id}/").content.decode()
    assert '<a href="#consent">record the patient’s consent</a>' in page
    assert 'id="consent"' in page
    assert '<details class="fold" open>' in page


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_a_recorded_consent_opens_the_drop_zone(world: World, patient: Patient, who: str) -> None:
    user = getattr(world, who)
    assert record(user, patient).headers["Location"] == f"/patients/{patient.id}/"
    consent = patient.consents.get()
    assert (consent.given_on, consent.text_version, consent.taken_by) == (date(2026, 3, 1), "2026-01", user)
    page = signed_in(user).get(f"/patients/{patient.id}/").content.decode()
    assert "Consent to voice analysis since 1 Mar 2026." in page
    assert 'type="file"' in page


def test_consent_to_recording_alone_is_kept_and_does_not_open_the_drop_zone(world: World, patient: Patient) -> None:
    record(world.sam, patient, **{"consent-voice_analysis": ""})
    assert patient.consents.get().recording
    page = signed_in(world.sam).get(f"/patients/{patient.id}/")
    assert 'type="file"' not in page.content.decode()
    assert "Recording given 1 Mar 2026" in text(page)


def test_a_consent_says_what_it_covers_how_it_was_given_and_who_took_it(world: World, patient: Patient) -> None:
    ticks = {"consent-research": "on", "consent-keeping_audio": "on", "consent-live": "on"}
    record(world.sam, patient, **ticks, **{"consent-method": "spoken", "consent-expires_on": "2027-03-01"})
    consent = patient.consents.get()
    assert consent.scopes == list(Scope)
    assert (consent.method, consent.expires_on) == ("spoken", date(2027, 3, 1))
    page = text(signed_in(world.sam).get(f"/patients/{patient.id}/"))
    assert "Recording, voice analysis, live, keeping audio, research given 1 Mar 2026, until 1 Mar 2027" in page
    assert "said aloud and noted, taken by Sam" in page


def test_a_withdrawal_names_who_took_it(world: World) -> None:
    withdraw(world.sam, world.alices_patient)
    assert world.alices_patient.consents.get().withdrawn_by == world.sam
    assert "with Sam" in text(signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"consent-given_on": ""}, "Please give the day on which consent was given."),
        ({"consent-given_on": "soon"}, "Please give a day."),
        ({"consent-given_on": "2999-01-01"}, "This day lies in the future."),
        ({"consent-given_on": "0206-03-01"}, "Please give a day after 1950."),
        ({"consent-text_version": ""}, "Please say which version of the consent text was signed."),
        ({"consent-text_version": "x" * 33}, "at most 32 characters"),
        ({"consent-expires_on": "2026-02-01"}, "This day lies before the day on which consent was given."),
        ({"consent-recording": "", "consent-voice_analysis": ""}, "Please say what the consent covers."),
        ({"consent-method": "guessed"}, "not one of the available choices"),
        (
            {"consent-recording": "", "consent-keeping_audio": "on"},
            "This also needs “Sessions are recorded”.",
        ),
        (
            {"consent-voice_analysis": "", "consent-research": "on"},
            "This also needs “Software analyses how the voice sounds”.",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_beside_the_field(
    world: World, patient: Patient, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in refused(record(world.sam, patient, **fields), patient)


def test_a_consent_that_covers_nothing_is_said_once_above_all_ticks_and_tied_to_them(
    world: World, patient: Patient
) -> None:
    page = record(world.sam, patient, **{"consent-recording": "", "consent-voice_analysis": ""}).content.decode()
    group = page.split("<fieldset")[1].split("</fieldset>")[0]
    said = "Please say what the consent covers."
    assert page.count(said) == group.count(said) == 1
    assert group.index(said) < group.index("<input")
    tied = group.split('aria-describedby="')[1].split('"')[0]
    assert group.index("aria-describedby") < group.index(">")
    assert f'id="{tied}"' in group


def test_what_one_tick_needs_is_said_below_that_tick(world: World, patient: Patient) -> None:
    fields = {"consent-recording": "", "consent-keeping_audio": "on"}
    group = record(world.sam, patient, **fields).content.decode().split("<fieldset")[1].split("</fieldset>")[0]
    assert group.index("consent-keeping_audio") < group.index("This also needs") < group.index("consent-research")
    assert "aria-describedby" not in group.split(">")[0]


def test_the_form_begins_with_today_where_the_clinic_is(world: World, patient: Patient) -> None:
    world.clinic.time_zone = "Pacific/Kiritimati"
    world.clinic.save()
    there = timezone.localdate(timezone=timezone.get_fixed_timezone(14 * 60))
    page = signed_in(world.sam).get(f"/patients/{patient.id}/").content.decode()
    assert f'name="consent-given_on" value="{there.isoformat()}"' in page


def test_the_future_begins_at_midnight_of_the_clinic(world: World, patient: Patient) -> None:
    world.clinic.time_zone = "Pacific/Kiritimati"
    world.clinic.save()
    ahead = timezone.localdate(timezone=timezone.get_fixed_timezone(14 * 60))
    assert record(world.sam, patient, **{"consent-given_on": ahead.isoformat()}).status_code == 302
    tomorrow = (ahead + timedelta(days=1)).isoformat()
    assert record(world.sam, patient, **{"consent-given_on": tomorrow}).status_code == 422


def test_recording_a_consent_leaves_a_row_in_the_access_log(world: World, patient: Patient) -> None:
    record(world.sam, patient)
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.object_id) == ("create", "consent", patient.consents.get().id)


@pytest.mark.parametrize("way", ["consents/", "consents/withdraw/"])
@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mallory", 404), ("ada", 403), ("robot", 403)])
def test_the_consents_of_a_patient_are_closed_to_others(world: World, way: str, who: str, status: int) -> None:
    address = f"/patients/{world.alices_patient.id}/{way}"
    assert signed_in(getattr(world, who)).post(address, GIVEN).status_code == status
    assert AccessLogEntry.objects.get().allowed is False
    assert Consent.objects.get(patient=world.alices_patient).withdrawn_at is None


def test_withdrawing_is_asked_about_first_and_a_look_changes_nothing(world: World) -> None:
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/consents/withdraw/"))
    assert "Withdraw the consent of Robin Alder?" in page
    assert Consent.objects.get(patient=world.alices_patient).withdrawn_at is None


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_a_withdrawal_hides_scores_and_closes_the_drop_zone_at_once(world: World, who: str) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    address = f"/patients/{world.alices_patient.id}/"
    assert "0.70" in text(signed_in(world.alice).get(address))
    withdraw(getattr(world, who), world.alices_patient)
    page = text(signed_in(world.alice).get(address))
    assert "Consent was withdrawn on" in page
    assert "0.70" not in page
    assert "Choose a recording" not in page


def test_a_withdrawal_ends_every_consent_of_the_patient_and_of_no_other(world: World) -> None:
    ConsentFactory(patient=world.alices_patient, given_on=date(2025, 1, 1), expires_on=date(2025, 12, 31))
    withdraw(world.alice, world.alices_patient)
    assert not world.alices_patient.consents.standing().exists()
    assert world.bobs_patient.consents.standing().count() == 1


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_withdrawal_cancels_open_analyses_of_this_patient_only(world: World, state: JobState) -> None:
    lease = {"lease_token": world.alice.id, "lease_until": datetime(2999, 1, 1, tzinfo=UTC)}
    held = lease if state == JobState.RUNNING else {}
    own = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    other = RecordingFactory(session=SessionFactory(patient=world.bobs_patient))
    AnalysisJob.objects.update(state=state, **held)
    withdraw(world.alice, world.alices_patient)
    states = dict(AnalysisJob.objects.values_list("id", "state"))
    assert states == {own.job_id: JobState.CANCELLED, other.job_id: state}


def test_a_withdrawal_leaves_finished_analyses_as_they_are(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    withdraw(world.alice, world.alices_patient)
    assert AnalysisJob.objects.get(id=recording.job_id).state == JobState.SUCCEEDED


def test_a_withdrawal_leaves_rows_for_consent_and_cancelled_recording(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    withdraw(world.sam, world.alices_patient)
    rows = AccessLogEntry.objects.order_by("id").values_list("action", "object_kind", "object_id")
    consent = world.alices_patient.consents.get()
    assert list(rows) == [("withdraw", "consent", consent.id), ("cancel", "recording", recording.id)]


def test_withdrawing_twice_keeps_the_first_time(world: World) -> None:
    withdraw(world.alice, world.alices_patient)
    first = world.alices_patient.consents.get().withdrawn_at
    withdraw(world.alice, world.alices_patient)
    assert world.alices_patient.consents.get().withdrawn_at == first


def test_a_new_consent_after_a_withdrawal_shows_scores_from_its_day_on_only(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 2, 1, 9, tzinfo=UTC)), depression=0.7)
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, 5, 9, tzinfo=UTC)), depression=0.2)
    withdraw(world.alice, world.alices_patient)
    Consent.objects.update(withdrawn_at=datetime(2026, 3, 1, 9, tzinfo=UTC))
    record(world.alice, world.alices_patient)
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))
    assert "0.20" in page
    assert "0.70" not in page


def test_a_consent_from_before_a_withdrawal_is_refused_and_shows_nothing_again(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, 5, 9, tzinfo=UTC)), depression=0.2)
    withdraw(world.alice, world.alices_patient)
    answer = record(world.sam, world.alices_patient)
    assert answer.status_code == 422
    assert "One from before counts no more" in answer.content.decode()
    assert not world.alices_patient.consents.standing().exists()
    assert "0.20" not in text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))


def test_a_withdrawal_made_while_the_form_is_looked_at_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = ConsentForm.is_valid

    def then_withdraw(form: ConsentForm) -> bool:
        valid = looked_at(form)
        services.consent_withdraw(user=world.alice, patient=world.alices_patient)
        return valid

    monkeypatch.setattr(ConsentForm, "is_valid", then_withdraw)
    answer = record(world.sam, world.alices_patient)
    assert answer.status_code == 422
    assert "One from before counts no more" in answer.content.decode()
    assert not world.alices_patient.consents.standing().exists()


def test_a_consent_of_the_day_of_a_withdrawal_is_taken(world: World) -> None:
    withdraw(world.alice, world.alices_patient)
    today = timezone.localdate(timezone=ZoneInfo(world.clinic.time_zone))
    record(world.alice, world.alices_patient, **{"consent-given_on": today.isoformat()})
    assert world.alices_patient.consents.standing().count() == 1


def test_an_integration_client_is_shown_no_form(world: World) -> None:
    page = text(signed_in(world.robot).get(f"/patients/{world.alices_patient.id}/"))
    assert "Record consent" not in page
    assert "Withdraw consent" not in page
