"""A seeding of the synthetic clinic that is interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from sessions_app.demo import seed as seeding
from sessions_app.demo.people import PATIENTS
from sessions_app.demo.seed import audio_file, seed
from sessions_app.models import Patient


@pytest.mark.django_db
def test_a_seeding_that_fails_leaves_neither_rows_nor_files(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    patient = PATIENTS[-1]
    missing = audio_file(patient, patient.plan[-1])
    monkeypatch.setattr(seeding, "audio_file", lambda *of: tmp_path if audio_file(*of) == missing else audio_file(*of))
    with pytest.raises(IsADirectoryError):
        seed()
    assert (User.objects.count(), Patient.objects.count()) == (0, 0)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
