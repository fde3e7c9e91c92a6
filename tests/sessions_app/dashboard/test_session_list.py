"""The list of sessions that asks for news while an analysis runs."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry, AffectPolicy, Clinic
from inference.models import Analysis, AnalysisJob, JobState, Worker
from inference.stages import STAGE_LABELS
from sessions_app.dashboard.course import NEWEST
from sessions_app.dashboard.progress import UNHEARD
from sessions_app.models import Consent, Recording, Session
from sessions_app.scores import NO_CONSENT
from tests.pages import HTMX, signed_in, text
from tests.scores import marked
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


def test_each_recording_says_how_well_the_voice_is_heard(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    noisy = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    poor = analysed(SessionFactory(patient=world.alices_patient))
    Analysis.objects.filter(id=poor.analysis_id).update(quality=[noisy])
    for policy in AffectPolicy:
        Clinic.objects.filter(id=world.clinic.id).update(affect_policy=policy)
        page = signed_in(world.alice).get(list_of(world))
        assert (text(page).count("Quality: good"), text(page).count("Quality: poor, much noise")) == (1, 1), policy
    assert "Quality" not in text(signed_in(world.sam).get(list_of(world)))
    Consent.objects.update(withdrawn_at=timezone.now())
    assert "Quality" not in text(signed_in(world.alice).get(list_of(world)))


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
    assert str(NO_CONSENT) in page


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


@pytest.fixture
def many(world: World) -> list[Session]:
    """More sessions than are listed at first, oldest first."""
    first = SessionFactory(patient=world.alices_patient).held_at
    return [
        SessionFactory(patient=world.alices_patient, held_at=first + timedelta(days=7 * week))
        for week in range(1, NEWEST + 5)
    ]


def sessions_on(page: str) -> set[str]:
    return set(re.findall(r'href="/sessions/([0-9a-f-]+)/"', page))


def test_of_many_sessions_the_newest_are_listed_and_all_where_all_are_asked_for(
    world: World, many: list[Session]
) -> None:
    client, address = signed_in(world.sam), f"/patients/{world.alices_patient.id}/"
    page = client.get(address)
    assert sessions_on(page.content.decode()) == {str(session.id) for session in many[-NEWEST:]}
    assert f"The newest {NEWEST} of {NEWEST + 5} sessions." in text(page)
    page = client.get(f"{address}?sessions=all")
    assert sessions_on(page.content.decode()) > {str(session.id) for session in many}
    assert f"All {NEWEST + 5} sessions." in text(page)


def test_few_sessions_are_listed_without_a_word_about_others(world: World, waiting: Recording) -> None:
    page = text(signed_in(world.sam).get(list_of(world)))
    assert "All sessions" not in page
    assert "Only the newest" not in page


def test_an_old_recording_is_listed_while_it_is_analysed_and_on_the_day_of_its_upload(
    world: World, many: list[Session]
) -> None:
    recording = RecordingFactory(session=many[0])
    long_ago = timezone.now() - timedelta(days=30)
    client = signed_in(world.sam)
    assert str(many[0].id) in sessions_on(client.get(list_of(world)).content.decode())
    Recording.objects.filter(id=recording.id).update(uploaded_at=long_ago)
    assert str(many[0].id) in sessions_on(client.get(list_of(world)).content.decode())
    change(recording, state=JobState.FAILED, error_code="x", error_message="x")
    assert str(many[0].id) not in sessions_on(client.get(list_of(world)).content.decode())


def test_a_page_that_shows_all_sessions_goes_on_showing_all_when_its_list_is_fetched_again(
    world: World, many: list[Session]
) -> None:
    page = f"http://testserver/patients/{world.alices_patient.id}/"
    for query, listed in (("", NEWEST), ("?sessions=all", NEWEST + 5)):
        fetched = signed_in(world.sam).get(list_of(world), headers={**HTMX, "HX-Current-URL": page + query})
        assert len(sessions_on(fetched.content.decode())) == listed


def test_the_number_of_analysed_recordings_counts_those_that_are_not_listed(world: World, many: list[Session]) -> None:
    marked(many[0])
    change(RecordingFactory(session=many[-1]), state=JobState.FAILED, error_code="x", error_message="x")
    Recording.objects.update(uploaded_at=timezone.now() - timedelta(days=30))
    page = signed_in(world.sam).get(list_of(world))
    assert str(many[0].id) not in sessions_on(page.content.decode())
    assert "1 of 2 recordings analysed." in text(page)
