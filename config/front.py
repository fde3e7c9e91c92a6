"""What `manage.py doctor` asks of an installation's outside: its proxy's TLS, and what lies beside the program."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from django.conf import settings

from config.doctor import Finding

SECONDS = 5.0
HTTPS_PORT = 443
OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}
"""Versions that are broken and must not be spoken (RFC 8996)."""

ADVICE = "See 'In front: the proxy' in docs/operations.md."


def source() -> Finding:
    """Is the history of the source kept away from a server that only runs it?"""
    if not settings.PRODUCTION or not (settings.BASE_DIR / ".git").exists():
        return Finding("source", ok=True, message="No history of the source lies beside the program.")
    message = "The history of the source (.git) lies beside the program, which has no use for it."
    return Finding("source", ok=False, message=message, advice="Install from 'git archive', or delete .git here.")


def https(address: str) -> Finding:
    """Do browsers trust the certificate at ``address``, and is nothing older than TLS 1.2 spoken there?"""
    try:
        place = urlsplit(address)
        host, port = place.hostname or "", place.port or HTTPS_PORT
    except ValueError:
        place, host, port = urlsplit(""), "", HTTPS_PORT
    if place.scheme != "https" or not host:
        return Finding(
            "https", ok=False, message=f"'{address}' is no address that begins with https://.", advice=ADVICE
        )
    try:
        spoken = _spoken(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        message = f"Browsers do not trust the certificate of {host}: {error.verify_message}."
        return Finding("https", ok=False, message=message, advice=ADVICE)
    except OSError as error:
        return Finding("https", ok=False, message=f"{host} does not answer over TLS: {error}.", advice=ADVICE)
    if old := [name for name, version in OLD.items() if _speaks(host, port, version)]:
        return Finding("https", ok=False, message=f"{host} also speaks {' and '.join(old)}.", advice=ADVICE)
    return Finding("https", ok=True, message=f"Browsers trust the certificate of {host}; {spoken} is spoken.")


def _spoken(host: str, port: int, context: ssl.SSLContext) -> str:
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        return encrypted.version() or ""


def _speaks(host: str, port: int, version: ssl.TLSVersion) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Who it is was asked before. Without the ciphers, OpenSSL itself would refuse what is asked for here.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = version, version
    try:
        _spoken(host, port, context)
    except OSError:
        return False
    return True
