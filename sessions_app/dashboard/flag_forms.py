"""Forms of the inbox: where a further page begins, and until when a flag is put off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from sessions_app.dashboard.inbox import Last
from sessions_app.models.flags import NO_NEED

WEEK = timedelta(days=7)
NO_DAY = gettext_lazy("Please give a day.")


class InboxForm(forms.Form):
    """The last flag of the page before."""

    rank = forms.IntegerField(min_value=0, max_value=NO_NEED)
    since = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"])
    id = forms.UUIDField()

    @property
    def last(self) -> Last | None:
        """Where the page begins; ``None``: at the beginning."""
        return Last(**self.cleaned_data) if self.is_valid() else None


class PutOffForm(forms.Form):
    """The day on which a flag asks again."""

    until = forms.DateField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control form-control-sm"}, format="%Y-%m-%d"),
        error_messages={"required": NO_DAY, "invalid": NO_DAY},
    )


def a_week_from_now() -> date:
    """What is offered."""
    return timezone.localdate() + WEEK


def first_error(form: forms.Form) -> str:
    """What is wrong with it, in one sentence."""
    errors: Any = form.errors.get("until", [NO_DAY])
    return str(errors[0])
