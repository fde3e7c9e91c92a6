"""Forms of the administrator's pages about care teams."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import User
from sessions_app.models import Patient
from sessions_app.models.patients import PatientQuerySet


class CareTeamSearch(forms.Form):
    """Whom to look for: sent by POST, because neither a name nor a number stands in an address."""

    text = forms.CharField(
        label=gettext_lazy("Number or name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    counselor = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("In the care of"),
        required=False,
        empty_label=pgettext_lazy("care of", "anybody"),
        widget=forms.Select(attrs={"class": "form-select", "autocomplete": "off"}),
        error_messages={"invalid_choice": gettext_lazy("Please choose one of the people of this clinic.")},
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        # Whoever has left the clinic or is no counselor any more may still stand in a care team.
        people = User.objects.filter(clinic=user.clinic_id, patients__isnull=False)
        _choices(self, people.distinct().order_by("display_name"))

    def clean(self) -> dict[str, Any]:
        """Raises ``ValidationError`` where nothing was asked: patients are not listed for their own sake."""
        asked = super().clean() or {}
        if not self.errors and not asked["text"].strip() and asked["counselor"] is None:
            raise forms.ValidationError(
                gettext("Please give a number or a name, or choose whose patients you look for.")
            )
        return asked

    def found(self) -> PatientQuerySet:
        """The patients that are asked for; of a form that is valid."""
        patients = Patient.objects.assignable_by(self.user).search(self.cleaned_data["text"])
        counselor = self.cleaned_data["counselor"]
        return patients.filter(care_team=counselor) if counselor else patients


class JoinForm(forms.Form):
    """A counselor of the clinic who is not of the patient's care team yet."""

    counselor = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Counselor"),
        empty_label=gettext_lazy("Choose a counselor"),
        widget=forms.Select(attrs={"class": "form-select", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Please choose a counselor."),
            "invalid_choice": gettext_lazy("Please choose a counselor of this clinic who is not of the care team yet."),
        },
    )

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        super().__init__(data)
        team = patient.care_team.values("id")
        _choices(self, User.objects.counselors_of(patient.clinic).exclude(id__in=team).order_by("display_name"))

    @property
    def has_choices(self) -> bool:
        """Whether there is somebody who could join."""
        return bool(_field(self).queryset.exists())


def _choices(form: forms.Form, people: QuerySet[User]) -> None:
    _field(form).queryset = people


def _field(form: forms.Form) -> Any:
    return cast("forms.ModelChoiceField[User]", form.fields["counselor"])
