"""Forms for admitting a patient: who they are (put right later, too), who cares for them, and what they consent to.

Rules live in the models; a form only says in plain words what is missing.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from sessions_app.models import Consent, Patient, Scope

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

DAY = "%Y-%m-%d"
CHANGED_MEANWHILE = gettext_lazy(
    "Somebody else has changed this to “%(now)s” meanwhile. Keep yours only if it is right."
)


def _text() -> forms.TextInput:
    return forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "form-control"}, format=DAY)


def _tick() -> forms.CheckboxInput:
    return forms.CheckboxInput(attrs={"class": "form-check-input"})


def _missing(sentence: StrPromise) -> dict[str, StrPromise]:
    return {"required": sentence}


class NamesForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a patient is called, and the clinic's number."""

    class Meta:
        model = Patient
        fields = ["reference", "given_name", "family_name"]
        labels = {
            "reference": gettext_lazy("The clinic’s number for this patient"),
            "given_name": gettext_lazy("Given name"),
            "family_name": gettext_lazy("Family name"),
        }
        help_texts = {"reference": ""}
        widgets = {"reference": _text(), "given_name": _text(), "family_name": _text()}
        error_messages = {
            "reference": _missing(gettext_lazy("Please give the clinic’s number for this patient.")),
            "given_name": _missing(gettext_lazy("Please give the patient’s given name.")),
            "family_name": _missing(gettext_lazy("Please give the patient’s family name.")),
        }


class CorrectionForm(NamesForm):
    """Name and number of ``patient``. It brings back what stood in it at first: a page may have been open for long."""

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        # A copy, so that the page goes on calling the patient what they are called.
        super().__init__(data, instance=copy(patient))
        self.patient = patient
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        """What was not touched stays as it is by now; what somebody else has changed meanwhile is asked about once."""
        cleaned = super().clean() or self.cleaned_data
        for name in self.fields:
            now, first = getattr(self.patient, name), self[name].html_initial_name
            if name not in self.changed_data:
                cleaned[name] = now
            elif cleaned.get(name, now) != now != self.data.get(first, now):
                self._bring_back(first, now)
                self.add_error(name, CHANGED_MEANWHILE % {"now": now})
        return cleaned

    def _bring_back(self, first: str, now: str) -> None:
        sent: Any = self.data
        self.data = sent = sent.copy()
        sent[first] = now

    @property
    def corrected(self) -> dict[str, str]:
        """What `services.patient_correct` takes."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class PatientForm(NamesForm):
    """A new patient of the clinic of ``user``, who as a counselor joins the care team without being chosen."""

    care_team = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Care team"),
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={
            "required": gettext_lazy("Please choose at least one counselor; the others do not see this patient."),
            "invalid_choice": gettext_lazy("Please choose from the counselors of this clinic."),
            "invalid_pk_value": gettext_lazy("Please choose from the counselors of this clinic."),
        },
    )
    with_consent = forms.BooleanField(
        label=gettext_lazy("The patient has given consent"),
        required=False,
        widget=_tick(),
        help_text=gettext_lazy("It can be recorded later too."),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, instance=Patient(clinic=user.clinic))
        team: Any = self.fields["care_team"]
        team.queryset = User.objects.counselors_of(user.clinic).exclude(id=user.id)
        team.required = user.role != Role.COUNSELOR

    @property
    def patient_fields(self) -> dict[str, Any]:
        """What `services.patient_add` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "with_consent"}


class ConsentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A consent that ``patient`` gave."""

    # On the page for a new patient these fields may be out of sight, where a browser could not ask for them.
    use_required_attribute = False

    class Meta:
        model = Consent
        fields = [*Scope.values, "given_on", "method", "text_version", "expires_on"]
        labels = {
            "given_on": gettext_lazy("Given on"),
            "method": gettext_lazy("How"),
            "text_version": gettext_lazy("Version of the text"),
            "expires_on": gettext_lazy("Until (optional)"),
        }
        widgets = {
            "given_on": _day(),
            "text_version": _text(),
            "expires_on": _day(),
            "method": forms.Select(attrs={"class": "form-select"}),
            **{scope.value: _tick() for scope in Scope},
        }
        error_messages = {
            "given_on": _missing(gettext_lazy("Please give the day on which consent was given."))
            | {"invalid": gettext_lazy("Please give a day.")},
            "text_version": _missing(gettext_lazy("Please say which version of the consent text was signed.")),
            "expires_on": {"invalid": gettext_lazy("Please give a day, or leave this empty.")},
        }

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        today = {"given_on": timezone.localdate()}
        super().__init__(data, initial=today, instance=Consent(patient=patient), prefix="consent")

    @property
    def scopes(self) -> list[forms.BoundField]:
        """The ticks, each for one scope."""
        return [self[scope] for scope in Scope]

    @property
    def nothing_covered(self) -> bool:
        """Whether what is said beside a tick is said of all ticks together: none is set."""
        return bool(self[Scope.VOICE_ANALYSIS].errors) and not any(self[scope].value() for scope in Scope)

    @property
    def consent_fields(self) -> dict[str, Any]:
        """What `services.consent_record` takes."""
        given = dict(self.cleaned_data)
        return {"scopes": [scope for scope in Scope if given.pop(scope)], **given}
