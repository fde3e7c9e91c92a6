"""The page of one session: scores with their origin, the timeline, quality and measures."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLogEntry, AffectPolicy
from inference.biomarkers.definitions import BY_CODE
from inference.models import Analysis, AnalysisJob, JobState
from inference.score_words import POOR
from sessions_app.dashboard.quality_words import ADVICE
from sessions_app.models import Consent, Recording
from tests.pages import HTMX, signed_in, text
from tests.scores import marked, traces
from tests.world import RecordingFactory, SessionFactory, World, analysed


@pytest.fixture
def recording(world: World) -> Recording:
    return marked(SessionFactory(patient=world.alices_patient))


def page_of(recording: Recording) -> str:
    return f"/sessions/{recording.session_id}/"


def test_each_score_has_number_interval_and_state(world: World, recording: Recording) -> None:
    page = signed_in(world.alice).get(page_of(recording))
    assert "0.72 elevated" in text(page)
    assert "90 % interval 0.64–0.81" in text(page)
    assert 'aria-label="Depression probability 0.72 (0.64–0.81), elevated, on a scale from 0 to 1"' in (
        page.content.decode()
    )
    assert len(traces(page.content.decode())) == 12


def test_the_numbers_say_where_they_come_from(world: World, recording: Recording) -> None:
    page = text(signed_in(world.alice).get(page_of(recording)))
    assert "undertone-demo 0.1 abababababab" in page
    assert "version 1" in page
    assert "42.0 s in a recording of 1:00" in page
    assert "not at all: one voice was assumed" in page


def test_a_head_that_the_checkpoint_lacks_is_not_available_and_says_why(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=None)
    assert "Not available. The checkpoint has no such head." in text(signed_in(world.alice).get(page_of(recording)))


def test_measures_take_label_unit_and_definition_from_the_table(world: World, recording: Recording) -> None:
    page = text(signed_in(world.alice).get(page_of(recording)))
    pitch = BY_CODE["f0_mean"]
    assert f"{pitch.label} 180.2 {pitch.unit} not enough sessions yet (0 of 4) {pitch.definition}" in page
    assert "not measurable" in page


def test_quality_checks_are_listed_with_value_and_sentence(world: World, recording: Recording) -> None:
    assert "The voice stands out well. 24 dB" in text(signed_in(world.alice).get(page_of(recording)))


def test_each_check_that_can_fail_has_advice_and_only_one_that_failed_shows_it(
    world: World, recording: Recording
) -> None:
    assert set(ADVICE) == {*POOR, "channels"}
    client, page = signed_in(world.alice), page_of(recording)
    assert "Next time:" not in text(client.get(page))
    check = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    Analysis.objects.filter(id=recording.analysis_id).update(quality=[check])
    assert f"There is much noise. Next time: {ADVICE['snr']} 3 dB" in text(client.get(page))


def test_the_checkpoints_own_label_stands_beside_its_scores(
    world: World, recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"name": "paper", "version": "1", "sha256": "00", "heads": [], "thresholds": {}, "label": "only on paper"}
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(tmp_path))
    Analysis.objects.update(checkpoint_name="paper")
    client = signed_in(world.alice)
    for address in ("/", f"/patients/{world.alices_patient.id}/", page_of(recording)):
        page = text(client.get(address))
        assert "paper : only on paper." in page
        assert "support a clinician’s judgement" in page


def test_staff_see_the_state_of_the_upload_only(world: World, recording: Recording) -> None:
    page = signed_in(world.sam).get(page_of(recording)).content.decode()
    assert "session.wav" in page
    assert "Analysed" in page
    assert traces(page) == []
    for word in ("Valence", "Mean pitch", "timeline", "undertone-demo"):
        assert word not in page


def test_a_policy_of_off_leaves_the_acoustic_measures_and_no_score(world: World, recording: Recording) -> None:
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    page = signed_in(world.alice).get(page_of(recording)).content.decode()
    assert "180.2" in page
    assert "This clinic has switched voice scores off" in page
    assert traces(page) == []


def test_withdrawn_consent_leaves_neither_score_nor_measure_nor_timeline(world: World, recording: Recording) -> None:
    Consent.objects.filter(patient=world.alices_patient).update(withdrawn_at=timezone.now())
    page = signed_in(world.alice).get(page_of(recording)).content.decode()
    assert traces(page) == []
    for word in ("180.2", "data-timeline", "Turns (", "The voice stands out well.", "42.0 s"):
        assert word not in page
    assert "not measurable" not in page


@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_somebody_elses_session_is_not_found_and_the_try_is_recorded(
    world: World, recording: Recording, who: str
) -> None:
    user = getattr(world, who)
    assert signed_in(user).get(page_of(recording)).status_code == 404
    assert AccessLogEntry.objects.filter(actor_id=user.id, object_kind="session", allowed=False).count() == 1


def test_reading_it_leaves_a_row_in_the_access_log(world: World, recording: Recording) -> None:
    signed_in(world.alice).get(page_of(recording))
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.object_id) == ("read", "session", recording.session_id)


@pytest.mark.parametrize("recordings", [1, 4])
def test_more_recordings_cost_no_more_queries(
    world: World, recordings: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session = SessionFactory(patient=world.alices_patient)
    for _ in range(recordings):
        analysed(session)
    client = signed_in(world.alice)
    # Log-in session, user, clinic; session with patient, recordings; access log; emergency access; consents, timelines,
    # sessions before, confirmations, reviews, earlier analyses, care team; two for notices.
    with django_assert_num_queries(17):
        client.get(f"/sessions/{session.id}/")


@pytest.mark.parametrize(("seconds", "said"), [(0.4, False), (3.26, True)])
def test_the_seconds_that_were_left_out_are_said_where_they_matter(world: World, seconds: float, said: bool) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    Analysis.objects.update(excluded_seconds=seconds)
    shown = text(signed_in(world.alice).get(page_of(recording)))
    assert ("3.3 s in which two spoke at once, or it was not clear who did" in shown) == said
    assert ("Left out" in shown) == said


def test_without_consent_nobody_is_told_how_long_two_spoke_at_once(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    Analysis.objects.update(excluded_seconds=3.26)
    Consent.objects.update(withdrawn_at=timezone.now())
    assert "Left out" not in text(signed_in(world.alice).get(page_of(recording)))


def test_the_drawing_over_the_session_is_also_a_table(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    page = text(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "Scores over the session as a table (2)" in page
    assert "0:03 0:09 0.70 0.40 0.40" in page


def test_without_scores_there_is_no_table_over_the_session(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert "as a table" not in text(signed_in(world.alice).get(f"/sessions/{recording.session_id}/"))


def test_a_score_in_doubt_says_why_beside_it(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    short = {"code": "speech_seconds", "ok": False, "value": 10.4, "unit": "s", "message": "Too little."}
    client = signed_in(world.alice)
    addresses = (page_of(recording), f"/patients/{world.alices_patient.id}/")
    for address in addresses:
        assert "not clear of the thresholds" in text(client.get(address))
    Analysis.objects.update(quality=[short])
    for address in addresses:
        assert "only 10 s of speech" in text(client.get(address))
    Consent.objects.update(withdrawn_at=timezone.now())
    for address in addresses:
        assert "only 10 s" not in text(client.get(address))


@pytest.fixture
def running(world: World) -> Recording:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    lease = {"lease_token": uuid4(), "lease_until": timezone.now() + timedelta(seconds=60)}
    AnalysisJob.objects.filter(id=recording.job_id).update(
        state=JobState.RUNNING, stage="speech", progress=0.3, **lease
    )
    return recording


def news_address(page: str) -> str:
    match = re.search(r'hx-get="(/recordings/[^"]+/progress/[^"]*)"', page)
    assert match
    return html.unescape(match[1])


def test_while_it_is_analysed_the_page_shows_how_far_it_is_and_asks_for_news(world: World, running: Recording) -> None:
    client = signed_in(world.sam)
    page = client.get(page_of(running))
    assert "Finding the patient's voice 30 %" in text(page)
    news = news_address(page.content.decode())
    assert client.get(news, headers=HTMX).status_code == 204
    AnalysisJob.objects.update(progress=0.4)
    moved = client.get(news, headers=HTMX)
    assert "Finding the patient's voice 40 %" in text(moved)
    assert AccessLogEntry.objects.filter(action="read").count() == 1
    AnalysisJob.objects.update(stage="model")
    assert "Listening with the model" in text(client.get(news_address(moved.content.decode()), headers=HTMX))
    assert AccessLogEntry.objects.filter(action="read").count() == 2


def test_once_it_has_ended_the_whole_page_is_fetched_anew(world: World, running: Recording) -> None:
    client = signed_in(world.alice)
    news = news_address(client.get(page_of(running)).content.decode())
    AnalysisJob.objects.update(state=JobState.CANCELLED, lease_token=None, lease_until=None)
    assert client.get(news, headers=HTMX).headers["HX-Refresh"] == "true"
    assert "/progress/" not in client.get(page_of(running)).content.decode()


def test_how_far_somebody_elses_recording_is_is_not_found(world: World, running: Recording) -> None:
    for user in (world.bob, world.mallory):
        assert signed_in(user).get(f"/recordings/{running.id}/progress/").status_code == 404
    assert signed_in(world.ada).get(f"/recordings/{running.id}/progress/").status_code == 403
