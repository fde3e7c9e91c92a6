"""What scripts say comes with the page, in the language of its reader; and what scripts draw is told in it too."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse

from tests.pages import signed_in
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed, annotation_of


@pytest.fixture(params=["en", "es"])
def language(request: pytest.FixtureRequest, world: World) -> str:
    analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    annotation_of(world.alices_patient)
    world.alice.language = request.param
    world.alice.save()
    return str(request.param)


def block(answer: HttpResponse, name: str) -> Any:
    """What the page hands to a script, of which there is one block."""
    (found,) = re.findall(rf'<script id="{name}" type="application/json">(.*?)</script>', answer.content.decode())
    return json.loads(found)


@pytest.mark.parametrize(
    ("script", "word", "said"),
    [
        ("trend", "together", {"en": "Together", "es": "Juntas"}),
        ("upload", "uploading", {"en": "Uploading", "es": "Subiendo"}),
        (
            "upload",
            "progress",
            {"en": "Uploading, %(percent)s %% of %(size)s", "es": "Subiendo, %(percent)s %% de %(size)s"},
        ),
    ],
)
def test_a_patients_page_hands_its_scripts_their_words(
    world: World, language: str, script: str, word: str, said: dict[str, str]
) -> None:
    page = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/")
    assert block(page, f"{script}-words")[word] == said[language]


def test_a_sessions_page_hands_its_chart_and_its_player_their_words(world: World, language: str) -> None:
    session = world.alices_patient.sessions.get()
    analysed(session)
    words = block(signed_in(world.alice).get(f"/sessions/{session.id}/"), "timeline-words")
    assert words["lanes"]["silence"] == {"en": "Silence", "es": "Silencio"}[language]
    assert words["pause"] == {"en": "Pause", "es": "Pausar"}[language]


def test_the_chart_names_severity_and_events_in_the_language_and_states_by_code(world: World, language: str) -> None:
    chart = block(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"), "course-data")
    assert chart["questionnaires"][0]["bands"][1][2] == {"en": "mild", "es": "leve"}[language]
    assert chart["annotations"][0]["kind"] == {"en": "Life event", "es": "Acontecimiento de la vida"}[language]
    assert chart["states"] == ["elevated", "indeterminate", "low"]
