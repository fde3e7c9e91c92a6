"""Passwords that are built from what everybody here would try first: the product, the clinic, one's own name."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.expected_words import LEAST_OF_ONES_OWN, ExpectedWordsValidator, words_expected_of
from accounts.invitations import invitation_add
from accounts.models import Clinic, Role, User
from tests.pages import signed_in
from tests.world import PASSWORD, World

ADA = User(clinic=Clinic(name="Willow House"), email="ada.ames@willow.example", display_name="Ada Ames-Björk")


def is_refused(password: str, user: User | None = ADA) -> bool:
    try:
        ExpectedWordsValidator().validate(password, user)
    except ValidationError as error:
        return error.code == "password_expected"
    return False


@pytest.mark.parametrize(
    "password",
    [
        "Undertone2026!",
        "undertone-undertone",
        "WillowHouse#123",
        "willow house willow house",
        "ada.ames@willow.example",
        "AmesBjörk2026",
        "counselor123",
        "Password.Undertone.1",
    ],
)
def test_what_anybody_here_would_try_first_is_refused(password: str) -> None:
    assert is_refused(password)


@pytest.mark.parametrize("password", ["seven green umbrellas", "a willow bends over the river", "xK2!undertone#pQ9z"])
def test_an_expected_word_among_others_of_ones_own_is_no_reason(password: str) -> None:
    assert not is_refused(password)


def test_without_an_account_the_words_of_the_product_count() -> None:
    assert is_refused("Undertone2026!", None)
    assert not is_refused("WillowHouse#123", None)


EXPECTED = st.sampled_from(sorted(words_expected_of(ADA)))


@given(words=st.lists(EXPECTED, min_size=1, max_size=6), more=st.text(max_size=3))
def test_words_that_are_expected_never_make_a_password_however_many(words: list[str], more: str) -> None:
    assert is_refused("".join(words).title() + more)


@given(own=st.text(alphabet="qxz", min_size=LEAST_OF_ONES_OWN, max_size=40))
def test_nothing_that_holds_no_expected_word_is_refused(own: str) -> None:
    assert not is_refused(own)


def test_the_page_for_a_new_password_says_so(world: World) -> None:
    world.clinic.name = "Willow House"
    world.clinic.save()
    sent = {"oldpassword": PASSWORD, "password1": "WillowHouse#123", "password2": "WillowHouse#123"}
    answer = signed_in(world.alice).post("/account/password/", sent, follow=True)
    assert "words that are expected here" in answer.content.decode()
    assert Client().login(username=world.alice.email, password=PASSWORD)


def test_so_does_the_page_of_an_invitation_beside_the_field(world: World) -> None:
    world.clinic.name = "Willow House"
    world.clinic.save()
    secret = invitation_add(user=world.ada, email="new@clinic.example", role=Role.STAFF)[1]
    client = Client()
    client.get("/invitation/", {"code": secret})
    sent = {"display_name": "Nora New", "password1": "WillowHouse#123", "password2": "WillowHouse#123"}
    answer = client.post("/invitation/", sent)
    assert answer.context["form"].errors.as_data()["password1"][0].code == "password_expected"
    assert not User.objects.filter(email="new@clinic.example").exists()


@pytest.mark.parametrize("password", ["short", "abc", "seven!"])
def test_a_short_one_that_holds_no_expected_word_is_not_said_to_be_made_of_such(password: str) -> None:
    assert not is_refused(password)


def test_a_short_one_that_is_an_expected_word_is() -> None:
    assert is_refused("voice")
