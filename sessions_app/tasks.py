"""Celery's side of clinic work: thin tasks that fetch and call."""

from __future__ import annotations

from celery import shared_task

from tenancy import acting_for, every_clinic


@shared_task(name="sessions_app.tasks.tidy_voices")
@every_clinic()
def tidy_voices() -> None:
    """Delete counselors' clips that nobody answers for any more."""
    # The worker's main process must never import torch: a forked child could not use a GPU after that.
    from sessions_app import voices

    voices.voices_tidy()


@shared_task(name="sessions_app.tasks.delete_old_audio")
def delete_old_audio() -> None:
    """Remove the audio whose time is over, clinic by clinic."""
    from accounts.models import Clinic
    from sessions_app import retention

    with every_clinic():
        clinics = list(Clinic.objects.all())
    for clinic in clinics:
        with acting_for(clinic.id):
            retention.audio_remove_old(clinic=clinic)


@shared_task(name="sessions_app.tasks.refresh_flags")
@every_clinic()
def refresh_flags() -> None:
    """Look again at patients of whom time alone may have changed something."""
    from sessions_app import flags

    flags.flags_refresh_due()


@shared_task(name="sessions_app.tasks.tidy_files")
@every_clinic()
def tidy_files() -> None:
    """Delete files that killed processes left behind."""
    from sessions_app import files

    files.tidy()
