"""No outlet tells what was heard in a voice, scores apart, where consent does not cover the session's day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from inference.errors import BadChannel, NoSpeech
from inference.models import Analysis, AnalysisJob, JobState, Timeline
from inference.stages import STAGE_LABELS
from sessions_app.dashboard.wording import ASSUMED_SENTENCES, SPEAKER_METHODS
from sessions_app.job_facts import NOT_TOLD, NOT_TOLD_CODE
from sessions_app.models import Confirmation, Consent, Recording
from tests.outlets import Outlet, outlets, sent
from tests.pages import HTMX, signed_in
from tests.world import RecordingFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

METHOD = "longer_voice"
FINDING = "Somebody hammers next door."
STAGE = "speech"
PROGRESS, TIMING, PEAK = "0.3719", "0.4827", "0.6153"

HEARD = (
    NoSpeech.code,
    NoSpeech.default_message,
    BadChannel.code,
    BadChannel.default_message,
    METHOD,
    str(SPEAKER_METHODS[METHOD]),
    str(ASSUMED_SENTENCES[METHOD]),
    FINDING,
    f'"{STAGE}"',
    STAGE_LABELS[STAGE],
    PROGRESS,
    '<progress class="bar" max="100" value="37"',
    TIMING,
    PEAK,
    "swapped",
    '"patient_assumed":true',
    "Listen on the other channel",
    'name="patient_channel" value="left"',
)
"""What was heard in the voices of this world, as codes, sentences and numbers, and what is offered because of it."""

EVERYWHERE = ("api/v1/schema", "api/v1/docs")
"""What the API can say is written there, whoever it is about."""

COUNTS = "clinic/operations/"
"""How often recordings of the clinic failed and why, without a word on which; the jobs below it are of no count."""


@pytest.fixture
def recording(world: World) -> Recording:
    """An analysis with an assumption and a finding; beside it recordings that failed, and one that runs."""
    found = analysed(SessionFactory(patient=world.alices_patient), method=METHOD, talk_ratio=0.8)
    quality = [{"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": FINDING}]
    analysis = Analysis.objects.filter(id=found.analysis_id)
    analysis.update(quality=quality, timings={"model": float(TIMING)})
    Timeline.objects.filter(analysis=found.analysis_id).update(peaks=[float(PEAK)] * 3)
    found.refresh_from_db()
    _running(world)
    _failed(world, NoSpeech, patient_channel="left")
    _failed(world, BadChannel)
    return found


def _running(world: World) -> None:
    one = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    AnalysisJob.objects.filter(id=one.job_id).update(
        subject=one.id,
        state=JobState.RUNNING,
        stage=STAGE,
        progress=float(PROGRESS),
        options={"swapped": True},
        lease_token=uuid4(),
        lease_until=timezone.now() + timedelta(minutes=1),
    )


def _failed(world: World, error: type[NoSpeech | BadChannel], **fields: str) -> None:
    one = RecordingFactory(session=SessionFactory(patient=world.alices_patient), **fields)
    job = AnalysisJob.objects.filter(id=one.job_id)
    job.update(subject=one.id, stage=STAGE, progress=float(PROGRESS))
    job.update(state=JobState.FAILED, error_code=error.code, error_message=error.default_message)


def _ids(world: World, recording: Recording) -> dict[str, UUID | int]:
    return {
        "patient_id": world.alices_patient.id,
        "session_id": recording.session_id,
        "recording_id": recording.id,
        "job_id": recording.job_id,
        "analysis_id": recording.analysis_id,
        **{
            name: uuid4()
            for name in (
                *("access_id", "flag_id", "note_id", "report_id", "response_id", "annotation_id"),
                *("person_id", "invitation_id"),
            )
        },
        **dict.fromkeys(("device_id", "pk"), 0),
    }


def told(world: World, user: User, recording: Recording, **headers: str) -> dict[str, set[str]]:
    """What was heard, by the route that tells ``user`` of it: about each session and recording of the patient."""
    found: dict[str, set[str]] = {}
    client, asked = signed_in(user), set()
    for one in Recording.objects.filter(session__patient=world.alices_patient):
        ids = _ids(world, recording) | {"session_id": one.session_id, "recording_id": one.id, "job_id": one.job_id}
        addresses = {outlet: outlet.address(ids) for outlet in outlets() if outlet.route.rstrip("/") not in EVERYWHERE}
        for outlet, address in addresses.items():
            if address not in asked:
                found.setdefault(outlet.route, set()).update(_heard_from(client, outlet, address, headers))
        asked |= set(addresses.values())
    return {route: heard for route, heard in found.items() if heard}


def _heard_from(client: Client, outlet: Outlet, address: str, headers: dict[str, str]) -> set[str]:
    answers = sent(client.get(address, headers=headers))
    if outlet.is_export:
        answers += sent(client.post(address, headers=headers))
    return {word for word in HEARD if word in answers or escape(word) in answers}


def withdrawn() -> None:
    Consent.objects.update(withdrawn_at=timezone.now())


def expired() -> None:
    Consent.objects.update(expires_on=date(2026, 3, 1))


def later() -> None:
    Consent.objects.update(given_on=date(2026, 3, 3))


def to_recording_alone() -> None:
    Consent.objects.update(voice_analysis=False)


def test_with_consent_each_of_it_is_told_somewhere(world: World, recording: Recording) -> None:
    by_route = told(world, world.alice, recording)
    assert set(HEARD) - set().union(*by_route.values()) == set()
    assert {"patients/<uuid:patient_id>/", "api/v1/jobs/<uuid:job_id>", "api/v1/recordings"} <= set(by_route)


@pytest.mark.parametrize("hide", [withdrawn, expired, later, to_recording_alone])
def test_without_consent_no_outlet_tells_any_of_it(
    world: World, recording: Recording, hide: Callable[[], None]
) -> None:
    hide()
    assert told(world, world.alice, recording) == {}


def test_neither_does_any_tell_staff_and_programs_or_htmx(world: World, recording: Recording) -> None:
    withdrawn()
    assert told(world, world.sam, recording) == {}
    assert told(world, world.robot, recording) == {}
    assert told(world, world.alice, recording, **HTMX) == {}


def test_the_administrator_reads_why_of_no_single_recording(world: World, recording: Recording) -> None:
    withdrawn()
    counted = {NoSpeech.code, NoSpeech.default_message, BadChannel.code, BadChannel.default_message}
    by_route = told(world, world.ada, recording)
    assert {route: words - counted for route, words in by_route.items() if words - counted} == {}
    page = signed_in(world.ada).get(f"/{COUNTS}").content.decode()
    jobs = page[page.index('id="jobs"') :]
    assert not [word for word in HEARD if escape(word) in jobs]
    assert escape(str(NOT_TOLD)) in jobs


def test_a_failure_for_what_was_heard_is_told_in_a_neutral_sentence(world: World, recording: Recording) -> None:
    failed = Recording.objects.get(job__error_code=NoSpeech.code)
    withdrawn()
    page = signed_in(world.sam).get(f"/sessions/{failed.session_id}/").content.decode()
    assert escape(str(NOT_TOLD)) in page
    error = signed_in(world.sam).get(f"/api/v1/jobs/{failed.job_id}").json()["error"]
    assert error == {"code": NOT_TOLD_CODE, "message": NOT_TOLD}


def test_what_the_machine_is_to_blame_for_is_told_without_consent_too(world: World) -> None:
    one = RecordingFactory(
        session=SessionFactory(patient=world.alices_patient),
        job__state=JobState.FAILED,
        job__error_code="machine_trouble",
        job__error_message="The server ran out of memory.",
    )
    withdrawn()
    assert "The server ran out of memory." in signed_in(world.sam).get(f"/sessions/{one.session_id}/").content.decode()


def test_a_confirmation_of_the_voice_is_told_only_with_consent(world: World, recording: Recording) -> None:
    Confirmation.objects.create(analysis=recording.analysis, confirmed_by=world.alice)
    address = f"/sessions/{recording.session_id}/"
    assert "confirmed by Alice" in signed_in(world.alice).get(address).content.decode()
    withdrawn()
    assert "confirmed by Alice" not in signed_in(world.alice).get(address).content.decode()
