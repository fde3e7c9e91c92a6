"""A browser in which a password or second factor was changed is one of its owner's devices, as before."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from accounts.devices import sessions_end
from accounts.invitations import invitation_add
from accounts.models import Role, User
from tests.accounts.factors import shown
from tests.accounts.test_devices import FIREFOX, by_the_form, is_in, only_other
from tests.pages import signed_in, text
from tests.world import PASSWORD, World

# What a new factor ends is ended when the transaction of its page is.
pytestmark = pytest.mark.django_db(transaction=True)

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
NEW = "seven green umbrellas"


def change_password(client: Client) -> None:
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})


def set_up_an_app(client: Client) -> None:
    secret = client.get("/account/second-factor/app/").context["form"].secret
    client.post("/account/second-factor/app/", {"code": shown(secret)})


def remove_the_app(client: Client) -> None:
    client.post("/account/second-factor/app/remove/")


def make_new_codes(client: Client) -> None:
    client.post("/account/second-factor/codes/new/")


CHANGES = {
    "another password": [change_password],
    "an app added": [set_up_an_app],
    "an app removed": [set_up_an_app, remove_the_app],
    "new recovery codes": [set_up_an_app, make_new_codes],
}


@pytest.fixture(params=CHANGES.values(), ids=CHANGES)
def changed(request: pytest.FixtureRequest, world: World) -> Client:
    """Her browser, in which something was changed about how she signs in."""
    here = by_the_form(world, CHROME)
    for step in request.param:
        step(here)
    assert is_in(here)
    return here


def test_the_browser_of_a_change_is_still_listed(changed: Client) -> None:
    assert "Chrome on Linux this browser 198.51.100.7" in text(changed.get("/account/devices/"))


def test_it_is_ended_from_elsewhere(world: World, changed: Client) -> None:
    other = signed_in(User.objects.get(id=world.alice.id))
    assert "You were signed out there." in text(other.post(only_other(other), follow=True))
    assert not is_in(changed)


def test_the_next_change_elsewhere_ends_it(world: World, changed: Client) -> None:
    sessions_end(User.objects.get(id=world.alice.id))
    assert not is_in(changed)
    assert not UserSession.objects.filter(user=world.alice).exists()


def test_the_browser_of_a_first_sign_in_by_invitation_is_listed(world: World) -> None:
    secret = invitation_add(user=world.ada, email="new@clinic.example", role=Role.COUNSELOR)[1]
    client = Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="198.51.100.7")
    client.get("/invitation/", {"code": secret})
    client.post("/invitation/", {"display_name": "Nora New", "password1": NEW, "password2": NEW})
    assert "Firefox on Windows this browser 198.51.100.7" in text(client.get("/account/devices/"))
    set_up_an_app(client)
    assert "Firefox on Windows this browser 198.51.100.7" in text(client.get("/account/devices/"))
