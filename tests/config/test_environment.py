"""Variables and the files that hold them, and what production must name."""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import REPOSITORY, EmbeddedServices
from config.environment import Misconfigured, env, environment, required_in_production
from config.secret import usable_master_key

PRODUCTION = {
    "UNDERTONE_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "MASTER_KEY": "A" * 43 + "=",
}
DATABASE, BROKER = {"DATABASE_URL": "postgresql://elsewhere/db"}, {"REDIS_URL": "redis://elsewhere"}
OURS = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"),
    *("MASTER_KEY", "MASTER_KEYS_OLD", "SECRET_KEY", "UNDERTONE_ENV"),
)


def _run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env={**inherited, "UNDERTONE_DATA": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("missing", "variables"),
    [
        ("MASTER_KEY", {name: value for name, value in PRODUCTION.items() if name != "MASTER_KEY"} | DATABASE | BROKER),
        ("DATABASE_URL", PRODUCTION | BROKER),
        ("REDIS_URL", PRODUCTION | DATABASE),
        ("SECRET_KEY", {"UNDERTONE_ENV": "production"} | DATABASE | BROKER),
    ],
)
def test_production_without_its_servers_and_key_is_one_sentence_and_nothing_is_started(
    missing: str, variables: dict[str, str], tmp_path: Path
) -> None:
    done = _run(tmp_path / "data", "manage.py", "showmigrations", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{missing} is not set. In production it must be: please set {missing} or {missing}_FILE.\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "program",
    [("-m", "uvicorn", "config.asgi:application"), ("-m", "celery", "-A", "config", "worker"), ("manage.py", "doctor")],
)
def test_every_program_refuses_to_be_production_without_a_database(program: tuple[str, ...], tmp_path: Path) -> None:
    done = _run(tmp_path / "data", *program, **PRODUCTION, **BROKER)
    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL is not set.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("value", ["short", "A" * 44, "A" * 22 + "==", "ä" * 44])
@pytest.mark.parametrize("name", ["MASTER_KEY", "MASTER_KEYS_OLD"])
def test_what_is_no_master_key_is_told_with_how_to_make_one(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{name} must hold 32 random bytes in base64, as 'openssl rand"):
        usable_master_key(name, value)


def test_what_openssl_prints_is_a_master_key() -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    assert usable_master_key("MASTER_KEY", key) == key


KMS_KEY = "aws-kms://arn:aws:kms:eu-central-1:123456789012:key/0b6f1c5e-7d7a-4a5e-9c39-a9c8ac5c7c3d"


def test_the_address_of_a_key_in_a_key_service_is_a_master_key() -> None:
    assert usable_master_key("MASTER_KEY", KMS_KEY) == KMS_KEY


@pytest.mark.parametrize("value", ["aws-kms://", KMS_KEY + " ", KMS_KEY.replace(":key/", ":alias/"), KMS_KEY + "/x"])
def test_what_names_no_key_of_a_service_is_told_with_its_form(value: str) -> None:
    with pytest.raises(
        Misconfigured, match="must name a key of AWS KMS as aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID"
    ):
        usable_master_key("MASTER_KEY", value)


def test_without_the_library_of_the_service_it_is_said_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.secret.find_spec", {}.get)
    with pytest.raises(Misconfigured, match="boto3 is needed"):
        usable_master_key("MASTER_KEY", KMS_KEY)


def test_an_environment_that_does_not_exist_is_not_taken_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERTONE_ENV", "prod")
    with pytest.raises(Misconfigured, match="not 'prod'"):
        environment()


def test_a_server_named_in_a_file_is_not_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, url in {**DATABASE, **BROKER}.items():
        (tmp_path / name).write_text(f"{url}\n")
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    services = EmbeddedServices(tmp_path / "data")
    services.start()
    assert services.environment == {}
    assert required_in_production("REDIS_URL") == "redis://elsewhere"


def test_a_file_that_cannot_be_read_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "/nowhere/key")
    with pytest.raises(Misconfigured, match="SECRET_KEY_FILE names /nowhere/key, which cannot be read"):
        env.str("SECRET_KEY")


def test_the_port_of_the_demonstration_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("none\n")
    done = _run(tmp_path / "data", "manage.py", "demo", PORT="8000", PORT_FILE=str(tmp_path / "port"))
    assert done.stderr == "PORT must be a number from 1 to 65535, not 'none'.\n"


@pytest.mark.parametrize(
    ("variables", "required"),
    [
        (PRODUCTION | DATABASE | BROKER | {"MFA_REQUIRED": "false"}, "True"),
        ({"UNDERTONE_ENV": "demo", "MFA_REQUIRED": "true"}, "False"),
        ({"UNDERTONE_ENV": "development", "MFA_REQUIRED": "true"}, "True"),
        ({"UNDERTONE_ENV": "development"}, "False"),
    ],
)
def test_a_second_factor_is_required_in_production_whatever_is_set_and_never_in_the_demonstration(
    variables: dict[str, str], required: str, tmp_path: Path
) -> None:
    asked = "from config import settings; print(settings.MFA_REQUIRED)"
    assert _run(tmp_path, "-c", asked, **variables).stdout.strip() == required
