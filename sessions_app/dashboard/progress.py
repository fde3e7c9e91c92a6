"""How far the analysis of a recording is, in words, and whether trying again can help."""

from __future__ import annotations

from dataclasses import dataclass

from inference.errors import retry_can_help
from inference.models import AnalysisJob, JobState
from inference.stages import STAGE_LABELS
from sessions_app.dashboard.wording import NAME_CHANNEL
from sessions_app.identification import other_channels
from sessions_app.models import PatientChannel

WAITING = "Waiting its turn"
STARTING = "Starting"


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of one job for people. ``percent`` is 0..100; ``error_*`` are empty unless it failed.

    ``channels``: what may be named instead of a channel that did not fit, each with the words of its button.
    """

    state: str
    words: str
    percent: int
    error_code: str = ""
    error_message: str = ""
    can_retry: bool = False
    channels: tuple[tuple[PatientChannel, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether work is still ahead."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


def progress_of(job: AnalysisJob) -> Progress:
    """The progress of ``job``."""
    return Progress(
        state=job.state,
        words=_words(job),
        percent=round(job.progress * 100),
        error_code=job.error_code,
        error_message=job.error_message,
        can_retry=job.state == JobState.CANCELLED or (job.state == JobState.FAILED and retry_can_help(job.error_code)),
        channels=tuple((channel, NAME_CHANNEL[channel]) for channel in other_channels(job)),
    )


def _words(job: AnalysisJob) -> str:
    if job.state == JobState.QUEUED:
        return WAITING
    if job.state == JobState.RUNNING:
        return STAGE_LABELS.get(job.stage, STARTING)
    return {JobState.SUCCEEDED: "Analysed", JobState.FAILED: "Not analysed"}.get(JobState(job.state), "Cancelled")
