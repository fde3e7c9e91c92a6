"""Who was taken for the patient in a recording, and what this user may say to it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from inference.models import Analysis
from sessions_app.dashboard.wording import (
    ASSUMED_SENTENCES,
    IT_IS_THE_OTHER,
    NOT_HEARD_ON_CHANNEL,
    OTHER_CHANNEL,
    OTHER_WAS_NOT_ANALYSED,
    TAKE_BACK,
)
from sessions_app.identification import can_be_swapped, decided_about, is_assumption
from sessions_app.models import Confirmation, PatientChannel, Recording


@dataclass(frozen=True, slots=True)
class PatientPanel:
    """What is to be decided (empty: nothing), who confirmed it, and the seconds of speech of each of two.

    ``swap_label``: what the other person is called on the button. ``job``: what the decision is about; it is void
    once the recording has another.
    """

    job: UUID
    question: str
    confirmation: Confirmation | None
    may_confirm: bool
    may_swap: bool
    swap_label: str
    patient_seconds: float
    other_seconds: float


def patient_panel(recording: Recording, confirmation: Confirmation | None, *, may_decide: bool) -> PatientPanel:
    """The panel of ``recording`` for somebody to whom what was heard in the voice may be shown."""
    question, swap_label = _question(recording)
    patient_seconds, other_seconds = _seconds(recording.analysis) if recording.analysis else (0.0, 0.0)
    return PatientPanel(
        job=decided_about(recording),
        question="" if confirmation else question,
        confirmation=confirmation,
        may_confirm=is_assumption(recording) and confirmation is None and may_decide,
        may_swap=can_be_swapped(recording) and may_decide,
        swap_label=swap_label,
        patient_seconds=patient_seconds,
        other_seconds=other_seconds,
    )


def _seconds(analysis: Analysis) -> tuple[float, float]:
    """Seconds of speech, without pauses, of the patient and of all others."""
    share: float | None = analysis.biomarkers.get("talk_ratio", {}).get("value")
    return analysis.speech_seconds, analysis.speech_seconds * (1 / share - 1) if share else 0.0


def _question(recording: Recording) -> tuple[str, str]:
    """What is asked, and the words for taking the other person."""
    if recording.analysis is not None and is_assumption(recording):
        return str(ASSUMED_SENTENCES[recording.analysis.speaker_method]), str(IT_IS_THE_OTHER)
    if recording.analysis is not None or not can_be_swapped(recording):
        return "", str(IT_IS_THE_OTHER)
    if recording.patient_channel:
        return str(NOT_HEARD_ON_CHANNEL[PatientChannel(recording.patient_channel)]), str(OTHER_CHANNEL)
    return str(OTHER_WAS_NOT_ANALYSED), str(TAKE_BACK)
