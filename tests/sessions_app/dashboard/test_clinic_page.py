"""The clinic's page for its administrator."""

from __future__ import annotations

import re

import pytest

from accounts.models import AccessLogEntry, AffectPolicy
from inference.models import AnalysisJob, JobState, Worker
from tests.pages import signed_in, text
from tests.world import RecordingFactory, SessionFactory, World


def test_it_shows_people_and_roles_of_this_clinic_only(world: World) -> None:
    page = text(signed_in(world.ada).get("/"))
    assert "Alice Counselor" in page
    assert "Sam Staff" in page
    assert "Mallory" not in page


PAGES = ["/", "/clinic/people/", "/clinic/care-teams/", "/clinic/checkpoints/", "/clinic/operations/"]
PAGES += ["/clinic/access-log/", "/clinic/changes/"]


@pytest.mark.parametrize("address", PAGES)
def test_each_page_of_the_administrator_leads_to_the_others_and_says_which_it_is(world: World, address: str) -> None:
    page = signed_in(world.ada).get(address).content.decode()
    row = page.split('aria-label="The clinic"')[1].split("</nav>")[0]
    assert re.findall(r'href="([^"]+)"', row) == PAGES
    assert re.findall(r'href="([^"]+)" aria-current="page"', row) == [address]


def test_others_have_no_such_row(world: World) -> None:
    assert 'aria-label="The clinic"' not in signed_in(world.alice).get("/").content.decode()


def test_it_names_no_patient(world: World) -> None:
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    assert "Alder" not in text(signed_in(world.ada).get("/"))


def test_it_counts_the_jobs_of_this_clinic_by_state(world: World) -> None:
    RecordingFactory(session=SessionFactory(patient=world.mallorys_patient))
    for _ in range(2):
        RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    failed = RecordingFactory(session=SessionFactory(patient=world.bobs_patient))
    AnalysisJob.objects.filter(id=failed.job_id).update(state=JobState.FAILED, error_code="silent")
    assert "Waiting 2 Running 0 Failed 1 Done 0" in text(signed_in(world.ada).get("/"))


def test_it_shows_each_worker_and_its_model(world: World) -> None:
    Worker.objects.create(
        host="audio-1", pid=7, device="cuda", checkpoint_name="undertone-demo", checkpoint_version="1"
    )
    assert "audio-1, process 7 CUDA undertone-demo 1" in text(signed_in(world.ada).get("/"))


def test_the_policy_can_be_changed_and_the_change_is_recorded(world: World) -> None:
    response = signed_in(world.ada).post("/clinic/policy/", {"policy": "off"}, follow=True)
    assert "The policy was saved." in text(response)
    world.clinic.refresh_from_db()
    assert world.clinic.affect_policy == AffectPolicy.OFF
    row = AccessLogEntry.objects.get(object_kind="clinic")
    assert (row.action, row.actor_id, row.allowed) == ("affect_policy_off", world.ada.id, True)


def test_an_unknown_policy_changes_nothing(world: World) -> None:
    response = signed_in(world.ada).post("/clinic/policy/", {"policy": "maybe"}, follow=True)
    assert "Please choose one of the policies." in text(response)
    world.clinic.refresh_from_db()
    assert world.clinic.affect_policy == AffectPolicy.ON


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_others_may_not_change_the_policy(world: World, who: str) -> None:
    assert signed_in(getattr(world, who)).post("/clinic/policy/", {"policy": "off"}).status_code == 403
    world.clinic.refresh_from_db()
    assert world.clinic.affect_policy == AffectPolicy.ON
