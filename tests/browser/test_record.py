"""What is written into a record and handed out of it, and what the administrator decides, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import SignIn
from tests.stack import Stack

pytestmark = pytest.mark.browser


def write(page: Page, kind: str, text: str) -> None:
    page.get_by_text("Write a note").click()
    page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
    page.get_by_label("Note", exact=True).fill(text)
    page.get_by_role("button", name="Sign and keep").click()


def test_a_progress_note_gets_an_addendum_and_a_psychotherapy_note_is_for_its_author_alone(
    stack: Stack, sign_in: SignIn
) -> None:
    page = sign_in("counselor")
    notes = f"/patients/{stack.world['fresh']}/notes/"
    page.goto(notes)
    write(page, "Progress note", "Sleeps better.")
    note = page.get_by_role("article").filter(has_text="Sleeps better.")
    note.get_by_role("link", name="Add an addendum").click()
    page.get_by_role("textbox", name="Addendum").fill("Seven hours a night.")
    page.get_by_role("button", name="Sign and keep").click()
    page.goto(notes)
    expect(note).to_contain_text("Seven hours a night.")
    write(page, "Psychotherapy note", "A dream about water.")
    expect(page.get_by_role("article").filter(has_text="A dream about water.")).to_contain_text(
        "Nobody but you can read this."
    )


def test_the_report_is_a_file_of_one_or_two_pages(stack: Stack, sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("counselor")
    page.goto(f"/patients/{stack.world['charted']}/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Report (PDF)").click()
    download.value.save_as(tmp_path / "report.pdf")
    pages = PdfReader(tmp_path / "report.pdf").pages
    assert 1 <= len(pages) <= 2
    assert "Charted" in pages[0].extract_text()
    assert "Charted" not in download.value.suggested_filename


def test_the_administrator_adds_a_counselor_to_a_care_team_and_takes_them_out_again(
    stack: Stack, sign_in: SignIn
) -> None:
    page = sign_in("admin")
    page.get_by_role("link", name="Care teams").click()
    page.get_by_label("Number or name").fill("Fern")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Fern Fresh").click()
    page.get_by_label("Counselor", exact=True).select_option("Bob")
    page.get_by_role("button", name="Add to the care team").click()
    colleague, patient = sign_in("busy counselor").request, f"/patients/{stack.world['fresh']}/"
    assert colleague.get(patient).status == 200
    page.get_by_role("button", name="Take out Bob").click()
    expect(page.get_by_role("button", name="Take out Bob")).to_have_count(0)
    assert colleague.get(patient).status == 404


def test_the_administrator_decides_how_long_audio_is_kept_and_when_a_patient_is_missed(sign_in: SignIn) -> None:
    page = sign_in("admin")
    for label, button, now in (
        ("Days after the analysis", "Set the days", "45"),
        ("Weeks without a session", "Set the weeks", "6"),
    ):
        before = page.get_by_label(label).input_value()
        for value in (now, before):
            page.get_by_label(label).fill(value)
            page.get_by_role("button", name=button).click()
            page.goto("/")
            expect(page.get_by_label(label)).to_have_value(value)


def test_the_administrator_reads_which_checkpoint_made_how_many_scores(sign_in: SignIn) -> None:
    page = sign_in("admin")
    page.get_by_role("link", name="Checkpoints").click()
    expect(page.locator("table").first).to_contain_text("0.2")
