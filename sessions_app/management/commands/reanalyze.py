"""``manage.py reanalyze stella@willow.example``: after a change of checkpoint, analyse a clinic's recordings anew."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.http import Http404

from accounts.management.plainly import errors_told_plainly
from accounts.models import User
from accounts.policy import Action, may
from inference.models import Priority
from sessions_app.errors import ConsentMissing
from sessions_app.models import Recording
from sessions_app.recordings import can_be_reanalyzed, recording_reanalyze, recordings_of, todays_origin


class Command(BaseCommand):
    help = "Queue a new analysis of every recording that was analysed by another checkpoint or pipeline."

    def add_arguments(self, parser: CommandParser) -> None:
        """In whose name."""
        parser.add_argument(
            "email", help="in whose name; every recording that this person may see (of staff: the whole clinic's)"
        )

    def handle(self, *_: Any, email: str, **__: Any) -> None:
        """Queue behind everybody else and say how many. A second run queues nothing that the first one did."""
        with errors_told_plainly():
            user = _user(email)
            origin = todays_origin()
            if origin is None:
                raise CommandError("The voice model is not available. Please run 'manage.py doctor'.")
            every = recordings_of(user).iterator(chunk_size=500)
            found = Counter(_queued(user, one) for one in every if can_be_reanalyzed(one, origin))
        queued, left = found["queued"], found["no consent"]
        which = "1 recording" if queued == 1 else f"{queued} recordings"
        self.stdout.write(f"Queued for a new analysis: {which} of {user.clinic.name}.")
        if left:
            self.stdout.write(f"Left as before, because no consent covers the session: {left}.")


def _queued(user: User, recording: Recording) -> str:
    try:
        return "queued" if recording_reanalyze(user=user, recording=recording, priority=Priority.NOBODY) else "changed"
    except ConsentMissing:
        return "no consent"
    except Http404:
        return "deleted"


def _user(email: str) -> User:
    user = User.objects.filter(email__iexact=email).select_related("clinic").first()
    if user is None:
        raise CommandError(f"There is no user '{email}'.")
    if not may(user, Action.REANALYZE):
        raise CommandError(f"The role of '{email}' does not allow this. Please name somebody of staff or a counselor.")
    return user
