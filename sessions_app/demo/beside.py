"""What stands beside the voice in the demonstration's charts: GAD-7 at some sessions, and what happened in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from accounts.models import User
from sessions_app.annotations import Said, annotation_add
from sessions_app.demo.courses import SessionPlan, generator
from sessions_app.instruments import GAD7
from sessions_app.models import AnnotationKind, Instrument, Patient, QuestionnaireResponse

EVERY = 2
"""GAD-7 is answered at every second session."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on the day after session ``number`` of the patient with this reference."""

    reference: str
    number: int
    kind: AnnotationKind
    text: str


EVENTS = (
    Event("SYN-001", 2, AnnotationKind.MEDICATION, "Sertraline begun, 50 mg"),
    Event("SYN-001", 4, AnnotationKind.LIFE_EVENT, "Back at work, half days"),
    Event("SYN-002", 3, AnnotationKind.LIFE_EVENT, "Separated from his wife"),
    Event("SYN-004", 1, AnnotationKind.MEDICATION, "Citalopram begun, 20 mg"),
    Event("SYN-004", 5, AnnotationKind.MEDICATION, "Citalopram ended"),
    Event("SYN-004", 6, AnnotationKind.OTHER, "Could not be reached for two weeks"),
)


def add_beside(patient: Patient, counselor: User, session: SessionPlan, held_at: datetime) -> None:
    """Add what stands beside one session, in the name of a counselor of the care team."""
    if session.number % EVERY:
        response = QuestionnaireResponse(
            patient=patient,
            instrument=Instrument.GAD7,
            answered_at=held_at - timedelta(minutes=10),
            items=gad7(patient.reference, session),
        )
        response.full_clean()
        response.save()
    for event in EVENTS:
        if (event.reference, event.number) == (patient.reference, session.number):
            said = Said(held_at.date() + timedelta(days=1), event.kind, event.text)
            annotation_add(user=counselor, patient=patient, said=said)


def gad7(reference: str, session: SessionPlan) -> list[int]:
    """Answers of 0..3 whose sum follows the depression loosely, as anxiety does."""
    rng = generator(reference, session.number, "gad7")
    total = int(np.clip(round(16 * session.depression + rng.normal(1, 1.5)), 0, GAD7.most))
    items = [0] * len(GAD7.items)
    for item in rng.permutation(np.repeat(np.arange(len(items)), 3))[:total]:
        items[int(item)] += 1
    return items
