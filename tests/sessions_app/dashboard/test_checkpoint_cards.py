"""The cards of checkpoints: what each says of itself, for who sees scores and for the administrator."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.embedded import REPOSITORY
from inference import checkpoints
from sessions_app.dashboard.checkpoint_cards import NOT_A_DIAGNOSIS, NOT_SAID, installed_cards
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BARE = {"name": "paper", "version": "1", "sha256": "00", "heads": [], "thresholds": {}, "label": "only on paper"}


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    (folder / "paper").mkdir()
    (folder / "paper" / "card.json").write_text(json.dumps({**BARE, **more}))
    monkeypatch.setenv("UNDERTONE_CHECKPOINTS", str(folder))


def test_a_counselor_and_the_administrator_read_all_that_the_card_says(world: World) -> None:
    card = checkpoints.describe().card
    for user in (world.alice, world.ada):
        page = text(signed_in(user).get("/checkpoints/"))
        assert str(NOT_A_DIAGNOSIS) in page
        for part in ("training_data", "intended_use", "licence", "sha256"):
            assert card[part] in page
        assert all(gap in page for gap in card["gaps"])
        assert "AUC severity > .5, clean 0.97 0.953–0.983 at least 0.96 yes" in page


def test_staff_and_strangers_read_none(world: World) -> None:
    assert signed_in(world.sam).get("/checkpoints/").status_code == 403


def test_what_a_card_leaves_out_is_said_to_be_left_out(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    page = text(signed_in(world.alice).get("/checkpoints/"))
    assert "only on paper." in page
    assert f"Trained on {NOT_SAID}" in page
    assert "That does not mean that there are none." in page
    assert "how well this checkpoint does is not known here" in page


def test_a_target_that_was_missed_is_counted_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = {"name": "AUC", "value": 0.61, "at_least": 0.7, "at_most": None, "interval": None, "reached": False}
    install(tmp_path, monkeypatch, metrics=[missed])
    (card,) = (card for card in installed_cards() if card.description.identity.name == "paper")
    assert card.missed == 1
    assert (card.metrics[0].asked, card.metrics[0].interval, card.metrics[0].reached) == ("at least 0.7", "", False)


def test_a_card_that_cannot_be_read_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    (tmp_path / "paper" / "card.json").write_text("{")
    assert [card.description.identity.name for card in installed_cards()] == ["undertone-demo"]


def test_each_provenance_line_leads_to_the_card(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    page = signed_in(world.alice).get(f"/sessions/{recording.session_id}/").content.decode()
    assert 'href="/checkpoints/#checkpoint-undertone-demo"' in page


def test_reading_the_cards_loads_no_torch() -> None:
    asked = (
        "import django, os, sys; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings'); django.setup();"
        "from sessions_app.dashboard.checkpoint_cards import installed_cards; assert installed_cards();"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
