"""What `manage.py doctor` says of an installation's outside: certificate, versions of TLS, history of the source."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import call_command
from pytest_django import Settings

from config import front
from tests.config.test_tls import certificate  # noqa: F401 - a fixture

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """As if an authority that browsers know had made it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.fixture
def versions(request: pytest.FixtureRequest) -> tuple[ssl.TLSVersion, ssl.TLSVersion]:
    """The oldest and the newest that the server speaks."""
    return getattr(request, "param", (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3))


@pytest.fixture
def address(certificate: Path, versions: tuple[ssl.TLSVersion, ssl.TLSVersion]) -> Iterator[str]:  # noqa: F811
    """Of a server that speaks TLS and says nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = versions
    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=_greet, args=(door, context), daemon=True).start()
        yield f"https://localhost:{door.getsockname()[1]}/"


def _greet(door: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        try:
            context.wrap_socket(client, server_side=True).close()
        except OSError:
            client.close()


def test_a_trusted_certificate_and_tls_1_2_and_1_3_are_well(trusted: Path, address: str) -> None:
    found = front.https(address)
    assert (found.ok, found.message) == (True, "Browsers trust the certificate of localhost; TLSv1.3 is spoken.")


def test_a_certificate_that_nobody_knows_is_told(address: str) -> None:
    found = front.https(address)
    assert not found.ok
    assert found.message.startswith("Browsers do not trust the certificate of localhost")


def test_so_is_one_for_another_name(trusted: Path, address: str) -> None:
    found = front.https(address.replace("localhost", "127.0.0.1"))
    assert not found.ok
    assert "do not trust" in found.message


@pytest.mark.parametrize("versions", [(ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_3)], indirect=True)
def test_a_server_that_also_speaks_what_is_broken_is_told(trusted: Path, address: str) -> None:
    found = front.https(address)
    assert (found.ok, found.message) == (False, "localhost also speaks TLS 1.0 and TLS 1.1.")
    assert "docs/operations.md" in found.advice


@pytest.mark.parametrize(
    "wrong", ["http://undertone.willow.example", "undertone.willow.example", "https://", "https://a:b"]
)
def test_what_is_no_such_address_is_told(wrong: str) -> None:
    assert "begins with https://" in front.https(wrong).message


def test_a_server_that_does_not_answer_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    assert "does not answer" in front.https(f"https://127.0.0.1:{port}").message


def test_the_command_asks_it_when_an_address_is_named(trusted: Path, address: str, db: None) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", address=address, stdout=out)
    assert "Browsers trust the certificate of localhost" in out.getvalue()


def test_the_history_of_the_source_beside_a_server_is_told_in_production_alone(
    settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR, settings.PRODUCTION = tmp_path, True
    assert front.source().ok
    (tmp_path / ".git").mkdir()
    assert (front.source().ok, front.source().advice) == (False, "Install from 'git archive', or delete .git here.")
    settings.PRODUCTION = False
    assert front.source().ok
