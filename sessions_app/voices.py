"""A counselor's own voice: a short clip that tells an analysis which of two voices is not the patient's.

Which counselor is heard in a session is for `CounselorVoice.objects.heard_with` to say.
"""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts import access_log
from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from inference import clips
from inference.errors import TooLarge
from sessions_app import storage
from sessions_app.models import CounselorVoice

MAX_BYTES = 64 * 1024**2
TOO_LARGE = "This clip is larger than 64 MiB. Half a minute of your voice is enough."
KIND = "counselor_voice"


def voice_keep(*, user: User, upload: UploadedFile[bytes]) -> CounselorVoice:
    """Keep a clip of the user's own voice, in place of an earlier one.

    Raises `BadRecording` (too large, not audio, silent, too little speech, two voices); then the earlier one stays.
    """
    require(user, Action.KEEP_VOICE, object_kind=KIND)
    if (upload.size or 0) > MAX_BYTES:
        raise TooLarge(TOO_LARGE)
    stored = storage.store(upload, storage.VOICES)
    try:
        seconds = clips.check(Path(default_storage.path(stored.name)))
        return _replace(user, stored, seconds)
    except BaseException:
        stored.delete()
        raise


def voice_delete(*, user: User) -> bool:
    """Delete the user's clip, file and row. False when there was none.

    It needs no role: whoever is no counselor any more may still take their voice back.
    """
    return _delete(user, "delete")


def voices_tidy() -> None:
    """Delete the clips of accounts that were switched off, and files in the clips' folder that no clip names."""
    for user in User.objects.filter(is_active=False, voice__isnull=False):
        _delete(user, "delete_with_account")
    storage.discard_unnamed(storage.VOICES, lambda: CounselorVoice.objects.values_list("file", flat=True))


@transaction.atomic
def _replace(user: User, stored: storage.StoredFile, seconds: float) -> CounselorVoice:
    _one_at_a_time(user)
    earlier = _forget(user)
    if earlier:
        # Only then is it sure that the new one takes its place. Should it fail, the new one stays all the same, and
        # `voices_tidy` deletes the earlier one.
        transaction.on_commit(lambda: default_storage.delete(earlier), robust=True)
    voice = CounselorVoice(counselor=user, file=stored.name, size=stored.size, speech_seconds=seconds)
    voice.full_clean()
    voice.save()
    access_log.record(actor=user, action="create", object_kind=KIND, object_id=voice.id)
    return voice


def _one_at_a_time(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(id=user.id)


@transaction.atomic
def _delete(user: User, action: str) -> bool:
    _one_at_a_time(user)
    file = _forget(user, action)
    if file:
        # The file before the row: should anything fail here, what is left is a row that can be deleted again, and
        # never a voice that nobody knows of.
        default_storage.delete(file)
    return file is not None


def _forget(user: User, action: str = "delete") -> str | None:
    """Delete the row; returns the name of the file that was its."""
    voice = CounselorVoice.objects.filter(counselor=user).first()
    if voice is None:
        return None
    access_log.record(actor=user, action=action, object_kind=KIND, object_id=voice.id)
    voice.delete()
    return voice.file
