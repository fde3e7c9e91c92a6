"""What Prometheus reads."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from config.embedded import REPOSITORY
from inference import services
from inference.models import AnalysisJob, JobMove, Worker
from tests.world import JobFactory, RecordingFactory, SessionFactory, World, job_done

TOKEN = "a-token-for-prometheus"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def with_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def asked(token: str = TOKEN, **headers: str) -> HttpResponse:
    return Client().get("/metrics", headers={"Authorization": f"Bearer {token}"} | headers)


class Samples(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Each sample by its name and labels."""

    def of(self, name: str, **labels: str) -> float:
        return self[name, frozenset(labels.items())]


def samples() -> Samples:
    response = asked()
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    found = [sample for family in families for sample in family.samples]
    return Samples({(sample.name, frozenset(sample.labels.items())): sample.value for sample in found})


def test_without_a_token_in_the_settings_there_is_no_such_page(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert asked("").status_code == 404
    assert Client().get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", "wrong", f"{TOKEN}x", "käse"])
def test_a_wrong_token_reads_nothing(given: str) -> None:
    response = asked(given)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert b"undertone_" not in response.content


def test_somebody_who_is_signed_in_needs_the_token_all_the_same(world: World) -> None:
    client = Client()
    client.force_login(world.ada)
    assert client.get("/metrics").status_code == 401


def test_with_nothing_there_every_figure_is_nought() -> None:
    found = samples()
    assert found.of("undertone_jobs_waiting") == found.of("undertone_oldest_wait_seconds") == 0
    assert found.of("undertone_jobs_ended_total", state="succeeded", error_code="") == 0
    assert not [name for name, _ in found if name.startswith("undertone_wait_seconds")]
    assert set(found.values()) == {0.0}


@pytest.mark.django_db(transaction=True)
def test_the_figures_are_those_of_all_clinics() -> None:
    for job in [JobFactory() for _ in range(3)]:
        JobMove.objects.filter(pgh_obj=job).update(pgh_created_at=Now() - timedelta(minutes=2))
    claim = services.job_claim(job.id)
    assert claim is not None
    services.job_fail(claim, code="worker_lost", message="It stopped.")
    job_done(JobFactory().id)
    Worker.objects.create(host="audio-1", pid=1, device="cuda", checkpoint_name="demo", checkpoint_version="1")
    Worker.objects.create(host="audio-1", pid=2, seen_at=Now() - timedelta(minutes=5))
    found = samples()
    assert found.of("undertone_jobs_waiting") == 2
    assert found.of("undertone_oldest_wait_seconds") == pytest.approx(120, abs=5)
    assert found.of("undertone_failures_last_hour", error_code="worker_lost") == 1
    assert found.of("undertone_jobs_ended_last_hour", state="succeeded") == 1
    assert found.of("undertone_jobs_ended_total", state="failed", error_code="worker_lost") == 1
    assert found.of("undertone_attempts_total") == 2
    assert found.of("undertone_workers_ready") == found.of("undertone_workers_alive") == 1
    assert (
        found.of("undertone_worker_processes", host="audio-1", device="cuda", checkpoint="demo 1", state="ready") == 1
    )
    assert found.of("undertone_worker_processes", host="audio-1", device="", checkpoint="", state="silent") == 1
    assert found.of("undertone_wait_seconds_last_day", quantile="0.95") == pytest.approx(120, abs=20)


@pytest.mark.django_db(transaction=True)
def test_a_counter_never_falls_when_jobs_are_deleted() -> None:
    for _ in range(2):
        job_done(JobFactory().id)
    before = samples()
    AnalysisJob.objects.all().delete()
    after = samples()
    counters = [name for name in before if name[0].endswith("_total")]
    assert before.of("undertone_jobs_ended_total", state="succeeded", error_code="") == 2
    assert {name: after[name] for name in counters} == {name: before[name] for name in counters}
    assert after.of("undertone_jobs_ended_last_hour", state="succeeded") == 0


def test_nothing_of_a_clinic_or_a_patient_is_in_it(world: World) -> None:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    page = asked().content.decode()
    patient = world.alices_patient
    for secret in (world.clinic.id, world.clinic.name, patient.id, patient.family_name, recording.job_id, recording.id):
        assert str(secret) not in page


def test_the_document_names_the_metrics_that_there_are_and_no_others() -> None:
    named = set(re.findall(r"undertone_[a-z_]*[a-z]", (REPOSITORY / "docs" / "operations.md").read_text()))
    assert named == set(re.findall(r"^# TYPE (\S+)", asked().content.decode(), re.MULTILINE))


def test_it_is_also_given_as_openmetrics() -> None:
    response = asked(Accept="application/openmetrics-text; version=1.0.0")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    names = {family.name for family in openmetrics_families(response.content.decode())}
    assert {"undertone_jobs_ended", "undertone_attempts", "undertone_workers_ready"} <= names


def test_a_scrape_by_address_is_answered(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert asked(Host="10.1.2.3:8000").status_code == 200


def test_a_database_that_does_not_answer_is_said_and_not_taken_for_nought() -> None:
    with connection.execute_wrapper(_away):
        response = asked()
    assert (response.status_code, response.content) == (503, b"The database does not answer.\n")


def _away(*_: object) -> None:
    from django.db import OperationalError

    raise OperationalError
