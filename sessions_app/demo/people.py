"""Who is in the synthetic clinic: people who sign in, and patients with their courses. Nobody of them exists."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Role
from sessions_app.demo.courses import Course, SessionPlan, plan

CLINIC_NAME = "Synthetic Demo Clinic"
PASSWORD = "undertone-demo"  # noqa: S105 - published on the sign-in page of the demonstration


@dataclass(frozen=True, slots=True)
class Login:
    """A person of the demo clinic and how to sign in as them."""

    email: str
    password: str
    display_name: str
    role: str


CLARA = Login("clara.counselor@demo.example", PASSWORD, "Clara Counselor (synthetic)", Role.COUNSELOR)
CONRAD = Login("conrad.counselor@demo.example", PASSWORD, "Conrad Counselor (synthetic)", Role.COUNSELOR)
STELLA = Login("stella.staff@demo.example", PASSWORD, "Stella Staff (synthetic)", Role.STAFF)
ADAM = Login("adam.admin@demo.example", PASSWORD, "Adam Admin (synthetic)", Role.ADMIN)

LOGINS: tuple[Login, ...] = (CLARA, CONRAD, STELLA, ADAM)
"""Everybody who can sign in; the demonstration's sign-in page lists them."""


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """A synthetic patient: reference, name, care team, course over ``sessions`` sessions, and a voice (espeak-ng).

    ``answers``: the course of the PHQ-9 where it is another one; ``away``: so many days longer ago it ended.
    ``pitch`` is in semitones and ``tract`` the length of the vocal tract, 1 as the voice has it. ``stereo`` patients
    are recorded with their counselor on the other channel.
    """

    reference: str
    given_name: str
    family_name: str
    care_team: tuple[Login, ...]
    course: Course
    sessions: int
    voice: str
    pitch: float = 0.0
    tract: float = 1.0
    days_between: int = 7
    consent: bool = True
    stereo: bool = False
    answers: Course | None = None
    away: int = 0

    @property
    def plan(self) -> tuple[SessionPlan, ...]:
        """The sessions, oldest first."""
        return plan(self.reference, self.course, self.sessions, self.answers)


PATIENTS: tuple[DemoPatient, ...] = (
    DemoPatient("SYN-001", "Iris", "Example", (CLARA,), Course.IMPROVING, 7, "en-gb-x-rp+f2", days_between=14),
    DemoPatient("SYN-002", "Walter", "Sample", (CLARA,), Course.WORSENING, 6, "en-us+m3", days_between=14),
    DemoPatient("SYN-003", "Pia", "Placeholder", (CLARA,), Course.STABLE_WELL, 6, "en-gb-scotland+f3", 1.0),
    DemoPatient("SYN-004", "Rolf", "Specimen", (CLARA,), Course.RELAPSING, 8, "en+m7", -1.0, days_between=21),
    DemoPatient(
        *("SYN-005", "Ines", "Mockup", (CLARA,), Course.IMPROVING, 6, "en-us+f4", -1.0, 1.04),
        stereo=True,
        answers=Course.WORSENING,
    ),
    DemoPatient("SYN-006", "Nora", "Newcomer", (CLARA,), Course.NEW, 2, "en-gb-x-rp+f5"),
    DemoPatient("SYN-007", "Milo", "Withheld", (CLARA,), Course.STABLE_LOW, 3, "en+m1", consent=False),
    DemoPatient("SYN-008", "Sven", "Stand-in", (CONRAD,), Course.STABLE_LOW, 5, "en-gb-x-gbcwmd+m4", -1.0),
    DemoPatient("SYN-009", "Wanda", "Testcase", (CONRAD,), Course.WORSENING, 5, "en-029+f1"),
    DemoPatient("SYN-010", "Ivan", "Template", (CONRAD,), Course.IMPROVING, 6, "en-gb-scotland+m5", 1.0, 0.96),
    DemoPatient("SYN-011", "Rita", "Prototype", (CONRAD,), Course.RELAPSING, 7, "en-us+f2", 1.0, 0.97, 14),
    DemoPatient(
        "SYN-012", "Otto", "Fixture", (CONRAD, CLARA), Course.STABLE_WELL, 5, "en-us+m8", days_between=10, away=56
    ),
    DemoPatient("SYN-013", "Shirin", "Short", (CONRAD,), Course.TOO_SHORT, 1, "en-gb-x-rp+f1"),
    DemoPatient("SYN-014", "Silas", "Mute", (CONRAD,), Course.SILENT_ONCE, 3, "en+m2"),
)
