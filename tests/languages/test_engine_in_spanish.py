"""Pages in Spanish say in Spanish what the engine has kept in English; programs are given what it kept."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts.models import User
from inference import services
from inference.biomarkers.definitions import BY_CODE, DEFINITIONS
from inference.errors import Silent, TooLittleSpeech
from inference.models import Analysis, AnalysisJob, Worker
from sessions_app.dashboard.report_pdf import context_of, why_empty
from sessions_app.engine_words.measures import measure_label
from sessions_app.models import Recording
from sessions_app.report import report_make
from tests.pages import signed_in, text
from tests.tokens import token_of
from tests.world import RecordingFactory, SessionFactory, World, analysed

NOISY = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
SHORT = {"code": "speech_seconds", "ok": False, "value": 29.7, "unit": "s", "message": "There is too little."}


def speaks_spanish(user: User) -> Client:
    user.language = "es"
    user.save()
    return signed_in(user)


@pytest.fixture
def recording(world: World) -> Recording:
    found = analysed(SessionFactory(patient=world.alices_patient), depression=None)
    Analysis.objects.filter(id=found.analysis_id).update(
        quality=[NOISY, SHORT],
        depression_reason="The checkpoint some-model does not score depression.",
        biomarkers={"speech_rate": {"value": 4.1, "unit": "syllables/s"}},
    )
    return found


def failed(world: World, code: str, message: str) -> Recording:
    """A recording of Alice's patient whose job a worker has taken and given up."""
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    AnalysisJob.objects.filter(id=recording.job_id).update(tenant=world.clinic.id)
    services.job_fail(taken(recording), code=code, message=message)
    return recording


def taken(recording: Recording) -> services.Claim:
    claim = services.job_claim(recording.job_id)
    assert claim is not None
    return claim


def test_a_sessions_page_tells_quality_measures_and_why_there_is_no_score(world: World, recording: Recording) -> None:
    page = text(speaks_spanish(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "Hay mucho ruido detrás de la voz." in page
    assert "mucho ruido, solo 29 s de habla" in page
    assert "El modelo some-model no puntúa la depresión." in page
    assert "Velocidad del habla 4.10 sílabas/s" in page
    assert "Núcleos silábicos" in page
    assert [one.label for one in DEFINITIONS if f"{one.label} " in page] == []
    assert NOISY["message"] not in page


def test_a_course_tells_its_measures(world: World, recording: Recording) -> None:
    client, patient = speaks_spanish(world.alice), f"/patients/{world.alices_patient.id}/"
    page = client.get(patient).content.decode()
    assert '<optgroup label="Ritmo y pausas">' in page
    sent = client.get(f"{patient}measure/?code=speech_rate").json()
    assert (sent["label"], sent["unit"], sent["poor_words"]) == (
        "Velocidad del habla",
        "sílabas/s",
        ["mucho ruido, solo 29 s de habla"],
    )
    assert sent["meaning"].startswith("Núcleos silábicos")
    assert "nunca con una norma" in sent["repeatability"]
    assert sent["own"].startswith("Velocidad del habla")
    numbers = text(client.get(f"{patient}numbers/?code=speech_rate"))
    assert "4.10 sílabas/s" in numbers
    with translation.override("es"):
        for definition in DEFINITIONS:
            assert f'<option value="{definition.code}">{measure_label(definition)}</option>' in page


def test_a_report_tells_what_was_poor(world: World, recording: Recording) -> None:
    with translation.override("es"):
        report = report_make(user=world.alice, patient=world.alices_patient)
        said = render_to_string("dashboard/report.html", context_of(report))
    assert "Hay mucho ruido detrás de la voz." in said
    assert ": mucho ruido, solo 29 s de habla" in said
    assert NOISY["message"] not in said


def test_a_report_without_scores_tells_why(world: World, recording: Recording) -> None:
    reason = "There is not enough of the patient's speech."
    none = {f"{head}{part}": None for head in ("valence", "arousal") for part in ("", "_low", "_high")}
    Analysis.objects.update(**none, depression_reason=reason, valence_reason=reason, arousal_reason=reason)
    report = report_make(user=world.alice, patient=world.alices_patient)
    with translation.override("es"):
        assert why_empty(report) == "No hay suficiente habla del paciente."


def test_a_failure_is_told_with_what_to_do(world: World) -> None:
    recording = failed(world, Silent.code, Silent.default_message)
    page = text(speaks_spanish(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "Esta grabación está en silencio de principio a fin. Compruebe el micrófono y su conexión. silent" in page


def test_how_far_an_analysis_is_is_told(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    taken(recording)
    AnalysisJob.objects.filter(id=recording.job_id).update(stage="speech")
    page = text(speaks_spanish(world.alice).get(f"/sessions/{recording.session_id}/"))
    assert "Buscando la voz del paciente" in page


def test_a_clip_that_cannot_be_kept_is_refused_with_the_reason(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    sent = {"file": SimpleUploadedFile("me.wav", b"no sound at all")}
    page = speaks_spanish(world.alice).post("/account/voice/", sent).content.decode()
    assert "Este archivo no es audio que Undertone pueda leer." in page


def test_the_administrator_is_told_of_failures_and_of_a_worker_without_a_model(world: World) -> None:
    failed(world, TooLittleSpeech.code, TooLittleSpeech.default_message)
    Worker.objects.create(host="a", pid=1, device="cpu", problem="The checkpoint 'x' has no readable card.json.")
    client = speaks_spanish(world.ada)
    page = text(client.get("/clinic/operations/"))
    assert page.count("Aquí hay menos de 3 segundos de habla del paciente") == 2
    for said in (page, text(client.get("/"))):
        assert "El modelo «x» no tiene un card.json legible." in said


def test_a_cards_own_words_are_marked_as_english(world: World) -> None:
    page = speaks_spanish(world.alice).get("/checkpoints/").content.decode()
    assert '<li><span lang="en">It has heard no human voice' in page
    assert "lang=" not in signed_in(world.bob).get("/checkpoints/").content.decode().split("</head>")[1]


def test_programs_are_given_what_the_engine_has_kept(world: World, recording: Recording) -> None:
    headers = {"Accept-Language": "es", "Authorization": f"Token {token_of(world.alice)}"}
    job_id = failed(world, Silent.code, Silent.default_message).job_id
    world.alice.language = "es"
    world.alice.save()
    analysis = Client().get(f"/api/v1/analyses/{recording.analysis_id}", headers=headers).json()
    assert analysis["quality"]["checks"][0]["message"] == "There is much noise."
    assert analysis["scores"]["depression"]["reason"] == "The checkpoint some-model does not score depression."
    job = Client().get(f"/api/v1/jobs/{job_id}", headers=headers).json()
    assert job["error"] == {"code": "silent", "message": Silent.default_message}
    assert job["stage_label"] == "Failed"


def test_a_file_of_numbers_is_in_english(world: World, recording: Recording) -> None:
    answer = speaks_spanish(world.alice).post(f"/patients/{world.alices_patient.id}/numbers/export/")
    row = next(csv.DictReader(io.StringIO(answer.content.decode())))
    assert row["poor_recording"] == "much noise, only 29 s of speech"
    assert row[f"speech_rate ({BY_CODE['speech_rate'].unit})"] == "4.1"
