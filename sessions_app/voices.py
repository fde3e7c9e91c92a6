"""A counselor's own voice: a short clip that tells an analysis which of two voices is not the patient's.

Which counselor is heard in a session is for `CounselorVoice.objects.heard_with` to say.
"""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.models import User
from accounts.permissions import require
from accounts.policy import Action
from inference import clips
from inference.errors import TooLarge
from inference.stored import Stored
from sessions_app import files, storage
from sessions_app.models import CounselorVoice

MAX_BYTES = 64 * 1024**2
TOO_LARGE = gettext_lazy("This clip is larger than 64 MiB. Half a minute of your voice is enough.")
KIND = "counselor_voice"


def voice_keep(*, user: User, upload: UploadedFile[bytes]) -> CounselorVoice:
    """Keep a clip of the user's own voice, in place of an earlier one.

    Raises `BadRecording` (too large, not audio, silent, too little speech, two voices); then the earlier one stays.
    """
    require(user, Action.KEEP_VOICE, object_kind=KIND)
    if (upload.size or 0) > MAX_BYTES:
        raise TooLarge(str(TOO_LARGE))
    with files.taken_in(upload, storage.VOICES, user.clinic_id) as stored:
        seconds = clips.check(Stored(stored.name))
        return _replace(user, stored, seconds)


def voice_delete(*, user: User) -> bool:
    """Delete the user's clip, file and row. False when there was none.

    It needs no role: whoever is no counselor any more may still take their voice back.
    """
    return _delete(user, "delete")


def voices_tidy() -> None:
    """Delete the clips of accounts that were switched off."""
    for user in User.objects.filter(is_active=False, voice__isnull=False):
        _delete(user, "delete_with_account")


@transaction.atomic
def _replace(user: User, stored: storage.StoredFile, seconds: float) -> CounselorVoice:
    _one_at_a_time(user)
    _forget(user)
    voice = CounselorVoice(counselor=user, file=stored.name, size=stored.size, speech_seconds=seconds)
    voice.full_clean()
    voice.save()
    files.claim(stored.name)
    access_log.record(actor=user, action="create", object_kind=KIND, object_id=voice.id)
    return voice


def _one_at_a_time(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(id=user.id)


@transaction.atomic
def _delete(user: User, action: str) -> bool:
    _one_at_a_time(user)
    return _forget(user, action)


def _forget(user: User, action: str = "delete") -> bool:
    """Delete the row; the file goes with it once that has been committed."""
    voice = CounselorVoice.objects.filter(counselor=user).first()
    if voice is None:
        return False
    access_log.record(actor=user, action=action, object_kind=KIND, object_id=voice.id)
    voice.delete()
    return True
