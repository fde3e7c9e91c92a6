"""What the doctor finds."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from config import doctor
from config.doctor import Finding
from inference.models import Worker
from inference.results import CheckpointIdentity

pytestmark = pytest.mark.django_db


def _worker(**fields: str) -> Worker:
    return Worker.objects.create(host="here", pid=1, seen_at=Now(), **fields)


def _report(monkeypatch: pytest.MonkeyPatch, *findings: Finding, **options: bool) -> tuple[str, int]:
    monkeypatch.setattr(doctor, "QUESTIONS", [lambda finding=finding: finding for finding in findings])
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", stdout=out, no_color=True, **options)
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), code


def test_a_migrated_database_is_well() -> None:
    assert doctor.database().ok


def test_a_database_that_does_not_answer_is_missing_and_something_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise OperationalError

    monkeypatch.setattr(doctor, "_server_version", refuse)
    finding = doctor.database()
    assert not finding.ok
    assert "DATABASE_URL" in finding.advice


def test_migrations_that_were_not_applied_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "pending_migrations", lambda: 2)
    finding = doctor.database()
    assert not finding.ok
    assert "2 migrations" in finding.message
    assert "migrate" in finding.advice


def test_redis_is_well() -> None:
    assert doctor.broker().ok


def test_a_redis_that_does_not_answer_is_missing(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert not doctor.broker().ok


def test_no_worker_is_missing() -> None:
    assert not doctor.worker().ok


def test_a_worker_with_a_loaded_model_is_well_and_named() -> None:
    _worker(checkpoint_name="undertone-demo", checkpoint_version="0.1")
    finding = doctor.worker()
    assert finding.ok
    assert "undertone-demo 0.1" in finding.message


def test_a_worker_without_a_model_is_missing_and_says_why() -> None:
    _worker(problem="No checkpoint 'x' was found.")
    finding = doctor.worker()
    assert not finding.ok
    assert "No checkpoint 'x' was found." in finding.message


def test_a_checkpoint_that_is_not_there_is_missing(settings: Settings) -> None:
    settings.CHECKPOINT = "no-such-checkpoint"
    finding = doctor.checkpoint()
    assert not finding.ok
    assert "no-such-checkpoint" in finding.message


def test_a_whole_checkpoint_is_named_with_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    identity = CheckpointIdentity("mine", "2", "ab" * 32)
    described = SimpleNamespace(identity=identity, label="For research only.")
    monkeypatch.setattr("inference.checkpoints.verify", lambda name: described)
    finding = doctor.checkpoint()
    assert finding.ok
    assert "mine 2" in finding.message
    assert "For research only." in finding.message


WELL = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
}
"""Settings of PostgreSQL by which its log holds no statement and no row."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings of a server that writes down nothing, to be changed."""
    settings = dict(WELL)
    monkeypatch.setattr(doctor, "_server_settings", lambda: settings)
    return settings


def test_a_server_that_writes_no_statement_down_is_well(server: dict[str, str]) -> None:
    finding = doctor.server_log()
    assert (finding.ok, finding.advice) == (True, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_statement", "all"),
        ("log_statement", "mod"),
        ("log_min_duration_statement", "0"),
        ("log_min_duration_sample", "1000"),
        ("log_transaction_sample_rate", "0.01"),
        ("log_min_error_statement", "error"),
        ("log_min_error_statement", "fatal"),
        ("log_error_verbosity", "default"),
        ("log_parameter_max_length_on_error", "-1"),
        ("debug_print_parse", "on"),
        ("auto_explain.log_min_duration", "500"),
        ("pgaudit.log", "write"),
    ],
)
def test_a_server_that_may_write_patient_data_into_its_log_is_said_to_and_how_to_stop_it(
    server: dict[str, str], name: str, value: str
) -> None:
    server[name] = value
    finding = doctor.server_log()
    assert not finding.ok
    assert f"{name} = {value}" in finding.message
    assert f"{name} = {doctor.DISCREET[name]}" in finding.advice


def test_statements_that_make_tables_hold_no_patient_data(server: dict[str, str]) -> None:
    server["log_statement"] = "ddl"
    assert doctor.server_log().ok


def test_each_setting_is_asked_of_the_server_that_the_application_is_connected_to() -> None:
    found = doctor._server_settings()
    assert set(WELL) <= set(found)
    told = doctor.server_log()
    assert told.ok == all(found[name] == value for name, value in WELL.items() if name != "log_statement")


def test_whether_a_server_that_does_not_answer_writes_them_down_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> dict[str, str]:
        raise OperationalError

    monkeypatch.setattr(doctor, "_server_settings", refuse)
    finding = doctor.server_log()
    assert not finding.ok
    assert "without the database" in finding.message


def test_a_full_disk_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1024))
    finding = doctor.disk()
    assert not finding.ok
    assert "MEDIA_ROOT" in finding.advice


def test_all_well_is_exit_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    text, code = _report(monkeypatch, Finding("disk", ok=True, message="Plenty."))
    assert code == 0
    assert text.startswith("ok")


def test_one_thing_missing_is_exit_status_1_with_advice_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Finding("redis", ok=False, message="Redis does not answer.", advice="Start it.")
    text, code = _report(monkeypatch, Finding("disk", ok=True, message="Plenty."), found)
    assert code == 1
    assert "missing  redis       Redis does not answer. Start it." in text.splitlines()


def test_programs_get_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    text, code = _report(monkeypatch, Finding("redis", ok=False, message="No.", advice="Do."), json=True)
    assert code == 1
    assert json.loads(text) == {
        "ok": False,
        "findings": [{"name": "redis", "ok": False, "message": "No.", "advice": "Do."}],
    }


def test_what_reports_are_made_with_is_there_or_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.reports().ok
    monkeypatch.setattr(doctor.report_pdf, "is_possible", lambda: False)
    finding = doctor.reports()
    assert not finding.ok
    assert "Everything else works." in finding.message
    assert "libpango-1.0-0" in finding.advice
