"""Saying on the session's page who the patient is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from inference.models import AnalysisJob, JobState
from inference.speakers import ASSUMED, BY_CHANNEL, BY_ENROLMENT, BY_LENGTH, BY_PERSON, BY_RTTM, METHODS
from sessions_app.chart import chart_data
from sessions_app.dashboard.wording import SPEAKER_METHODS
from sessions_app.models import Confirmation, Consent, Recording
from sessions_app.trends import trend_of
from tests.pages import signed_in, text
from tests.world import RecordingFactory, SessionFactory, World, analysed

LONGER = "The one who speaks longer was assumed to be the patient."
RIGHT, OTHER = "That is right", "It is the other person"


@pytest.fixture
def recording(world: World) -> Recording:
    return analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH, talk_ratio=0.7)


def page(client: Client, recording: Recording) -> str:
    return text(client.get(f"/sessions/{recording.session_id}/"))


def say(client: Client, recording: Recording, what: str, **form: Any) -> Any:
    return client.post(f"/recordings/{recording.id}/{what}-patient/", {"job": recording.job_id} | form)


def test_the_assumption_is_said_plainly_with_both_answers(world: World, recording: Recording) -> None:
    shown = page(signed_in(world.alice), recording)
    assert f"{LONGER} The patient speaks for 0:42, the other person for 0:18." in shown
    assert RIGHT in shown
    assert OTHER in shown


def test_what_was_confirmed_names_who_and_when_and_asks_no_more(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    answer = say(client, recording, "confirm")
    assert answer.headers["Location"] == f"/sessions/{recording.session_id}/"
    shown = page(client, recording)
    assert f"confirmed by Alice on {date_format(timezone.localdate(), 'j M Y')}" in shown
    assert LONGER not in shown
    assert RIGHT not in shown
    assert OTHER in shown


def test_a_swap_returns_to_where_its_progress_is_shown(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    answer = say(client, recording, "swap")
    assert answer.headers["Location"] == f"/patients/{world.alices_patient.id}/"
    shown = text(client.get(answer.headers["Location"]))
    assert "The recording is analysed again, with the other person as the patient." in shown
    assert "Waiting its turn" in shown
    shown = page(client, recording)
    assert "Waiting its turn" in shown
    assert OTHER not in shown


def test_one_voice_can_be_confirmed_and_there_is_nobody_to_swap_it_with(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=ASSUMED)
    shown = page(signed_in(world.alice), recording)
    assert "One voice was heard and assumed to be the patient’s." in shown
    assert RIGHT in shown
    assert OTHER not in shown


@pytest.mark.parametrize("method", [BY_ENROLMENT, BY_PERSON, BY_CHANNEL])
def test_what_is_no_assumption_asks_nothing_and_can_still_be_undone(world: World, method: str) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=method, talk_ratio=0.7)
    shown = page(signed_in(world.alice), recording)
    assert "assumed" not in shown
    assert RIGHT not in shown
    assert OTHER in shown


@pytest.mark.parametrize("method", METHODS)
def test_no_code_stands_where_the_page_says_how_the_patient_was_told(world: World, method: str) -> None:
    shown = page(signed_in(world.alice), analysed(SessionFactory(patient=world.alices_patient), method=method))
    assert f"Patient told from others {SPEAKER_METHODS[method]}" in shown


def test_the_longer_voice_is_no_assumption_once_a_person_has_said_so(world: World, recording: Recording) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(options={"swapped": False})
    client = signed_in(world.alice)
    shown = page(client, recording)
    assert "a person said that it is the one who speaks longer" in shown
    assert "assumed" not in shown
    assert RIGHT not in shown
    say(client, recording, "confirm")
    assert not Confirmation.objects.exists()


def test_what_a_file_of_turns_says_is_not_asked(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_RTTM, talk_ratio=0.7)
    assert OTHER not in page(signed_in(world.alice), recording)


def test_a_swap_that_did_not_succeed_can_be_taken_back_where_it_is_said(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    say(client, recording, "swap")
    AnalysisJob.objects.filter(options={"swapped": True}).update(state=JobState.FAILED, error_code="bad_options")
    shown = page(client, recording)
    assert "Somebody said that the patient is the other person, but that analysis did not succeed." in shown
    assert "Take that back" in shown


def test_where_the_patient_is_not_heard_on_the_channel_the_other_one_is_offered(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient), patient_channel="left")
    failure = {"state": JobState.FAILED, "error_code": "no_speech", "error_message": "None of the patient’s."}
    AnalysisJob.objects.filter(id=recording.job_id).update(**failure)
    client = signed_in(world.alice)
    shown = page(client, recording)
    assert "The patient was not heard well enough on the left channel. Listen on the other channel" in shown
    say(client, recording, "swap")
    recording.refresh_from_db()
    assert (recording.patient_channel, recording.job.options) == ("right", {"patient_channel": "right"})


def test_without_consent_nothing_that_was_heard_is_said(world: World, recording: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    shown = page(signed_in(world.alice), recording)
    assert LONGER not in shown
    assert OTHER not in shown


@pytest.mark.parametrize("what", ["confirm", "swap"])
def test_a_click_after_a_withdrawal_changes_nothing_and_says_why(world: World, recording: Recording, what: str) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    client = signed_in(world.alice)
    assert "No consent to voice analysis covers the day" in text(client.get(say(client, recording, what).url))
    assert unchanged(recording)


def unchanged(recording: Recording) -> bool:
    before = recording.job_id
    recording.refresh_from_db()
    return recording.job_id == before and recording.analysis_id is not None and not Confirmation.objects.exists()


def test_a_second_click_on_the_same_button_swaps_nothing_back(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    say(client, recording, "swap")
    answer = say(client, recording, "swap")
    assert "Nothing was changed" in text(client.get(answer.url))
    recording.refresh_from_db()
    assert recording.job.options == {"swapped": True}
    assert AnalysisJob.objects.count() == 2


@pytest.mark.parametrize("what", ["confirm", "swap"])
@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_a_recording_of_another_counselor_or_clinic_is_not_found(
    world: World, recording: Recording, who: str, what: str
) -> None:
    assert say(signed_in(getattr(world, who)), recording, what).status_code == 404
    assert unchanged(recording)


@pytest.mark.parametrize("what", ["confirm", "swap"])
@pytest.mark.parametrize("who", ["ada", "sam", "robot"])
def test_whoever_is_no_counselor_may_not_say(world: World, recording: Recording, who: str, what: str) -> None:
    assert say(signed_in(getattr(world, who)), recording, what).status_code == 403
    assert unchanged(recording)


@pytest.mark.parametrize("who", ["sam", "robot"])
def test_whoever_may_not_say_is_not_asked(world: World, recording: Recording, who: str) -> None:
    shown = page(signed_in(getattr(world, who)), recording)
    assert RIGHT not in shown
    assert OTHER not in shown


@pytest.mark.parametrize("what", ["confirm", "swap"])
def test_whoever_is_not_signed_in_signs_in_first(recording: Recording, what: str) -> None:
    assert say(Client(), recording, what).url.startswith("/sign-in/")
    assert unchanged(recording)


@pytest.mark.parametrize("what", ["confirm", "swap"])
def test_reading_the_address_decides_nothing(world: World, recording: Recording, what: str) -> None:
    client = signed_in(world.alice)
    assert client.get(f"/recordings/{recording.id}/{what}-patient/?job={recording.job_id}").status_code == 405
    assert unchanged(recording)


@pytest.mark.parametrize("what", ["confirm", "swap"])
def test_a_form_without_csrf_token_is_refused(world: World, recording: Recording, what: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.alice)
    assert say(client, recording, what).status_code == 403
    assert unchanged(recording)


@pytest.mark.parametrize("what", ["confirm", "swap"])
@pytest.mark.parametrize("job", ["", "nonsense", "\x00", "5b0f3c52-6f4e-4c57-9d3c-0c7f4f6f1a11"])
def test_a_form_that_names_no_job_of_this_recording_decides_nothing(
    world: World, recording: Recording, what: str, job: str
) -> None:
    assert say(signed_in(world.alice), recording, what, job=job).status_code in (302, 400)
    assert unchanged(recording)


NOT_CONFIRMED = "patient’s voice assumed, not confirmed"


@pytest.mark.parametrize("address", ["/", "/patients/{}/"])
def test_lists_mark_scores_of_a_voice_that_nobody_has_confirmed(
    world: World, recording: Recording, address: str
) -> None:
    client, address = signed_in(world.alice), address.format(world.alices_patient.id)
    assert text(client.get(address)).count(NOT_CONFIRMED) == 1
    say(client, recording, "confirm")
    assert NOT_CONFIRMED not in text(client.get(address))


@pytest.mark.parametrize("address", ["/", "/patients/{}/"])
def test_they_do_not_say_whose_voice_it_is_where_no_score_of_it_is_shown(
    world: World, recording: Recording, address: str
) -> None:
    Consent.objects.all().delete()
    shown = text(signed_in(world.alice).get(address.format(world.alices_patient.id)))
    assert NOT_CONFIRMED not in shown


def test_the_chart_knows_which_points_are_of_the_one_or_the_other(world: World, recording: Recording) -> None:
    for method in (BY_CHANNEL, ASSUMED):
        analysed(SessionFactory(patient=world.alices_patient), method=method)
    told = dict(assumed_by_method(world))
    assert told == {BY_LENGTH: True, BY_CHANNEL: False, ASSUMED: False}


def assumed_by_method(world: World) -> Any:
    trend = trend_of(world.alices_patient, world.alice)
    methods = [point.analysis.speaker_method for point in trend.points if point.analysis]
    assumed = chart_data(trend)["assumed"]
    return ((method, place in assumed) for place, method in enumerate(methods))
