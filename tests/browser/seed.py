"""Fills the browser tests' database: the small world, with some sessions analysed. Prints what the tests need."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import django

from tenancy import every_clinic

if TYPE_CHECKING:
    from tests.world import World


@every_clinic()
def main() -> None:
    """Make the world and print its addresses and log-ins as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from datetime import UTC, datetime, timedelta

    from inference.speakers import BY_LENGTH
    from sessions_app.dashboard.caseload import PAGE_SIZE
    from sessions_app.flags import flags_refresh
    from tests.accounts.factors import with_app
    from tests.security.comers import belongings_of
    from tests.world import (
        ConsentFactory,
        PatientFactory,
        QuestionnaireFactory,
        RecordingFactory,
        SessionFactory,
        UserFactory,
        analysed,
        make_world,
    )

    world = make_world()
    for month, score in ((1, 0.72), (2, 0.61), (3, 0.55)):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, month, 2, 9, tzinfo=UTC))
        analysed(session, depression=score, checkpoint_version="0.1" if month < 3 else "0.2")
    QuestionnaireFactory(patient=world.alices_patient)
    fresh = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Fern", family_name="Fresh")
    ConsentFactory(patient=fresh)
    twice = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Tess", family_name="Twice")
    ConsentFactory(patient=twice)
    long_session = SessionFactory(patient=twice)
    for score in (0.31, 0.82):
        analysed(long_session, depression=score)
    two = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Dora", family_name="Duo")
    ConsentFactory(patient=two)
    two_voices = analysed(SessionFactory(patient=two), method=BY_LENGTH, talk_ratio=0.7)
    sure = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Sue", family_name="Sure")
    ConsentFactory(patient=sure)
    confirmed = analysed(SessionFactory(patient=sure), method=BY_LENGTH, talk_ratio=0.7)
    swapped = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Sven", family_name="Swap")
    ConsentFactory(patient=swapped)
    waiting = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Wim", family_name="Waiting")
    # As if sent a moment ago: the worker, which looks for lost jobs when it starts, leaves it waiting.
    RecordingFactory(session=SessionFactory(patient=waiting), job__sent_at=datetime.now(tz=UTC))
    for number in range(PAGE_SIZE):
        PatientFactory(clinic=world.clinic, care_team=[world.bob], family_name=f"Yew{number}")
    last = PatientFactory(clinic=world.clinic, care_team=[world.bob], given_name="Zoe", family_name="Zander")
    ConsentFactory(patient=last)
    analysed(SessionFactory(patient=last))
    charted, evening = _charted(world), _evening(world)
    closed = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Cleo", family_name="Closed")
    lately = datetime.now(tz=UTC)
    late = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Lars", family_name="Late")
    ConsentFactory(patient=late)
    SessionFactory(patient=late, held_at=lately - timedelta(weeks=9))
    asking = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Ida", family_name="Item")
    ConsentFactory(patient=asking)
    QuestionnaireFactory(patient=asking, items=[0] * 8 + [1], answered_at=lately - timedelta(days=2))
    for one in (late, asking):
        flags_refresh(one.id)
    everything = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Eve")
    ConsentFactory(patient=everything)
    ids = belongings_of("everything", everything).ids
    found = {
        "ids": ids,
        "app owner": with_app(UserFactory(clinic=world.clinic, display_name="Apu")).email,
        "counselor": world.alice.email,
        "busy counselor": world.bob.email,
        "staff": world.sam.email,
        "admin": world.ada.email,
        "passkey owner": UserFactory(clinic=world.clinic, display_name="Pat").email,
        "followed": str(world.alices_patient.id),
        "fresh": str(fresh.id),
        "twice": str(twice.id),
        "waiting": str(waiting.id),
        "closed": str(closed.id),
        "charted": charted,
        "evening": evening,
        "session": str(session.id),
        "two voices": str(two_voices.session_id),
        "duo": str(two.id),
        "to confirm": str(confirmed.session_id),
        "to swap": str(swapped.id),
    }
    print(json.dumps(found))


def _charted(world: World) -> str:
    """The id of a patient with a course of six weeks: an own baseline, a poor recording, both questionnaires."""
    from datetime import UTC, datetime, timedelta

    from inference.models import Analysis
    from sessions_app.models import Instrument
    from tests.world import ConsentFactory, PatientFactory, QuestionnaireFactory, SessionFactory, analysed

    patient = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Chara", family_name="Charted")
    ConsentFactory(patient=patient)
    poor = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}
    for week, score in enumerate((0.31, 0.35, 0.33, 0.32, 0.5, 0.71, 0.74)):
        held_at = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(weeks=week)
        analysis = Analysis.objects.filter(
            id=analysed(SessionFactory(patient=patient, held_at=held_at), depression=score).analysis_id
        )
        analysis.update(biomarkers={"speech_rate": {"value": 4.2 - score, "unit": "syllables/s"}})
        if week == 4:
            analysis.update(quality=[poor])
        if week % 3 == 0:
            QuestionnaireFactory(patient=patient, answered_at=held_at, items=[2 if week else 1] * 9)
            QuestionnaireFactory(patient=patient, answered_at=held_at, instrument=Instrument.GAD7, items=[1] * 7)
    return str(patient.id)


def _evening(world: World) -> str:
    """The id of a patient who answered PHQ-9 late on the day before a session, and once left too much of it out."""
    from datetime import UTC, datetime

    from tests.world import ConsentFactory, PatientFactory, QuestionnaireFactory, SessionFactory, analysed

    patient = PatientFactory(clinic=world.clinic, care_team=[world.alice], given_name="Evan", family_name="Evening")
    ConsentFactory(patient=patient)
    analysed(SessionFactory(patient=patient, held_at=datetime(2026, 3, 3, 9, tzinfo=UTC)))
    answers = ((2, [1] * 9), (16, [None] * 4 + [1] * 5), (30, [2] * 9))
    for day, items in answers:
        QuestionnaireFactory(patient=patient, items=items, answered_at=datetime(2026, 3, day, 22, tzinfo=UTC))
    return str(patient.id)


if __name__ == "__main__":
    main()
