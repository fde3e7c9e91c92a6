"""Annotations on a page: their list, and the form of one: a day, a kind, a few words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from sessions_app.annotations import EMPTY, MAX_CHARACTERS, TOO_LONG, Mark
from sessions_app.care import is_of_care_team
from sessions_app.models import AnnotationKind, Patient


def annotations_context(user: User, patient: Patient, marks: list[Mark]) -> dict[str, Any]:
    """What the list of ``marks`` (oldest first) needs, on the patient's page as well."""
    may_annotate = is_of_care_team(user, patient)
    return {"marks": marks[::-1], "annotation_form": AnnotationForm() if may_annotate else None}


class AnnotationForm(forms.Form):
    """What happened, and when."""

    day = forms.DateField(
        label=gettext_lazy("Day"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages=dict.fromkeys(("required", "invalid"), gettext_lazy("Please give a day.")),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=AnnotationKind.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages=dict.fromkeys(("required", "invalid_choice"), gettext_lazy("Please choose a kind.")),
    )
    text = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": EMPTY, "max_length": TOO_LONG},
    )

    def __init__(self, data: Any = None, *, mark: Mark | None = None) -> None:
        super().__init__(data, initial=_initial(mark) if mark else None, auto_id="annotation-%s")
        if mark:
            self.fields["text"].widget.attrs["autofocus"] = True


def _initial(mark: Mark) -> dict[str, Any]:
    return {"day": mark.annotation.day, "kind": mark.annotation.kind, "text": mark.text or ""}
