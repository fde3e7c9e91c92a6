"""The form of a questionnaire: a time, and one choice for each item."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy

from sessions_app.dashboard.forms import MINUTE, this_minute
from sessions_app.instruments import CHOICES, DEFINITIONS
from sessions_app.models import Instrument, QuestionnaireResponse

LEFT_OUT = "none"
ANSWERS = [*((str(number), words) for number, words in enumerate(CHOICES)), (LEFT_OUT, gettext_lazy("Left out"))]
CHOOSE = gettext_lazy("Please choose one of the answers, or “Left out”.")


class QuestionnaireForm(forms.Form):
    """Answers of one instrument. None is chosen beforehand, and one that is missing is said to be."""

    answered_at = forms.DateTimeField(
        label=gettext_lazy("When was it answered?"),
        initial=this_minute,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "class": "form-control"}, format=MINUTE),
        input_formats=[MINUTE, "%Y-%m-%dT%H:%M:%S"],
        error_messages={
            "invalid": gettext_lazy("Please give a date and a time."),
            "required": gettext_lazy("When was it answered?"),
        },
    )

    def __init__(
        self, data: Any = None, *, instrument: Instrument, response: QuestionnaireResponse | None = None
    ) -> None:
        super().__init__(data, initial=_initial(response) if response else None)
        for number, words in enumerate(DEFINITIONS[instrument].items, start=1):
            self.fields[f"item_{number}"] = forms.ChoiceField(
                label=words,
                choices=ANSWERS,
                widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
                error_messages={"invalid_choice": CHOOSE, "required": CHOOSE},
            )

    @property
    def items(self) -> list[BoundField]:
        """The items' fields."""
        return [self[name] for name in self.fields if name.startswith("item_")]

    @property
    def answers(self) -> list[int | None]:
        """What was chosen, in the order of the items."""
        chosen = (self.cleaned_data[field.name] for field in self.items)
        return [None if answer == LEFT_OUT else int(answer) for answer in chosen]


def _initial(response: QuestionnaireResponse) -> dict[str, Any]:
    answers = {
        f"item_{number}": LEFT_OUT if item is None else str(item) for number, item in enumerate(response.items, start=1)
    }
    return {"answered_at": response.answered_at, **answers}
