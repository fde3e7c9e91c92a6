"""What is translated is read in Spanish: whole pages, refusals and mails, with nothing of it left in English."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from django.http import HttpResponse
from django.template.defaultfilters import date
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts import outgoing
from accounts.models import Role, User
from tests.accounts.factors import with_app
from tests.accounts.security_key import SecurityKey
from tests.languages import catalogs
from tests.pages import signed_in, text
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed

SPANISH = {"Accept-Language": "es"}
WORDS = 3
"""A text of fewer words could stand in a page by chance."""

TRANSLATED = {
    message.id: message.string
    for message in catalogs.written("es")
    if isinstance(message.id, str)
    and len(message.id.split()) >= WORDS
    and "%(" not in message.id
    and "<" not in message.id
}

OWN = (
    "/account/password/",
    "/account/second-factor/",
    "/account/second-factor/app/remove/",
    "/account/second-factor/passkey/",
    "/account/second-factor/codes/",
    "/account/second-factor/codes/new/",
    "/account/devices/",
    "/account/api-token/",
    "/account/confirm/",
    "/account/confirm/code/",
    "/account/confirm/passkey/",
)


def speaks_spanish(user: User) -> Client:
    user.language = "es"
    user.save()
    return signed_in(user)


def read(answer: HttpResponse) -> str:
    """What is read in a page of which nothing that is translated is left in English."""
    answer.status_code = 200  # an error is a page too
    page = text(answer)
    assert [english for english in TRANSLATED if english in page] == []
    assert any(spanish in page for spanish in TRANSLATED.values())
    return page


@pytest.mark.parametrize("place", OWN)
def test_a_page_about_ones_own_account_is_in_spanish(world: World, place: str) -> None:
    SecurityKey().given_to(with_app(world.alice))
    page = read(speaks_spanish(world.alice).get(place))
    assert "Terapeuta, Willow House" in page


def test_an_app_is_set_up_in_spanish(world: World) -> None:
    assert "Escanee esta imagen" in read(speaks_spanish(world.alice).get("/account/second-factor/app/"))


@pytest.mark.parametrize("place", ["/sign-in/", "/password/forgotten/"])
@pytest.mark.usefixtures("db")
def test_a_page_before_signing_in_is_in_spanish(client: Client, settings: Settings, place: str) -> None:
    settings.EMAIL_URL = "memorymail://"
    read(client.get(place, headers=SPANISH))


def test_a_refusal_to_sign_in_is_in_spanish(world: World, client: Client) -> None:
    sent = {"username": world.alice.email, "password": "wrong"}
    assert "no se corresponden" in read(client.post("/sign-in/", sent, headers=SPANISH))


def test_a_password_that_is_too_weak_is_refused_in_spanish(world: World) -> None:
    sent = {"oldpassword": "wrong", "password1": "password123", "password2": "other"}
    page = read(speaks_spanish(world.alice).post("/account/password/", sent))
    assert "Esta no es su contraseña actual." in page


def test_the_administrators_pages_about_people_are_in_spanish(world: World) -> None:
    client = speaks_spanish(world.ada)
    assert "Personal de la clínica" in read(client.get("/clinic/people/"))
    assert "Desactivar" in read(client.get(f"/clinic/people/{world.alice.id}/"))
    said = read(client.post(f"/clinic/people/{world.alice.id}/switch/", follow=True))
    assert "La cuenta de Alice está desactivada." in said


@pytest.mark.parametrize(
    ("place", "heading"), [("/nowhere/", "Aquí no hay nada"), ("/clinic/people/", "Su rol no permite esto")]
)
def test_an_error_is_told_in_spanish(world: World, place: str, heading: str) -> None:
    assert heading in read(speaks_spanish(world.alice).get(place))


@pytest.mark.parametrize(
    ("place", "heading"),
    [
        ("/", "Mis pacientes"),
        ("/flags/", "Nada requiere su atención"),
        ("/patients/new/", "¿Quién más atiende a este paciente?"),
        ("/emergency/", "Acceso de emergencia"),
        ("/account/voice/", "Su voz"),
        ("/checkpoints/", "Qué no se sabe"),
        ("/patients/{patient}/", "Evolución en el tiempo"),
        ("/patients/{patient}/numbers/", "Evolución en cifras"),
        ("/patients/{patient}/annotations/", "Acontecimientos"),
        ("/patients/{patient}/questionnaires/", "Cómo se cuenta el PHQ-9"),
        ("/patients/{patient}/notes/", "Nota de psicoterapia."),
        ("/patients/{patient}/consents/withdraw/", "¿Retirar el consentimiento"),
        ("/patients/{patient}/export/", "Usted recibe un archivo comprimido"),
        ("/patients/{patient}/erase/", "Suprimir para siempre"),
        ("/patients/{patient}/accesses/", "Consultar esto también queda anotado."),
        ("/patients/{patient}/changes/", "Antes → y después"),
        ("/patients/{patient}/correct/", "Corregir el nombre o el número"),
        ("/sessions/{session}/", "Cómo sonó la voz"),
        ("/recordings/{recording}/delete/", "¿Eliminar esta grabación?"),
        ("/recordings/{recording}/remove-audio/", "¿Quitar el audio de esta grabación?"),
    ],
)
def test_a_counselors_pages_are_in_spanish(world: World, place: str, heading: str) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient))
    QuestionnaireFactory(patient=world.alices_patient)
    about = {"patient": world.alices_patient.id, "session": recording.session_id, "recording": recording.id}
    assert heading in read(speaks_spanish(world.alice).get(place.format(**about)))


@pytest.mark.parametrize(
    ("place", "heading"),
    [
        ("/", "Puntuaciones de la voz"),
        ("/clinic/care-teams/", "Equipos asistenciales"),
        ("/clinic/checkpoints/", "Qué modelo de voz ha puntuado"),
        ("/clinic/operations/", "Procesos de análisis"),
        ("/clinic/access-log/", "Exportar como CSV"),
    ],
)
def test_the_administrators_pages_about_the_clinic_are_in_spanish(world: World, place: str, heading: str) -> None:
    assert heading in read(speaks_spanish(world.ada).get(place))


def test_a_code_is_mailed_in_the_language_of_its_receiver(world: World, settings: Settings, client: Client) -> None:
    settings.EMAIL_URL = "memorymail://"
    world.alice.language = "es"
    world.alice.save()
    for user in (world.alice, world.bob):
        client.post("/password/forgotten/", {"email": user.email})
        outgoing.wait()
    subjects = {sent.recipients()[0]: sent.subject for sent in mail.outbox}
    assert subjects == {
        world.alice.email: "Su código para una contraseña nueva",
        world.bob.email: "Your code for a new password",
    }


def test_a_link_is_mailed_in_the_language_of_its_receiver_and_an_invitation_in_that_of_the_page(
    world: World, settings: Settings
) -> None:
    settings.EMAIL_URL = "memorymail://"
    world.alice.language = "en"
    world.alice.save()
    client = speaks_spanish(world.ada)
    client.post(f"/clinic/people/{world.alice.id}/link/")
    client.post("/clinic/people/", {"email": "new@clinic.example", "role": Role.STAFF})
    to_alice, to_somebody_new = mail.outbox
    assert "Ada has made a link for you." in to_alice.body
    assert "Ada le invita a Undertone en Willow House." in to_somebody_new.body


def test_a_day_has_the_name_of_its_month_in_the_language() -> None:
    day = dt.date(2026, 1, 5)
    with translation.override("es"):
        assert date(day, "j M Y") == "5 Ene 2026"
    assert date(day, "j M Y") == "5 Jan 2026"
