"""Erasing a patient leaves nothing of them but opaque ids and a report of counts."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.functions import Now
from django.http import Http404
from pytest_django import Settings

from accounts.models import AccessLogEntry
from inference import services as jobs
from inference.models import Analysis, AnalysisJob, JobMove
from sessions_app import emergency, erasure, notes, recordings, reviews, services, uploads
from sessions_app.changes import count_of_patient
from sessions_app.errors import ConsentMissing
from sessions_app.models import (
    Confirmation,
    DoomedFile,
    ErasureReport,
    Note,
    NoteKind,
    Patient,
    Reason,
    Recording,
    Verdict,
)
from tests.pages import signed_in, text
from tests.scores import marked
from tests.world import QuestionnaireFactory, SessionFactory, World, annotation_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def patient(world: World) -> Patient:
    """Alice's patient with one of everything, and the same for Bob's."""
    for counselor, one in ((world.alice, world.alices_patient), (world.bob, world.bobs_patient)):
        recording = marked(SessionFactory(patient=one))
        Confirmation.objects.create(analysis=recording.analysis, confirmed_by=counselor)
        QuestionnaireFactory(patient=one)
        seen = {"seen": recording.analysis_id, "verdict": Verdict.AGREE, "reason": Reason.NONE}
        reviews.review_set(user=counselor, recording=recording, note="Some words.", **seen)
        annotation_of(one)
        session = SessionFactory(patient=one)
        uploads.recording_add(user=counselor, session=session, upload=SimpleUploadedFile("a.wav", one.id.bytes))
        for kind in NoteKind:
            note = notes.note_write(user=counselor, patient=one, kind=kind, text="Some words.", session=session)
            notes.note_add(user=counselor, note=note, text="And more.")
    number, reason = world.alices_patient.reference, "Robin Alder is in crisis and Alice is away."
    emergency.emergency_begin(user=world.bob, number=number, reason=reason)
    return world.alices_patient


def erase(world: World, patient: Patient) -> ErasureReport:
    report = erasure.patient_erase(user=world.alice, patient=patient)
    assert report
    return report


def rows_of_everything() -> dict[str, str]:
    """Every row of every table, as text."""
    models = [model for model in apps.get_models() if not model._meta.proxy]
    return {
        model._meta.label: json.dumps(list(model.objects.values()), cls=DjangoJSONEncoder, default=str)
        for model in models
        if hasattr(model, "objects")
    }


def test_no_row_names_what_was_erased(world: World, patient: Patient) -> None:
    gone = [str(one.id) for one in patient.sessions.all()]
    recordings = Recording.objects.filter(session__patient=patient)
    gone += [str(one.id) for one in recordings] + [str(one.job_id) for one in recordings]
    erase(world, patient)
    kept = {"accounts.AccessLogEntry", "sessions_app.ErasureReport"}
    for label, rows in rows_of_everything().items():
        if label not in kept:
            assert str(patient.id) not in rows, label
            assert not [one for one in gone if one in rows], label
        assert "Alder" not in rows, label
        assert f'"{patient.reference}"' not in rows, label


def test_no_file_is_left_and_other_patients_keep_theirs(world: World, patient: Patient, media: Path) -> None:
    erase(world, patient)
    (left,) = [path for path in media.rglob("*") if path.is_file()]
    (kept,) = Recording.objects.exclude(file="recordings/none")
    assert str(left.relative_to(media)) == kept.file
    assert not DoomedFile.objects.exists()


def test_another_patient_loses_nothing(world: World, patient: Patient) -> None:
    erase(world, patient)
    other = world.bobs_patient
    assert (other.sessions.count(), other.consents.count(), other.questionnaires.count()) == (2, 1, 1)
    assert Note.objects.count() == other.notes.count() == 4
    assert (Analysis.objects.count(), AnalysisJob.objects.count(), Confirmation.objects.count()) == (1, 2, 1)


def test_the_report_counts_what_went_and_stays(world: World, patient: Patient) -> None:
    moves, changes = JobMove.objects.count(), count_of_patient(patient)
    counts = erase(world, patient).counts
    expected = {"patient": 1, "sessions": 2, "recordings": 2, "consents": 1, "questionnaires": 1, "analyses": 1}
    expected |= {"timelines": 1, "confirmations": 1, "reviews": 1, "analysis jobs": 2, "emergency accesses": 1}
    expected |= {"places in a care team": 1, "audio files": 2, "notes": 4, "flags": 1, "annotations": 1}
    expected |= {"steps of analysis jobs": moves - JobMove.objects.count(), "changes of the record": changes}
    assert changes == 10
    assert counts == expected


def test_the_access_log_keeps_its_rows_and_says_who_erased(world: World, patient: Patient) -> None:
    signed_in(world.sam).get(f"/patients/{patient.id}/")
    before = AccessLogEntry.objects.filter(patient_id=patient.id).count()
    erase(world, patient)
    assert AccessLogEntry.objects.filter(patient_id=patient.id).count() == before + 1
    row = AccessLogEntry.objects.get(action="erase")
    assert (row.actor_id, row.patient_id, row.purpose) == (world.alice.id, patient.id, "request")


def test_a_worker_that_is_at_work_stores_nothing(world: World, patient: Patient) -> None:
    job = AnalysisJob.objects.open().get(subject__in=Recording.objects.filter(session__patient=patient).values("id"))
    AnalysisJob.objects.filter(id=job.id).update(sent_at=Now())
    claim = jobs.job_claim(job.id)
    assert claim
    erase(world, patient)
    assert not claim.held.exists()
    assert not jobs.job_renew(claim, stage="model", progress=0.5)
    assert not jobs.job_fail(claim, code="silent", message="Silent.")


def test_the_number_must_be_typed(world: World, patient: Patient) -> None:
    client, address = signed_in(world.alice), f"/patients/{patient.id}/erase/"
    assert "Erase Robin Alder?" in text(client.get(address))
    for number in ("", "P-nonsense", world.bobs_patient.reference):
        assert client.post(address, {"number": number}).status_code == 422
    assert Patient.objects.filter(id=patient.id).exists()
    shown = client.post(address, {"number": patient.reference}, follow=True)
    assert "Sessions 2" in text(shown)
    assert not Patient.objects.filter(id=patient.id).exists()


def test_the_report_is_for_who_erased_and_for_the_administrator(world: World, patient: Patient) -> None:
    address = f"/erasures/{erase(world, patient).id}/"
    for who, status in (("alice", 200), ("ada", 200), ("bob", 404), ("mallory", 404), ("sam", 403), ("robot", 403)):
        assert signed_in(getattr(world, who)).get(address).status_code == status, who
    assert str(patient.id) in text(signed_in(world.ada).get("/"))
    assert signed_in(world.ada).get(f"/erasures/{uuid4()}/").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("mallory", 404), ("sam", 403), ("ada", 403), ("robot", 403)])
def test_others_may_not_erase(world: World, who: str, status: int) -> None:
    patient = world.alices_patient
    answer = signed_in(getattr(world, who)).post(f"/patients/{patient.id}/erase/", {"number": patient.reference})
    assert answer.status_code == status
    assert Patient.objects.filter(id=patient.id).exists()


def test_the_command_asks_for_the_number_and_says_what_was_erased(
    world: World, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, out = ("erase_patient", world.alice.email, str(patient.id)), StringIO()
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command(*arguments, number="P-nonsense")
    with pytest.raises(CommandError, match="Only a counselor"):
        call_command("erase_patient", world.sam.email, str(patient.id), number=patient.reference)
    monkeypatch.setattr("builtins.input", lambda _: patient.reference)
    call_command(*arguments, stdout=out)
    assert "       2 sessions" in out.getvalue()
    assert not Patient.objects.filter(id=patient.id).exists()


def test_what_reaches_a_patient_who_was_erased_meanwhile_finds_nobody_and_leaves_no_file(
    world: World, patient: Patient, media: Path
) -> None:
    recording = Recording.objects.filter(session__patient=patient).select_related("session__patient__clinic")[0]
    erase(world, patient)
    sound = SimpleUploadedFile("late.wav", b"late")
    for act in (
        lambda: services.consent_withdraw(user=world.sam, patient=patient),
        lambda: recordings.recording_delete(user=world.sam, recording=recording),
        lambda: services.session_add(user=world.sam, patient=patient, held_at=recording.session.held_at),
    ):
        with pytest.raises(Http404):
            act()
    with pytest.raises((Http404, ConsentMissing)):
        uploads.recording_add(user=world.sam, session=recording.session, upload=sound)
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1


def test_a_patient_with_hundreds_of_notes_and_addenda_is_erased(world: World) -> None:
    for number in range(120):
        kind, about = NoteKind.PROGRESS, world.alices_patient
        note = notes.note_write(user=world.alice, patient=about, kind=kind, text=f"Note {number}.")
        notes.note_add(user=world.alice, note=note, text="More of it.")
    report = erasure.patient_erase(user=world.alice, patient=world.alices_patient)
    assert report.counts["notes"] == 240
    assert not Note.objects.exists()
