"""Finding a patient, and going on to the next page of a long list."""

from __future__ import annotations

import re

import pytest

from sessions_app.dashboard import caseload
from sessions_app.dashboard.caseload_order import View, place_of
from tests.pages import HTMX, signed_in, text
from tests.world import ConsentFactory, PatientFactory, SessionFactory, World, analysed


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Alice cares for seven patients, five with the same family name, on pages of three."""
    monkeypatch.setattr(caseload, "PAGE_SIZE", 3)
    for given_name in ("Ada", "Ada", "Ben", "Cleo"):
        PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name=given_name, family_name="Alder")
    PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Zoe", family_name="Zander")
    PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Abel", family_name="Aarden")
    return world


def more_of(page: str) -> dict[str, str]:
    """What the button for more patients sends."""
    form = page[page.index('<tr class="more">') :]
    return dict(re.findall(r'<input type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', form))


def references(page: str) -> list[str]:
    return re.findall(r"P-\d{4}", page)


def test_a_search_finds_by_name_and_answers_with_the_list_alone(many: World) -> None:
    response = signed_in(many.alice).post("/", {"text": "zand"}, headers=HTMX)
    assert "<html" not in response.content.decode()
    assert "Zoe Zander" in text(response)
    assert "Alder" not in text(response)


def test_a_search_works_without_javascript(many: World) -> None:
    page = signed_in(many.alice).post("/", {"text": "zand"}).content.decode()
    assert "<html" in page
    assert "Zoe Zander" in page


def test_a_search_never_leaves_the_care_team(many: World) -> None:
    assert "Nobody found" in text(signed_in(many.alice).post("/", {"text": "Birch"}))


def test_a_name_that_is_searched_for_stands_in_no_address(many: World) -> None:
    page = signed_in(many.alice).post("/", {"text": "Alder"}).content.decode()
    addresses = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', page)
    assert addresses
    assert not [address for address in addresses if "alder" in address.lower()]


def test_following_the_pages_meets_every_patient_once_and_in_order(many: World) -> None:
    client = signed_in(many.alice)
    page = client.get("/").content.decode()
    found = references(page)
    while match := re.search(r'name="after" value="([^"]+)"', page):
        page = client.post("/", {"after": match[1]}, headers=HTMX).content.decode()
        found += references(page)
    everybody = many.alice.patients.order_by("family_name", "given_name", "id")
    assert found == [patient.reference for patient in everybody]


@pytest.mark.parametrize("after", ["'; DROP", "0b5e2f6e-3a3c-4b1e-9d0e-2f4c5d6e7f80", "x" * 3000])
def test_a_place_that_no_page_has_named_gives_the_first_page(many: World, after: str) -> None:
    client = signed_in(many.alice)
    assert references(client.post("/", {"after": after}).content.decode()) == references(
        client.get("/").content.decode()
    )


def test_further_patients_bring_what_their_checkpoint_is_fit_for(many: World) -> None:
    client = signed_in(many.alice)
    last = many.alice.patients.get(family_name="Zander")
    ConsentFactory(patient=last)
    analysed(SessionFactory(patient=last), depression=0.7)
    before_last = many.alice.patients.order_by("family_name", "given_name", "id")[5]
    place = place_of(many.alice, View(), before_last)
    further = client.post("/", {"after": place.token}, headers=HTMX)
    assert 'id="caseload-labels" hx-swap-oob="true"' in further.content.decode()
    assert "never a diagnosis" in text(further)


def test_what_the_checkpoints_of_earlier_pages_are_fit_for_stays(many: World) -> None:
    client = signed_in(many.alice)
    first = many.alice.patients.get(family_name="Aarden")
    ConsentFactory(patient=first)
    analysed(SessionFactory(patient=first), depression=0.7)
    page = client.get("/").content.decode()
    assert "never a diagnosis" in page
    further = client.post("/", more_of(page), headers=HTMX)
    assert "never a diagnosis" in text(further)
    forged = client.post("/", more_of(page) | {"checkpoints": '["../../etc"]'}, headers=HTMX)
    assert "etc" not in text(forged)


def test_how_many_were_found_is_announced(many: World) -> None:
    page = signed_in(many.alice).post("/", {"text": "zand"}, headers=HTMX).content.decode()
    assert re.search(r'role="status" id="caseload-count">1 patient\.', page)
