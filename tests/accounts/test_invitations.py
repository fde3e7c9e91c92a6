"""Links for people who are new, or who have lost what they sign in with."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import outgoing
from accounts.models import AccessLogEntry, ApiToken, Invitation, Role, User
from tests.accounts.factors import half_way, with_app
from tests.pages import signed_in, text
from tests.tokens import token_of
from tests.world import PASSWORD, UserFactory, World

PEOPLE = "/clinic/people/"
NEW = "seven green umbrellas"


def invite(world: World, email: str = "nina@willow.example", role: str = "counselor") -> str:
    """The link that the administrator is shown."""
    return shown(signed_in(world.ada), PEOPLE, {"email": email, "role": role})


def shown(client: Client, address: str, sent: dict[str, str] | None = None) -> str:
    page = client.post(address, sent or {}).content.decode()
    found = re.search(r'<code id="link">http://testserver(/invitation/[^<]+)</code>', page)
    assert found, page
    return found[1]


def follow(link: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.get(link)
    return client


def accept(client: Client, password: str = NEW, name: str = "Nina New") -> int:
    sent = {"display_name": name, "password1": password, "password2": password}
    return client.post("/invitation/", sent).status_code


def test_whoever_is_invited_chooses_name_and_password_and_is_in(world: World) -> None:
    client = follow(invite(world))
    assert "Welcome to Willow House" in text(client.get("/invitation/"))
    assert accept(client) == 302
    nina = User.objects.get(email="nina@willow.example")
    assert (nina.clinic, nina.role, nina.display_name) == (world.clinic, Role.COUNSELOR, "Nina New")
    assert client.get("/").status_code == 200
    assert half_way(nina, Client()).get("/").status_code == 302
    assert Client().login(username=nina.email, password=NEW)


def test_before_anything_else_they_set_up_a_second_factor(world: World, settings: Settings) -> None:
    settings.MFA_REQUIRED = True
    client = follow(shown(signed_in(with_app(world.ada)), PEOPLE, {"email": "nina@willow.example", "role": "staff"}))
    accept(client)
    assert client.get("/").headers["Location"] == "/account/second-factor/"


def test_loading_the_answer_again_shows_no_link_and_ends_none(world: World) -> None:
    for address, sent in (
        (PEOPLE, {"email": "nina@willow.example", "role": "staff"}),
        (f"{PEOPLE}{world.alice.id}/link/", {}),
    ):
        client = signed_in(world.ada)
        page = client.get(address.removesuffix("link/")).content.decode()
        found = re.search(r'name="once" value="(\w+)"', page)
        assert found
        link = shown(client, address, sent | {"once": found[1]})
        again = client.post(address, sent | {"once": found[1]}, follow=True)
        assert "invitation/?code" not in again.content.decode()
        assert follow(link).get("/invitation/").status_code == 200


def test_the_secret_of_a_link_is_not_asked_for_again_and_another_ends_it(world: World) -> None:
    client = follow(invite(world))
    assert client.get("/invitation/").status_code == 200
    invite(world)
    assert client.get("/invitation/").status_code == 404


def test_a_link_works_once(world: World) -> None:
    link = invite(world)
    accept(follow(link))
    assert accept(follow(link)) == 404
    assert User.objects.filter(email="nina@willow.example").count() == 1


def test_its_secret_leaves_the_address_at_once_and_is_not_kept(world: World) -> None:
    link = invite(world)
    assert Client().get(link).headers["Location"] == "/invitation/"
    secret = link.partition("code=")[2]
    assert secret not in str(list(Invitation.objects.values_list()))


def test_a_link_ends_after_seven_days(world: World) -> None:
    link = invite(world)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert accept(follow(link)) == 404


def test_a_link_that_was_withdrawn_leads_nowhere(world: World) -> None:
    link = invite(world)
    address = f"/clinic/invitations/{Invitation.objects.get().id}/withdraw/"
    assert "was withdrawn" in text(signed_in(world.ada).post(address, follow=True))
    assert accept(follow(link)) == 404


def test_a_second_invitation_ends_the_first(world: World) -> None:
    first = invite(world)
    second = invite(world)
    assert accept(follow(first)) == 404
    assert accept(follow(second)) == 302


@pytest.mark.parametrize("code", ["", "x", "' OR 1=1 --", "a" * 5000])
def test_a_made_up_link_leads_nowhere(world: World, code: str) -> None:
    invite(world)
    client = Client()
    client.get("/invitation/", {"code": code})
    assert accept(client) == 404


def test_a_weak_password_and_two_that_differ_are_refused(world: World) -> None:
    client = follow(invite(world))
    assert accept(client, "short") == 200
    client.post("/invitation/", {"display_name": "Nina", "password1": NEW, "password2": "another"})
    assert not User.objects.filter(email="nina@willow.example").exists()


def test_nothing_but_name_and_password_can_be_chosen(world: World) -> None:
    sent = {"display_name": "Nina", "password1": NEW, "password2": NEW}
    more = {"role": "admin", "clinic": str(world.mallory.clinic_id), "email": "other@willow.example"}
    follow(invite(world, role="staff")).post("/invitation/", sent | more)
    nina = User.objects.get(email="nina@willow.example")
    assert (nina.role, nina.clinic) == (Role.STAFF, world.clinic)


def test_somebody_of_the_clinic_cannot_be_invited_again(world: World) -> None:
    page = text(signed_in(world.ada).post(PEOPLE, {"email": world.alice.email.upper(), "role": "admin"}))
    assert "Somebody of this clinic has an account with this e-mail address already." in page


def test_an_address_that_has_an_account_elsewhere_is_refused_when_the_link_is_used(world: World) -> None:
    client = follow(invite(world, world.mallory.email))
    assert accept(client) == 200
    assert User.objects.get(email=world.mallory.email).clinic == world.mallory.clinic


def test_invitations_leave_rows(world: World) -> None:
    accept(follow(invite(world)))
    rows = AccessLogEntry.objects.filter(object_kind="invitation").order_by("id")
    assert [(row.action, row.actor_id == world.ada.id) for row in rows] == [
        ("invite_counselor", True),
        ("accept", False),
    ]


def test_without_e_mail_nothing_is_sent(world: World) -> None:
    invite(world)
    assert mail.outbox == []


def test_with_e_mail_the_link_is_sent_and_names_no_patient(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    link = invite(world)
    (sent,) = mail.outbox
    assert sent.to == ["nina@willow.example"]
    assert link in sent.body
    assert "Ada invites you to Undertone at Willow House." in sent.body
    assert "Alder" not in sent.body


def test_who_lost_everything_gets_a_link_for_a_new_password_and_a_new_second_factor(world: World) -> None:
    with_app(world.alice)
    elsewhere = signed_in(world.alice)
    client = follow(shown(signed_in(world.ada), f"{PEOPLE}{world.alice.id}/link/"))
    assert "Choose a new password" in text(client.get("/invitation/"))
    assert elsewhere.get("/").status_code == 200
    assert accept(client) == 302
    assert elsewhere.get("/").status_code == 302
    world.alice.refresh_from_db()
    assert world.alice.check_password(NEW)
    assert not world.alice.authenticator_set.exists()  # type: ignore[attr-defined]
    assert world.alice.display_name == "Alice"
    assert AccessLogEntry.objects.filter(action="make_link", object_id=world.alice.id).exists()


def test_a_link_for_an_account_that_was_switched_off_leads_nowhere(world: World) -> None:
    link = shown(signed_in(world.ada), f"{PEOPLE}{world.alice.id}/link/")
    signed_in(world.ada).post(f"{PEOPLE}{world.alice.id}/switch/")
    assert accept(follow(link)) == 404


def test_a_code_by_e_mail_sets_a_new_password_and_keeps_the_second_factor(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    with_app(world.alice)
    client = Client()
    client.post("/password/forgotten/", {"email": world.alice.email})
    outgoing.wait()
    (code,) = re.findall(r"^\s*([A-Z0-9-]{6,})\s*$", mail.outbox[0].body, re.MULTILINE)
    client.post("/password/forgotten/code/", {"code": code})
    client.post("/password/forgotten/new/", {"password1": NEW, "password2": NEW})
    world.alice.refresh_from_db()
    assert world.alice.check_password(NEW)
    assert world.alice.authenticator_set.exists()  # type: ignore[attr-defined]
    assert AccessLogEntry.objects.filter(action="change_password", object_id=world.alice.id).exists()


def test_asking_for_a_code_tells_nobody_who_has_an_account(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    pages = []
    for email in (world.alice.email, "nobody@clinic.test"):
        answer = Client().post("/password/forgotten/", {"email": email}, follow=True)
        pages.append(text(answer).replace(email, ""))
    assert pages[0] == pages[1]
    outgoing.wait()
    assert len(mail.outbox) == 1


def test_a_wrong_code_opens_nothing_and_few_may_be_tried(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    client = Client()
    client.post("/password/forgotten/", {"email": world.alice.email})
    for _ in range(3):
        client.post("/password/forgotten/code/", {"code": "WRONG-WRONG"})
    assert client.get("/password/forgotten/code/").status_code == 302
    client.post("/password/forgotten/new/", {"password1": NEW, "password2": NEW})
    world.alice.refresh_from_db()
    assert world.alice.check_password(PASSWORD)


def test_without_e_mail_one_is_told_to_ask_the_administrator(db: None) -> None:
    assert "Please ask your clinic administrator for a link" in text(Client().get("/password/forgotten/"))


def test_nobody_is_flooded_with_codes(world: World, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    for number in range(6):
        address = f"203.0.113.{number}"
        answer = Client().post("/password/forgotten/", {"email": world.alice.email}, REMOTE_ADDR=address)
    assert answer.status_code == 429
    outgoing.wait()
    assert len(mail.outbox) == 5


@pytest.mark.parametrize("what", ["switch/", "role/"])
def test_an_administrator_who_is_none_any_more_cannot_come_back_through_a_link_of_their_own(
    world: World, what: str
) -> None:
    other = UserFactory(clinic=world.clinic, role=Role.ADMIN)
    link = shown(signed_in(other), PEOPLE, {"email": "again@willow.example", "role": "admin"})
    signed_in(world.ada).post(f"{PEOPLE}{other.id}/{what}", {"role": "staff"})
    assert not Invitation.objects.exists()
    assert accept(follow(link)) == 404
    assert not User.objects.filter(email="again@willow.example").exists()


def test_a_link_whose_maker_lost_the_role_in_another_way_leads_nowhere(world: World) -> None:
    link = invite(world)
    User.objects.filter(id=world.ada.id).update(is_active=False)
    assert accept(follow(link)) == 404


def test_who_comes_back_by_a_link_has_no_api_token_from_before(world: World) -> None:
    token_of(world.alice)
    accept(follow(shown(signed_in(world.ada), f"{PEOPLE}{world.alice.id}/link/")))
    assert not ApiToken.objects.filter(user=world.alice).exists()
