"""The chart alone, as it is fetched again when an analysis is done."""

from __future__ import annotations

from tests.pages import HTMX, signed_in, text
from tests.world import SessionFactory, World, analysed


def test_the_chart_comes_without_the_rest_of_the_page(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    page = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/course/", headers=HTMX).content.decode()
    assert "course-data" in page
    assert "<html" not in page


def test_before_the_first_analysis_it_says_when_a_point_will_appear(world: World) -> None:
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/course/"))
    assert "When a recording has been analysed, its point appears here." in page


def test_staff_are_refused(world: World) -> None:
    assert signed_in(world.sam).get(f"/patients/{world.alices_patient.id}/course/").status_code == 403


def test_a_part_of_a_page_sends_whoever_is_signed_out_to_sign_in(world: World) -> None:
    client = signed_in(world.alice)
    client.logout()
    response = client.get(f"/patients/{world.alices_patient.id}/course/", headers=HTMX)
    assert response.headers["HX-Redirect"] == "/sign-in/"
