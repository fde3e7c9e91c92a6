"""PostgreSQL and Redis are talked to over TLS where they are on another machine."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import redis
from django.core.checks import run_checks
from pytest_django import Settings

from config import tls
from config.embedded import REPOSITORY
from config.environment import env

CACHE = """
import django; django.setup()
from django.core.cache import cache
cache.set("undertone-tls-test", "here", 10)
print(cache.get("undertone-tls-test"))
"""
BROKER = """
import django; django.setup()
from config.celery import app
with app.connection_for_write() as broker:
    broker.ensure_connection(max_retries=1, timeout=5)
print("here")
"""
LAX = """
openssl_conf = all
[all]
ssl_conf = lax
[lax]
system_default = everything
[everything]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
"""
BOTH = pytest.mark.parametrize("script", [CACHE, BROKER], ids=["cache", "broker"])


def told(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> list[str]:
    """What production with these settings is told; nothing is connected to."""
    usual = {
        "PRODUCTION": True,
        "ALLOW_PLAINTEXT_SERVICES": False,
        "DATABASES": {},
        "REDIS_URL": "unix:///run/redis.sock",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
        **env.email_url_config("dummymail://"),
    }
    monkeypatch.setattr(tls, "settings", SimpleNamespace(**usual | settings))
    return faults()


def faults() -> list[str]:
    return [fault.id or "" for fault in tls.services_in_plain()]


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("postgresql://u:p@db/undertone", True),
        ("postgresql://u:p@db/undertone?sslmode=prefer", True),
        ("postgresql://u:p@10.0.0.7:5432/undertone?sslmode=disable", True),
        ("postgresql://u:p@db/undertone?sslmode=require", True),
        ("postgresql://u:p@db/undertone?sslmode=verify-ca&sslrootcert=/etc/ca.pem", False),
        ("postgresql://u:p@db/undertone?sslmode=verify-full&sslrootcert=/etc/ca.pem", False),
        ("postgresql://u:p@localhost/undertone", False),
        ("postgresql://u:p@127.0.0.1:5432/undertone", False),
        ("postgresql://u@/undertone?host=/run/postgresql", False),
        ("postgresql://u@/undertone?host=/run/postgresql,db", True),
        ("postgresql://u@/undertone?hostaddr=10.0.0.7", True),
        ("postgresql://u@localhost/undertone?hostaddr=10.0.0.7", True),
        ("postgresql://u@localhost/undertone?hostaddr=127.0.0.1", False),
    ],
)
def test_a_database_on_another_machine_must_be_asked_for_tls(
    monkeypatch: pytest.MonkeyPatch, address: str, plain: bool
) -> None:
    found = told(monkeypatch, DATABASES={"default": env.db_url_config(address)})
    assert found == (["undertone.E010"] if plain else [])


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("redis://redis:6379/0", True),
        ("redis://:pw@10.0.0.8/0", True),
        ("rediss://redis:6379/0", False),
        ("rediss://redis:6379/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required", False),
        ("rediss://redis:6379/0?ssl_cert_reqs=none", True),
        ("rediss://redis:6379/0?ssl_cert_reqs=CERT_OPTIONAL", True),
        ("rediss://redis:6379/0?ssl_check_hostname=false", True),
        ("rediss://redis:6379/0?ssl_check_hostname=0", True),
        ("rediss://redis:6379/0?ssl_check_hostname=true", False),
        ("redis://localhost:6379/0", False),
        ("redis://[::1]:6379/0", False),
        ("unix:///run/redis.sock", False),
    ],
)
def test_a_redis_on_another_machine_must_be_asked_for_tls(
    monkeypatch: pytest.MonkeyPatch, address: str, plain: bool
) -> None:
    assert told(monkeypatch, REDIS_URL=address) == (["undertone.E011"] if plain else [])


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("smtp://u:p@mail.willow.example:25", True),
        ("smtp+tls://u:p@mail.willow.example:587", False),
        ("smtp+ssl://u:p@mail.willow.example:465", False),
        ("smtp://localhost:25", False),
        ("dummymail://", False),
    ],
)
def test_a_mail_server_on_another_machine_must_be_asked_for_tls_whatever_the_network_is(
    monkeypatch: pytest.MonkeyPatch, address: str, plain: bool
) -> None:
    found = told(monkeypatch, ALLOW_PLAINTEXT_SERVICES=True, **env.email_url_config(address))
    assert found == (["undertone.E012"] if plain else [])


def test_who_says_that_the_network_is_encrypted_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, REDIS_URL="redis://redis", ALLOW_PLAINTEXT_SERVICES=True) == []


def test_djangos_checks_ask_it(settings: Settings) -> None:
    settings.PRODUCTION, settings.REDIS_URL = True, "redis://redis"
    assert "undertone.E011" in {fault.id for fault in run_checks()}


def test_what_the_address_says_of_tls_reaches_the_client_of_postgresql() -> None:
    from django.db.backends.postgresql.base import DatabaseWrapper

    config = env.db_url_config("postgresql://u:p@db/undertone?sslmode=verify-full&sslrootcert=/etc/ca.pem")
    told = DatabaseWrapper(config | {"CONN_HEALTH_CHECKS": True, "TIME_ZONE": None}).get_connection_params()
    assert (told["sslmode"], told["sslrootcert"], told["host"]) == ("verify-full", "/etc/ca.pem", "db")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed.")
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    subprocess.run(["openssl", *made], check=True, capture_output=True)
    return tmp_path / "cert.pem"


@pytest.fixture
def newest(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    """The newest version of TLS that the server speaks."""
    return getattr(request, "param", ssl.TLSVersion.MAXIMUM_SUPPORTED)


@pytest.fixture
def port(certificate: Path, newest: ssl.TLSVersion) -> Iterator[int]:
    """Where the tests' Redis answers over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    if newest is ssl.TLSVersion.TLSv1_1:
        # Without it OpenSSL itself would refuse what is asked for here.
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = newest
    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=_serve, args=(door, context), daemon=True).start()
        yield door.getsockname()[1]


def _serve(door: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = door.accept()
        except OSError:
            return
        Thread(target=_pass_on, args=(client, context), daemon=True).start()


def _pass_on(client: socket.socket, context: ssl.SSLContext) -> None:
    pool = redis.Redis.from_url(os.environ["REDIS_URL"]).connection_pool
    behind = pool.make_connection()
    behind.connect()
    try:
        with context.wrap_socket(client, server_side=True) as encrypted:
            Thread(target=_pump, args=(behind._sock, encrypted), daemon=True).start()
            _pump(encrypted, behind._sock)
    except OSError:
        return


def _pump(source: Any, target: Any) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
    except OSError:
        return


def asked(script: str, address: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"REDIS_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@BOTH
def test_tls_is_talked_to_who_is_certified(port: int, certificate: Path, script: str) -> None:
    done = asked(script, f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}")
    assert (done.stdout, done.returncode) == ("here\n", 0), done.stderr


@BOTH
def test_nothing_is_said_to_who_is_not(port: int, script: str) -> None:
    done = asked(script, f"rediss://localhost:{port}/0")
    assert "here" not in done.stdout
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr


@BOTH
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_1], indirect=True)
def test_a_version_of_tls_before_1_2_is_not_spoken(
    port: int, certificate: Path, script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lax = tmp_path / "openssl.cnf"
    lax.write_text(LAX)
    # Not even where the machine's own settings allow it.
    monkeypatch.setenv("OPENSSL_CONF", str(lax))
    done = asked(script, f"rediss://localhost:{port}/0?ssl_ca_certs={certificate}")
    assert "here" not in done.stdout
    assert "PROTOCOL" in done.stderr.upper()


def test_nor_with_postgresql() -> None:
    (option,) = [one for one in psycopg.pq.Conninfo.get_defaults() if one.keyword == b"ssl_min_protocol_version"]
    assert option.compiled == b"TLSv1.2"
