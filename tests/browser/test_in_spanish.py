"""What scripts say and draw, in Spanish, once that is offered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.stack import Stack
from tests.world import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("es" not in dict(settings.LANGUAGES), reason="Spanish is not offered."),
]


@pytest.fixture
def page(stack: Stack, open_page: Callable[..., Page]) -> Page:
    """A counselor's, whose browser asks for Spanish."""
    opened = open_page(locale="es-MX")
    opened.goto("/sign-in/")
    opened.fill("#id_username", stack.world["counselor"])
    opened.fill("#id_password", PASSWORD)
    opened.get_by_role("button", name="Entrar", exact=True).click()
    expect(opened.get_by_role("heading", name="Mis pacientes")).to_be_visible()
    return opened


def test_the_course_is_read_in_spanish(stack: Stack, page: Page) -> None:
    page.goto(f"/patients/{stack.world['charted']}/")
    page.locator("[data-chart]").focus()
    page.keyboard.press("Home")
    readout = page.locator("[data-readout]")
    expect(readout).to_contain_text("ene")
    expect(readout).to_contain_text(re.compile(r"0\.\d\d \(0\.\d\d–0\.\d\d\), (baja|elevada|indeterminada)"))
    expect(readout).to_contain_text("PHQ-9 9 de 27, leve")
    expect(readout).to_contain_text("Abrir la sesión")
    expect(page.locator("[data-legend]")).to_contain_text("Intervalo del 90 %")
    page.keyboard.press("+")
    expect(page.locator("[data-shown]")).to_contain_text("2026")
    page.get_by_role("button", name="Juntas").click()
    expect(page.locator("[data-meaning]")).to_have_text("Las tres puntuaciones, cada una de 0 a 1.")


def test_a_file_is_chosen_in_spanish(stack: Stack, page: Page) -> None:
    page.goto(f"/patients/{stack.world['fresh']}/")
    words = page.locator("[data-drop-words]")
    expect(words).to_have_text("Suelte aquí una grabación, o elija un archivo")
    page.locator("input[type=file]").set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"x" * 2048})
    expect(words).to_have_text("a.wav, 2 KB")
