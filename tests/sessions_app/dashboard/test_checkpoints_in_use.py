"""Which checkpoints have scored a clinic's recordings, for its administrator."""

from __future__ import annotations

from pytest_django import Settings

from inference import checkpoints
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

PAGE = "/clinic/checkpoints/"


def test_it_counts_the_analyses_of_this_clinic_by_checkpoint(world: World) -> None:
    for patient, weights in ((world.alices_patient, "ab"), (world.bobs_patient, "ab"), (world.alices_patient, "cd")):
        analysed(SessionFactory(patient=patient), weights=weights * 32)
    analysed(SessionFactory(patient=world.mallorys_patient), weights="ef" * 32)
    page = signed_in(world.ada).get(PAGE).content.decode()
    assert counted(page) == {"ab" * 32: 2, "cd" * 32: 1, current().sha256: 0}


def counted(page: str) -> dict[str, int]:
    """How many analyses stand beside each digest."""
    rows = page.split("<tbody>")[1].split("<tr>")[1:]
    return {
        row.split('class="digest">')[1][:64]: int(row.split('data-label="Analyses">')[1].split("<")[0]) for row in rows
    }


def current() -> checkpoints.CheckpointIdentity:
    return checkpoints.describe().identity


def test_the_one_that_scores_new_recordings_comes_first_and_says_what_it_is_fit_for(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    page = text(signed_in(world.ada).get(PAGE))
    assert page.count("Scores new recordings") == 1
    assert page.index("Scores new recordings") < page.index("ab" * 32)
    label = checkpoints.describe().label
    assert label[:1].upper() + label[1:] in page


def test_it_says_why_new_recordings_cannot_be_scored(world: World, settings: Settings) -> None:
    settings.CHECKPOINT = "not-installed"
    page = text(signed_in(world.ada).get(PAGE))
    assert "New recordings cannot be scored." in page
    assert "No checkpoint yet" in page


def test_it_names_no_patient_and_is_for_the_administrator(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    assert "Alder" not in text(signed_in(world.ada).get(PAGE))
    assert signed_in(world.alice).get(PAGE).status_code == 403
