"""What was changed in a patient's record leaves a row: what was before, what is now, whose request, which request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pghistory.core
import pytest
import structlog
from django.db import DatabaseError, connection, connections, models, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

import tenancy
from accounts.changes import Change
from accounts.models import Clinic, ClinicChange, User, UserChange
from sessions_app import services
from sessions_app.models import (
    Annotation,
    AnnotationChange,
    CareTeamChange,
    Consent,
    ConsentChange,
    Patient,
    PatientChange,
    QuestionnaireChange,
    QuestionnaireResponse,
    Recording,
    RecordingChange,
    Review,
    ReviewChange,
    Session,
    SessionChange,
)
from tests.world import (
    ConsentFactory,
    PatientFactory,
    QuestionnaireFactory,
    RecordingFactory,
    SessionFactory,
    World,
    annotation_of,
    reviewed,
)

pytestmark = pytest.mark.django_db

OF_PATIENTS = (
    *(AnnotationChange, CareTeamChange, ConsentChange, PatientChange),
    *(QuestionnaireChange, RecordingChange, ReviewChange, SessionChange),
)
OF_CLINICS = (ClinicChange, UserChange)


def newest(table: type[Change]) -> Any:
    return table.objects.order_by("-pgh_id").first()


def count() -> int:
    return sum(table.objects.count() for table in (*OF_PATIENTS, *OF_CLINICS))


EDITS: list[tuple[type[models.Model], type[Change], str, Any]] = [
    (Patient, PatientChange, "given_name", "Robyn"),
    (Patient, PatientChange, "family_name", "Ash"),
    (Patient, PatientChange, "reference", "P-9999"),
    (Consent, ConsentChange, "research", True),
    (Consent, ConsentChange, "withdrawn_at", datetime(2026, 3, 4, tzinfo=UTC)),
    (Session, SessionChange, "held_at", datetime(2026, 3, 3, tzinfo=UTC)),
    (Recording, RecordingChange, "patient_channel", "left"),
    (Recording, RecordingChange, "original_name", "other.wav"),
    (QuestionnaireResponse, QuestionnaireChange, "items", [2] * 9),
    (Review, ReviewChange, "verdict", "set_aside"),
    (Review, ReviewChange, "reason", "poor_sound"),
    (Annotation, AnnotationChange, "day", date(2026, 3, 3)),
    (Annotation, AnnotationChange, "kind", "other"),
    (Annotation, AnnotationChange, "edition", 2),
    (User, UserChange, "role", "staff"),
    (User, UserChange, "email", "new@clinic.test"),
    (User, UserChange, "display_name", "Alicia"),
    (User, UserChange, "is_active", False),
    (Clinic, ClinicChange, "affect_policy", "off"),
    (Clinic, ClinicChange, "audio_days", 7),
    (Clinic, ClinicChange, "idle_minutes", 5),
]


@pytest.fixture
def of(world: World) -> Callable[[type[models.Model]], Any]:
    """A record of Alice's patient, or of her clinic, of each kind."""
    session = SessionFactory(patient=world.alices_patient, created_by=world.alice)
    made = {
        Patient: world.alices_patient,
        Consent: world.alices_patient.consents.get(),
        Session: session,
        Recording: RecordingFactory(session=session, uploaded_by=world.alice),
        QuestionnaireResponse: QuestionnaireFactory(patient=world.alices_patient),
        Review: reviewed(SessionFactory(patient=world.alices_patient), world.alice),
        Annotation: annotation_of(world.alices_patient),
        User: world.alice,
        Clinic: world.clinic,
    }
    return lambda model: made[model]


def ids_of(world: World, change: Any) -> tuple[UUID, UUID | None]:
    return change.clinic_id, getattr(change, "patient_id", None)


@pytest.mark.parametrize(("model", "table", "field", "value"), EDITS)
def test_a_change_leaves_one_row_with_before_and_after_whose_and_which_request(
    world: World,
    of: Callable[[type[models.Model]], Any],
    model: type[models.Model],
    table: type[Change],
    field: str,
    value: object,
) -> None:
    record = of(model)
    before, rows = getattr(record, field), count()
    with structlog.contextvars.bound_contextvars(request_id="request-7"), tenancy.acting_as(world.sam.id):
        setattr(record, field, value)
        record.save()
    assert count() == rows + 1
    after, earlier = table.objects.filter(pgh_obj=record.pk).order_by("-pgh_id")[:2]
    assert (getattr(earlier, field), getattr(after, field)) == (before, value)
    assert (after.pgh_label, after.actor_id, after.request_id) == ("changed", world.sam.id, "request-7")
    patient = world.alices_patient.id if table in OF_PATIENTS else None
    assert ids_of(world, after) == (world.clinic.id, patient)


@pytest.mark.parametrize(
    "model", [Patient, Consent, Session, Recording, QuestionnaireResponse, Review, Annotation, User, Clinic]
)
def test_saving_what_is_as_it_was_leaves_none(
    of: Callable[[type[models.Model]], Any], model: type[models.Model]
) -> None:
    record = model.objects.get(pk=of(model).pk)  # type: ignore[attr-defined]
    rows = count()
    record.save()
    model.objects.filter(pk=record.pk).update(**{record._meta.pk.name: record.pk})  # type: ignore[attr-defined]
    assert count() == rows


def test_neither_does_what_is_not_kept(world: World, of: Callable[[type[models.Model]], Any]) -> None:
    recording, rows = of(Recording), count()
    world.alice.set_password("another-long-password")
    world.alice.session_round += 1
    world.alice.save()
    recording.file = "recordings/elsewhere"
    recording.save()
    assert count() == rows


@pytest.mark.parametrize(
    ("make", "table"),
    [
        (ConsentFactory, ConsentChange),
        (SessionFactory, SessionChange),
        (QuestionnaireFactory, QuestionnaireChange),
    ],
)
def test_adding_and_removing_leave_a_row_each(
    world: World, make: Callable[..., models.Model], table: type[Change]
) -> None:
    record = make(patient=world.alices_patient)
    record_id = record.pk
    record.delete()
    removed, added = table.objects.filter(pgh_obj=record_id).order_by("-pgh_id")
    assert (added.pgh_label, removed.pgh_label) == ("added", "removed")
    assert removed.patient_id == added.patient_id == world.alices_patient.id
    assert removed.clinic_id == world.clinic.id


def test_joining_and_leaving_a_care_team_leave_a_row_each(world: World) -> None:
    with tenancy.acting_as(world.sam.id):
        world.alices_patient.care_team.add(world.bob)
    with tenancy.acting_as(world.alice.id):
        world.alices_patient.care_team.set([world.alice])
    left, joined = CareTeamChange.objects.filter(user=world.bob, patient=world.alices_patient)
    assert (joined.pgh_label, joined.actor_id) == ("added", world.sam.id)
    assert (left.pgh_label, left.actor_id, left.clinic_id) == ("removed", world.alice.id, world.clinic.id)


def test_what_nobody_asked_for_is_nobodys(world: World) -> None:
    Clinic.objects.filter(id=world.clinic.id).update(audio_days=9)
    change = newest(ClinicChange)
    assert (change.actor_id, change.request_id) == (None, "")


@pytest.mark.parametrize("sent", ["x" * 65, "a'; DROP TABLE x; --", "100%s", "é", "two words", ""])
def test_a_request_id_that_is_none_is_left_out(world: World, sent: str) -> None:
    with structlog.contextvars.bound_contextvars(request_id=sent):
        Clinic.objects.filter(id=world.clinic.id).update(audio_days=9)
    assert newest(ClinicChange).request_id == ""


def test_numbers_rise_in_the_order_of_the_changes_whatever_was_changed(world: World) -> None:
    patient = PatientFactory(clinic=world.clinic, care_team=[world.alice])
    consent = ConsentFactory(patient=patient)
    patient.given_name = "Kim"
    patient.save()
    rows = [PatientChange.objects.filter(patient_id=patient.id).earliest("pgh_id")]
    rows += [CareTeamChange.objects.get(patient=patient), ConsentChange.objects.get(pgh_obj=consent.id)]
    rows += [newest(PatientChange)]
    numbers = [row.pgh_id for row in rows]
    assert numbers == sorted(set(numbers))


def test_nothing_secret_is_kept() -> None:
    tables = set(pghistory.core.event_models()) - {pghistory.core.apps.get_model("inference", "JobMove")}
    assert tables == {*OF_PATIENTS, *OF_CLINICS}
    kept = {field.name for table in tables for field in table._meta.get_fields()}
    secret = ("password", "secret", "token", "key", "wrapped", "session_round", "hash", "file", "data")
    assert not {name for name in kept for word in secret if word in name}


@pytest.mark.parametrize("table", [*OF_PATIENTS, *OF_CLINICS])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET actor_id = NULL", "DELETE FROM {0}"])
def test_the_applications_role_can_neither_change_nor_delete_them(
    world: World, table: type[Change], statement: str
) -> None:
    name = table._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [name])
        triggers = ",".join(trigger for (trigger,) in cursor.fetchall())
        cursor.execute("SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{triggers}}}"])
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(statement.format(name))


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_of_the_tables_cannot_change_them_either(world: World) -> None:
    with connections["owner"].cursor() as cursor, pytest.raises(DatabaseError, match="only ever added"):
        cursor.execute(f"UPDATE {PatientChange._meta.db_table} SET actor_id = NULL")


def test_none_can_be_put_in_beside_a_change(world: World) -> None:
    with pytest.raises(DatabaseError, match="written by the changes themselves"), transaction.atomic():
        UserChange.objects.create(
            pgh_label="changed", pgh_obj=world.alice, clinic=world.clinic, email="a@b.test", role="admin"
        )


def test_nobody_else_can_use_what_forgets_the_changes_of_a_patient(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bait (id uuid)")
        with pytest.raises(DatabaseError, match="permission denied for function"), transaction.atomic():
            cursor.execute(
                "CREATE TRIGGER forget AFTER DELETE ON bait FOR EACH ROW EXECUTE FUNCTION sessions_app_forget_changes()"
            )


def test_the_changes_of_a_patient_go_with_the_patient_and_no_others_do(
    world: World, of: Callable[[type[models.Model]], Any]
) -> None:
    of(Recording).delete()
    kept = {table: table.objects.exclude(patient_id=world.alices_patient.id).count() for table in OF_PATIENTS}
    assert all(table.objects.filter(patient_id=world.alices_patient.id).exists() for table in OF_PATIENTS)
    with tenancy.acting_for(world.clinic.id):
        Patient.objects.get(id=world.alices_patient.id).delete()
    assert {table: table.objects.count() for table in OF_PATIENTS} == kept


def test_another_clinic_sees_none(world: World, of: Callable[[type[models.Model]], Any]) -> None:
    with tenancy.acting_for(world.mallory.clinic_id):
        for table in (*OF_PATIENTS, *OF_CLINICS):
            assert not table.objects.filter(clinic_id=world.clinic.id).exists()
    with tenancy.nobody():
        assert count() == 0


def test_what_a_service_does_for_a_person_is_theirs(world: World) -> None:
    with tenancy.acting_as(world.sam.id):
        services.consent_withdraw(user=world.sam, patient=world.alices_patient)
    change = newest(ConsentChange)
    assert (change.withdrawn_by_id, change.actor_id) == (world.sam.id, world.sam.id)


names = st.text(alphabet="abc", min_size=1, max_size=3)


class Replay(TestCase):
    """The rows of a record, one after the other, are the states that it was in."""

    @given(st.lists(st.tuples(names, names), max_size=8))
    def test_the_rows_are_the_states_without_repetition(self, states: list[tuple[str, str]]) -> None:
        """Whatever is written, as often as it is written."""
        with tenancy.every_clinic():
            patient = PatientFactory(given_name="-", family_name="-", reference=uuid4().hex)
            seen = [("-", "-")]
            for given_name, family_name in states:
                Patient.objects.filter(id=patient.id).update(given_name=given_name, family_name=family_name)
                if seen[-1] != (given_name, family_name):
                    seen.append((given_name, family_name))
            rows = PatientChange.objects.filter(pgh_obj=patient.id).order_by("pgh_id")
            assert list(rows.values_list("given_name", "family_name")) == seen
