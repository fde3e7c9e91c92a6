"""The job half of the engine: what is to be analysed, what came of it, and which workers are there.

``tenant`` and ``subject`` are opaque ids that the floor above gives meaning (a clinic, a recording).
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy, pgettext_lazy

from inference.results import HEADS, CheckpointIdentity, HeadName, Score


class JobState(models.TextChoices):
    """Where a job stands. ``queued`` and ``running`` are open; the others are final unless a person tries again."""

    QUEUED = "queued", pgettext_lazy("analysis", "Waiting")
    RUNNING = "running", pgettext_lazy("analysis", "Running")
    SUCCEEDED = "succeeded", pgettext_lazy("analysis", "Done")
    FAILED = "failed", pgettext_lazy("analysis", "Failed")
    CANCELLED = "cancelled", pgettext_lazy("analysis", "Cancelled")


MOVES = [
    (JobState.QUEUED, JobState.RUNNING),
    (JobState.QUEUED, JobState.FAILED),
    (JobState.QUEUED, JobState.CANCELLED),
    (JobState.RUNNING, JobState.SUCCEEDED),
    (JobState.RUNNING, JobState.QUEUED),
    (JobState.RUNNING, JobState.FAILED),
    (JobState.RUNNING, JobState.CANCELLED),
    (JobState.FAILED, JobState.QUEUED),
    (JobState.CANCELLED, JobState.QUEUED),
]
"""From which state to which a job may go. The database refuses every other move, whoever asks for it."""

MOVED = pgtrigger.Q(old__state__df=pgtrigger.F("new__state")) | pgtrigger.Q(
    old__attempt__df=pgtrigger.F("new__attempt")
)

COUNT_THE_MOVE = """
    INSERT INTO inference_jobtally (state, error_code, total) VALUES (NEW.state, NEW.error_code, 1)
    ON CONFLICT (state, error_code) DO UPDATE SET total = inference_jobtally.total + 1;
    RETURN NULL;
"""


class Purpose(models.TextChoices):
    """Why a job was made: a session's recording, or a snapshot whose audio is thrown away."""

    SESSION = "session", gettext_lazy("Session")
    SNAPSHOT = "snapshot", gettext_lazy("Snapshot")


class Priority(models.IntegerChoices):
    """Who waits for a job; the lowest number is served first (steps that the Redis transport keeps apart)."""

    CALLER = 0, gettext_lazy("A request is held open for it")
    PERSON = 3, gettext_lazy("Somebody has uploaded a recording")
    NOBODY = 6, gettext_lazy("Many recordings at once, such as those of the demonstration")


MISSED_BEATS = 2


class AnalysisJobQuerySet(models.QuerySet["AnalysisJob"]):
    """Questions about jobs, answered with the database's clock."""

    def open(self) -> AnalysisJobQuerySet:
        """Jobs that still have work ahead."""
        return self.filter(state__in=[JobState.QUEUED, JobState.RUNNING])

    def claimable(self) -> AnalysisJobQuerySet:
        """Jobs that a worker may take: waiting, or left behind by a worker whose lease ran out."""
        abandoned = Q(state=JobState.RUNNING, lease_until__lt=Now())
        return self.filter(Q(state=JobState.QUEUED) | abandoned)

    def unheard(self) -> AnalysisJobQuerySet:
        """Running jobs whose worker has missed two heartbeats: it is gone, or cannot reach the database."""
        missed = timedelta(seconds=settings.LEASE_SECONDS - MISSED_BEATS * settings.HEARTBEAT_SECONDS)
        return self.filter(state=JobState.RUNNING, lease_until__lt=Now() + missed)

    def left_waiting(self, seconds: float) -> AnalysisJobQuerySet:
        """Jobs whose last message was sent more than ``seconds`` ago and that no worker holds."""
        return self.claimable().filter(Q(sent_at__isnull=True) | Q(sent_at__lt=Now() - timedelta(seconds=seconds)))


@pghistory.track(
    pghistory.InsertEvent("made"),
    # A job that another worker takes over runs as before, in a new attempt.
    pghistory.UpdateEvent("moved", condition=pghistory.AnyChange("state", "attempt")),
    fields=["state", "attempt", "moved_by", "error_code", "error_message"],
    model_name="JobMove",
    meta={"indexes": [models.Index(fields=["pgh_created_at"], name="job_move_time")]},
    obj_field=pghistory.ObjForeignKey(related_name="moves", on_delete=models.CASCADE),
    context_field=None,  # type: ignore[arg-type]  # allowed, as its documentation says
)
class AnalysisJob(models.Model):
    """One piece of work: analyse this file with this checkpoint. The row is the truth; messages only point at it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.UUIDField()
    subject = models.UUIDField(null=True, blank=True, db_index=True)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.SESSION)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.PERSON)
    file = models.CharField(max_length=200, help_text="Name of the audio in the default storage.")
    options = models.JSONField(default=dict, blank=True)
    checkpoint = models.CharField(max_length=200)

    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    stage = models.CharField(max_length=32, blank=True)
    progress = models.FloatField(default=0.0, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    attempt = models.PositiveSmallIntegerField(default=0)
    moved_by = models.CharField(
        max_length=250, blank=True, help_text="Who changed the state last: a person's id, a worker, or the sweeper."
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = AnalysisJobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "sent_at"], name="job_open", condition=Q(state__in=["queued", "running"])),
            models.Index(fields=["tenant", "-created_at"], name="job_of_tenant"),
        ]
        triggers = [
            pgtrigger.FSM(name="job_moves", field="state", transitions=[(str(a), str(b)) for a, b in MOVES]),
            pgtrigger.Trigger(
                name="job_tally",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("state", "attempt"),  # type: ignore[no-untyped-call]
                condition=MOVED & ~pgtrigger.Q(new__state="queued"),
                # At the commit, so that nobody waits for the row of a count while somebody else's work goes on.
                timing=pgtrigger.Deferred,
                func=COUNT_THE_MOVE,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_state_is_known",
                condition=Q(state__in=["queued", "running", "succeeded", "failed", "cancelled"]),
            ),
            models.CheckConstraint(
                name="job_lease_iff_running",
                condition=(
                    Q(state="running", lease_token__isnull=False, lease_until__isnull=False)
                    | (~Q(state="running") & Q(lease_token__isnull=True, lease_until__isnull=True))
                ),
            ),
            models.CheckConstraint(
                name="job_error_iff_failed",
                condition=(Q(state="failed") & ~Q(error_code="")) | (~Q(state="failed") & Q(error_code="")),
            ),
            models.CheckConstraint(name="job_progress_in_0_1", condition=Q(progress__gte=0, progress__lte=1)),
        ]

    def __str__(self) -> str:
        return f"analysis job {self.id}"

    @property
    def is_open(self) -> bool:
        """Whether work is still ahead."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


JobMove: Any  # made by `pghistory.track`
"""One state or attempt of a job: who moved it there (``moved_by``), when (``pgh_created_at``), and why it failed."""


class JobTally(models.Model):
    """How often jobs were moved into a state, ever: ``running`` counts attempts. Kept by a trigger of `AnalysisJob`.

    Jobs are deleted, snapshots as soon as they are answered; a count over the rows that are left would fall.
    """

    state = models.CharField(max_length=16, choices=JobState)
    error_code = models.CharField(max_length=64, blank=True)
    total = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["state", "error_code"], name="job_tally_once")]

    def __str__(self) -> str:
        return f"{self.total} times {self.state} {self.error_code}".strip()


def origin_key(checkpoint: CheckpointIdentity, pipeline_version: str) -> str:
    """The same weights and the same pipeline have the same key; no line joins scores of two keys."""
    return f"{checkpoint.name} {checkpoint.version} {checkpoint.sha256} {pipeline_version}"


class Analysis(models.Model):
    """What was measured in one recording, with its origin. Never changed once written."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField(AnalysisJob, on_delete=models.CASCADE, related_name="analysis")
    tenant = models.UUIDField()
    subject = models.UUIDField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    sha256 = models.CharField(max_length=64)
    duration = models.FloatField(help_text="Seconds of the recording.")
    speech_seconds = models.FloatField(help_text="Seconds of the patient's voice that the scores rest on.")
    speaker_method = models.CharField(max_length=64)
    excluded_seconds = models.FloatField(default=0.0)
    pipeline_version = models.CharField(max_length=16)
    checkpoint_name = models.CharField(max_length=200)
    checkpoint_version = models.CharField(max_length=64)
    checkpoint_sha256 = models.CharField(max_length=64)

    depression = models.FloatField(null=True)
    depression_low = models.FloatField(null=True)
    depression_high = models.FloatField(null=True)
    depression_state = models.CharField(max_length=16)
    depression_reason = models.CharField(max_length=200, blank=True)
    valence = models.FloatField(null=True)
    valence_low = models.FloatField(null=True)
    valence_high = models.FloatField(null=True)
    valence_state = models.CharField(max_length=16)
    valence_reason = models.CharField(max_length=200, blank=True)
    arousal = models.FloatField(null=True)
    arousal_low = models.FloatField(null=True)
    arousal_high = models.FloatField(null=True)
    arousal_state = models.CharField(max_length=16)
    arousal_reason = models.CharField(max_length=200, blank=True)

    quality = models.JSONField()
    biomarkers = models.JSONField()
    timings = models.JSONField()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "analyses"
        indexes = [models.Index(fields=["tenant", "checkpoint_name"], name="analysis_by_checkpoint")]

    def __str__(self) -> str:
        return f"analysis {self.id}"

    @property
    def checkpoint(self) -> CheckpointIdentity:
        """Which weights made the scores."""
        return CheckpointIdentity(self.checkpoint_name, self.checkpoint_version, self.checkpoint_sha256)

    @property
    def origin(self) -> str:
        """Name and version of the checkpoint, for people."""
        return f"{self.checkpoint_name} {self.checkpoint_version}"

    @property
    def origin_key(self) -> str:
        """See `inference.models.origin_key`."""
        return origin_key(self.checkpoint, self.pipeline_version)

    def score(self, head: HeadName) -> Score:
        """The stored score of one head. Whether a person may see it is for `sessions_app.scores` to say."""
        return Score(
            value=getattr(self, head),
            low=getattr(self, f"{head}_low"),
            high=getattr(self, f"{head}_high"),
            state=getattr(self, f"{head}_state"),
            reason=getattr(self, f"{head}_reason") or None,
        )

    @property
    def scores(self) -> dict[HeadName, Score]:
        """All stored scores by head."""
        return {head: self.score(head) for head in HEADS}


class Timeline(models.Model):
    """How one analysis runs over its session: one row of arrays, never a row per window."""

    analysis = models.OneToOneField(Analysis, on_delete=models.CASCADE, primary_key=True, related_name="timeline")
    start = ArrayField(models.FloatField())
    end = ArrayField(models.FloatField())
    depression = ArrayField(models.FloatField(null=True))
    valence = ArrayField(models.FloatField(null=True))
    arousal = ArrayField(models.FloatField(null=True))
    turns = models.JSONField(help_text="[[start, end, speaker], ...] in seconds.")
    peaks = ArrayField(models.FloatField(), help_text="Waveform extremes in -1..1, equally spaced.")

    def __str__(self) -> str:
        return f"timeline of {self.analysis_id}"


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Questions about workers, answered with the database's clock."""

    def alive(self) -> WorkerQuerySet:
        """Workers heard of lately."""
        return self.filter(self._heard_of())

    def with_liveness(self) -> WorkerQuerySet:
        """Each worker with ``is_alive`` and with ``silent_for``, the time since it was last heard of."""
        return self.annotate(
            is_alive=ExpressionWrapper(self._heard_of(), output_field=models.BooleanField()),
            silent_for=ExpressionWrapper(Now() - F("seen_at"), output_field=models.DurationField()),
        )

    @staticmethod
    def _heard_of() -> Q:
        return Q(seen_at__gte=Now() - timedelta(seconds=settings.WORKER_SEEN_SECONDS))

    def long_gone(self) -> WorkerQuerySet:
        """Workers that ended without a word an hour ago or more."""
        return self.filter(seen_at__lt=Now() - timedelta(hours=1))

    def ready(self) -> WorkerQuerySet:
        """Workers heard of lately whose model is loaded."""
        return self.alive().filter(problem="").exclude(checkpoint_name="")


class Worker(models.Model):
    """One worker child process that takes jobs; it renews ``seen_at`` every few seconds while it lives."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    device = models.CharField(max_length=32, blank=True)
    checkpoint_name = models.CharField(max_length=200, blank=True)
    checkpoint_version = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=500, blank=True, help_text="Why the model is not loaded.")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"worker {self.host}:{self.pid}"
