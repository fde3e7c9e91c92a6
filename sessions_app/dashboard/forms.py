"""Forms of the pages for recordings, the search and the clinic's policy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import IDLE_MINUTES, AffectPolicy, Clinic
from sessions_app.dashboard.caseload_order import Place, View, place_from
from sessions_app.models import FlagKind, Order, Patient, PatientChannel
from sessions_app.models.sessions import refuse_impossible_time

ACCEPTED = "audio/*,.wav,.flac,.mp3,.m4a,.ogg,.opus,.webm,.mp4,.mkv"
MINUTE = "%Y-%m-%dT%H:%M"


def this_minute() -> datetime:
    """Now, in the clinic's time zone, to the minute."""
    return timezone.localtime().replace(second=0, microsecond=0)


class FileForm(forms.Form):
    """A form whose field ``file`` takes one file."""

    @property
    def upload(self) -> UploadedFile[bytes]:
        """The chosen file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        return file


class UploadForm(FileForm):
    """A recording, when its session was held and where in it the patient is heard."""

    held_at = forms.DateTimeField(
        label=gettext_lazy("When was the session?"),
        initial=this_minute,
        validators=[refuse_impossible_time],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}, format=MINUTE),
        input_formats=[MINUTE, "%Y-%m-%dT%H:%M:%S"],
        error_messages={
            "invalid": gettext_lazy("Please give the session's date and time."),
            "required": gettext_lazy("When was the session?"),
        },
    )
    patient_channel = forms.ChoiceField(
        label=gettext_lazy("Where is the patient heard?"),
        choices=PatientChannel.choices,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Recording"),
        max_length=None,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "class": "form-control"}),
        error_messages=dict.fromkeys(("required", "missing"), gettext_lazy("Please choose a recording.")),
    )


class VoiceForm(FileForm):
    """A clip of one's own voice."""

    file = forms.FileField(
        label=gettext_lazy("Clip of your voice"),
        max_length=None,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ACCEPTED, "class": "form-control"}),
        error_messages=dict.fromkeys(("required", "missing"), gettext_lazy("Please choose a clip.")),
    )


class SearchForm(forms.Form):
    """Words to find patients by, how to list them, where the next page begins, and what the asker has seen already."""

    text = forms.CharField(required=False, max_length=200)
    order = forms.ChoiceField(choices=Order.choices, required=False)
    reason = forms.TypedChoiceField(
        choices=[("", ""), *FlagKind.choices],
        coerce=lambda value: FlagKind(int(value)),
        empty_value=None,
        required=False,
    )
    without_consent = forms.BooleanField(required=False)
    save = forms.BooleanField(required=False)
    after = forms.CharField(required=False, max_length=2000)
    checkpoints = forms.CharField(required=False, max_length=2000)
    seen = forms.CharField(required=False, max_length=64)

    @property
    def view(self) -> View:
        """Which patients, in which order."""
        given = self.cleaned_data
        order = Order(given["order"] or Order.NEED)
        return View(given["text"], order, given["reason"], given["without_consent"])

    def clean_after(self) -> Place | None:
        """Where the next page begins, as a page of this server has said."""
        try:
            return place_from(self.cleaned_data["after"]) if self.cleaned_data["after"] else None
        except signing.BadSignature as error:
            raise forms.ValidationError(gettext("No page ended there.")) from error

    @property
    def place(self) -> Place | None:
        """Where the next page begins."""
        after: Place | None = self.cleaned_data["after"]
        return after


class PolicyForm(forms.Form):
    """The clinic's policy for affect scores."""

    policy = forms.ChoiceField(choices=AffectPolicy.choices, widget=forms.RadioSelect)


class IdleForm(forms.Form):
    """After how many minutes without doing anything people of the clinic are signed out."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=IDLE_MINUTES.start,
        max_value=IDLE_MINUTES.stop - 1,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )


class AudioForm(forms.ModelForm):  # type: ignore[type-arg]
    """How many days after its analysis the clinic keeps audio."""

    class Meta:
        model = Clinic
        fields = ["audio_days"]
        help_texts = {"audio_days": ""}
        widgets = {"audio_days": forms.NumberInput(attrs={"class": "form-control days"})}


class OverdueForm(forms.ModelForm):  # type: ignore[type-arg]
    """After how many weeks without a session a patient is flagged."""

    class Meta:
        model = Clinic
        fields = ["overdue_weeks"]
        help_texts = {"overdue_weeks": ""}
        widgets = {"overdue_weeks": forms.NumberInput(attrs={"class": "form-control days"})}


class EmergencyForm(forms.Form):
    """Which patient, and why it cannot wait."""

    number = forms.CharField(
        label=gettext_lazy("The clinic’s number for this patient"),
        max_length=32,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please give the clinic’s number for this patient.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Why can it not wait?"),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
        error_messages={"required": gettext_lazy("Please say why this cannot wait.")},
    )


class ErasureForm(forms.Form):
    """The patient's number once more, so that nobody erases by a slip."""

    number = forms.CharField(
        label=gettext_lazy("Type the clinic’s number for this patient"),
        max_length=32,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please type the number.")},
    )

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        super().__init__(data)
        self.patient = patient

    def clean_number(self) -> str:
        """Raises ``ValidationError`` for another number."""
        number: str = self.cleaned_data["number"].strip()
        if number != self.patient.reference:
            raise forms.ValidationError(gettext("This is not this patient’s number. Nothing was erased."))
        return number
