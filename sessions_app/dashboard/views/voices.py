"""A counselor's own voice: upload a clip of it, see that there is one, delete it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from accounts.needs import Ask
from accounts.permissions import require
from accounts.policy import Action, may
from inference import clips
from inference.errors import AnalysisError
from sessions_app import voices
from sessions_app.dashboard.doors import ClinicRequest, open_to
from sessions_app.dashboard.forms import VoiceForm
from sessions_app.engine_words.errors import error_words
from sessions_app.models import CounselorVoice


# Whoever is no counselor any more must still be able to take their voice back, hence Ask.SIGN_IN.
@open_to(GET=Ask.SIGN_IN, POST=Action.KEEP_VOICE)
def voice(request: ClinicRequest) -> HttpResponse:
    """What the clip is for, and whether there is one; a POST keeps a new one in its place."""
    kept = CounselorVoice.objects.filter(counselor=request.user).first()
    if kept is None:
        require(request.user, Action.KEEP_VOICE, object_kind="page")
    form = VoiceForm(request.POST, request.FILES) if request.method == "POST" else VoiceForm()
    if form.is_valid() and _kept(request, form):
        messages.success(request, gettext("Your voice was kept. It is used from the next analysis on."))
        return redirect("counselor-voice")
    context = {
        "form": form,
        "voice": kept,
        "may_keep": may(request.user, Action.KEEP_VOICE),
        "least": clips.LEAST_SPEECH,
        "most": clips.MOST_SPEECH,
    }
    return render(request, "dashboard/voice.html", context, status=422 if form.is_bound else 200)


@open_to(POST=Ask.SIGN_IN)
def delete(request: ClinicRequest) -> HttpResponse:
    """Delete the clip at once."""
    if voices.voice_delete(user=request.user):
        messages.success(request, gettext("Your voice was deleted."))
    return redirect("counselor-voice" if may(request.user, Action.KEEP_VOICE) else "home")


def _kept(request: ClinicRequest, form: VoiceForm) -> bool:
    try:
        voices.voice_keep(user=request.user, upload=form.upload)
    except AnalysisError as error:
        form.add_error("file", error_words(error.code, error.message))
        return False
    return True
