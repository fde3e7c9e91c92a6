"""The list of sessions that asks for news while an analysis runs."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry
from inference.models import AnalysisJob, JobState, Worker
from inference.stages import STAGE_LABELS
from sessions_app.dashboard.progress import UNHEARD
from sessions_app.models import Consent, Recording
from sessions_app.scores import NO_CONSENT
from tests.pages import HTMX, signed_in, text
from tests.world import RecordingFactory, SessionFactory, World, analysed, job_done


@pytest.fixture
def waiting(world: World) -> Recording:
    return RecordingFactory(session=SessionFactory(patient=world.alices_patient))


def change(recording: Recording, **changes: object) -> None:
    AnalysisJob.objects.filter(id=recording.job_id).update(**changes)


def running(recording: Recording, stage: str, progress: float, *, lease: float = 60) -> None:
    change(
        recording,
        state=JobState.RUNNING,
        stage=stage,
        progress=progress,
        lease_token=uuid.uuid4(),
        lease_until=timezone.now() + timedelta(seconds=lease),
    )


def list_of(world: World) -> str:
    return f"/patients/{world.alices_patient.id}/sessions/"


def news_address(page: str) -> str | None:
    match = re.search(r'id="sessions-news" hx-get="([^"]+)"', page)
    return html.unescape(match[1]) if match else None


def test_a_waiting_recording_makes_the_list_ask_for_news(world: World, waiting: Recording) -> None:
    page = signed_in(world.sam).get(list_of(world)).content.decode()
    assert "Waiting its turn" in page
    assert news_address(page)


def test_the_stage_is_named_and_its_progress_is_drawn(world: World, waiting: Recording) -> None:
    running(waiting, "speech", 0.25)
    page = signed_in(world.sam).get(list_of(world))
    assert "Finding the patient's voice" in text(page)
    assert '<progress class="bar" max="100" value="25"' in page.content.decode()


def test_no_news_is_an_empty_answer_that_discloses_nothing_and_is_not_logged(world: World, waiting: Recording) -> None:
    client = signed_in(world.sam)
    address = news_address(client.get(list_of(world)).content.decode())
    assert address
    before = AccessLogEntry.objects.count()
    response = client.get(address, headers=HTMX)
    assert (response.status_code, response.content) == (204, b"")
    assert AccessLogEntry.objects.count() == before


def test_news_is_the_changed_list_and_is_logged(world: World, waiting: Recording) -> None:
    client = signed_in(world.sam)
    address = news_address(client.get(list_of(world)).content.decode())
    running(waiting, "model", 0.6)
    before = AccessLogEntry.objects.count()
    assert "Listening with the model" in text(client.get(address, headers=HTMX))
    assert AccessLogEntry.objects.count() == before + 1


def test_more_progress_is_drawn_but_is_no_new_fact_for_the_log(world: World, waiting: Recording) -> None:
    running(waiting, "model", 0.1)
    client = signed_in(world.sam)
    address = news_address(client.get(list_of(world)).content.decode())
    change(waiting, progress=0.6)
    before = AccessLogEntry.objects.count()
    assert 'value="60"' in client.get(address, headers=HTMX).content.decode()
    assert AccessLogEntry.objects.count() == before


def test_scores_that_may_no_longer_be_shown_are_news(world: World, waiting: Recording) -> None:
    analysed(waiting.session, depression=0.7)
    client = signed_in(world.alice)
    address = news_address(client.get(list_of(world)).content.decode())
    Consent.objects.update(withdrawn_at=timezone.now())
    page = text(client.get(address, headers=HTMX))
    assert "0.70" not in page
    assert NO_CONSENT in page


def test_the_list_asks_less_often_while_no_worker_lives_and_hears_when_one_comes(
    world: World, waiting: Recording
) -> None:
    client = signed_in(world.sam)
    page = client.get(list_of(world)).content.decode()
    assert 'hx-trigger="every 5s"' in page
    Worker.objects.create(host="here", pid=1)
    before = AccessLogEntry.objects.count()
    assert 'hx-trigger="every 1s"' in client.get(news_address(page), headers=HTMX).content.decode()
    assert AccessLogEntry.objects.count() == before


def test_how_many_are_analysed_is_announced(world: World, waiting: Recording) -> None:
    analysed(waiting.session)
    page = signed_in(world.sam).get(list_of(world)).content.decode()
    assert re.search(r'role="status" id="sessions-count">1 of 2 recordings analysed\.', page)


def test_when_all_is_done_the_list_asks_no_more_and_the_chart_is_told(world: World, waiting: Recording) -> None:
    client = signed_in(world.alice)
    address = news_address(client.get(list_of(world)).content.decode())
    job_done(waiting.job_id)
    response = client.get(address, headers=HTMX)
    assert news_address(response.content.decode()) is None
    assert "course-changed" in response.headers["HX-Trigger"]


def test_progress_alone_does_not_disturb_the_chart(world: World, waiting: Recording) -> None:
    client = signed_in(world.alice)
    address = news_address(client.get(list_of(world)).content.decode())
    running(waiting, "decode", 0.1)
    assert "HX-Trigger" not in client.get(address, headers=HTMX).headers


def test_a_failure_shows_its_sentence_and_code_and_no_retry_where_the_recording_is_to_blame(
    world: World, waiting: Recording
) -> None:
    change(waiting, state=JobState.FAILED, error_code="silent", error_message="This recording is silent.")
    page = text(signed_in(world.sam).get(list_of(world)))
    assert "Not analysed This recording is silent. silent" in page
    assert "Try again" not in page


def test_trouble_of_the_machine_can_be_tried_again(world: World, waiting: Recording) -> None:
    change(waiting, state=JobState.FAILED, error_code="machine_trouble", error_message="The server ran out of memory.")
    assert "Try again" in text(signed_in(world.sam).get(list_of(world)))


def test_a_session_without_a_recording_is_listed_all_the_same(world: World) -> None:
    SessionFactory(patient=world.alices_patient)
    assert "2 Mar 2026 09:00 No recording" in text(signed_in(world.sam).get(list_of(world)))


def test_two_recordings_of_one_session_each_have_a_row(world: World) -> None:
    session = SessionFactory(patient=world.alices_patient)
    analysed(session, depression=0.61)
    analysed(session, depression=0.62)
    page = text(signed_in(world.alice).get(list_of(world)))
    assert "0.61" in page
    assert "0.62" in page


def test_the_list_of_somebody_elses_patient_is_not_found(world: World) -> None:
    assert signed_in(world.alice).get(f"/patients/{world.bobs_patient.id}/sessions/").status_code == 404


@pytest.mark.parametrize(("lease", "unheard"), [(60, False), (45, False), (35, True), (-5, True)])
def test_a_worker_that_misses_two_heartbeats_is_said_to_be_waited_for(
    world: World, waiting: Recording, lease: float, unheard: bool
) -> None:
    """A lease is for 60 s and renewed at least every 10 s."""
    running(waiting, "speech", 0.3, lease=lease)
    for address in (list_of(world), f"/sessions/{waiting.session_id}/", f"/recordings/{waiting.id}/progress/"):
        page = text(signed_in(world.sam).get(address))
        assert (str(UNHEARD) in page) is unheard
        assert (STAGE_LABELS["speech"] in page) is not unheard
