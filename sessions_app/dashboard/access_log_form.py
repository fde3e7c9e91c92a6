"""What the administrator searches the access log for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast
from unicodedata import normalize
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy

from accounts.access_log import ACCOUNT_ACTIONS
from accounts.models import AccessLogEntry, AffectPolicy, Purpose, User
from accounts.policy import Action
from sessions_app.dashboard.access_words import did_words
from sessions_app.dashboard.admission_forms import DAY
from sessions_app.models import Patient

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

DONE = {"cancel", "confirm_patient", "create", "delete", "delete_with_account", "export", "list", "make", "read"}
DONE |= {
    "list_analyses",
    "read_timeline",
    "reanalyze",
    "refer_to",
    "retry",
    "swap_patient",
    "update",
    "upload",
    "withdraw",
}
DONE |= ACCOUNT_ACTIONS
DONE |= {"set_audio_days", "set_overdue_weeks", "erase", "see_emergency"}
DONE |= {"see_flag", "put_off_flag", "reopen_flag"}
DONE |= {"join_care_team", "leave_care_team"}
DONE |= {f"affect_policy_{policy}" for policy in AffectPolicy}
"""What is written of things that were done; a refusal names the `Action` that was asked for."""

ACTIONS = DONE | set(Action)
"""All that a row can say."""


def _actions() -> Iterator[tuple[str, str]]:
    yield "", pgettext("access log", "anything")
    # Taken apart, a letter with a sign stands next to the letter, as in a dictionary.
    choices = ((str(action), did_words(action)) for action in ACTIONS)
    yield from sorted(choices, key=lambda choice: normalize("NFD", choice[1]))


def _purposes() -> Iterator[tuple[str, str]]:
    yield "", pgettext("access log", "anything")
    yield from ((purpose.value, str(purpose.label)) for purpose in Purpose)


# Neither a time zone nor the day after leads from these out of what a date can say.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)


def _out_of_range() -> str:
    years = {"first": FIRST_DAY.year, "last": LAST_DAY.year}
    return gettext("Please give a day between %(first)s and %(last)s.") % years


def _day(label: StrPromise) -> forms.DateField:
    sentence = lazy(_out_of_range, str)()
    return forms.DateField(
        required=False,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format=DAY),
        input_formats=[DAY],
        validators=[MinValueValidator(FIRST_DAY, sentence), MaxValueValidator(LAST_DAY, sentence)],
    )


class PlaceForm(forms.Form):
    """``after``: the number of the row after which the next page begins."""

    after = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    @classmethod
    def after_in(cls, sent: QueryDict) -> int | None:
        """The number that was sent; of what is none, the beginning."""
        form = cls(sent)
        return form.cleaned_data["after"] if form.is_valid() else None


class AccessLogForm(PlaceForm):
    """Each field narrows the search; sent by POST, because a patient's number stands in no address."""

    person = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label=gettext_lazy("Who"),
        empty_label=pgettext_lazy("access log", "anybody"),
    )
    action = forms.ChoiceField(choices=_actions, required=False, label=pgettext_lazy("access log", "Did"))
    purpose = forms.ChoiceField(choices=_purposes, required=False, label=pgettext_lazy("access log", "For"))
    patient = forms.CharField(max_length=32, required=False, label=gettext_lazy("Patient’s number"))
    since = _day(gettext_lazy("From"))
    until = _day(gettext_lazy("Until"))
    refused = forms.BooleanField(required=False, label=gettext_lazy("Refusals only"))

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        people = cast("forms.ModelChoiceField[User]", self.fields["person"])
        people.queryset = User.objects.filter(clinic=user.clinic_id)
        for name, field in self.fields.items():
            if name not in ("refused", "after"):
                is_choice = isinstance(field, forms.ChoiceField)
                field.widget.attrs |= {"class": "form-select" if is_choice else "form-control", "autocomplete": "off"}
        self.fields["refused"].widget.attrs["class"] = "form-check-input"

    def clean_patient(self) -> UUID | None:
        """The patient's id. Raises ``ValidationError`` for a number that nobody has."""
        number = self.cleaned_data["patient"]
        if not number:
            return None
        found = Patient.objects.numbered_for(self.user).filter(reference__iexact=number).values_list("id", flat=True)
        patient: UUID | None = found.first()
        if patient is None:
            raise forms.ValidationError(gettext("No patient of this clinic has this number."))
        return patient

    def clean(self) -> dict[str, Any]:
        """Say it beside the field where no day can be between the two."""
        asked = super().clean() or self.cleaned_data
        since, until = asked.get("since"), asked.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("This day lies before the one in “From”."))
        return asked

    def rows(self) -> QuerySet[AccessLogEntry]:
        """The rows that are asked for, newest first; of a form that is valid."""
        asked = self.cleaned_data
        wanted: dict[str, Any] = {
            "actor_id": asked["person"] and asked["person"].id,
            "action": asked["action"],
            "purpose": asked["purpose"],
            "patient_id": asked["patient"],
            "at__gte": asked["since"] and _midnight(asked["since"]),
            "at__lt": asked["until"] and _midnight(asked["until"] + timedelta(days=1)),
        }
        narrowed = {look_up: value for look_up, value in wanted.items() if value}
        rows = AccessLogEntry.objects.filter(clinic_id=self.user.clinic_id, **narrowed)
        return rows.filter(allowed=False) if asked["refused"] else rows


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
