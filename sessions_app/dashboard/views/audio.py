"""Hearing a recording."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase

from accounts.policy import Action
from inference.containers import HEAD_BYTES, media_type
from sessions_app import playback, storage
from sessions_app.dashboard.byte_ranges import answer
from sessions_app.dashboard.doors import ClinicRequest, open_to, recording_or_404
from sessions_app.errors import ConsentMissing


@open_to(GET=Action.LISTEN)
def audio(request: ClinicRequest, recording_id: UUID) -> HttpResponseBase:
    """The recording, or the part of it that a player asks for."""
    recording = recording_or_404(request.user, recording_id)
    if not recording.has_audio:
        raise Http404("The audio was removed.")
    try:
        playback.listening_begin(user=request.user, recording=recording)
        file = storage.opened(recording.file)
    except ConsentMissing as error:
        raise PermissionDenied(error.message) from error
    except FileNotFoundError as error:
        raise Http404("The audio is no longer in storage.") from error
    content_type = media_type(file.read(HEAD_BYTES))
    return answer(file, recording.size, request.headers.get("Range", ""), content_type)
