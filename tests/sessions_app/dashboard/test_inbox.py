"""The inbox of flags: who sees which, answering one, taking it back, and what is written down of it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AccessLogEntry, EmergencyAccess, User
from sessions_app import flags
from sessions_app.dashboard import inbox
from sessions_app.models import Flag, FlagKind, Patient
from tests.pages import HTMX, signed_in, text
from tests.world import PatientFactory, QuestionnaireFactory, SessionFactory, World

pytestmark = pytest.mark.django_db


def with_item_9(patient: Patient) -> Flag:
    QuestionnaireFactory(patient=patient, items=[0] * 8 + [1], answered_at=timezone.now() - timedelta(days=2))
    return refreshed(patient, FlagKind.SELF_HARM)


def overdue(patient: Patient) -> Flag:
    SessionFactory(patient=patient, held_at=timezone.now() - timedelta(weeks=9))
    return refreshed(patient, FlagKind.OVERDUE)


def refreshed(patient: Patient, kind: FlagKind) -> Flag:
    flags.flags_refresh(patient.id)
    return patient.flags.get(kind=kind)


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="flag-([^"]+)"', page)


@pytest.fixture
def flagged(world: World) -> World:
    """Alice's patient is overdue and has answered item 9, Bob's is overdue."""
    overdue(world.alices_patient)
    with_item_9(world.alices_patient)
    overdue(world.bobs_patient)
    return world


def test_a_counselor_reads_the_flags_of_their_own_patients_the_most_urgent_first(flagged: World) -> None:
    page = signed_in(flagged.alice).get("/flags/").content.decode()
    ours = Flag.objects.filter(patient=flagged.alices_patient).order_by("kind")
    assert rows(page) == [str(flag.id) for flag in ours]
    assert "Birch" not in page


def test_an_answer_to_item_9_that_nobody_has_seen_comes_before_an_older_one_that_somebody_has(
    flagged: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Flag.objects.get(kind=FlagKind.SELF_HARM)
    Flag.objects.filter(id=seen.id).update(since=timezone.now() - timedelta(days=300))
    client = signed_in(flagged.alice)
    client.post(f"/flags/{seen.id}/see/")
    unseen = with_item_9(PatientFactory(clinic=flagged.clinic, care_team=[flagged.alice]))
    monkeypatch.setattr(inbox, "PAGE_SIZE", 1)
    first = client.get("/flags/").content.decode()
    assert rows(first) == [str(unseen.id)]
    form = first[first.index('<tr class="more">') :]
    last = dict(re.findall(r'<input type="hidden" name="(rank|since|id)" value="([^"]*)"', form))
    assert rows(client.post("/flags/", last, headers=HTMX).content.decode()) == [str(seen.id)]


def test_staff_read_what_is_theirs_to_do_of_everybody_and_nothing_clinical(flagged: World) -> None:
    page = signed_in(flagged.sam).get("/flags/").content.decode()
    assert len(rows(page)) == 2
    assert "item 9" not in page
    assert text(signed_in(flagged.sam).get("/flags/")).count("No session for 9 weeks") == 2


def test_the_administrator_has_no_inbox_and_no_link_to_one(flagged: World) -> None:
    client = signed_in(flagged.ada)
    assert client.get("/flags/").status_code == 403
    assert "/flags/" not in client.get("/").content.decode()


def test_what_is_seen_moves_away_with_who_and_when_and_can_be_undone(flagged: World) -> None:
    client, flag = signed_in(flagged.alice), Flag.objects.get(patient=flagged.alices_patient, kind=FlagKind.OVERDUE)
    answer = client.post(f"/flags/{flag.id}/see/", follow=True)
    assert "Marked as seen." in text(answer)
    assert str(flag.id) not in rows(answer.content.decode())
    away = client.get("/flags/put-away/")
    assert rows(away.content.decode()) == [str(flag.id)]
    today = f"{timezone.localdate():%-d %b %Y}"
    assert f"Seen by Alice, {today} Undo" in text(away)
    client.post(f"/flags/{flag.id}/reopen/")
    assert str(flag.id) in rows(client.get("/flags/").content.decode())
    assert rows(client.get("/flags/put-away/").content.decode()) == []


def test_what_is_put_off_says_until_when(flagged: World) -> None:
    client, flag = signed_in(flagged.sam), Flag.objects.get(patient=flagged.bobs_patient)
    day = timezone.localdate() + timedelta(days=10)
    client.post(f"/flags/{flag.id}/put-off/", {"until": day.isoformat()})
    assert f"Put off until {day:%-d %b %Y} by Sam" in text(signed_in(flagged.bob).get("/flags/put-away/"))


@pytest.mark.parametrize(("until", "why"), [("", "give a day"), ("2020-01-01", "after today"), ("x", "give a day")])
def test_a_day_that_cannot_be_meant_is_refused_in_a_sentence(flagged: World, until: str, why: str) -> None:
    client, flag = signed_in(flagged.sam), Flag.objects.get(patient=flagged.bobs_patient)
    address = f"/flags/{flag.id}/put-off/"
    assert why in text(client.post(address, {"until": until}, follow=True))
    assert why in text(client.post(address, {"until": until}, headers=HTMX))
    flag.refresh_from_db()
    assert flag.answered_at is None


def test_self_harm_offers_no_later_day_refuses_one_and_stays_open_when_seen(flagged: World) -> None:
    client, flag = signed_in(flagged.alice), Flag.objects.get(kind=FlagKind.SELF_HARM)
    assert f"/flags/{flag.id}/put-off/" not in client.get("/flags/").content.decode()
    later = {"until": (timezone.localdate() + timedelta(days=3)).isoformat()}
    assert "cannot be put off" in text(client.post(f"/flags/{flag.id}/put-off/", later, follow=True))
    assert "stays on top" in text(client.post(f"/flags/{flag.id}/see/", follow=True))
    page = client.get("/flags/")
    assert rows(page.content.decode())[0] == str(flag.id)
    assert "Seen by Alice" in text(page)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_answer_to_a_flag_that_has_ended_meanwhile_is_not_said_to_be_taken(
    flagged: World, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    see = flags.flag_see

    def see_what_has_gone(*, user: User, flag: Flag) -> bool:
        Flag.objects.filter(id=flag.id).delete()
        return see(user=user, flag=flag)

    monkeypatch.setattr(flags, "flag_see", see_what_has_gone)
    flag = Flag.objects.get(patient=flagged.alices_patient, kind=FlagKind.OVERDUE)
    said = text(signed_in(flagged.alice).post(f"/flags/{flag.id}/see/", headers=headers, follow=True))
    assert "Nothing was changed: this flag has ended meanwhile, or there is a newer one in its place." in said
    assert "Marked as seen" not in said
    assert not AccessLogEntry.objects.filter(action="see_flag").exists()


def test_with_javascript_the_row_alone_is_answered(flagged: World) -> None:
    flag = Flag.objects.get(kind=FlagKind.SELF_HARM)
    answer = signed_in(flagged.alice).post(f"/flags/{flag.id}/see/", headers=HTMX)
    assert answer.content.decode().lstrip().startswith(f'<tr id="flag-{flag.id}"')
    assert "Undo" in text(answer)


@pytest.mark.parametrize(
    ("who", "status"), [("bob", 404), ("mallory", 404), ("sam", 404), ("ada", 403), ("robot", 403)]
)
@pytest.mark.parametrize("what", ["see", "put-off", "reopen"])
def test_a_clinical_flag_of_a_patient_is_answered_by_the_care_team_alone(
    flagged: World, who: str, status: int, what: str
) -> None:
    flag = Flag.objects.get(kind=FlagKind.SELF_HARM)
    assert signed_in(getattr(flagged, who)).post(f"/flags/{flag.id}/{what}/").status_code == status
    refused = AccessLogEntry.objects.get()
    assert (refused.allowed, refused.actor_id) == (False, getattr(flagged, who).id)


def test_a_flag_that_is_no_more_is_not_found(flagged: World) -> None:
    assert signed_in(flagged.alice).post(f"/flags/{uuid4()}/see/").status_code == 404


def test_the_list_and_each_answer_are_logged(flagged: World) -> None:
    client, flag = signed_in(flagged.alice), Flag.objects.get(kind=FlagKind.SELF_HARM)
    client.get("/flags/")
    client.post(f"/flags/{flag.id}/see/", headers=HTMX)
    logged = AccessLogEntry.objects.order_by("id").values_list("action", "object_kind", "patient_id")
    assert list(logged) == [("list", "flag", None), ("see_flag", "flag", flagged.alices_patient.id)]


def test_a_patient_who_is_open_in_an_emergency_is_logged_by_themselves(flagged: World) -> None:
    later = timezone.now() + timedelta(hours=1)
    EmergencyAccess.objects.create(
        clinic=flagged.clinic, user=flagged.bob, patient_id=flagged.alices_patient.id, reason="Away.", ends_at=later
    )
    page = signed_in(flagged.bob).get("/flags/")
    assert len(rows(page.content.decode())) == 3
    assert AccessLogEntry.objects.filter(patient_id=flagged.alices_patient.id, object_kind="flag").count() == 1


def test_under_emergency_access_a_flag_has_no_button_that_would_be_refused(flagged: World) -> None:
    later = timezone.now() + timedelta(hours=1)
    for patient in (flagged.alices_patient, flagged.bobs_patient):
        EmergencyAccess.objects.create(
            clinic=flagged.clinic, user=flagged.bob, patient_id=patient.id, reason="Away.", ends_at=later
        )
    client = signed_in(flagged.bob)
    page = client.get("/flags/")
    for flag in Flag.objects.all():
        own = flag.patient == flagged.bobs_patient
        assert (f"/flags/{flag.id}/see/" in page.content.decode()) == own
        assert client.post(f"/flags/{flag.id}/see/", headers=HTMX).status_code == (200 if own else 403)
    assert text(page).count("Answered by the care team; you are here by emergency access.") == 2
    assert "by emergency access" not in text(signed_in(flagged.alice).get("/flags/"))


def test_following_the_pages_meets_every_flag_once(flagged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        overdue(PatientFactory(clinic=flagged.clinic, care_team=[flagged.alice]))
    client = signed_in(flagged.alice)
    whole = rows(client.get("/flags/").content.decode())
    assert len(whole) == 6
    monkeypatch.setattr(inbox, "PAGE_SIZE", 2)
    page = client.get("/flags/").content.decode()
    found = rows(page)
    while '<tr class="more">' in page:
        form = page[page.index('<tr class="more">') :]
        last = dict(re.findall(r'<input type="hidden" name="(rank|since|id)" value="([^"]*)"', form))
        page = client.post("/flags/", last, headers=HTMX).content.decode()
        found += rows(page)
    assert found == whole


def test_an_empty_inbox_says_so(world: World) -> None:
    client = signed_in(world.alice)
    assert "Nothing asks for you" in text(client.get("/flags/"))
    assert "Nothing was put away" in text(client.get("/flags/put-away/"))


@pytest.mark.parametrize("more", [1, 30])
def test_many_flags_cost_as_many_queries_as_few(
    flagged: World, more: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(more):
        overdue(PatientFactory(clinic=flagged.clinic, care_team=[flagged.alice]))
    client = signed_in(flagged.alice)
    # Log-in session, user, clinic; flags; access log; emergencies, and whose; two for notices.
    with django_assert_num_queries(9):
        client.get("/flags/")
