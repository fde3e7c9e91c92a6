"""A clinic of made-up rows: whole, the same each time, told from real ones, and only where nobody real can be."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Clinic, User
from inference.models import Analysis, AnalysisJob, JobMove, Timeline
from sessions_app.dashboard.course import course_of
from sessions_app.flags import flags_refresh, needs_of
from sessions_app.models import (
    Consent,
    Flag,
    FlagKind,
    Patient,
    PatientChange,
    QuestionnaireResponse,
    Recording,
    RecordingChange,
    Review,
    Session,
)
from sessions_app.scale import seed
from sessions_app.scale.plan import Plan
from tests.pages import signed_in, text
from tests.world import World

SMALL = Plan("Rows", patients=60, analyses=500, seed=3, until=date(2026, 11, 1))


def test_each_analysis_has_its_session_recording_job_timeline_and_histories(db: None) -> None:
    assert seed.seed(SMALL)
    clinic = Clinic.objects.get(id=SMALL.id_of("clinic"))
    assert (clinic.name, clinic.is_synthetic) == ("Rows", True)
    assert Patient.objects.filter(clinic=clinic).count() == 60
    whole = Recording.objects.filter(analysis__subject__isnull=False, job__state="succeeded", file="")
    assert whole.count() == 500
    for table in (Session, AnalysisJob, Analysis, Timeline, JobMove, RecordingChange):
        assert table.objects.count() == 500, table
    assert PatientChange.objects.count() == 60
    assert all(one.subject == one.recording.id for one in Analysis.objects.select_related("recording"))


def test_the_rows_are_those_that_forms_would_let_in(db: None) -> None:
    seed.seed(SMALL)
    for table in (Patient, Consent, Session, QuestionnaireResponse, AnalysisJob, Analysis, Timeline, Review, Flag):
        for row in table.objects.order_by("pk")[:20]:
            row.full_clean()


def test_lists_sort_by_what_flags_say_and_those_about_self_harm_are_the_ones_that_the_rules_find(db: None) -> None:
    seed.seed(SMALL)
    patients = Patient.objects.prefetch_related("flags").all()
    for patient in patients:
        said = {name: getattr(patient, name) for name in ("need", "need_unheard", "need_at_desk")}
        assert said == needs_of(patient.flags.all())
        assert patient.last_session_at == patient.sessions.aggregate(last=Max("held_at"))["last"]
    self_harm = Flag.objects.filter(kind=FlagKind.SELF_HARM)
    made_up = set(self_harm.values_list("patient_id", "response_id"))
    for patient in patients:
        flags_refresh(patient.id)
    assert set(self_harm.values_list("patient_id", "response_id")) == made_up != set()


def test_of_some_recordings_somebody_has_said_what_they_think_and_of_others_nobody(db: None) -> None:
    seed.seed(SMALL)
    reviewed = Analysis.objects.filter(review__isnull=False)
    assert 0 < reviewed.count() < 500
    assert set(Review.objects.values_list("verdict", flat=True)) == {"agree", "disagree"}


def _digest() -> str:
    tables = ("inference_analysis", "inference_timeline", "sessions_app_session", "sessions_app_questionnaireresponse")
    said = " || ".join(f"(SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t)" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {said}")
        return str(cursor.fetchone()[0])


def test_the_same_seed_makes_the_same_rows_and_another_makes_others(db: None) -> None:
    digests = []
    for number in (3, 3, 4):
        with transaction.atomic():
            seed.seed(Plan("Rows", 60, 500, number, date(2026, 11, 1)))
            digests.append(_digest())
            transaction.set_rollback(True)
    assert digests[0] == digests[1] != digests[2]


def test_most_patients_have_fewer_sessions_than_the_mean_and_all_add_up() -> None:
    counts = sorted(one.sessions for one in Plan("Rows", 1000, 50_000, 1, date(2026, 11, 1)).everybody())
    assert sum(counts) == 50_000
    assert counts[500] < 50
    assert counts[-1] > 150


def test_nobody_of_it_can_sign_in_and_every_page_says_that_it_is_made_up(db: None) -> None:
    seed.seed(SMALL)
    assert not any(user.has_usable_password() for user in User.objects.all())
    patient = Patient.objects.filter(consents__in=Consent.objects.standing()).first()
    assert patient
    counselor = User.objects.get(id=SMALL.id_of("counselor"))
    page = text(signed_in(counselor).get(f"/patients/{patient.id}/"))
    assert "Made-up" in page
    assert "made-up-rows" in page
    assert "it is not known what its scores are fit for" in page
    assert course_of(patient, counselor).shown


@pytest.mark.parametrize("environment", ["production", "demo"])
def test_no_rows_are_made_up_where_patients_are_real_or_shown_as_if(
    db: None, settings: LazySettings, environment: str
) -> None:
    settings.ENVIRONMENT = environment
    with pytest.raises(CommandError, match="in development only"):
        call_command("seed_scale", "--patients=1", "--analyses=1")
    assert not Clinic.objects.exists()


def test_a_clinic_that_is_there_is_never_written_to(world: World) -> None:
    patients = Patient.objects.count()
    with pytest.raises(CommandError, match="another clinic called 'Willow House'"):
        call_command("seed_scale", "--patients=1", "--analyses=1", f"--clinic={world.clinic.name}")
    assert Patient.objects.count() == patients


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_asked_again_it_says_that_all_is_there() -> None:
    out, options = io.StringIO(), ["--patients=3", "--analyses=9", "--until=2026-11-01"]
    for _ in range(2):
        call_command("seed_scale", *options, stdout=out, stderr=io.StringIO())
    assert "Made up 3 patients and 9 analyses in" in out.getvalue()
    assert out.getvalue().endswith("3 patients and 9 analyses are there already.\n")
    assert Analysis.objects.count() == 9


def test_what_was_interrupted_is_taken_up_where_it_was_left(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed, "AT_A_TIME", 20)

    def stop(done: int) -> None:
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seed.seed(SMALL, say=stop)
    assert Patient.objects.count() == 40
    said: list[int] = []
    assert seed.seed(SMALL, say=said.append)
    assert said == [60]
    assert Analysis.objects.count() == 500
    assert not seed.seed(SMALL)


@pytest.mark.parametrize("wrong", ["--patients=0", "--analyses=-1"])
def test_numbers_are_above_zero(wrong: str) -> None:
    with pytest.raises(CommandError, match="above zero"):
        call_command("seed_scale", wrong)
