"""The way in for a clinic that starts from an empty database: `add_clinic` and `add_user`."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.test import Client

from accounts.models import Clinic, Role, User
from tests.pages import text
from tests.world import ClinicFactory, UserFactory

ADA = {"admin": "Ada@Willow.example", "name": "Ada Ames"}


def said(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def password_in(output: str) -> str:
    found = re.search(r"^    (\S{16,})$", output, re.MULTILINE)
    assert found, output
    return found[1]


def test_the_first_administrator_signs_in_with_the_password_that_was_shown(db: None, client: Client) -> None:
    output = said("add_clinic", "Willow House", time_zone="Europe/Berlin", **ADA)
    first, own = password_in(output), "seven green umbrellas"
    client.post("/sign-in/", {"username": "ada@willow.example", "password": first})
    client.post("/account/password/", {"oldpassword": first, "password1": own, "password2": own})
    page = text(client.get("/"))
    assert "Willow House" in page
    assert "Times are shown in Europe/Berlin." in page


def test_each_generated_password_is_another(db: None) -> None:
    first = said("add_clinic", "Willow House", **ADA)
    second = said("add_clinic", "Elm House", admin="eve@elm.example", name="Eve")
    assert password_in(first) != password_in(second)


def test_a_password_from_a_file_is_used_and_not_shown(db: None, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("seven green umbrellas\n")
    output = said("add_clinic", "Willow House", password_file=file, **ADA)
    assert "umbrellas" not in output
    assert client.login(username="ada@willow.example", password="seven green umbrellas")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"time_zone": "Europe/Atlantis"}, "There is no time zone called 'Europe/Atlantis'."),
        ({"time_zone": "../etc/passwd"}, "There is no time zone called '../etc/passwd'."),
        ({"time_zone": "localtime"}, "There is no time zone called 'localtime'."),
        ({"admin": "ada"}, "Enter a valid email address."),
        ({"password_file": Path("/nowhere")}, "The password cannot be read from /nowhere."),
    ],
)
def test_what_cannot_be_used_is_a_sentence_and_leaves_nothing(db: None, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        said("add_clinic", "Willow House", **(ADA | options))
    assert not Clinic.objects.exists()
    assert not User.objects.exists()


def test_an_address_that_has_an_account_is_refused_whatever_its_letter_case(db: None) -> None:
    UserFactory(email="ada@willow.example")
    clinics = Clinic.objects.count()
    with pytest.raises(CommandError, match="Somebody has an account with this e-mail"):
        said("add_clinic", "Willow House", **ADA)
    assert Clinic.objects.count() == clinics


def test_a_weak_password_is_refused(db: None, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("short")
    with pytest.raises(CommandError, match="too short"):
        said("add_clinic", "Willow House", password_file=file, **ADA)


def test_a_database_without_tables_says_what_to_run(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_table(**_: object) -> None:
        raise ProgrammingError

    monkeypatch.setattr("accounts.services.clinic_add", no_table)
    with pytest.raises(CommandError, match="Please run"):
        said("add_clinic", "Willow House", **ADA)


@pytest.mark.parametrize("role", Role.values)
def test_people_of_every_role_are_added_to_the_clinic_of_that_name(db: None, role: str) -> None:
    clinic = ClinicFactory(name="Willow House")
    output = said("add_user", "clara@willow.example", clinic="willow house", role=role, name="Clara Cole")
    user = User.objects.get(email="clara@willow.example")
    assert (user.clinic, user.role, user.display_name) == (clinic, role, "Clara Cole")
    assert user.check_password(password_in(output))
    assert str(user.id) in output


def test_a_clinic_that_is_not_there_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="There is no clinic 'Nowhere'"):
        said("add_user", "clara@willow.example", clinic="Nowhere", role="staff", name="Clara")


def test_of_two_clinics_of_one_name_the_id_tells_which(db: None) -> None:
    one, other = ClinicFactory(name="Willow House"), ClinicFactory(name="Willow House")
    with pytest.raises(CommandError, match=str(other.id)):
        said("add_user", "clara@willow.example", clinic="Willow House", role="staff", name="Clara")
    said("add_user", "clara@willow.example", clinic=str(one.id), role="staff", name="Clara")
    assert User.objects.get(email="clara@willow.example").clinic == one
