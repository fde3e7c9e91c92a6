"""Deleting a recording, cancelling its analysis and analysing it again, on the pages."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import AffectPolicy
from inference.models import Analysis, AnalysisJob, JobState
from sessions_app.models import Consent, Recording
from sessions_app.recordings import recording_reanalyze
from tests.pages import HTMX, signed_in, text
from tests.world import RecordingFactory, SessionFactory, World, analysed, job_done


@pytest.fixture
def done(world: World) -> Recording:
    return analysed(SessionFactory(patient=world.alices_patient))


@pytest.fixture
def waiting(world: World) -> Recording:
    return RecordingFactory(session=SessionFactory(patient=world.alices_patient))


def page_of(recording: Recording) -> str:
    return f"/sessions/{recording.session_id}/"


def test_the_page_asks_before_it_deletes_and_says_what_goes(world: World, done: Recording) -> None:
    client = signed_in(world.alice)
    assert f'href="/recordings/{done.id}/delete/"' in client.get(page_of(done)).content.decode()
    asked = text(client.get(f"/recordings/{done.id}/delete/"))
    assert "Delete this recording?" in asked
    assert "This cannot be undone." in asked
    assert Recording.objects.exists()


def test_deleting_returns_to_the_session_and_says_so(
    world: World, done: Recording, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = signed_in(world.sam)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(f"/recordings/{done.id}/delete/", follow=True)
    assert response.redirect_chain == [(page_of(done), 302)]
    assert "The recording was deleted" in text(response)
    assert "No recording" in text(response)
    assert (Recording.objects.count(), AnalysisJob.objects.count(), Analysis.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("action", ["delete", "cancel", "reanalyze"])
@pytest.mark.parametrize(("who", "status"), [("bob", 404), ("mallory", 404), ("ada", 403)])
def test_it_is_nobody_elses_recording(world: World, waiting: Recording, action: str, who: str, status: int) -> None:
    client = signed_in(getattr(world, who))
    assert client.post(f"/recordings/{waiting.id}/{action}/").status_code == status
    waiting.refresh_from_db()
    assert waiting.job.state == JobState.QUEUED


@pytest.mark.parametrize("action", ["cancel", "reanalyze"])
def test_it_takes_a_post(world: World, waiting: Recording, action: str) -> None:
    assert signed_in(world.alice).get(f"/recordings/{waiting.id}/{action}/").status_code == 405


def test_cancelling_shows_the_list_with_a_way_to_try_again(world: World, waiting: Recording) -> None:
    response = signed_in(world.sam).post(f"/recordings/{waiting.id}/cancel/", headers=HTMX)
    assert "Cancelled Try again" in text(response)


def test_cancelling_on_the_session_page_returns_there(world: World, waiting: Recording) -> None:
    client = signed_in(world.sam)
    assert "Waiting its turn Cancel" in text(client.get(page_of(waiting)))
    response = client.post(f"/recordings/{waiting.id}/cancel/", {"session": ""}, follow=True)
    assert response.redirect_chain == [(page_of(waiting), 302)]
    assert "Cancelled Try again" in text(response)
    response = client.post(f"/recordings/{waiting.id}/retry/", {"session": ""}, follow=True)
    assert "Waiting its turn" in text(response)


def test_what_ended_meanwhile_is_said(world: World, done: Recording) -> None:
    response = signed_in(world.sam).post(f"/recordings/{done.id}/cancel/", {"session": ""}, follow=True)
    assert "There was nothing to cancel" in text(response)


def test_what_another_checkpoint_found_can_be_analysed_again_and_stays_meanwhile(world: World, done: Recording) -> None:
    client = signed_in(world.alice)
    assert "Analyse again" in text(client.get(page_of(done)))
    response = client.post(f"/recordings/{done.id}/reanalyze/", follow=True)
    shown = text(response)
    assert "New analysis Waiting its turn" in shown
    assert "Until it is done, what was found before is shown." in shown
    assert "0.70" in shown
    assert "Analyse again" not in shown


def test_without_consent_it_is_not_analysed_again_and_the_page_says_why(world: World, done: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    response = signed_in(world.alice).post(f"/recordings/{done.id}/reanalyze/", follow=True)
    assert "No consent to voice analysis covers" in text(response)


@pytest.fixture
def twice(world: World, done: Recording) -> Recording:
    """A recording with an earlier analysis."""
    assert recording_reanalyze(user=world.alice, recording=done)
    done.refresh_from_db()
    job_done(done.job_id)
    old = done.analysis
    assert old is not None
    columns = {field.attname: getattr(old, field.attname) for field in Analysis._meta.concrete_fields}
    del columns["id"]
    new = Analysis.objects.create(**columns | {"job_id": done.job_id, "checkpoint_version": "9.9", "depression": 0.2})
    Recording.objects.filter(id=done.id).update(analysis=new)
    done.refresh_from_db()
    return done


def test_an_earlier_analysis_is_listed_with_its_origin_and_scores(world: World, twice: Recording) -> None:
    page = text(signed_in(world.alice).get(page_of(twice)))
    assert "Earlier analyses (1)" in page
    earlier = page[page.index("Earlier analyses") :]
    assert "undertone-demo 0.1, pipeline 1" in earlier
    assert "0.70" in earlier


def test_staff_are_told_nothing_of_earlier_analyses(world: World, twice: Recording) -> None:
    assert "Earlier analyses" not in text(signed_in(world.sam).get(page_of(twice)))


@pytest.mark.parametrize("why", ["consent", "policy"])
def test_earlier_scores_are_hidden_as_the_newest_are(world: World, twice: Recording, why: str) -> None:
    if why == "consent":
        Consent.objects.update(withdrawn_at=timezone.now())
    else:
        world.clinic.affect_policy = AffectPolicy.OFF
        world.clinic.save()
    page = text(signed_in(world.alice).get(page_of(twice)))
    assert "Earlier analyses (1)" in page
    assert "0.70" not in page
