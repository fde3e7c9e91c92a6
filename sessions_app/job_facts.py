"""What may be told of an analysis job: how far it is, and why it failed. Every outlet takes it from here.

Where the recording is to blame, it is most often for what was heard in it: silence, no speech, too little of the
patient's, two voices. How far an analysis got says it too, for each stage is begun only where the one before has found
something. Both are told only while consent covers the day of the session. What is the fault of the machine always is.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from inference.errors import AnalysisError, retry_can_help
from inference.models import AnalysisJob, JobState

NOT_TOLD = gettext_lazy(
    "This recording could not be analysed. The reason is not shown: no consent to voice analysis covers the day of "
    "this session."
)
NOT_TOLD_CODE = AnalysisError.code


@dataclass(frozen=True, slots=True)
class JobFacts:
    """``progress``: 0..1. ``stage`` and ``error_*`` are empty where there is none, or none that may be told."""

    stage: str
    progress: float
    error_code: str
    error_message: str


def facts_of(job: AnalysisJob, *, has_consent: bool) -> JobFacts:
    """What may be told of ``job``, whose session's day is covered by a consent or not."""
    code, message = why_failed(job.error_code, job.error_message, has_consent=has_consent)
    if has_consent:
        return JobFacts(job.stage, job.progress, code, message)
    return JobFacts("", 1.0 if job.state == JobState.SUCCEEDED else 0.0, code, message)


def why_failed(code: str, message: str, *, has_consent: bool) -> tuple[str, str]:
    """Code and sentence of a failure (empty: there was none) as they may be told."""
    if not code or has_consent or retry_can_help(code):
        return code, message
    return NOT_TOLD_CODE, str(NOT_TOLD)
