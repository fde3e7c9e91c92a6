"""Everything about one patient in one archive."""

from __future__ import annotations

import csv
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

import tenancy
from accounts.models import AccessLogEntry, AffectPolicy, User
from inference.models import AnalysisJob, JobState
from sessions_app import emergency, erasure, exports, notes, retention, uploads
from sessions_app.changes import OF_PATIENTS
from sessions_app.models import Confirmation, Consent, Note, NoteKind, Patient, Recording
from tenancy import policies
from tests.outlets import body_of
from tests.pages import signed_in, text
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, SessionFactory, UserFactory, World, annotation_of

pytestmark = pytest.mark.django_db(transaction=True)

SOUND = b"some sound " * 1000


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def recording(world: World) -> Recording:
    """One with scores and one that waits, which has a file; and a questionnaire."""
    found = marked(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="He laughed.")
    annotation_of(world.alices_patient)
    return found


@pytest.fixture
def kept_apart(world: World) -> list[Note]:
    """Psychotherapy notes about Alice's patient, by Alice and by a colleague of the care team."""
    carol = UserFactory(clinic=world.clinic, display_name="Carol")
    world.alices_patient.care_team.add(carol)
    kind, about = NoteKind.PSYCHOTHERAPY, world.alices_patient
    texts = {world.alice: "I wonder about his anger.", carol: "He reminds me of somebody."}
    return [notes.note_write(user=user, patient=about, kind=kind, text=text) for user, text in texts.items()]


def uploaded(world: World) -> Recording:
    session = SessionFactory(patient=world.alices_patient)
    return uploads.recording_add(user=world.alice, session=session, upload=SimpleUploadedFile("Mon day.WAV", SOUND))


def archive(world: World, user: User | None = None) -> zipfile.ZipFile:
    export = exports.patient_export(user=user or world.alice, patient=world.alices_patient)
    return zipfile.ZipFile(io.BytesIO(b"".join(export.parts())))


def rows(found: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(found.read(f"json/{name}.json"))
    return loaded


def everything(found: zipfile.ZipFile) -> str:
    return "\n".join(found.read(name).decode(errors="replace") for name in found.namelist())


def test_it_holds_each_kind_of_row_as_json_and_as_csv(world: World, recording: Recording) -> None:
    found = archive(world)
    assert found.testzip() is None
    names = {Path(name).stem for name in found.namelist() if name.startswith("json/")}
    assert names == {Path(name).stem for name in found.namelist() if name.startswith("csv/")}
    for name in sorted(names - {"turns", "confirmations", "reviews", "emergency_accesses", "flags"}):
        listed = rows(found, name)
        assert listed, name
        lines = list(csv.DictReader(io.StringIO(found.read(f"csv/{name}.csv").decode())))
        assert (len(lines), list(lines[0])) == (len(listed), list(listed[0])), name
    assert rows(found, "patient")[0]["family_name"] == "Alder"
    assert rows(found, "recordings")[0]["original_name"] == "session.wav"
    said = {line.split(maxsplit=1)[0].strip(";,") for line in found.read("README.txt").decode().splitlines() if line}
    assert names - said == set()


TABLES = {
    "Patient": {"patient"},
    "Patient_care_team": {"care_team"},
    "Consent": {"consents"},
    "Session": {"sessions"},
    "Annotation": {"annotations"},
    "Note": {"notes"},
    "Flag": {"flags"},
    "QuestionnaireResponse": {"questionnaires"},
    "Recording": {"recordings"},
    "AnalysisJob": {"jobs"},
    "JobMove": {"job_moves"},
    "Analysis": {"analyses", "measures", "quality"},
    "Timeline": {"windows", "turns", "waveform"},
    "Confirmation": {"confirmations"},
    "Review": {"reviews"},
    "EmergencyAccess": {"emergency_accesses"},
}
"""In which parts of the archive the rows of a model are that erasure deletes."""

OF_NO_PATIENT = {
    "AccessLogEntry": "stays after erasure; in the archive as accesses",
    "Authenticator": "how people of the clinic sign in",
    "Clinic": "the clinic itself",
    "ClinicChange": "what became of the clinic's settings",
    "ClinicKey": "the clinic's keys",
    "CounselorVoice": "a counselor's own voice",
    "EmailAddress": "of people of the clinic",
    "EmailConfirmation": "of people of the clinic",
    "ErasureReport": "made when nothing else is left",
    "Invitation": "of people of the clinic",
    "ApiToken": "of people of the clinic",
    "SavedView": "how people of the clinic list patients",
    "User": "people of the clinic",
    "UserChange": "what became of their accounts",
    "UserSession": "browsers of people of the clinic",
}
"""Tables of a clinic's rows that neither erasure nor export asks for, and why."""


def test_whatever_erasure_deletes_is_in_the_archive(world: World, recording: Recording) -> None:
    assert set(TABLES) == set(erasure.NAMES)
    names = {Path(name).stem for name in archive(world).namelist() if name.startswith("json/")}
    assert names == set().union(*TABLES.values()) | {"accesses", "changes"}


def test_every_table_of_a_clinics_rows_is_erased_and_exported_or_is_of_no_patient() -> None:
    guarded = {guard.table for guard in policies.guards()}
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    every = {model.__name__ for model in models if model._meta.db_table in guarded}
    changes = {table.__name__ for table in OF_PATIENTS.values()}
    assert every == set(erasure.NAMES) | set(OF_NO_PATIENT) | changes


def test_who_opened_the_patient_in_an_emergency_is_in_it(world: World) -> None:
    reason = "Robin called in crisis, and Alice cannot be reached."
    emergency.emergency_begin(user=world.bob, number=world.alices_patient.reference, reason=reason)
    (row,) = rows(archive(world), "emergency_accesses")
    assert (row["user_id"], row["reason"]) == (str(world.bob.id), reason)


def test_each_step_of_each_job_is_in_it(world: World) -> None:
    found = uploaded(world)
    job = AnalysisJob.objects.filter(id=found.job_id)
    job.update(state=JobState.FAILED, error_code="silent", error_message="This recording is silent.")
    steps = [(row["pgh_obj_id"], row["state"], row["error_code"]) for row in rows(archive(world), "job_moves")]
    assert steps == [(str(found.job_id), "queued", ""), (str(found.job_id), "failed", "silent")]


def test_the_waveform_is_in_it_while_consent_covers_the_session(world: World, recording: Recording) -> None:
    assert [row["peak"] for row in rows(archive(world), "waveform")] == [0.0, 0.5, 0.2]
    Consent.objects.update(withdrawn_at=timezone.now())
    assert rows(archive(world), "waveform") == []


def test_without_consent_it_does_not_say_whose_voice_was_taken_for_the_patients(
    world: World, recording: Recording
) -> None:
    Confirmation.objects.create(analysis=recording.analysis, confirmed_by=world.alice)
    AnalysisJob.objects.update(options={"swapped": True})
    assert [len(rows(archive(world), name)) for name in ("confirmations", "analyses")] == [1, 1]
    Consent.objects.update(withdrawn_at=timezone.now())
    found = archive(world)
    assert rows(found, "confirmations") == []
    assert {row["speaker_method"] for row in rows(found, "analyses")} == {None}
    assert [row["options"] for row in rows(found, "jobs")] == [{}]


def test_it_tells_nothing_of_other_patients(world: World, recording: Recording) -> None:
    marked(SessionFactory(patient=world.bobs_patient))
    found = archive(world)
    assert len(rows(found, "analyses")) == len(rows(found, "sessions")) == len(rows(found, "jobs")) == 1
    assert "Birch" not in everything(found)


def test_the_audio_is_in_it_byte_for_byte_under_a_name_that_says_nothing(world: World) -> None:
    recording = uploaded(world)
    found = archive(world)
    assert found.read(f"audio/{recording.id}.wav") == SOUND
    assert recording.file not in everything(found)


def test_audio_that_was_removed_is_said_to_be_and_missing_audio_ends_no_export(world: World, media: Path) -> None:
    removed, lost = uploaded(world), uploaded(world)
    retention.audio_remove(user=world.alice, recording=removed)
    (media / lost.file).unlink()
    found = archive(world)
    assert [name for name in found.namelist() if name.startswith("audio/")] == []
    said = found.read("README.txt").decode()
    assert "The audio of 1 was removed before" in said
    assert f"audio/{lost.id}.wav is not whole or not there" in said
    assert "All recordings have their audio" not in said


def test_one_damaged_file_costs_nobody_the_rest_and_is_named(world: World, media: Path) -> None:
    damaged, whole = uploaded(world), uploaded(world)
    path = media / damaged.file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = archive(world)
    assert found.testzip() is None
    assert found.read(f"audio/{whole.id}.wav") == SOUND
    assert f"audio/{damaged.id}.wav is not whole or not there" in found.read("README.txt").decode()


def test_audio_that_nobody_may_listen_to_is_left_out_and_said_to_be(world: World) -> None:
    uploaded(world)
    Consent.objects.update(withdrawn_at=timezone.now())
    found = archive(world)
    assert [name for name in found.namelist() if name.startswith("audio/")] == []
    assert "The audio of 1 is left out: no consent covers listening to it" in found.read("README.txt").decode()


def test_who_looked_is_in_it_and_from_where_is_not(world: World, recording: Recording) -> None:
    signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/", REMOTE_ADDR="203.0.113.8")
    found = archive(world)
    listed = [(row["actor"], row["action"], row["purpose"]) for row in rows(found, "accesses")]
    written = [("Alice", "create", "care")] * 2  # a note and an annotation
    assert listed == [*written, ("Sam", "read", "care"), ("Alice", "export", "request")]
    assert "203.0.113.8" not in everything(found)


def test_progress_notes_are_in_it_as_they_were_written_with_author_time_and_addenda(
    world: World, recording: Recording
) -> None:
    note = Note.objects.get()
    addendum = notes.note_add(user=world.alice, note=note, text="=SUM(1+1)\nIt was in April.")
    first, second = rows(archive(world), "notes")
    assert (first["text"], first["author"], first["kind"], first["id"]) == (
        "He laughed.",
        "Alice",
        "progress",
        str(note.id),
    )
    assert first["written_at"].startswith(f"{note.written_at:%Y-%m-%dT%H:%M}")
    assert (second["text"], second["addendum_to_id"]) == ("=SUM(1+1)\nIt was in April.", str(note.id))
    assert not {"sealed", "key_id"} & set(first)
    assert addendum.id != note.id
    lines = list(csv.DictReader(io.StringIO(archive(world).read("csv/notes.csv").decode())))
    assert lines[1]["text"] == "'=SUM(1+1)\nIt was in April."


def test_a_withdrawn_consent_leaves_no_note_out(world: World, recording: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    assert rows(archive(world), "notes")[0]["text"] == "He laughed."


def test_psychotherapy_notes_are_left_out_and_it_is_said_why(world: World, kept_apart: list[Note]) -> None:
    found = archive(world)
    assert rows(found, "notes") == []
    assert "json/psychotherapy_notes.json" not in found.namelist()
    assert not [one for one in kept_apart if notes.text_of(one) in everything(found)]
    assert "Psychotherapy notes, if there are any, are left out" in found.read("README.txt").decode()


def test_their_author_gets_them_on_asking_apart_and_nobody_elses(world: World, kept_apart: list[Note]) -> None:
    own, others = kept_apart
    address = f"/patients/{world.alices_patient.id}/export/"
    answer = signed_in(world.alice).post(address, {"psychotherapy_notes": "yes"})
    found = zipfile.ZipFile(io.BytesIO(body_of(answer)))
    assert [row["text"] for row in rows(found, "psychotherapy_notes")] == [notes.text_of(own)]
    assert notes.text_of(others) not in everything(found)
    assert "psychotherapy_notes are those of Alice alone" in found.read("README.txt").decode()
    logged = AccessLogEntry.objects.filter(action="export").order_by("id").values_list("object_kind", "patient_id")
    assert list(logged) == [(kind, world.alices_patient.id) for kind in ("patient", "psychotherapy_note")]


def test_the_command_never_writes_psychotherapy_notes(world: World, kept_apart: list[Note], tmp_path: Path) -> None:
    """Whoever runs it acts in the author's name and is not the author."""
    call_command("export_patient", world.alice.email, str(world.alices_patient.id), str(tmp_path / "archive.zip"))
    found = everything(zipfile.ZipFile(tmp_path / "archive.zip"))
    assert not [one for one in kept_apart if notes.text_of(one) in found]


def test_a_note_that_cannot_be_opened_costs_nobody_the_rest_and_is_said(world: World, recording: Recording) -> None:
    bad = notes.note_write(user=world.alice, patient=world.alices_patient, kind=NoteKind.PROGRESS, text="Bad.")
    Note.objects.filter(id=bad.id).update(sealed=b"rubbish")
    found = archive(world)
    assert [row["text"] for row in rows(found, "notes")] == ["He laughed.", None]
    assert "1 of the notes cannot be opened" in found.read("README.txt").decode()


def test_scores_are_in_it_where_they_may_be_shown(world: World, recording: Recording) -> None:
    assert rows(archive(world), "analyses")[0]["depression"] == 0.7231
    assert len(traces(everything(archive(world)))) == 12


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_scores_obey_the_clinics_policy(world: World, recording: Recording, policy: AffectPolicy) -> None:
    world.alices_patient.clinic.affect_policy = policy
    found = archive(world)
    scored = [rows(found, name) for name in ("analyses", "windows")]
    assert traces(scored) == []
    assert rows(found, "analyses")[0]["depression_reason"].startswith("This clinic")
    measures = {row["code"]: row["value"] for row in rows(found, "measures")}
    assert measures["f0_mean"] == 180.2


def test_without_consent_nothing_that_was_heard_in_the_voice_is_in_it(world: World, recording: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    found = archive(world)
    assert (rows(found, "windows"), rows(found, "turns"), rows(found, "quality")) == ([], [], [])
    assert {row["value"] for row in rows(found, "measures")} == {None}
    assert rows(found, "analyses")[0]["speech_seconds"] is None


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_a_table_is_a_formula_and_json_is_as_it_was(world: World, start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    Patient.objects.filter(id=world.alices_patient.id).update(given_name=name)
    found = archive(world)
    (line,) = csv.DictReader(io.StringIO(found.read("csv/patient.csv").decode()))
    assert line["given_name"] == f"'{name}"
    assert rows(found, "patient")[0]["given_name"] == name


def test_it_is_made_while_it_is_sent_and_logged_before_the_first_byte(world: World) -> None:
    uploaded(world)
    response = signed_in(world.alice).post(f"/patients/{world.alices_patient.id}/export/")
    assert response.streaming
    row = AccessLogEntry.objects.get(action="export")
    assert (row.object_kind, row.patient_id, row.purpose) == ("patient", world.alices_patient.id, "request")
    assert zipfile.ZipFile(io.BytesIO(body_of(response))).testzip() is None
    assert "Alder" not in response["Content-Disposition"]


def test_the_page_says_what_is_in_it_and_exports_nothing(world: World) -> None:
    page = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/export/")
    assert "It is not encrypted." in text(page)
    assert not AccessLogEntry.objects.filter(action="export").exists()


@pytest.mark.parametrize(
    ("who", "status"), [("bob", 404), ("mallory", 404), ("sam", 403), ("ada", 403), ("robot", 403)]
)
def test_only_the_care_team_may_export_and_a_try_is_recorded(world: World, who: str, status: int) -> None:
    assert signed_in(getattr(world, who)).post(f"/patients/{world.alices_patient.id}/export/").status_code == status
    assert AccessLogEntry.objects.get().allowed is False


def test_the_command_writes_an_archive_that_only_its_owner_reads(world: World, tmp_path: Path) -> None:
    target, patient = tmp_path / "archive.zip", str(world.alices_patient.id)
    call_command("export_patient", world.alice.email, patient, str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert zipfile.ZipFile(target).testzip() is None
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_patient", world.alice.email, patient, str(target))
    for who, sentence in (("sam", "Only a counselor of the patient's care team"), ("bob", "There is no such patient")):
        with pytest.raises(CommandError, match=sentence):
            call_command("export_patient", getattr(world, who).email, patient, str(tmp_path / "other.zip"))
    assert not (tmp_path / "other.zip").exists()


def test_a_job_says_why_it_failed_and_not_who_holds_it(world: World, recording: Recording) -> None:
    assert AnalysisJob.objects.exists()
    assert not {"lease_token", "file", "tenant"} & set(rows(archive(world), "jobs")[0])


def test_it_says_what_was_changed_and_by_whom(world: World, recording: Recording) -> None:
    with tenancy.acting_as(world.sam.id):
        Patient.objects.filter(id=world.alices_patient.id).update(given_name="Robyn")
    listed = rows(archive(world), "changes")
    (change,) = [row for row in listed if row["action"] == "changed" and row["object_kind"] == "patient"]
    said = {name: change[name] for name in ("actor", "field", "before", "after", "object_id")}
    assert said == {
        "actor": "Sam",
        "field": "given_name",
        "before": "Robin",
        "after": "Robyn",
        "object_id": str(world.alices_patient.id),
    }
    kinds = {row["object_kind"] for row in listed}
    assert kinds == {"patient", "care_team", "consent", "session", "recording", "questionnaire", "annotation"}
    assert [row["at"] for row in listed] == sorted(row["at"] for row in listed)
    assert "Birch" not in json.dumps(listed)


def test_without_consent_it_tells_which_channel_a_person_named_and_not_which_voice(
    world: World, recording: Recording
) -> None:
    AnalysisJob.objects.update(options={"swapped": True, "patient_channel": "left"})
    Consent.objects.update(withdrawn_at=timezone.now())
    options = [row["options"] for row in rows(archive(world), "jobs")]
    assert options == [{"patient_channel": "left"}] * len(options)


def test_of_a_colleagues_note_it_does_not_say_which_kind_was_written(world: World) -> None:
    world.alices_patient.care_team.add(world.bob)
    kind, about = NoteKind.PSYCHOTHERAPY, world.alices_patient
    note = notes.note_write(user=world.alice, patient=about, kind=kind, text="For me alone.")
    found = [row for row in rows(archive(world, world.bob), "accesses") if row["action"] == "create"]
    assert [(row["object_kind"], row["object_id"]) for row in found] == [("note", None)]
    own = [row for row in rows(archive(world), "accesses") if row["action"] == "create"]
    assert [(row["object_kind"], row["object_id"]) for row in own] == [("psychotherapy_note", str(note.id))]
