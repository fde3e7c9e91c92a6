"""The report on a patient: what it says, to whom, and that nothing is fetched for it."""

from __future__ import annotations

import io
import logging
import re
import socket
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pypdf import PdfReader
from pytest_django import Settings

from accounts.models import AccessLogEntry, AffectPolicy, User
from inference.models import Analysis
from sessions_app import emergency
from sessions_app.dashboard import report_pdf
from sessions_app.models import Consent, Patient
from sessions_app.report import SESSIONS_SHOWN, report_make
from tests.outlets import pdf_pictures, pdf_text
from tests.pages import signed_in, text
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, RecordingFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def _file(user: User, patient: Patient) -> bytes:
    response = signed_in(user).get(f"/patients/{patient.id}/report/")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    return response.content


def _said(user: User, patient: Patient) -> str:
    return " ".join(pdf_text(_file(user, patient)).split())


def _course(patient: Patient, sessions: int) -> None:
    for number in range(sessions):
        analysed(SessionFactory(patient=patient, held_at=BEGIN + timedelta(weeks=number)), depression=0.7)


def test_it_says_who_made_it_for_whom_and_that_it_is_no_diagnosis(world: World) -> None:
    said = _said(world.alice, world.alices_patient)
    assert "Willow House" in said
    assert "Robin Alder" in said
    assert world.alices_patient.reference in said
    assert f"Made by Alice on {timezone.now():%-d %b %Y}" in said
    assert "is not a diagnosis" in said
    assert "No session has been analysed yet." in said


@pytest.mark.parametrize(
    ("language", "feet"),
    [
        ("en", ("Robin Alder · a report that supports a clinician’s judgement, not a diagnosis", "Page 1 of 1")),
        ("es", ("Robin Alder · un informe que apoya el criterio clínico, no un diagnóstico", "Página 1 de 1")),
    ],
)
def test_the_foot_of_each_page_says_what_it_is_of_whom_and_its_number(
    world: World, settings: Settings, language: str, feet: tuple[str, ...]
) -> None:
    settings.LANGUAGES = [("en", "English"), ("es", "Spanish")]
    world.alice.language = language
    world.alice.save()
    said = _said(world.alice, world.alices_patient)
    for foot in feet:
        assert foot in said


def test_each_score_comes_with_interval_state_quality_and_what_made_it(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    said = _said(world.alice, world.alices_patient)
    assert "0.70 0.60–0.80" in said
    assert "elevated" in said
    assert "42 s good" in said
    assert "undertone-demo 0.1, pipeline 1: 1 recording" in said
    assert recording.analysis
    assert recording.analysis.checkpoint_sha256 in said
    assert "demonstration: trained on synthetic speech, not for clinical use" in said
    assert "not enough sessions yet for an own baseline; 1 of 4 count" in said


def test_a_recording_that_is_poor_says_what_was_wrong_with_it(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    check = {"code": "snr", "ok": False, "value": 4.0, "unit": "dB", "message": "A fan hums."}
    Analysis.objects.filter(id=recording.analysis_id).update(quality=[check])
    said = _said(world.alice, world.alices_patient)
    assert "A fan hums." in said
    assert "indeterminate: much noise" in said


def test_a_recording_that_is_not_analysed_stands_without_a_score(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient, held_at=BEGIN))
    RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    assert "2 Mar 2026 not analysed" in _said(world.alice, world.alices_patient)


def test_questionnaires_come_with_their_change_its_rule_and_the_item_about_self_harm(world: World) -> None:
    for days, answer in ((0, 0), (14, 2)):
        answered = BEGIN + timedelta(days=days)
        QuestionnaireFactory(patient=world.alices_patient, items=[answer] * 9, answered_at=answered)
    said = _said(world.alice, world.alices_patient)
    assert "0 to 18, 18 points more. Reliable worsening: The PHQ-9 total rose by 6 points or more." in said
    assert "18 moderately severe" in said
    assert "PHQ-9, item 9 (thoughts of death or self-harm): answered with “more than half the days” on 19 Jan" in said


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_where_the_policy_hides_scores_it_says_so_and_has_none(world: World, policy: AffectPolicy) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    assert traces(_said(world.alice, world.alices_patient))
    world.clinic.affect_policy = policy
    world.clinic.save()
    file = _file(world.alice, world.alices_patient)
    said = pdf_text(file)
    assert traces(said) == []
    assert "undertone-demo" not in said
    assert pdf_pictures(PdfReader(io.BytesIO(file))) == []
    assert "PHQ-9 (depression, 0 to 27)" in said


def test_without_consent_nothing_that_was_heard_is_in_it(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    Consent.objects.update(withdrawn_at=timezone.now())
    said = _said(world.alice, world.alices_patient)
    assert "Not shown: no consent to voice analysis covers the days of these sessions." in said
    assert traces(said) == []
    assert "42 s" not in said
    assert "good" not in said


def test_a_session_outside_the_consent_is_left_out_of_charts_table_and_origin(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient, held_at=BEGIN))
    analysed(SessionFactory(patient=world.alices_patient, held_at=BEGIN + timedelta(days=60)), weights="cd" * 32)
    Consent.objects.update(given_on=date(2026, 2, 1))
    said = _said(world.alice, world.alices_patient)
    assert traces(said) == []
    assert "5 Jan 2026 not shown" in said
    assert "ab" * 32 not in said
    assert "cd" * 32 in said


def test_it_is_logged_as_an_export_and_its_name_says_nothing_of_the_patient(world: World) -> None:
    response = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/report/")
    assert re.fullmatch(
        r'attachment; filename="report-[0-9a-f]{8}-\d{4}-\d\d-\d\d\.pdf"', response["Content-Disposition"]
    )
    row = AccessLogEntry.objects.get(action="export")
    assert (row.actor_id, row.object_kind, row.patient_id) == (world.alice.id, "report", world.alices_patient.id)


def test_the_log_does_not_follow_its_making_step_by_step(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    _file(world.alice, world.alices_patient)
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("weasyprint", "font"))] == []


def _status(user: User, patient_id: UUID) -> int:
    return signed_in(user).get(f"/patients/{patient_id}/report/").status_code


def test_only_the_care_team_is_given_one_and_refusals_are_logged(world: World) -> None:
    patient = world.alices_patient.id
    asked = {user.display_name: _status(user, patient) for user in (world.bob, world.sam, world.ada, world.mallory)}
    assert asked == {"Bob": 404, "Sam": 403, "Ada": 403, "Mallory": 404}
    emergency.emergency_begin(user=world.bob, number=world.alices_patient.reference, reason="Nobody else is there.")
    assert _status(world.bob, patient) == 403
    assert AccessLogEntry.objects.filter(action="export_patient", allowed=False).count() == 3


def test_the_page_of_the_patient_leads_to_it_for_those_who_may_have_it(world: World) -> None:
    address = f"/patients/{world.alices_patient.id}/"
    assert f'href="{address}report/"' in signed_in(world.alice).get(address).content.decode()
    assert "report/" not in signed_in(world.sam).get(address).content.decode()


def test_markup_in_a_name_is_only_text_and_nothing_is_fetched_for_it(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        name = f'<img src="{address}"><link rel=stylesheet href={address}>'
        Patient.objects.filter(id=world.alices_patient.id).update(family_name=name[:120])
        said = _said(world.alice, world.alices_patient)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "<img src=" in said
    assert not [one for one in caplog.records if one.name.startswith("weasyprint")]


@pytest.mark.parametrize("address", ["http://127.0.0.1/x", "file:///etc/passwd", "data:text/css,a", "undertone:other"])
def test_no_address_but_that_of_a_font_of_ours_is_opened(address: str) -> None:
    with pytest.raises(ValueError, match="fetches nothing"):
        report_pdf._font(address)


def test_the_same_report_is_the_same_file(world: World) -> None:
    _course(world.alices_patient, 6)
    report = report_make(user=world.alice, patient=world.alices_patient)
    assert report_pdf.report_pdf(report) == report_pdf.report_pdf(report)


def test_it_can_be_read_aloud_picture_by_picture(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="weasyprint")
    _course(world.alices_patient, 6)
    reader = PdfReader(io.BytesIO(_file(world.alice, world.alices_patient)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert re.search(rb"pdfuaid:part\W+1\b", root["/Metadata"].get_data())
    pictures = pdf_pictures(reader)
    assert len(pictures) == 3
    assert pictures[0].startswith("Depression probability from 5 Jan 2026 to 9 Feb 2026, 6 recordings. Newest: 0.70")
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_every_letter_of_it_is_of_the_fonts_that_come_with_undertone(world: World) -> None:
    _course(world.alices_patient, 6)
    for days in (0, 14):
        QuestionnaireFactory(patient=world.alices_patient, answered_at=BEGIN + timedelta(days=days))
    pages = PdfReader(io.BytesIO(_file(world.alice, world.alices_patient))).pages
    fonts = {str(font["/BaseFont"]) for page in pages for font in page["/Resources"]["/Font"].values()}
    assert fonts
    assert [font for font in fonts if "+Report-" not in font] == []


def test_however_many_sessions_there_are_it_has_two_pages(world: World) -> None:
    _course(world.alices_patient, 30)
    for number in range(12):
        answered = BEGIN + timedelta(weeks=number)
        QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9, answered_at=answered)
        QuestionnaireFactory(patient=world.alices_patient, instrument="gad7", items=[1] * 7, answered_at=answered)
    file = _file(world.alice, world.alices_patient)
    assert len(PdfReader(io.BytesIO(file)).pages) == 2
    said = " ".join(pdf_text(file).split())
    assert f"The newest {SESSIONS_SHOWN} recordings; 30 have been analysed in all." in said
    assert "30 recordings. Newest" in said


def test_where_a_library_is_missing_a_sentence_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pdf, "is_possible", lambda: False)
    response = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/report/", follow=True)
    assert "Reports cannot be made here, because a library is missing." in text(response)
