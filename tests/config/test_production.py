"""What production refuses to start with, and that with sound settings nothing is left to say."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Clinic
from config import checks
from config.embedded import REPOSITORY
from sessions_app.demo.people import LOGINS
from tests.world import UserFactory

SOUND = {
    "UNDERTONE_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "ALLOWED_HOSTS": "undertone.willow.example",
    "MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_URL": "postgresql://elsewhere/db?sslmode=verify-full",
    "DATABASE_OWNER_URL": "",
    "REDIS_URL": "rediss://elsewhere",
}


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "METRICS_TOKEN", "HTTPS"}}
    environment = inherited | {"UNDERTONE_DATA": str(folder)} | SOUND | variables
    return subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )


def test_sound_settings_pass_every_check_of_a_deployment(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "true"}, "DEBUG is on."),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS takes any host."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is short, or could be guessed."),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY is short, or could be guessed."),
        ({"SECRET_KEY": "django-insecure-" + "abcdefghijkl" * 5}, "SECRET_KEY is short, or could be guessed."),
        ({"HTTPS": "false"}, "HTTPS is switched off."),
        ({"METRICS_TOKEN": "figures"}, "METRICS_TOKEN is short, or could be guessed."),
    ],
)
def test_production_refuses_to_start(variables: dict[str, str], sentence: str, tmp_path: Path) -> None:
    web = run(tmp_path, "-m", "uvicorn", "config.asgi:application", **variables)
    assert web.returncode == 1
    assert sentence in web.stderr
    assert "Traceback" not in web.stderr
    asked = run(tmp_path, "manage.py", "check", **variables)
    assert asked.returncode == 1
    assert sentence in asked.stderr


def test_elsewhere_none_of_it_matters(settings: Settings) -> None:
    settings.DEBUG, settings.ALLOWED_HOSTS, settings.SECRET_KEY = True, ["*"], "short"
    assert checks.settings_of_production() == []
    checks.refuse()


@pytest.mark.django_db
class TestDemonstration:
    def test_its_accounts_are_refused_in_production(self, settings: Settings) -> None:
        UserFactory(email=LOGINS[0].email)
        assert checks.demonstration(databases=["default"]) == []
        settings.PRODUCTION = True
        assert [fault.id for fault in checks.demonstration(databases=["default"])] == ["undertone.E005"]

    def test_so_is_a_synthetic_clinic(self, settings: Settings) -> None:
        Clinic.objects.create(name="Nobody's", is_synthetic=True)
        settings.PRODUCTION = True
        assert checks.demonstration(databases=["default"]) != []

    def test_real_clinics_are_not(self, settings: Settings) -> None:
        UserFactory()
        settings.PRODUCTION = True
        assert checks.demonstration(databases=["default"]) == []
