"""From which IP address the request in hand came.

Behind a proxy that is the proxy's own, unless CLIENT_ADDRESS_HEADER names the header in which the proxy says whose
request it passes on. Anybody can send such a header, so none is believed that the setting does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

_address: ContextVar[str] = ContextVar("client_address", default="")


def client_address() -> str:
    """The address, or nothing outside a request and where the server knows none (a Unix socket)."""
    return _address.get()


@contextmanager
def asked_from(request: HttpRequest) -> Iterator[None]:
    """For the time being, `client_address` is that of ``request``."""
    token = _address.set(address_of(request))
    try:
        yield
    finally:
        _address.reset(token)


def address_of(request: HttpRequest) -> str:
    """As the trusted header says, or else the connection; nothing if that is no address."""
    header: str = settings.CLIENT_ADDRESS_HEADER
    said = request.headers.get(header, "") if header else request.META.get("REMOTE_ADDR") or ""
    # A proxy adds what it saw at the end; what stands before it came with the request.
    last = said.rpartition(",")[2].strip()
    try:
        return str(ip_address(last.partition("%")[0]))
    except ValueError:
        return ""


def line_of(address: str) -> str:
    """One connection's addresses count as one: of IPv6, a connection has 2**64."""
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/64", strict=False))
