"""Reviewing on the page of a session: what is shown, what is asked, and what others see of it."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.models import AffectPolicy
from sessions_app.dashboard.views.reviews import ANOTHER_BY_NOW, KEPT
from sessions_app.models import Confirmation, Recording, Review
from sessions_app.reviews import FEWEST
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

NOTE = "Slept badly <b>all</b> week."


@pytest.fixture
def recording(world: World) -> Recording:
    return analysed(SessionFactory(patient=world.alices_patient))


def sent(recording: Recording, **said: str) -> dict[str, str]:
    return {"analysis": str(recording.analysis_id), "verdict": "agree", "reason": "", "note": "", **said}


def test_a_review_stands_on_the_session_and_in_the_patients_list(world: World, recording: Recording) -> None:
    client, page = signed_in(world.alice), f"/sessions/{recording.session_id}/"
    assert "Nobody has reviewed this analysis." in text(client.get(page))
    said = sent(recording, verdict="set_aside", reason="unusual_voice", note=NOTE)
    shown = text(client.post(f"/recordings/{recording.id}/review/", said, follow=True))
    assert str(KEPT) in shown
    assert "Set aside : The voice was unusual for another cause, such as a cold or tiredness. Alice," in shown
    assert "Slept badly &lt;b&gt;" not in shown
    assert NOTE in shown
    assert "set aside: counts for no baseline" in text(client.get(f"/patients/{world.alices_patient.id}/"))
    assert "Alice has set this analysis aside." in shown
    assert "0.70 elevated" in shown


def test_what_is_missing_is_said_beside_the_form_which_keeps_what_was_written(
    world: World, recording: Recording
) -> None:
    client = signed_in(world.alice)
    refused = client.post(f"/recordings/{recording.id}/review/", sent(recording, verdict="disagree", note=NOTE))
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "Please say why." in page
    # So that the browser goes there: the form is far down the page.
    assert re.findall(r"<(\w+)[^>]*autofocus>", page) == ["select"]
    assert "Slept badly &lt;b&gt;all&lt;/b&gt; week." in page
    assert '<details class="fold" open>' in page
    assert not Review.objects.exists()
    nothing = client.post(f"/recordings/{recording.id}/review/", {"analysis": str(recording.analysis_id)})
    assert "Please choose what you think of it." in nothing.content.decode()
    assert re.findall(r"<(\w+)[^>]*autofocus>", nothing.content.decode()) == ["input"]


def test_an_analysis_that_was_replaced_meanwhile_is_not_reviewed(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    said = sent(recording)
    Recording.objects.filter(id=recording.id).update(analysis=None)
    assert str(ANOTHER_BY_NOW) in text(client.post(f"/recordings/{recording.id}/review/", said, follow=True))
    assert not Review.objects.exists()


def test_without_scores_there_is_no_review_and_nothing_to_review(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    client.post(f"/recordings/{recording.id}/review/", sent(recording, note=NOTE))
    page = f"/sessions/{recording.session_id}/"
    for hide in (policy_off, consent_withdrawn):
        hide(world)
        shown = text(client.get(page))
        assert "Keep the review" not in shown
        assert NOTE not in shown
    assert "reviewed:" not in text(client.get(f"/patients/{world.alices_patient.id}/"))


def policy_off(world: World) -> None:
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()


def consent_withdrawn(world: World) -> None:
    world.clinic.affect_policy = AffectPolicy.ON
    world.clinic.save()
    world.alices_patient.consents.update(withdrawn_at=timezone.now())


def test_staff_see_no_review(world: World, recording: Recording) -> None:
    signed_in(world.alice).post(f"/recordings/{recording.id}/review/", sent(recording, note=NOTE))
    for address in (f"/sessions/{recording.session_id}/", f"/patients/{world.alices_patient.id}/"):
        shown = text(signed_in(world.sam).get(address))
        assert "review" not in shown.lower()


def test_the_changes_of_the_record_say_what_it_was_before(world: World, recording: Recording) -> None:
    client = signed_in(world.alice)
    client.post(f"/recordings/{recording.id}/review/", sent(recording, note=NOTE))
    client.post(f"/recordings/{recording.id}/review/", sent(recording, verdict="disagree", reason="not_as_met"))
    shown = text(client.get(f"/patients/{world.alices_patient.id}/changes/"))
    assert "Review Agree → is now Disagree" in shown
    assert NOTE not in shown


def test_the_administrator_sees_counts_by_checkpoint_and_no_patient(world: World) -> None:
    assert "What counselors say of the scores" not in text(signed_in(world.ada).get("/"))
    client = signed_in(world.alice)
    for number in range(FEWEST):
        one = analysed(SessionFactory(patient=world.alices_patient))
        Confirmation.objects.create(analysis=one.analysis, confirmed_by=world.alice)
        said = sent(one, verdict="disagree", reason="not_as_met") if number else sent(one)
        client.post(f"/recordings/{one.id}/review/", said)
        if number == 0:
            assert "fewer than 5 reviews, too few to tell apart" in text(signed_in(world.ada).get("/"))
    shown = text(signed_in(world.ada).get("/"))
    assert "undertone-demo 0.1 1 4 0" in shown
    assert world.alices_patient.family_name not in shown
