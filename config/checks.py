"""What production refuses to start with. `manage.py check` asks it too, and for demonstration accounts the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.models import Clinic, User
from config.environment import Misconfigured
from config.tls import services_in_plain
from sessions_app.demo.people import LOGINS

LEAST_SECRET = 50
LEAST_TOKEN = 32
LEAST_DIFFERENT = 10
MADE_UP = ("django-insecure", "undertone", "change-me", "changeme", "secret")
"""How a key begins that somebody has copied from an example."""

Check = Callable[..., Iterable[CheckMessage]]


def debug(**_: Any) -> list[CheckMessage]:
    """No page may show the inside."""
    return [Error("DEBUG is on. In production please unset it.", id="undertone.E001")] if settings.DEBUG else []


def hosts(**_: Any) -> list[CheckMessage]:
    """A request must name a host that is ours, or links could be made to lead elsewhere."""
    if settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS:
        return []
    return [Error("ALLOWED_HOSTS takes any host. Please name those that are yours.", id="undertone.E002")]


def secret_key(**_: Any) -> list[CheckMessage]:
    """Sessions and tokens of forms are signed with it."""
    if _is_random(str(settings.SECRET_KEY), LEAST_SECRET):
        return []
    advice = f"Please set a random one of at least {LEAST_SECRET} characters."
    return [Error(f"SECRET_KEY is short, or could be guessed. {advice}", id="undertone.E003")]


def metrics_token(**_: Any) -> list[CheckMessage]:
    """It opens the figures of the whole installation."""
    if not settings.METRICS_TOKEN or _is_random(settings.METRICS_TOKEN, LEAST_TOKEN):
        return []
    advice = f"Please set a random one of at least {LEAST_TOKEN} characters."
    return [Error(f"METRICS_TOKEN is short, or could be guessed. {advice}", id="undertone.E004")]


def https(**_: Any) -> list[CheckMessage]:
    """Without it, passwords and pages travel readable, and cookies may too."""
    if settings.HTTPS:
        return []
    advice = (
        "Please unset it; where TLS ends at a proxy, CLIENT_SCHEME_HEADER says how it tells (README, Configuration)."
    )
    return [Error(f"HTTPS is switched off. {advice}", id="undertone.E006")]


def demonstration(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The passwords of the demonstration are published. Asked by ``check --database default`` and by ``migrate``."""
    if not settings.PRODUCTION or not databases or not _are_read():
        return []
    people = User.objects.filter(email__in=[login.email for login in LOGINS], is_active=True)
    if not people.exists() and not Clinic.objects.filter(is_synthetic=True).exists():
        return []
    return [Error("The demonstration's clinic or accounts are in this database.", id="undertone.E005")]


SETTINGS: tuple[Check, ...] = (debug, hosts, secret_key, metrics_token, https, services_in_plain)


def settings_of_production(**_: Any) -> list[CheckMessage]:
    """All faults of the settings; none outside production."""
    return [fault for check in SETTINGS for fault in check()] if settings.PRODUCTION else []


def refuse() -> None:
    """Raise `Misconfigured` with a sentence for each fault: uvicorn, unlike manage.py, asks no checks."""
    faults = settings_of_production()
    if faults:
        raise Misconfigured("\n".join(fault.msg for fault in faults))


def ask_always() -> None:
    """Let Django ask these checks with its own."""
    register(settings_of_production, Tags.security)
    register(demonstration, Tags.database)


def _are_read() -> bool:
    """Whether the tables are there and the application may read them, which is so once `migrate` has ended well."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(COALESCE(has_table_privilege(to_regclass(name), 'SELECT'), false))"
            " FROM unnest(%s::text[]) name",
            [["accounts_user", "accounts_clinic"]],
        )
        return bool(cursor.fetchone()[0])


def _is_random(secret: str, least: int) -> bool:
    return len(secret) >= least and len(set(secret)) >= LEAST_DIFFERENT and not secret.lower().startswith(MADE_UP)
