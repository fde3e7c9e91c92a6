"""A walk through pages and API with names that occur nowhere else; then everything that was written is searched."""

from __future__ import annotations

import base64
import binascii
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from redis import Redis

from tests.stack import REPOSITORY, Stack
from tests.visitor import Visitor

GIVEN_NAME, FAMILY_NAME, NUMBER = "Wandaquor", "Quorbelik", "QXREF77"
FILE, TEXT, REASON = "tapequor.opus", "textquor", "The patient called in a crisisquor."
MARKS = (GIVEN_NAME, FAMILY_NAME, NUMBER, FILE.removesuffix(".opus"), TEXT, "crisisquor")
METRICS_TOKEN = "a-token-for-metrics"
SECONDS = 120.0
ENCODED = re.compile(r"[A-Za-z0-9+/=]{16,}")
"""Celery sends the body of a message as base64."""

BOTH_DONE = """
    SELECT good.job_id::text FROM sessions_app_recording good
    JOIN inference_analysisjob j ON j.id = good.job_id AND j.state = 'succeeded'
    JOIN sessions_app_recording bad ON bad.session_id = good.session_id
    JOIN inference_analysisjob b ON b.id = bad.job_id AND b.state = 'failed'
    WHERE good.original_name = 'tapequor.opus'
"""


def marks_in(written: str) -> list[str]:
    return [mark for mark in MARKS if mark.lower() in written.lower()]


@dataclass
class Tapped:
    """Every command that Redis is given while somebody listens."""

    redis: Redis = field(default_factory=lambda: Redis.from_url(os.environ["REDIS_URL"]))
    commands: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Tapped:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self._until(lambda: bool(self.commands))
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._until(lambda: not self._thread.is_alive())

    def _until(self, done: object) -> None:
        """Redis tells nothing until it is given a command."""
        deadline = time.monotonic() + 10
        while not done():  # type: ignore[operator]
            assert time.monotonic() < deadline, "Redis says nothing."
            self.redis.ping()
            time.sleep(0.05)

    def _listen(self) -> None:
        with Redis.from_url(os.environ["REDIS_URL"]).monitor() as monitor:
            for command in monitor.listen():
                self.commands.append(_decoded(str(command["command"])))
                if self._over.is_set():
                    return


def _decoded(command: str) -> str:
    """The command, and whatever in it is base64 in plain text beside it."""
    plain = []
    for found in ENCODED.findall(command):
        try:
            plain.append(base64.b64decode(found, validate=True).decode(errors="replace"))
        except binascii.Error:
            continue
    return "\n".join([command, *plain])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Server, worker and beat, which write all that they ever write."""
    folder = tmp_path_factory.mktemp("logs")
    own = {"QUEUE": f"logs-{uuid.uuid4()}", "MEDIA_ROOT": str(folder / "media"), "LOG_LEVEL": "INFO"}
    often = {"TIDY_SECONDS": "2", "SWEEP_SECONDS": "2", "SEAL_SECONDS": "2", "ANCHOR_SECONDS": "2"}
    environment = os.environ | own | often | {"METRICS_TOKEN": METRICS_TOKEN}
    running = Stack(folder, environment, database="undertone_logs")
    try:
        running.start()
        running.start_beat()
        yield running
    finally:
        running.stop()


@dataclass
class Walk:
    """What was asked for, what was seen and what Redis was told."""

    asked: list[str] = field(default_factory=list)
    seen: str = ""
    told: str = ""
    patient: str = ""
    job: str = ""


@pytest.fixture(scope="module")
def walk(stack: Stack) -> Walk:
    """Admit a patient, find them, bring a recording in, look at what came of it, do what is refused, withdraw."""
    done = Walk()
    with Tapped() as tapped:
        staff, counselor, admin = (_visitor(stack, done, who) for who in ("staff", "counselor", "admin"))
        _admit(staff, done)
        _bring_in(stack, staff, done)
        _look(counselor, done)
        _be_refused(staff, counselor, admin, done)
        _ask_by_token(counselor, done)
        admin.get("/clinic/access-log/")
        admin.post("/clinic/access-log/", patient=NUMBER)
        admin.post("/clinic/access-log/export/", patient=NUMBER)
        _take_leave(counselor, admin, done)
        # Beat's tasks and the sealing of the log have their turn.
        time.sleep(5)
    done.told = "\n".join(tapped.commands)
    return done


def _visitor(stack: Stack, done: Walk, who: str) -> Visitor:
    visitor = Visitor(stack.address, asked=done.asked)
    visitor.sign_in(stack.world[who])
    return visitor


def _admit(staff: Visitor, done: Walk) -> None:
    page = staff.get("/patients/new/").decode()
    fields = {
        "reference": NUMBER,
        "given_name": GIVEN_NAME,
        "family_name": FAMILY_NAME,
        "care_team": re.findall(r'name="care_team" value="([^"]+)"', page),
        "with_consent": "on",
        "consent-given_on": "2020-01-01",
        "consent-method": "paper",
        "consent-text_version": TEXT,
        "consent-recording": "on",
        "consent-voice_analysis": "on",
    }
    staff.post("/patients/new/", **fields)
    done.patient = staff.at.split("/")[2]
    # Again: the number is taken, and the form comes back with all that was typed.
    staff.post("/patients/new/", **fields)
    assert staff.status == 422


def _bring_in(stack: Stack, staff: Visitor, done: Walk) -> None:
    sound = (REPOSITORY / "tests/data/speech.opus").read_bytes()
    held = {"held_at": "2026-03-02T09:00", "patient_channel": ""}
    staff.post(f"/patients/{done.patient}/sessions/", file=SimpleUploadedFile(FILE, sound), **held)
    broken = SimpleUploadedFile(f"{FAMILY_NAME}-{FILE}", b"no sound at all")
    staff.post(f"/patients/{done.patient}/sessions/", file=broken, **held)
    deadline = time.monotonic() + SECONDS
    while (found := stack.ask(BOTH_DONE)) is None:
        assert time.monotonic() < deadline, stack.written()["worker"][-2000:]
        time.sleep(0.5)
    done.job = found[0]


def _look(counselor: Visitor, done: Walk) -> None:
    done.seen += counselor.post("/", text=FAMILY_NAME).decode()
    page = counselor.get(f"/patients/{done.patient}/").decode()
    done.seen += page
    for path in sorted(set(re.findall(r'"(/(?:sessions|patients|recordings)/[^"?]+/)"', page))):
        done.seen += counselor.get(path).decode(errors="replace")


def _be_refused(staff: Visitor, counselor: Visitor, admin: Visitor, done: Walk) -> None:
    admin.get(f"/patients/{done.patient}/")
    counselor.get(f"/patients/{uuid.uuid4()}/")
    staff.post("/sign-in/", username=f"{FAMILY_NAME}@clinic.test", password=GIVEN_NAME)
    fresh = Visitor(staff.address, asked=done.asked)
    fresh.post("/", text=FAMILY_NAME)
    assert fresh.status == 403


def _take_leave(counselor: Visitor, admin: Visitor, done: Walk) -> None:
    """Withdraw, export, erase; and an emergency that is refused, for the patient is the counselor's own or gone."""
    done.seen += counselor.post(f"/patients/{done.patient}/consents/withdraw/").decode()
    counselor.post("/emergency/", number=f"{NUMBER}-2", reason=REASON)
    done.seen += counselor.post("/emergency/", number="P-0001", reason=REASON).decode()
    done.seen += admin.get("/").decode()
    assert counselor.post(f"/patients/{done.patient}/export/").startswith(b"PK")
    counselor.post(f"/patients/{done.patient}/erase/", number=FAMILY_NAME)
    assert counselor.status == 422
    counselor.post(f"/patients/{done.patient}/erase/", number=NUMBER)
    assert counselor.at.startswith("/erasures/")


def _ask_by_token(counselor: Visitor, done: Walk) -> None:
    """What a program asks; a name in its address, which is refused, is no part of ``asked``."""
    page = counselor.get("/account/api-token/") and counselor.post("/account/api-token/")
    (token,) = set(re.findall(r"\bundertone_[0-9a-f]{8}_[0-9a-f]{64}\b", page.decode()))
    program = Visitor(counselor.address)
    by_token = {"Authorization": f"Token {token}"}
    program.get(f"/api/v1/patients?search={FAMILY_NAME}", **by_token)
    assert program.status == 400
    found = program.send_json("/api/v1/patients/search", {"search": FAMILY_NAME}, **by_token)
    assert marks_in(found.decode())
    done.seen += found.decode()
    program.get(f"/api/v1/analyses?patient={done.patient}", **by_token)
    program.get(f"/api/v1/recordings?patient={FAMILY_NAME}", **by_token)
    assert program.status == 400


Recorder = Callable[[str, object], None]


def test_the_walk_met_what_is_marked(walk: Walk) -> None:
    assert set(marks_in(walk.seen)) == set(MARKS)


def test_no_log_of_web_worker_and_beat_holds_patient_data(stack: Stack, walk: Walk, record_property: Recorder) -> None:
    written = stack.written()
    assert walk.patient in written["web"]
    assert walk.job in written["worker"]
    assert "tidy-files" in written["beat"]
    hits = {name: marks_in(text) for name, text in written.items()}
    record_property("log hits", sum(map(len, hits.values())))
    assert hits == {"beat": [], "web": [], "worker": []}


def test_redis_is_told_no_patient_data(walk: Walk, record_property: Recorder) -> None:
    assert walk.job in walk.told
    record_property("log hits", len(marks_in(walk.told)))
    assert marks_in(walk.told) == []


def test_no_key_that_is_left_in_redis_holds_patient_data(walk: Walk) -> None:
    redis = Redis.from_url(os.environ["REDIS_URL"])
    left = [_decoded(repr(redis.dump(key)) + repr(key)) for key in redis.scan_iter()]
    assert left
    assert marks_in("\n".join(left)) == []


def test_metrics_hold_no_patient_data(stack: Stack, walk: Walk, record_property: Recorder) -> None:
    shown = Visitor(stack.address).get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}").decode()
    assert "undertone_jobs_ended" in shown
    record_property("log hits", len(marks_in(shown)))
    assert marks_in(shown) == []


def test_no_address_of_a_page_holds_patient_data(walk: Walk) -> None:
    assert any(walk.patient in address for address in walk.asked)
    assert marks_in("\n".join(walk.asked)) == []


def test_no_file_in_storage_is_named_after_a_patient(stack: Stack, walk: Walk) -> None:
    names = [str(path) for path in Path(stack.environment["MEDIA_ROOT"]).rglob("*")]
    assert names
    assert marks_in("\n".join(names)) == []
