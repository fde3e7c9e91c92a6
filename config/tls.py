"""In production, what goes to PostgreSQL, Redis and a mail server over a network is encrypted on the way."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error

CERTIFIED = {"verify-ca", "verify-full"}
"""libpq's modes that never go on in plain text and ask for a certificate; the last also looks for whom it was made."""

ADVICE = "or set ALLOW_PLAINTEXT_SERVICES where the network itself is encrypted."

MAIL = "The mail server is not asked for TLS. Please use 'smtp+tls://' or 'smtp+ssl://' in EMAIL_URL."


def services_in_plain(**_: Any) -> list[CheckMessage]:
    """A fault for each service that is on another machine and would be talked to in plain text."""
    if not settings.PRODUCTION:
        return []
    # Mail is the one that leaves the network, and codes for a new password are in it.
    faults: list[CheckMessage] = [Error(MAIL, id="undertone.E012")] if _mail_in_plain() else []
    if settings.ALLOW_PLAINTEXT_SERVICES:
        return faults
    if any(map(_database_in_plain, settings.DATABASES.values())):
        wish = "PostgreSQL is not asked for TLS with a certificate. Please add '?sslmode=verify-full' to DATABASE_URL,"
        faults.append(Error(f"{wish} {ADVICE}", id="undertone.E010"))
    if _redis_in_plain(settings.REDIS_URL):
        wish = (
            "Redis is not asked for TLS with a certificate of its own name. Please use 'rediss://' in REDIS_URL, "
            "without ssl_cert_reqs and ssl_check_hostname,"
        )
        faults.append(Error(f"{wish} {ADVICE}", id="undertone.E011"))
    return faults


def _database_in_plain(database: dict[str, Any]) -> bool:
    options = database.get("OPTIONS", {})
    named = (database.get("HOST") or options.get("host", ""), options.get("hostaddr", ""))
    hosts = ",".join(map(str, named)).split(",")
    return options.get("sslmode") not in CERTIFIED and not all(map(_is_here, hosts))


def _redis_in_plain(address: str) -> bool:
    redis = urlsplit(address)
    if redis.scheme not in {"redis", "rediss"} or _is_here(redis.hostname or ""):
        return False
    said = {name: {one.lower() for one in values} for name, values in parse_qs(redis.query).items()}
    asked = {one.removeprefix("cert_") for one in said.get("ssl_cert_reqs", {"required"})}
    named = said.get("ssl_check_hostname", {"true"})
    return redis.scheme == "redis" or asked != {"required"} or not named <= {"true", "1", "yes"}


def _mail_in_plain() -> bool:
    if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return False
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    return not encrypted and not _is_here(settings.EMAIL_HOST or "")


def _is_here(host: str) -> bool:
    """Whether ``host`` is this machine: a socket, or the loopback interface."""
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
