"""Forms for notes and addenda."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from sessions_app.models import NoteKind, Patient, Session
from sessions_app.notes import EMPTY, MAX_CHARACTERS, TOO_LONG


class NoteField(forms.CharField):
    """The text of a note. The end of a line counts as one character, as it does in browsers."""

    def to_python(self, value: Any) -> str:
        """The text with its lines ended by a line feed."""
        return str(super().to_python(value)).replace("\r\n", "\n")


class AddendumForm(forms.Form):
    """What is written."""

    text = NoteField(
        label=gettext_lazy("Addendum"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 6, "autocomplete": "off"}),
        error_messages={"required": EMPTY, "max_length": TOO_LONG},
    )


class SessionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Sessions by their time."""

    def to_python(self, value: Any) -> Any:
        """The session. Raises ``ValidationError`` in the same words for what is no id at all."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from error

    def label_from_instance(self, obj: Session) -> str:
        """The day and the hour where the clinic is."""
        return date_format(timezone.localtime(obj.held_at), "j M Y, H:i")


class NoteForm(AddendumForm):
    """A note about ``patient``. No kind is chosen beforehand, for the wrong one shows it to the wrong people."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=NoteKind.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Please choose the kind of note.")),
    )
    session = SessionField(
        label=gettext_lazy("About which session?"),
        queryset=Session.objects.none(),
        required=False,
        empty_label=gettext_lazy("None in particular"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": gettext_lazy("Please choose a session of this patient.")},
    )
    field_order = ("kind", "session", "text")

    def __init__(self, data: Any = None, *, patient: Patient, session: str = "") -> None:
        super().__init__(data, initial={"session": session})
        sessions: Any = self.fields["session"]
        sessions.queryset = Session.objects.filter(patient=patient)
        self.fields["text"].label = gettext_lazy("Note")
        self.fields["text"].widget.attrs["rows"] = 10
