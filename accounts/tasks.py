"""Celery's side of accounts: thin tasks that fetch and call."""

from __future__ import annotations

from celery import shared_task

from tenancy import every_clinic


@shared_task(name="accounts.tasks.seal")
@every_clinic()
def seal() -> int:
    """Seal the rows of the access log that have no seal yet; returns how many."""
    from accounts import chain

    return chain.seal()


@shared_task(name="accounts.tasks.anchor")
@every_clinic()
def anchor() -> None:
    """Write the head of the access log's chain to the file outside the database."""
    from accounts import anchors

    anchors.anchor()


@shared_task(name="accounts.tasks.tidy_sessions")
@every_clinic()
def tidy_sessions() -> None:
    """Delete what is left of sessions that are over."""
    from accounts import devices

    devices.sessions_tidy()
