"""What the modules behind the pages say: states, forms, flags, logs and reports in Spanish, and files in English."""

from __future__ import annotations

import re
import warnings
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from accounts import access_log
from accounts.models import User
from inference.results import Score
from sessions_app.dashboard import access_words, changes
from sessions_app.dashboard.access_log_form import ACTIONS
from sessions_app.dashboard.wording import consent_words, how_long, score_sentence
from sessions_app.models import FlagKind
from tests.languages import catalogs
from tests.outlets import pdf_text
from tests.pages import signed_in, text
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed, annotation_of, flag_of

WORDS = 3
"""So many in a row that stand in a sentence would not stand in a page of another language by chance."""


def speaks_spanish(user: User) -> Client:
    user.language = "es"
    user.save()
    return signed_in(user)


def pattern_of(english: str) -> re.Pattern[str] | None:
    """A sentence with whatever stands for its values; ``None`` where nothing but a few words would be left of it."""
    parts = [" ".join(part.split()) for part in re.split(r"%\(\w+\)s", english.replace("%%", "%"))]
    if "<" in english or max(len(part.split()) for part in parts) < WORDS:
        return None
    return re.compile(" ?[^.]{1,60} ?".join(map(re.escape, parts)))


def patterns() -> list[re.Pattern[str]]:
    messages = [message.id for message in catalogs.written("es") if message.id]
    forms = [form for message in messages for form in ([message] if isinstance(message, str) else message)]
    return [pattern for pattern in map(pattern_of, forms) if pattern]


IN_ENGLISH = patterns()


def read(answer: HttpResponse) -> str:
    """What is read in a page in which no sentence, whatever stands in it, is left in English."""
    answer.status_code = 200  # a form that is refused is a page too
    page = text(answer)
    assert [found[0] for found in (pattern.search(page) for pattern in IN_ENGLISH) if found] == []
    return page


def body_of(answer: HttpResponse) -> bytes:
    with warnings.catch_warnings():
        # The test client serves without an event loop and reads the whole stream at once.
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume asynchronous")
        return b"".join(answer)


def test_a_sentence_that_is_left_in_english_is_found_whatever_stands_in_it() -> None:
    for said in (
        "Will be removed on 3 Mar 2026, 30 days after the analysis.",
        "Alice is of the care team now and sees the patient.",
        "Please choose a kind.",
    ):
        assert any(pattern.search(said) for pattern in IN_ENGLISH), said
    assert not any(pattern.search("Se quitará el 3 Mar 2026, 30 días después del análisis.") for pattern in IN_ENGLISH)


@pytest.mark.parametrize("state", ["elevada", "indeterminada", "baja"])
@pytest.mark.parametrize(
    "place", ["/patients/{patient}/sessions/", "/sessions/{session}/", "/patients/{patient}/numbers/"]
)
def test_a_score_has_its_state_in_spanish(world: World, place: str, state: str) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    about = {"patient": world.alices_patient.id, "session": recording.session_id}
    page = read(speaks_spanish(world.alice).get(place.format(**about)))
    assert state in page
    assert "elevated" not in page


def test_a_score_is_written_alike_in_both_languages() -> None:
    score, none = Score(0.714, 0.62, 0.787, "elevated"), Score.unavailable("X.")
    assert [score_sentence(score), score_sentence(none)] == ["0.71 (0.62–0.79), elevated", "not available: X."]
    with translation.override("es"):
        assert [score_sentence(score), score_sentence(none)] == ["0.71 (0.62–0.79), elevada", "no disponible: X."]


def test_a_time_is_counted_in_spanish() -> None:
    spans = [timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=2), timedelta(days=1), timedelta(days=9)]
    with translation.override("es"):
        assert list(map(how_long, spans)) == ["menos de un minuto", "1 minuto", "2 horas", "1 día", "9 días"]


def test_a_consent_is_put_into_spanish(world: World) -> None:
    with translation.override("es"):
        words = consent_words(list(world.alices_patient.consents.all()), date(2026, 6, 1))
    assert words.short == "Consentimiento dado"
    assert words.sentence.startswith("Consentimiento para el análisis de la voz desde el ")


@pytest.mark.parametrize(
    ("place", "sent", "said"),
    [
        ("/patients/new/", {}, "Indique el nombre de pila del paciente."),
        ("/patients/new/", {"with_consent": "on"}, "Indique qué versión del texto de consentimiento se firmó."),
        ("/emergency/", {"number": "X"}, "Diga por qué esto no puede esperar."),
        ("/patients/{patient}/annotations/", {}, "Elija un tipo."),
        ("/patients/{patient}/notes/", {}, "Elija el tipo de nota."),
        ("/patients/{patient}/correct/", {"reference": ""}, "Indique el nombre de pila del paciente."),
        ("/patients/{patient}/erase/", {"number": "X"}, "Este no es el número de este paciente."),
        ("/patients/{patient}/questionnaires/phq9/", {}, "Elija una de las respuestas, o «Sin responder»."),
        ("/patients/{patient}/sessions/", {}, "Elija una grabación."),
        ("/account/voice/", {}, "Elija un fragmento."),
    ],
)
def test_what_is_missing_in_a_counselors_form_is_said_in_spanish(
    world: World, place: str, sent: dict[str, str], said: str
) -> None:
    address = place.format(patient=world.alices_patient.id)
    assert said in read(speaks_spanish(world.alice).post(address, sent))


@pytest.mark.parametrize(
    ("place", "sent", "said"),
    [
        ("/clinic/care-teams/", {}, "Indique un número o un nombre"),
        ("/clinic/care-teams/{patient}/", {}, "Elija un terapeuta."),
        ("/clinic/access-log/", {"patient": "X"}, "Ningún paciente de esta clínica tiene este número."),
        ("/clinic/access-log/", {"since": "1000-01-01"}, "Indique un día entre 1900 y 2999."),
        ("/clinic/overdue/", {"overdue_weeks": "0"}, "Indique de "),
        ("/clinic/idle/", {"minutes": "1000"}, "Indique de "),
    ],
)
def test_what_is_missing_in_the_administrators_form_is_said_in_spanish(
    world: World, place: str, sent: dict[str, str], said: str
) -> None:
    address = place.format(patient=world.alices_patient.id)
    assert said in read(speaks_spanish(world.ada).post(address, sent, follow=True))


def test_an_answer_that_was_not_given_is_called_so(world: World) -> None:
    page = read(speaks_spanish(world.alice).get(f"/patients/{world.alices_patient.id}/questionnaires/phq9/"))
    assert page.count("Sin responder") >= 9


def test_a_flag_says_why_by_which_rule_and_what_next_in_spanish(world: World) -> None:
    flag_of(world.alices_patient)
    page = read(speaks_spanish(world.alice).get("/flags/"))
    assert "Sin sesión desde hace 0 semanas" in page
    assert "Tras 26 semanas sin ninguna, el aviso termina" in page
    assert "Preguntar si hay una sesión prevista" in page


def test_each_kind_of_flag_has_words_in_which_every_value_is_filled_in(world: World) -> None:
    client, flag = speaks_spanish(world.alice), flag_of(world.alices_patient)
    said = set()
    for kind in FlagKind:
        flag.kind = kind
        flag.session = analysed(SessionFactory(patient=world.alices_patient)).session
        flag.save()
        page = read(client.get("/flags/"))
        assert "%(" not in page
        said.add(page)
    assert len(said) == len(FlagKind)


def test_what_was_changed_is_told_in_spanish(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    annotation_of(world.alices_patient)
    page = read(speaks_spanish(world.alice).get(f"/patients/{world.alices_patient.id}/changes/"))
    assert "Equipo asistencial entró" in page
    assert "Consentimiento del" in page
    assert "Apellidos Alder" in page
    with translation.override("es"):
        assert {str(words) for words in changes.DID.values()} == {"se añadió", "se cambió", "se quitó"}


def test_the_access_log_is_read_in_spanish_and_still_holds_codes(world: World) -> None:
    access_log.record(actor=world.alice, action="put_off_flag", object_kind="flag")
    page = read(speaks_spanish(world.ada).get("/clinic/access-log/"))
    assert "Aplazó un aviso" in page
    assert "Put off a flag" not in page


def test_actions_stand_in_the_order_of_a_dictionary(world: World) -> None:
    page = read(speaks_spanish(world.ada).get("/clinic/access-log/"))
    assert (
        "Analizó un archivo al momento Añadió a alguien al equipo asistencial Añadió un segundo factor Aplazó" in page
    )


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_each_action_of_the_access_log_has_words(code: str) -> None:
    english = access_words.did_words(code)
    assert english in map(str, access_words.DID.values())
    with translation.override("es"):
        assert access_words.did_words(code) != english


def test_each_kind_of_object_in_the_access_log_has_words() -> None:
    files = [path for app in ("accounts", "sessions_app") for path in Path(app).rglob("*.py")]
    code = "".join(path.read_text() for path in files if "management" not in path.parts)
    written = set(re.findall(r'\b(?:object_kind|KIND|kind)(?:: str)? = "(\w+)"', code))
    written |= set(re.findall(r'\bobject_kind="(\w+)"', code))
    written |= set(re.findall(r'refusal\([\w.]+, "(\w+)"', code))
    written |= set(re.findall(r'_log_about\((?:[\w.]+, )*"\w+", "(\w+)"', code))
    assert {"consent", "job", "page", "patient", "flag"} <= written
    assert written <= set(access_words.ON)
    for kind in access_words.ON:
        assert access_words.kind_words(kind) == kind.replace("_", " ")


def test_a_code_that_is_not_known_is_read_as_it_is() -> None:
    with translation.override("es"):
        assert (access_words.did_words("dance_now"), access_words.kind_words("new_thing")) == ("dance now", "new thing")


def test_files_that_programs_read_are_the_same_in_every_language(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    annotation_of(world.alices_patient)
    access_log.record_failed_sign_in(world.alice)
    course = f"/patients/{world.alices_patient.id}/numbers/export/"
    for user, address in ((world.alice, course), (world.ada, "/clinic/access-log/export/")):
        asked = {"action": "sign_in"} if user == world.ada else {}
        english = body_of(signed_in(user).post(address, asked))
        assert body_of(speaks_spanish(user).post(address, asked)) == english
        assert len(english.splitlines()) > 1


def test_how_the_analyses_go_is_told_in_spanish(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    page = read(speaks_spanish(world.ada).get("/clinic/operations/"))
    assert "Nada espera." in page
    assert "no se tuvo noticia de ningún proceso de análisis." in page


@pytest.mark.parametrize(
    "place",
    [
        "/",
        "/patients/{patient}/",
        "/patients/{patient}/sessions/",
        "/patients/{patient}/questionnaires/",
        "/patients/{patient}/numbers/",
        "/patients/{patient}/accesses/",
        "/patients/{patient}/erase/",
        "/sessions/{session}/",
    ],
)
def test_whatever_stands_in_a_sentence_none_is_left_in_english(world: World, place: str) -> None:
    for number in range(6):
        recording = analysed(SessionFactory(patient=world.alices_patient), depression=0.2 + number / 20)
        at = recording.session.held_at + timedelta(days=number)
        QuestionnaireFactory(patient=world.alices_patient, answered_at=at, items=[number % 4] * 8 + [None])
    flag_of(world.alices_patient)
    about = {"patient": world.alices_patient.id, "session": recording.session_id}
    read(speaks_spanish(world.alice).get(place.format(**about)))


def test_the_report_is_in_the_language_of_who_asks_for_it(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    answer = speaks_spanish(world.alice).get(f"/patients/{world.alices_patient.id}/report/")
    said = " ".join(pdf_text(answer.content).split())
    assert "elevada" in said
    assert "Probabilidad de depresión" in said
    assert "Las puntuaciones de la voz están activadas." in said
    assert "elevated" not in said


def test_thoughts_of_self_harm_are_named_in_spanish_as_soon_as_they_are_entered(world: World) -> None:
    answers = {f"item_{place}": "1" for place in range(1, 10)} | {"answered_at": "2026-03-02T09:00"}
    there = f"/patients/{world.alices_patient.id}/questionnaires/phq9/"
    page = read(speaks_spanish(world.alice).post(there, answers, follow=True))
    assert "La pregunta 9 se respondió con «varios días»" in page
    assert "Siga el procedimiento de seguridad de su clínica" in page


def test_dates_in_the_wrong_order_are_told_in_spanish(world: World) -> None:
    asked = {"since": "2026-03-03", "until": "2026-03-02"}
    page = read(speaks_spanish(world.ada).post("/clinic/access-log/", asked))
    assert "Este día es anterior al de «Desde»." in page
