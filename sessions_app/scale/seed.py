"""Fills a clinic of its own with made-up rows, to measure pages with: no score in it was heard in anybody's voice.

Statements make the rows in the database, some patients in each transaction. Triggers, checks and foreign keys hold as
for every other row, so that its histories are there too. What was interrupted is taken up again. Nobody in it can sign
in: no account has a password, unless somebody gives it one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from accounts.models import Clinic, Role, User
from sessions_app.models import Patient
from sessions_app.scale import rows
from sessions_app.scale.plan import MadeUpPatient, Plan
from tenancy import every_clinic

ALLOWED = ("development", "test")
AT_A_TIME = 20
"""Each row that is kept a change of is written in a savepoint; of many in one transaction each costs more."""


class NotHere(Exception):
    """Why no rows are made up; the message is one plain sentence."""


def seed(plan: Plan, *, connections_at_once: int = 1, say: Callable[[int], None] = lambda _: None) -> bool:
    """Make the clinic of ``plan``, unless all of it is there already (then False).

    ``say`` hears how many patients there are. Raises `NotHere` where real or demonstrated patients may be, and for a
    clinic of the same name that is another: none that is there is ever written to.
    """
    if settings.ENVIRONMENT not in ALLOWED:
        raise NotHere(f"Rows are made up in development only, not with UNDERTONE_ENV={settings.ENVIRONMENT}.")
    clinic = _clinic(plan)
    missing = list(_missing(plan, clinic))
    done = plan.patients - sum(map(len, missing))

    def write(some: list[MadeUpPatient]) -> int:
        with every_clinic(), transaction.atomic(), connection.cursor() as cursor:
            rows.write(cursor, plan, clinic, some)
        return len(some)

    for number in _each(write, missing, connections_at_once):
        done += number
        say(done)
    return bool(missing)


def _clinic(plan: Plan) -> Clinic:
    """The clinic with its people. Raises `NotHere` for another one of this name."""
    if clinic := Clinic.objects.filter(id=plan.id_of("clinic")).first():
        return clinic
    if Clinic.objects.filter(name=plan.clinic_name).exists():
        raise NotHere(f"There is another clinic called '{plan.clinic_name}'. Please give a name that is free: --clinic")
    with transaction.atomic():
        clinic = Clinic.objects.create(id=plan.id_of("clinic"), name=plan.clinic_name, is_synthetic=True)
        _add_people(plan, clinic)
    return clinic


def _missing(plan: Plan, clinic: Clinic) -> Iterator[list[MadeUpPatient]]:
    """The patients who are not there yet, as many as are written in one transaction."""
    there = set(Patient.objects.filter(clinic=clinic).values_list("id", flat=True))
    wanted = [one for one in plan.everybody() if one.id not in there]
    return (wanted[start : start + AT_A_TIME] for start in range(0, len(wanted), AT_A_TIME))


def _each(
    write: Callable[[list[MadeUpPatient]], int], missing: list[list[MadeUpPatient]], at_once: int
) -> Iterator[int]:
    """Write all, on so many connections at once."""
    if at_once == 1:
        yield from map(write, missing)
        return

    def on_its_own(some: list[MadeUpPatient]) -> int:
        try:
            return write(some)
        finally:
            connection.close()

    with ThreadPoolExecutor(at_once) as threads:
        yield from threads.map(on_its_own, missing)


def _add_people(plan: Plan, clinic: Clinic) -> None:
    """The first counselor is of every care team; the others share the patients."""
    roles = {"staff": Role.STAFF, "admin": Role.ADMIN}
    wanted = [(kind, 0, role) for kind, role in roles.items()]
    wanted += [("counselor", number, Role.COUNSELOR) for number in range(plan.counselors + 1)]
    for kind, number, role in wanted:
        User.objects.create_user(
            id=plan.id_of(kind, number),
            email=f"{kind}-{number}@{clinic.id}.invalid",
            password=None,
            clinic=clinic,
            display_name=f"Made-up {kind} {number}",
            role=role,
        )


def tidy() -> None:
    """What autovacuum does by and by. Asks for the rights of the tables' owner, and does nothing without."""
    with connections["owner" if "owner" in settings.DATABASES else DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
