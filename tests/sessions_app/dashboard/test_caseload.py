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
from sessions_app.dashboard import caseload, caseload_order
from sessions_app.dashboard.caseload_order import Place, View, following, found_by, place_of
from sessions_app.dashboard.views import home
from sessions_app.erasure import patient_erase
from sessions_app.models import Consent, Flag, FlagKind, Order, Patient, SavedView
from sessions_app.models.flags import SEEN_SELF_HARM
from tenancy import acting_for
from tests.pages import HTMX, signed_in, text
from tests.world import (
    ConsentFactory,
    PatientFactory,
    QuestionnaireFactory,
    RecordingFactory,
    SessionFactory,
    World,
    analysed,
)

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
    assert f"on {since} Ask about item 9" in said
    assert "PHQ-9 rose by 6 points or more" in said
    assert "No session for 8 weeks" in said
    assert "Ask whether a session is planned" in said


def test_a_reason_that_was_seen_moves_nobody_up_and_is_still_told(listed: World) -> None:
    flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.WORSE_PHQ9))
    page = signed_in(listed.alice).get("/")
    assert names(page.content.decode()) == ["Dogwood", "Beech", "Alder", "Cedar"]
    assert "PHQ-9 rose by 6 points or more: seen by Alice" in text(page)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("kept", [False, True])
def test_item_9_stays_on_top_in_every_order_kept_or_asked_for_when_it_was_seen_too(
    listed: World, order: Order, kept: bool, seen: bool
) -> None:
    # By name and by the newest session everybody else would come before.
    Patient.objects.filter(family_name="Dogwood").update(family_name="Zelkova")
    zelkova = Patient.objects.get(family_name="Zelkova")
    zelkova.sessions.update(held_at=timezone.now() - timedelta(weeks=20))
    flags.flags_refresh(zelkova.id)
    if seen:
        flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.SELF_HARM))
    if kept:
        SavedView.objects.create(user=listed.alice, order=order)
    client = signed_in(listed.alice)
    page = client.get("/") if kept else client.post("/", {"order": order})
    assert names(page.content.decode())[0] == "Zelkova"
    assert (", seen by Alice, " in text(page)) == seen


@pytest.mark.parametrize("order", Order)
def test_an_answer_to_item_9_that_nobody_has_seen_comes_before_one_that_somebody_has(
    listed: World, order: Order
) -> None:
    for name in ("Cedar", "Zelkova"):
        one = Patient.objects.filter(family_name=name).first() or patient(listed, name)
        QuestionnaireFactory(patient=one, items=SELF_HARM, answered_at=timezone.now() - timedelta(days=2))
        flags.flags_refresh(one.id)
    for seen in ("Cedar", "Dogwood"):
        flag = Flag.objects.get(patient__family_name=seen, kind=FlagKind.SELF_HARM)
        flags.flag_see(user=listed.alice, flag=flag)
    found = shown(listed.alice, order=order)
    assert (found[0], set(found[1:3])) == ("Zelkova", {"Cedar", "Dogwood"})


LEFT_OUT = "1 patient whose newest answer to item 9 of PHQ-9 (self-harm) is not “not at all” is not in this view."


@pytest.mark.parametrize(
    "filters",
    [
        {"reason": FlagKind.WORSE_PHQ9.value},
        {"reason": FlagKind.OVERDUE.value, "text": "Beech"},
        {"reason": FlagKind.DISAGREEING.value},
        {"without_consent": "on"},
        {"reason": FlagKind.SELF_HARM.value, "without_consent": "on"},
    ],
)
def test_a_view_that_leaves_out_an_open_item_9_says_how_many_and_where_they_are(
    listed: World, filters: dict[str, Any]
) -> None:
    client = signed_in(listed.alice)
    for page in (client.post("/", {**filters, "save": "on"}), client.post("/", filters, headers=HTMX)):
        assert LEFT_OUT in text(page)
        assert '<a href="/flags/">See them among the flags</a>' in page.content.decode()
    flags.flag_see(user=listed.alice, flag=Flag.objects.get(kind=FlagKind.SELF_HARM))
    assert LEFT_OUT in text(client.post("/", filters))
    kept = {name: asked for name, asked in filters.items() if name != "text"}
    assert LEFT_OUT in text(client.get("/")), kept
    assert "not in this view" not in text(signed_in(listed.sam).post("/", filters))
    assert "not in this view" not in text(signed_in(listed.bob).post("/", filters))


def test_a_newer_answer_about_self_harm_is_told_of_its_own_day(listed: World) -> None:
    flag = Flag.objects.get(kind=FlagKind.SELF_HARM)
    QuestionnaireFactory(patient=flag.patient, items=[0] * 8 + [3], answered_at=timezone.now())
    flags.flags_refresh(flag.patient_id)
    since, day = (f"{timezone.localtime(moment):%-d %b %Y}" for moment in (flag.since, timezone.now()))
    for address in ("/", "/flags/"):
        said = text(signed_in(listed.alice).get(address)).lower()
        assert "phq-9 item 9: “nearly every day”" in said
        assert f"on {day}; other than “not at all” since {since}".lower() in said


def test_many_who_are_left_out_are_not_counted_to_the_last(listed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (caseload_order, home):
        monkeypatch.setattr(module, "MANY", 1)
    view = {"reason": FlagKind.WORSE_PHQ9.value}
    assert LEFT_OUT in text(signed_in(listed.alice).post("/", view))
    for name in ("Alder", "Birch"):
        patient = Patient.objects.get(family_name=name)
        QuestionnaireFactory(patient=patient, items=SELF_HARM, answered_at=timezone.now())
        flags.flags_refresh(patient.id)
    assert "More than 1 patients whose newest answer to item 9" in text(signed_in(listed.alice).post("/", view))


@pytest.mark.parametrize(
    "asked", [{}, {"order": "name"}, {"reason": FlagKind.SELF_HARM.value}, {"text": "Beech"}, {"without_consent": "on"}]
)
def test_a_view_that_leaves_out_no_item_9_says_nothing_of_it(listed: World, asked: dict[str, Any]) -> None:
    Consent.objects.filter(patient__family_name="Dogwood").update(withdrawn_at=timezone.now())
    assert "not in this view" not in text(signed_in(listed.alice).post("/", {"order": "need", **asked}))


def test_news_of_an_item_9_that_the_view_leaves_out_are_sent_to_an_open_page(listed: World) -> None:
    uploading = SessionFactory(patient=Patient.objects.get(family_name="Cedar"))
    RecordingFactory(session=uploading)
    client, view = signed_in(listed.alice), {"reason": FlagKind.WORSE_PHQ9.value}
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', client.post("/", view).content.decode())
    assert client.post("/", {**view, "seen": seen}, headers=HTMX).status_code == 204
    QuestionnaireFactory(patient=listed.alices_patient, items=SELF_HARM, answered_at=timezone.now())
    flags.flags_refresh(listed.alices_patient.id)
    assert "2 patients whose newest answer" in text(client.post("/", {**view, "seen": seen}, headers=HTMX))


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
    dogwood = Patient.objects.get(family_name="Dogwood")
    QuestionnaireFactory(patient=dogwood, items=[0] * 9, answered_at=timezone.now())
    flags.flags_refresh(dogwood.id)
    assert shown(listed.alice, order="name") == ["Alder", "Beech", "Cedar", "Dogwood"]
    assert shown(listed.alice, order="last_session") == ["Dogwood", "Beech", "Alder", "Cedar"]


def test_staff_sort_by_name_and_session_alone(listed: World) -> None:
    assert shown(listed.sam, order="name") == ["Alder", "Beech", "Birch", "Cedar", "Dogwood"]
    SessionFactory(patient=Patient.objects.get(family_name="Alder"), held_at=timezone.now())
    flags.flags_refresh(Patient.objects.get(family_name="Alder").id)
    assert shown(listed.sam, order="last_session")[:3] == ["Alder", "Dogwood", "Beech"]


def test_a_view_is_kept_for_its_user_alone_and_never_whom_they_searched(listed: World) -> None:
    client = signed_in(listed.alice)
    answer = client.post("/", {"order": "name", "without_consent": "", "text": "Cedar", "save": "on"})
    assert "The list will be shown like this each time." in text(answer)
    assert names(client.get("/").content.decode()) == ["Dogwood", "Alder", "Beech", "Cedar"]
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
        if number in (2, 5):
            QuestionnaireFactory(patient=one, items=SELF_HARM, answered_at=timezone.now() - timedelta(days=2))
        flags.flags_refresh(one.id)
    flags.flag_see(user=listed.alice, flag=Flag.objects.filter(kind=FlagKind.SELF_HARM)[0])
    whole, at_the_desk = shown(listed.alice, order=order), shown(listed.sam, order=order)
    assert len(whole) == 11
    monkeypatch.setattr(caseload, "PAGE_SIZE", 2)
    assert paged(listed.alice, order) == whole
    assert paged(listed.sam, order) == at_the_desk


@pytest.mark.parametrize("order", Order)
def test_the_list_goes_on_where_it_was_when_the_last_patient_of_a_page_has_gone(
    listed: World, monkeypatch: pytest.MonkeyPatch, order: Order
) -> None:
    whole = shown(listed.alice, order=order)
    monkeypatch.setattr(caseload, "PAGE_SIZE", 2)
    client = signed_in(listed.alice)
    first = client.post("/", {"order": order}).content.decode()
    assert names(first) == whole[:2]
    patient_erase(user=listed.alice, patient=Patient.objects.get(family_name=whole[1]))
    assert names(client.post("/", more(first), headers=HTMX).content.decode()) == whole[2:]


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
        assert patients_read(world.sam, order) < 100, order
        assert patients_read(world.bob, order) < 100, order


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("order", [Order.NEED, Order.NAME])
def test_so_does_the_page_in_the_middle_of_them(world: World, order: Order) -> None:
    cared_for(world.alice, MANY)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    view = View(order=order)
    place = place_of(world.alice, view, found_by(world.alice, view)[MANY // 2])
    assert patients_read(world.alice, order, place) < 100


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
            need_unheard=(FlagKind.SELF_HARM, SEEN_SELF_HARM)[number % 2] if number % 300 < 2 else 99,
            last_session_at=now - timedelta(hours=number),
        )
        for number in range(many)
    )
    places = Patient.care_team.through
    places.objects.bulk_create(places(patient=one, user=user) for one in made)


def patients_read(user: User, order: Order, place: Place | None = None) -> int:
    """How many patients PostgreSQL goes through for the first page or the one after ``place``, by its own account."""
    view = View(order=order)
    with acting_for(user.clinic_id):
        found = following(user, view, place) if place else found_by(user, view)
        ((plan),) = json.loads(found[: caseload.PAGE_SIZE + 1].explain(analyze=True, format="json"))
    return _read(plan["Plan"])


def _read(node: dict[str, Any]) -> int:
    """Rows of patients that this step and those below it went through, each as often as it did."""
    own = 0
    if node.get("Relation Name") == "sessions_app_patient" and node.get("Parent Relationship") != "SubPlan":
        own = round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
    return own + sum(_read(child) for child in node.get("Plans", []))
