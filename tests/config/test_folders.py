"""Nothing is written before it is needed, and a folder that cannot be written to is a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.uploadhandler import load_handler
from pytest_django.fixtures import Settings

from config import doctor
from config.embedded import REPOSITORY
from config.secret import development_master_key, development_secret, usable_master_key
from tests import sound

NOWHERE = Path("/proc/nope")


def _run(folder: Path, *command: str, servers: bool = True) -> subprocess.CompletedProcess[str]:
    theirs = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    inherited = {name: value for name, value in os.environ.items() if name not in (*theirs, "UNDERTONE_ENV")}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=REPOSITORY,
        env=inherited | (theirs if servers else {}) | {"UNDERTONE_DATA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("folder", [NOWHERE, Path("data")])
def test_an_analysis_needs_no_folder_and_makes_none(folder: Path, tmp_path: Path) -> None:
    done = _run(tmp_path / folder, "analyze", "--json", str(sound.SPEECH))
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / folder).exists()


def test_the_doctor_makes_no_folder(tmp_path: Path) -> None:
    done = _run(tmp_path / "data", "doctor")
    assert "ok       folders" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_which_folder_cannot_be_written_to() -> None:
    done = _run(NOWHERE, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "missing  folders     Nothing can be written to /proc/nope" in done.stdout
    assert "UNDERTONE_DATA" in done.stdout


def test_the_doctor_names_a_folder_for_recordings_that_is_a_file(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    finding = doctor.folders()
    assert not finding.ok
    assert str(settings.MEDIA_ROOT) in finding.message
    assert "MEDIA_ROOT" in finding.advice


@pytest.mark.parametrize("command", ["migrate", "demo"])
def test_a_command_that_needs_the_folder_says_so_in_one_sentence(command: str) -> None:
    done = _run(NOWHERE, command, servers=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Nothing can be written to /proc/nope")
    assert len(done.stderr.splitlines()) == 1


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: development_secret(tmp_path / "data"), range(64)))
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_agree_on_the_master_key_which_must_be_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as threads:
        keys = set(threads.map(lambda _: development_master_key(tmp_path / "data"), range(64)))
    assert usable_master_key("MASTER_KEY", keys.pop())
    assert not keys
    assert (tmp_path / "data" / "master_key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="Not a directory"):
        development_master_key(tmp_path / "file" / "data")


def test_an_upload_makes_its_folder_for_this_user_only(tmp_path: Path, settings: Settings) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "media" / "incoming")
    handler = load_handler(settings.FILE_UPLOAD_HANDLERS[-1], None)
    handler.new_file("file", "a.wav", "audio/wav", None)
    (file,) = (tmp_path / "media" / "incoming").iterdir()
    assert file.parent.stat().st_mode & 0o777 == 0o700
    handler.upload_interrupted()
