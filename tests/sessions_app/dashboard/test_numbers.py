"""The course as a table and as a file: the same facts as the chart, for whoever may see them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.utils import timezone

from accounts.models import AccessLogEntry, AffectPolicy, EmergencyAccess
from inference.models import Analysis
from inference.speakers import BY_LENGTH
from sessions_app.models import Consent, Instrument, Recording, Verdict
from sessions_app.reviews import review_set
from tests.pages import signed_in, text
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, SessionFactory, World, annotation_of

pytestmark = pytest.mark.django_db

POOR = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}


@pytest.fixture(autouse=True)
def course(world: World) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    Analysis.objects.filter(id=recording.analysis_id).update(quality=[POOR])
    QuestionnaireFactory(patient=world.alices_patient, items=[2] * 9)
    QuestionnaireFactory(patient=world.alices_patient, instrument=Instrument.GAD7, items=[1] * 7)


def address(world: World) -> str:
    return f"/patients/{world.alices_patient.id}/numbers/"


def rows(world: World) -> list[dict[str, str]]:
    answer = signed_in(world.alice).post(f"{address(world)}export/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_the_table_has_scores_quality_checkpoint_and_questionnaires(world: World) -> None:
    page = text(signed_in(world.alice).get(address(world)))
    for words in (
        "0.72 (0.64–0.81), elevated",
        "poor: much noise",
        "undertone-demo 0.1",
        "18 of 27, moderately severe",
    ):
        assert words in page
    assert "7 of 21, mild" in page


@pytest.mark.parametrize("code", ["", "f0_mean"])
@pytest.mark.parametrize("policy", [AffectPolicy.ON, AffectPolicy.OFF])
def test_every_row_has_as_many_columns_as_the_head(world: World, policy: AffectPolicy, code: str) -> None:
    world.clinic.affect_policy = policy
    world.clinic.save()
    annotation_of(world.alices_patient)
    page = signed_in(world.alice).get(address(world), {"code": code}).content.decode()
    table = page[page.index('<table class="numbers">') : page.index("</table>")]
    widths = [_columns(row) for row in table.split("<tr>")[1:]]
    assert len(widths) == 5
    assert set(widths) == {widths[0]}


def _columns(row: str) -> int:
    return sum(int(span or 1) for span in re.findall(r'<t[hd]\b(?:[^>]*colspan="(\d+)")?[^>]*>', row))


def test_the_file_has_a_line_for_each_recording_and_questionnaire_and_says_what_it_is_not(world: World) -> None:
    session, *others, last = rows(world)
    assert float(session["depression"]) == 0.7231
    assert (session["depression_state"], session["poor_recording"]) == ("elevated", "much noise")
    assert (session["f0_mean (Hz)"], session["pause_ratio"]) == ("180.2", "0.21")
    assert [(one["what"], one["total"]) for one in others] == [("PHQ-9", "18"), ("GAD-7", "7")]
    assert "not a diagnosis" in last["time_utc"]


def test_the_file_is_logged_as_an_export_and_its_name_says_nothing_of_the_patient(world: World) -> None:
    answer = signed_in(world.alice).post(f"{address(world)}export/")
    name = answer.headers["Content-Disposition"]
    assert world.alices_patient.reference not in name
    assert world.alices_patient.family_name not in name
    row = AccessLogEntry.objects.get()
    assert (row.action, row.object_kind, row.patient_id) == ("export", "course", world.alices_patient.id)


@pytest.mark.parametrize("why", ["policy", "consent"])
def test_neither_shows_a_score_that_is_hidden(world: World, why: str) -> None:
    if why == "policy":
        world.clinic.affect_policy = AffectPolicy.OFF
        world.clinic.save()
    else:
        Consent.objects.update(withdrawn_at=timezone.now())
    assert traces(signed_in(world.alice).get(address(world)).content.decode()) == []
    session = rows(world)[0]
    assert traces(session) == []
    assert (session["f0_mean (Hz)"] == "") is (why == "consent")
    assert (session["poor_recording"] == "") is (why == "consent")


@pytest.mark.parametrize("policy", AffectPolicy)
def test_the_file_says_under_every_policy_that_nobody_has_confirmed_the_voice(
    world: World, policy: AffectPolicy
) -> None:
    assert rows(world)[0]["voice_assumed"] == "no"
    Analysis.objects.update(speaker_method=BY_LENGTH)
    world.clinic.affect_policy = policy
    world.clinic.save()
    assert rows(world)[0]["voice_assumed"] == "yes"


def test_the_file_tells_a_review_where_its_scores_are_shown_and_nowhere_else(world: World) -> None:
    recording = Recording.objects.get()
    assert recording.analysis_id is not None
    assert rows(world)[0]["review"] == ""
    review_set(
        user=world.alice, recording=recording, verdict=Verdict.AGREE, reason="", note="", seen=recording.analysis_id
    )
    assert rows(world)[0]["review"] == "agree"
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert rows(world)[0]["review"] == ""


def test_without_consent_it_is_not_told_whose_voice_was_assumed(world: World) -> None:
    Analysis.objects.update(speaker_method=BY_LENGTH)
    Consent.objects.update(withdrawn_at=timezone.now())
    assert rows(world)[0]["voice_assumed"] == ""


def test_under_emergency_access_the_table_is_read_and_no_file_is_taken_away(world: World) -> None:
    later = timezone.now() + timezone.timedelta(hours=1)
    EmergencyAccess.objects.create(
        clinic=world.clinic, user=world.bob, patient_id=world.alices_patient.id, reason="Nobody is here.", ends_at=later
    )
    page = text(signed_in(world.bob).get(address(world)))
    assert "0.72" in page
    assert "Save as CSV" not in page
    assert signed_in(world.bob).post(f"{address(world)}export/").status_code == 403
