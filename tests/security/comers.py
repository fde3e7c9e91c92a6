"""Whoever may come to a route, with the session or the token that they have, and the objects that they may ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from accounts.api_tokens import api_token_end
from accounts.models import EmergencyAccess, Invitation, Role, User
from accounts.sessions import SessionStore
from sessions_app import files, notes, storage
from sessions_app.models import CounselorVoice, ErasureReport, NoteKind, Patient
from tests.accounts.factors import half_way, with_app
from tests.pages import signed_in
from tests.security.routes import Route
from tests.tokens import token_of
from tests.world import SessionFactory, UserFactory, World, analysed, annotation_of, flag_of, questionnaire_of

METRICS_TOKEN = "what-the-monitoring-sends"


@dataclass(frozen=True)
class Comer:
    """``session`` and ``token`` are what they show to pages and to the API; neither counts where not ``is_valid``."""

    name: str
    user: User | None = None
    session: str = ""
    token: str = ""
    is_valid: bool = True
    swapped: bool = False
    """Shows the session to the API and the token to pages."""
    without_factor: bool = False
    """Has given the password and has no second factor yet."""

    def is_known_at(self, route: Route) -> bool:
        """A session opens pages and the API, a token only the API."""
        return self.user is not None and self.is_valid and (route.is_api or not self.swapped)

    def shows_bad_token(self, route: Route) -> bool:
        return route.is_api and bool(self.token) and not self.is_valid

    def client(self, route: Route, handler: ClientHandler) -> tuple[Client, dict[str, str]]:
        """A client without a memory, and the headers that go with each of its requests."""
        client = Client(raise_request_exception=False)
        client.handler = handler
        if self.name == MONITORING:
            return client, {"Authorization": f"Bearer {METRICS_TOKEN}"}
        if route.is_api != self.swapped and self.token:
            return client, {"Authorization": f"Token {self.token}"}
        if self.session:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        return client, {}


MONITORING = "monitoring"


@dataclass(frozen=True)
class Belongings:
    """The ids of one patient's objects by the name that they have in a route; ``patient`` is None where none exist.

    What belongs to a colleague is that of the patient's counselor. ``alone``: who alone reads the note, a psychotherapy
    note; without, it is a progress note.
    """

    name: str
    patient: Patient | None
    ids: dict[str, str]
    alone: User | None = None


def comers(world: World) -> list[Comer]:
    """All of them. Each has a clip of the own voice, so that whether there is one makes no difference."""
    former = UserFactory(clinic=world.clinic, display_name="Former")
    world.alices_patient.care_team.add(former)
    people = {
        "counselor of the care team": world.alice,
        "counselor of another care team": world.bob,
        "staff": world.sam,
        "admin": world.ada,
        "integration": world.robot,
        "counselor of another clinic": world.mallory,
        "admin of another clinic": UserFactory(clinic=world.mallory.clinic, role=Role.ADMIN),
    }
    known = [_comer(name, user) for name, user in people.items()]
    return [
        *known,
        _without_factor(world),
        _half_way(UserFactory(clinic=world.clinic)),
        replace(known[0], name="counselor with token and session exchanged", swapped=True),
        _switched_off(_comer("inactive", former)),
        _expired(_comer("expired", UserFactory(clinic=world.clinic))),
        Comer("anonymous"),
        Comer(MONITORING),
    ]


def _comer(name: str, user: User) -> Comer:
    CounselorVoice.objects.create(counselor=user, file="voices/none", size=1000, speech_seconds=20.0)
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    return Comer(name, user, session, token_of(user))


def _without_factor(world: World) -> Comer:
    """Whoever was invited and has chosen a password, and could see a patient."""
    user = UserFactory(clinic=world.clinic)
    world.alices_patient.care_team.add(user)
    session = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    return Comer("counselor without a second factor", user, session, without_factor=True)


def _half_way(user: User) -> Comer:
    """Whoever knows somebody's password and not the code of their app."""
    session = half_way(with_app(user)).cookies[settings.SESSION_COOKIE_NAME].value
    return Comer("half way through signing in", user, session, is_valid=False)


def _switched_off(comer: Comer) -> Comer:
    assert comer.user is not None
    User.objects.filter(id=comer.user.id).update(is_active=False)
    return replace(comer, is_valid=False)


def _expired(comer: Comer) -> Comer:
    assert comer.user is not None
    session = SessionStore(comer.session)
    session.set_expiry(-1)
    session.save()
    api_token_end(comer.user)
    return replace(comer, is_valid=False)


def belongings(world: World) -> list[Belongings]:
    """Of a patient in Alice's care, in Bob's, of another clinic, and of nobody."""
    names = {"Alice's": world.alices_patient, "Bob's": world.bobs_patient, "another clinic's": world.mallorys_patient}
    every = [belongings_of(name, patient) for name, patient in names.items()]
    colleague = UserFactory(clinic=world.clinic, display_name="Colleague")
    world.alices_patient.care_team.add(colleague)
    apart = [_kept_apart(every[0], "Alice's own", world.alice), _kept_apart(every[0], "a colleague's", colleague)]
    return [*every, *apart, _nobodys()]


def _kept_apart(belongings: Belongings, whose: str, author: User) -> Belongings:
    """The same with a psychotherapy note about that patient."""
    assert belongings.patient is not None
    note = notes.note_write(user=author, patient=belongings.patient, kind=NoteKind.PSYCHOTHERAPY, text="For me alone.")
    name = f"{belongings.name}, {whose} psychotherapy note"
    return replace(belongings, name=name, ids=belongings.ids | {"note_id": str(note.id)}, alone=author)


def belongings_of(name: str, patient: Patient) -> Belongings:
    """One of each kind of object, made for ``patient``."""
    patient.family_name = f"Zz{patient.id.hex[:12]}"
    patient.save()
    recording = analysed(SessionFactory(patient=patient))
    with files.taken_in(SimpleUploadedFile("a.wav", b"RIFF"), storage.RECORDINGS, patient.clinic_id) as stored:
        files.claim(stored.name)
        recording.file = stored.name
        recording.save(update_fields=["file"])
    ids: dict[str, Any] = {
        "patient_id": patient.id,
        "session_id": recording.session_id,
        "recording_id": recording.id,
        "job_id": recording.job_id,
        "analysis_id": recording.analysis_id,
        "note_id": _progress_note(patient),
        "response_id": questionnaire_of(patient).id,
        "flag_id": flag_of(patient).id,
        "annotation_id": annotation_of(patient).id,
        **_of_the_clinic(patient),
    }
    return Belongings(name, patient, {key: str(value) for key, value in ids.items()})


def _progress_note(patient: Patient) -> UUID:
    kind = NoteKind.PROGRESS
    return notes.note_write(user=_counselor_of(patient), patient=patient, kind=kind, text="For the care team.").id


def _counselor_of(patient: Patient) -> User:
    counselor = patient.care_team.order_by("date_joined").first()
    assert counselor is not None
    return counselor


def _of_the_clinic(patient: Patient) -> dict[str, Any]:
    counselor = _counselor_of(patient)
    later = timezone.now() + timedelta(hours=1)
    report = ErasureReport.objects.create(clinic=patient.clinic, patient_id=patient.id, erased_by=counselor, counts={})
    access = EmergencyAccess.objects.create(
        clinic=patient.clinic, user=counselor, patient_id=patient.id, reason="Nobody else is here.", ends_at=later
    )
    invitation = Invitation.objects.create(
        clinic=patient.clinic,
        email=f"{uuid4().hex}@example.org",
        role=Role.STAFF,
        invited_by=counselor,
        secret_hash=uuid4().hex,
        expires_at=later,
    )
    device = UserSession.objects.create(user=counselor, ip="192.0.2.1", session_key=uuid4().hex, user_agent="A browser")
    return {
        "report_id": report.id,
        "access_id": access.id,
        "invitation_id": invitation.id,
        "person_id": counselor.id,
        "device_id": device.id,
        "pk": Authenticator.objects.create(user=UserFactory(clinic=patient.clinic), type="webauthn", data={}).pk,
    }


OWN = ("device_id", "pk")
"""What is of one person alone: a place where they are signed in, a passkey (of a colleague who never comes)."""

OF_PATIENTS = (
    *("patient_id", "session_id", "recording_id", "job_id", "analysis_id", "note_id", "response_id"),
    *("flag_id", "annotation_id"),
)
OF_CLINICS = ("report_id", "access_id", "invitation_id", "person_id")


def _nobodys() -> Belongings:
    ids = {name: str(uuid4()) for name in OF_PATIENTS + OF_CLINICS}
    return Belongings("nobody's", None, ids | dict.fromkeys(OWN, "999999999"))


def owns(user: User, belongings: Belongings) -> bool:
    """Whether what is a colleague's own is ``user``'s."""
    return belongings.patient is not None and user in belongings.patient.care_team.all()


def sees(user: User, patient: Patient | None) -> bool:
    """Whether a patient is in ``user``'s reach, told apart from `visible_to` on purpose."""
    if patient is None or patient.clinic_id != user.clinic_id:
        return False
    return user.role != Role.COUNSELOR or user in patient.care_team.all()
