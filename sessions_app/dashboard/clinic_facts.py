"""What the administrator sees of the clinic: people, workers and how the analyses stand. No patient is named."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import Clinic, User
from inference.models import AnalysisJob, JobState, Purpose, Worker


@dataclass(frozen=True, slots=True)
class ClinicFacts:
    """People of the clinic, workers alive, and the clinic's jobs by state."""

    people: QuerySet[User]
    workers: QuerySet[Worker]
    waiting: int
    running: int
    failed: int
    done: int


def clinic_facts(clinic: Clinic) -> ClinicFacts:
    """The facts of ``clinic``, now."""
    jobs = AnalysisJob.objects.filter(tenant=clinic.id, purpose=Purpose.SESSION)
    counts = jobs.aggregate(
        waiting=Count("id", filter=Q(state=JobState.QUEUED)),
        running=Count("id", filter=Q(state=JobState.RUNNING)),
        failed=Count("id", filter=Q(state=JobState.FAILED)),
        done=Count("id", filter=Q(state=JobState.SUCCEEDED)),
    )
    people = User.objects.filter(clinic=clinic).order_by("role", "display_name")
    return ClinicFacts(people=people, workers=Worker.objects.alive().order_by("host", "pid"), **counts)
