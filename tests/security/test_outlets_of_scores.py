"""No outlet shows a score where policy or consent hides it. The outlets are those that the URL resolver knows."""

from __future__ import annotations

import logging
import re
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry, AffectPolicy, User
from inference.models import Analysis, Timeline
from sessions_app import notes
from sessions_app.models import Consent, NoteKind, Recording
from tests.outlets import walked
from tests.pages import HTMX, signed_in
from tests.scores import marked, traces
from tests.world import (
    JobFactory,
    QuestionnaireFactory,
    SessionFactory,
    World,
    annotation_of,
    flag_of,
    job_done,
    questionnaire_of,
)

pytestmark = pytest.mark.django_db

STATE = re.compile(r"\belevated\b")
"""The state of every score of the world. A page names it where it shows scores, and nowhere else."""

HELP = re.compile(r'<details class="[^"]*\bhelp\b.*?</details>|<script id="\w+-words".*?</script>', re.DOTALL)
"""It explains the words of all states wherever somebody may see scores at all; scripts are handed the same words."""

TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")

DESCRIPTIONS = ("api/v1/schema", "api/v1/docs")
"""What the API's answers look like is written there, so the words of states are; nobody's scores are."""

FIGURES = ("checkpoints",)
"""How well checkpoints did is written there, as numbers that are nobody's scores; there is no patient on it."""

WITH_SCORES = {
    "",
    "patients/<uuid:patient_id>/",
    "patients/<uuid:patient_id>/course/",
    "patients/<uuid:patient_id>/numbers/",
    "POST patients/<uuid:patient_id>/numbers/export/",
    "patients/<uuid:patient_id>/sessions/",
    "patients/<uuid:patient_id>/report/",
    "sessions/<uuid:session_id>/",
    "POST patients/<uuid:patient_id>/export/",
    "api/v1/recordings/<uuid:recording_id>/analyses",
    "api/v1/analyses",
    "api/v1/analyses/<uuid:analysis_id>",
    "api/v1/analyses/<uuid:analysis_id>/timeline",
}
"""Where a counselor of the care team is shown scores. A new outlet must be added here, and is then tested below."""


@pytest.fixture
def recording(world: World) -> Recording:
    """A recording with scores, and an earlier analysis with the same ones."""
    recording = marked(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    _earlier(recording)
    return recording


def _earlier(recording: Recording) -> None:
    job = JobFactory(tenant=recording.job.tenant, subject=recording.id)
    job_done(job.id)
    analysis = Analysis.objects.get(id=recording.analysis_id)
    timeline = analysis.timeline
    analysis.id, analysis.job = uuid4(), job
    Analysis.objects.bulk_create([analysis])
    timeline.analysis = analysis
    Timeline.objects.bulk_create([timeline])


def ids_of(world: World, recording: Recording) -> dict[str, UUID | int]:
    return {
        "patient_id": world.alices_patient.id,
        "session_id": recording.session_id,
        "recording_id": recording.id,
        "job_id": recording.job_id,
        "analysis_id": recording.analysis_id,
        "note_id": _note(world),
        "annotation_id": annotation_of(world.alices_patient).id,
        "response_id": questionnaire_of(world.alices_patient).id,
        "flag_id": flag_of(world.alices_patient).id,
        **{name: uuid4() for name in ("access_id", "report_id", "person_id", "invitation_id")},
        **dict.fromkeys(("device_id", "pk"), 0),
    }


def _note(world: World) -> UUID:
    kind, about = NoteKind.PROGRESS, world.alices_patient
    return notes.note_write(user=world.alice, patient=about, kind=kind, text="Nothing of the kind.").id


def leaks(user: User, ids: dict[str, UUID | int], **headers: str) -> dict[str, list[str]]:
    """The routes that send ``user`` a score or the state of one, with what was found."""
    found = {}
    for route, answer in walked(signed_in(user), ids, **headers).items():
        words = [] if route.rstrip("/") in DESCRIPTIONS else STATE.findall(HELP.sub("", answer))
        scores = [] if route.rstrip("/") in FIGURES else numbers(answer)
        if scores or words:
            found[route] = scores + words
    return found


def numbers(answer: object) -> list[str]:
    """The traces of scores in ``answer``. A time may have the same digits, and is no score."""
    return traces(TIME.sub("", str(answer)))


def test_the_outlets_of_scores_are_those_that_are_known(world: World, recording: Recording) -> None:
    found = leaks(world.alice, ids_of(world, recording))
    assert {route.removesuffix("/") if route.startswith("api") else route for route in found} == WITH_SCORES


@pytest.mark.parametrize("who", ["sam", "ada", "bob"])
def test_staff_administrator_and_other_counselors_are_sent_no_score(
    world: World, recording: Recording, who: str
) -> None:
    assert leaks(getattr(world, who), ids_of(world, recording)) == {}


def research(world: World) -> None:
    _policy(world, AffectPolicy.RESEARCH)


def off(world: World) -> None:
    _policy(world, AffectPolicy.OFF)


def _policy(world: World, policy: AffectPolicy) -> None:
    world.clinic.affect_policy = policy
    world.clinic.save()


def withdrawn(_: World) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())


def expired(_: World) -> None:
    Consent.objects.update(expires_on=date(2026, 3, 1))


def later(_: World) -> None:
    Consent.objects.update(given_on=date(2026, 3, 3))


def to_recording_alone(_: World) -> None:
    Consent.objects.update(voice_analysis=False)


@pytest.mark.parametrize("hide", [research, off, withdrawn, expired, later, to_recording_alone])
def test_no_outlet_sends_a_score_that_policy_or_consent_hides(
    world: World, recording: Recording, hide: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    hide(world)  # type: ignore[operator]
    ids = ids_of(world, recording)
    assert leaks(world.alice, ids) == {}
    assert leaks(world.alice, ids, **HTMX) == {}
    assert leaks(world.robot, ids) == {}
    assert "request_finished" in caplog.text
    assert numbers(caplog.text) == []
    assert not STATE.search(caplog.text)
    assert numbers(list(AccessLogEntry.objects.values())) == []
