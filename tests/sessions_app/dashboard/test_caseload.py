"""The list of patients: who comes first and why, what is left out, and what is kept of a view."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import AffectPolicy, EmergencyAccess, Role, User
from sessions_app import flags
from sessions_app.dashboard import caseload
from sessions_app.dashboard.caseload_order import View, found_by
from sessions_app.models import Consent, Flag, FlagKind, Order, Patient, SavedView
from tenancy import acting_for
from tests.pages import HTMX, signed_in, text
from tests.world import ConsentFactory, PatientFactory, QuestionnaireFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

SELF_HARM = [0] * 8 + [2]


def patient(world: World, family_name: str, **fields: object) -> Patient:
    found = PatientFactory(clinic=world.clinic, care_team=[world.alice], family_name=family_name, **fields)
    ConsentFactory(patient=found, taken_by=world.alice)
    return found


@pytest.fixture
def listed(world: World) -> World:
    """Four patients of Alice's: Alder without any reason, Beech overdue, Cedar worse, Dogwood with item 9."""
    beech, cedar, dogwood = (patient(world, name) for name in ("Beech", "Cedar", "Dogwood"))
    SessionFactory(patient=beech, held_at=timezone.now() - timedelta(weeks=8))
    for weeks, items in ((3, [0] * 9), (1, [1] * 8 + [0])):
        QuestionnaireFactory(patient=cedar, items=items, answered_at=timezone.now() - timedelta(weeks=weeks))
    SessionFactory(patient=dogwood, held_at=timezone.now() - timedelta(weeks=1))
    QuestionnaireFactory(patient=dogwood, items=SELF_HARM, answered_at=timezone.now() - timedelta(weeks=1))
    for one in (world.alices_patient, beech, cedar, dogwood):
        flags.flags_refresh(one.id)
    return world


def names(page: str) -> list[str]:
    return re.findall(r"data-row-link>Robin (\w+)<", page)


def shown(user: User, **asked: object) -> list[str]:
    client = signed_in(user)
    return names((client.post("/", asked) if asked else client.get("/")).content.decode())


def test_who_needs_attention_most_comes_first_with_the_reason_since_when_and_the_next_step(listed: World) -> None:
    page = signed_in(listed.alice).get("/")
    assert names(page.content.decode()) == ["Dogwood", "Cedar", "Beech", "Alder"]
    since = f"{timezone.localtime(timezone.now() - timedelta(weeks=1)):%-d %b %Y}"
    said = text(page)
    assert "PHQ-9 item 9: “more than half the days”" in said
    assert f"since {since} Ask about item 9" in said
    assert "PHQ-9 rose by 6 points or more" in said
    assert "No session for 8 weeks" in said
    assert "Ask whether a session is planned" in said


def test_a_reason_that_was_seen_moves_nobody_up_and_is_still_told(listed: World) -> None:
    flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.WORSE_PHQ9))
    page = signed_in(listed.alice).get("/")
    assert names(page.content.decode()) == ["Dogwood", "Beech", "Alder", "Cedar"]
    assert "PHQ-9 rose by 6 points or more: seen by Alice" in text(page)


def test_item_9_stays_on_top_when_it_was_seen(listed: World) -> None:
    flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.SELF_HARM))
    page = signed_in(listed.alice).get("/")
    assert names(page.content.decode())[0] == "Dogwood"
    assert ", seen by Alice, " in text(page)


def test_staff_are_told_no_clinical_reason_and_are_not_shown_one_by_the_order(listed: World) -> None:
    page = signed_in(listed.sam).get("/")
    assert names(page.content.decode()) == ["Beech", "Alder", "Birch", "Cedar", "Dogwood"]
    assert "No session for 8 weeks" in text(page)
    for word in ("PHQ-9", "item 9", "rose by"):
        assert word not in page.content.decode()
    assert shown(listed.sam, reason=FlagKind.SELF_HARM.value) == shown(listed.sam)


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_neither_words_nor_order_tell_of_a_voice_where_the_policy_shows_no_score(
    world: World, policy: AffectPolicy
) -> None:
    last = patient(world, "Zelkova")
    analysed(SessionFactory(patient=last, held_at=timezone.now() - timedelta(days=3)))
    flags.flags_refresh(last.id)
    assert shown(world.alice) == ["Zelkova", "Alder"]
    assert "Review the session" in text(signed_in(world.alice).get("/"))
    world.clinic.affect_policy = policy
    world.clinic.save()
    assert shown(world.alice) == ["Alder", "Zelkova"]
    assert "Review the session" not in text(signed_in(world.alice).get("/"))


def test_the_administrator_sees_no_list(listed: World) -> None:
    page = text(signed_in(listed.ada).get("/"))
    assert "Dogwood" not in page
    assert "item 9" not in page


def test_the_list_is_filtered_by_reason_and_by_missing_consent(listed: World) -> None:
    assert shown(listed.alice, reason=FlagKind.WORSE_PHQ9.value) == ["Cedar"]
    assert shown(listed.alice, without_consent="on") == []
    Consent.objects.filter(patient__family_name="Beech").update(withdrawn_at=timezone.now())
    assert shown(listed.alice, without_consent="on") == ["Beech"]
    assert shown(listed.alice, reason=FlagKind.WORSE_PHQ9.value, without_consent="on") == []
    assert "No patient is in this view at present." in text(
        signed_in(listed.alice).post("/", {"reason": FlagKind.DISAGREEING.value})
    )


def test_the_list_is_sorted_by_name_or_by_the_newest_session(listed: World) -> None:
    assert shown(listed.alice, order="name") == ["Alder", "Beech", "Cedar", "Dogwood"]
    assert shown(listed.alice, order="last_session") == ["Dogwood", "Beech", "Alder", "Cedar"]


def test_a_view_is_kept_for_its_user_alone_and_never_whom_they_searched(listed: World) -> None:
    client = signed_in(listed.alice)
    answer = client.post("/", {"order": "name", "without_consent": "", "text": "Cedar", "save": "on"})
    assert "The list will be shown like this each time." in text(answer)
    assert names(client.get("/").content.decode()) == ["Alder", "Beech", "Cedar", "Dogwood"]
    assert "Cedar" not in str(list(SavedView.objects.values()))
    assert shown(listed.sam)[0] == "Beech"
    client.post("/", {"order": "need", "reason": FlagKind.SELF_HARM.value, "save": "on"})
    assert names(client.get("/").content.decode()) == ["Dogwood"]


def test_a_kept_view_of_a_reason_that_is_shown_no_more_leaves_nobody_out(listed: World) -> None:
    SavedView.objects.create(user=listed.alice, reason=FlagKind.BEYOND_BASELINE)
    assert shown(listed.alice) == []
    listed.clinic.affect_policy = AffectPolicy.OFF
    listed.clinic.save()
    assert shown(listed.alice) == ["Dogwood", "Cedar", "Beech", "Alder"]


@pytest.mark.parametrize("order", ["need", "name", "last_session"])
def test_following_the_pages_meets_everybody_once_whatever_the_order(
    listed: World, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    for number in range(7):
        one = patient(listed, f"Elm{number % 3}")
        if number % 2:
            SessionFactory(patient=one, held_at=timezone.now() - timedelta(weeks=7 + number % 3))
        flags.flags_refresh(one.id)
    whole = shown(listed.alice, order=order)
    assert len(whole) == 11
    monkeypatch.setattr(caseload, "PAGE_SIZE", 2)
    assert paged(listed.alice, order) == whole


def test_a_flag_that_is_answered_meanwhile_makes_the_next_page_skip_nobody(
    listed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caseload, "PAGE_SIZE", 2)
    client = signed_in(listed.alice)
    first = client.get("/").content.decode()
    assert names(first) == ["Dogwood", "Cedar"]
    flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.WORSE_PHQ9))
    assert names(client.post("/", more(first), headers=HTMX).content.decode()) == ["Beech", "Alder"]


def more(page: str) -> dict[str, str]:
    form = page[page.index('<tr class="more">') :]
    return dict(re.findall(r'<input type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', form))


def paged(user: User, order: str) -> list[str]:
    client = signed_in(user)
    page = client.post("/", {"order": order}).content.decode()
    found = names(page)
    while '<tr class="more">' in page:
        page = client.post("/", more(page), headers=HTMX).content.decode()
        found += names(page)
    return found


def test_no_name_stands_in_an_address_of_a_narrowed_list(listed: World) -> None:
    page = signed_in(listed.alice).post("/", {"text": "Cedar", "reason": FlagKind.WORSE_PHQ9.value}).content.decode()
    addresses = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', page)
    assert not [address for address in addresses if "edar" in address or "reason" in address]


@pytest.mark.parametrize("who", ["alice", "bob", "sam", "ada", "robot", "mallory"])
@pytest.mark.parametrize("in_emergency", [False, True])
def test_the_list_is_of_whom_its_reader_sees_and_of_nobody_else(world: World, who: str, in_emergency: bool) -> None:
    user = getattr(world, who)
    if in_emergency and user.role == Role.COUNSELOR:
        EmergencyAccess.objects.create(
            clinic=user.clinic,
            user=user,
            patient_id=world.bobs_patient.id,
            reason="Nobody else is here.",
            ends_at=timezone.now() + timedelta(hours=1),
        )
    listed = list(Patient.objects.listed_for(user).order_by("id"))
    assert listed == list(Patient.objects.visible_to(user).order_by("id"))


MANY = 10_000


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_page_of_ten_thousand_patients_reads_as_few_as_one_of_ten(world: World) -> None:
    cared_for(world.alice, MANY)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    for order in Order:
        assert patients_read(world.alice, order) < 100, order
        assert patients_read(world.bob, order) < 100, order


def cared_for(user: User, many: int) -> None:
    """So many patients of ``user``, of whom one in fifty is overdue."""
    now = timezone.now()
    made = Patient.objects.bulk_create(
        Patient(
            clinic=user.clinic,
            reference=f"M-{number}",
            given_name="Robin",
            family_name=f"Many{number:05}",
            need=FlagKind.OVERDUE if number % 50 == 0 else 99,
            last_session_at=now - timedelta(hours=number),
        )
        for number in range(many)
    )
    places = Patient.care_team.through
    places.objects.bulk_create(places(patient=one, user=user) for one in made)


def patients_read(user: User, order: Order) -> int:
    """How many patients PostgreSQL goes through for the first page, by its own account."""
    with acting_for(user.clinic_id):
        page = found_by(user, View(order=order))[: caseload.PAGE_SIZE + 1]
        ((plan),) = json.loads(page.explain(analyze=True, format="json"))
    return _read(plan["Plan"])


def _read(node: dict[str, Any]) -> int:
    """Rows of patients that this step and those below it went through, each as often as it did."""
    own = 0
    if node.get("Relation Name") == "sessions_app_patient" and node.get("Parent Relationship") != "SubPlan":
        own = round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
    return own + sum(_read(child) for child in node.get("Plans", []))
