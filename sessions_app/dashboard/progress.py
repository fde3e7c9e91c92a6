"""How far the analysis of a recording is, in words, and whether trying again can help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext_lazy, pgettext

from inference.errors import retry_can_help
from inference.models import AnalysisJob, JobState
from sessions_app.dashboard.news import fingerprint
from sessions_app.dashboard.wording import NAME_CHANNEL
from sessions_app.engine_words.errors import error_words
from sessions_app.engine_words.stages import stage_words
from sessions_app.identification import other_channels
from sessions_app.job_facts import JobFacts, facts_of
from sessions_app.models import PatientChannel

WAITING = gettext_lazy("Waiting its turn")
STARTING = gettext_lazy("Starting")
UNHEARD = gettext_lazy("Waiting for the worker to answer; if it is gone, another one takes over by itself")


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

    @property
    def facts(self) -> str:
        """Changes whenever it says something else. How far a running analysis is by now says nothing new."""
        return fingerprint(replace(self, percent=0))

    @property
    def appearance(self) -> str:
        """Changes whenever it looks different."""
        return fingerprint(self)


def unheard_of(jobs: Iterable[AnalysisJob]) -> set[UUID]:
    """Those of ``jobs`` whose worker has not said for a while that it is at work. Asks nothing where none runs."""
    running = [job.id for job in jobs if job.state == JobState.RUNNING]
    return set(AnalysisJob.objects.unheard().filter(id__in=running).values_list("id", flat=True)) if running else set()


def progress_of(
    job: AnalysisJob, *, has_consent: bool, may_name_channel: bool = True, unheard: bool = False
) -> Progress:
    """The progress of ``job``, whose worker may be ``unheard`` of, of a session whose day a consent covers or not."""
    facts = facts_of(job, has_consent=has_consent)
    channels = other_channels(job) if has_consent and may_name_channel else ()
    return Progress(
        state=job.state,
        words=str(UNHEARD) if unheard else _words(job, facts),
        percent=round(facts.progress * 100),
        error_code=facts.error_code,
        error_message=error_words(facts.error_code, facts.error_message),
        can_retry=job.state == JobState.CANCELLED or (job.state == JobState.FAILED and retry_can_help(job.error_code)),
        channels=tuple((channel, str(NAME_CHANNEL[channel])) for channel in channels),
    )


def _words(job: AnalysisJob, facts: JobFacts) -> str:
    if job.state == JobState.QUEUED:
        return str(WAITING)
    if job.state == JobState.RUNNING:
        return stage_words(facts.stage) or str(STARTING)
    if job.state == JobState.SUCCEEDED:
        return pgettext("recording", "Analysed")
    return pgettext("recording", "Not analysed") if job.state == JobState.FAILED else pgettext("recording", "Cancelled")
