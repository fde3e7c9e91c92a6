"""Fills a clinic of its own with made-up rows, to measure pages with: no score in it was heard in anybody's voice.

Everything is written in one transaction by statements that make the rows in the database. Triggers, checks and foreign
keys hold as for every other row, so that its histories are there too. Nobody in it can sign in: no account has a
password, unless somebody gives it one.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from accounts.models import Clinic, Role, User
from sessions_app.scale import rows
from sessions_app.scale.plan import Plan

ALLOWED = ("development", "test")
AT_A_TIME = 200


class NotHere(Exception):
    """Why no rows are made up; the message is one plain sentence."""


def seed(plan: Plan, *, say: Callable[[int], None] = lambda _: None) -> bool:
    """Make the clinic of ``plan``, unless it is there already (then False); ``say`` hears how many patients there are.

    Raises `NotHere` where real or demonstrated patients may be, and for a clinic of the same name that is another.
    """
    if settings.ENVIRONMENT not in ALLOWED:
        raise NotHere(f"Rows are made up in development only, not with UNDERTONE_ENV={settings.ENVIRONMENT}.")
    if Clinic.objects.filter(id=plan.id_of("clinic")).exists():
        return False
    if Clinic.objects.filter(name=plan.clinic_name).exists():
        raise NotHere(f"There is another clinic called '{plan.clinic_name}'. Please give a name that is free: --clinic")
    with transaction.atomic():
        _write(plan, say)
    return True


def _write(plan: Plan, say: Callable[[int], None]) -> None:
    clinic = Clinic.objects.create(id=plan.id_of("clinic"), name=plan.clinic_name, is_synthetic=True)
    _add_people(plan, clinic)
    everybody = plan.everybody()
    with connection.cursor() as cursor:
        # What is asked for at the end would be kept in memory until then, a few hundred bytes a row.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(rows.SHAPES)
        for start in range(0, len(everybody), AT_A_TIME):
            some = everybody[start : start + AT_A_TIME]
            rows.write(cursor, plan, clinic, some)
            say(start + len(some))


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
