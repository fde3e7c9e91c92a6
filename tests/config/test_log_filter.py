"""Nothing in a line of the log may say something of a patient, whoever wrote it."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.db import IntegrityError

MARK = "Wanda Quorbelik"

AS_A_SERVER = """
import logging, uvicorn
uvicorn.Config("config.asgi:application")
import django
django.setup()
try:
    raise ValueError("Key (family_name)=({mark}) exists")
except ValueError:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=True)
"""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log's own formatter makes of whatever is logged."""
    formatter = dict(settings.LOGGING["formatters"]["json"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def only(written: io.StringIO) -> dict[str, Any]:
    (line,) = written.getvalue().splitlines()
    assert MARK not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_key_that_is_not_known_is_left_out_and_named(written: io.StringIO) -> None:
    structlog.get_logger("ours").warning("patient_added", name=MARK, job_id="7f8e")
    line = only(written)
    assert (line["event"], line["job_id"], line["left_out"]) == ("patient_added", "7f8e", ["name"])


def refused_by_the_database() -> None:
    raise IntegrityError(f"Key (family_name)=({MARK}) already exists.")


def failed() -> None:
    try:
        refused_by_the_database()
    except IntegrityError as error:
        raise RuntimeError(f"cannot add {MARK}") from error


def test_of_an_exception_its_type_and_places_are_written_and_not_what_it_says(written: io.StringIO) -> None:
    try:
        failed()
    except RuntimeError:
        structlog.get_logger("ours").exception("request_failed")
    line = only(written)
    assert line["error"] == "RuntimeError"
    assert "IntegrityError" in line["where"]
    assert any("test_log_filter.py" in place for place in line["where"])


def test_a_librarys_line_quotes_no_exception(written: io.StringIO) -> None:
    try:
        failed()
    except RuntimeError as error:
        logging.getLogger("celery.app.trace").error("Task %s raised unexpected: %r", "t", error, exc_info=True)
    line = only(written)
    assert line["event"] == "Task t raised unexpected: RuntimeError"
    assert line["error"] == "RuntimeError"


def test_a_librarys_extras_are_not_written(written: io.StringIO) -> None:
    logging.getLogger("django.request").warning("Bad Request: %s", "/patients/", extra={"request": MARK})
    assert only(written)["event"] == "Bad Request: /patients/"


def test_the_servers_own_lines_go_the_same_way() -> None:
    """In a process of its own, as uvicorn sets itself up before Django is heard."""
    done = subprocess.run(
        [sys.executable, "-c", AS_A_SERVER.format(mark=MARK)], capture_output=True, text=True, check=True
    )
    (line,) = done.stderr.splitlines()
    assert MARK not in done.stderr
    assert json.loads(line)["error"] == "ValueError"


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ("Not Found: /api/v1/patients?search=Wanda", "Not Found: /api/v1/patients?[query]"),
        ("Not Found: /api/v1/patients;x?search=Wanda", "Not Found: /api/v1/patients;x?[query]"),
        ("Not Found: /?search=O'Brien here", "Not Found: /?[query] here"),
        ("mail to wanda.q@clinic.test was refused", "mail to [e-mail address] was refused"),
        ("What now?", "What now?"),
    ],
)
def test_addresses_of_people_and_searches_are_masked(written: io.StringIO, said: str, stands: str) -> None:
    logging.getLogger("some.library").warning(said)
    assert only(written)["event"] == stands


def test_a_line_break_in_what_is_logged_begins_no_line_of_the_log(written: io.StringIO) -> None:
    forged = 'wrong\n{"event": "sign_in", "level": "info"}\r\n\x1b[2J'
    logging.getLogger("ours").warning("Not Found: %s", forged)
    structlog.get_logger("ours").warning("throttled", code=forged)
    lines = written.getvalue().splitlines()
    assert [json.loads(line)["level"] for line in lines] == ["warning", "warning"]
    assert json.loads(lines[1])["code"] == forged


def test_every_line_says_when_in_utc_who_wrote_it_and_how_grave_it_is(written: io.StringIO) -> None:
    logging.getLogger("library").warning("something")
    line = only(written)
    assert line["timestamp"].endswith("Z")
    assert (line["logger"], line["level"]) == ("library", "warning")
