"""The review of an analysis on the page of its session: what was said, and the form to say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from inference.models import Analysis
from sessions_app.dashboard.note_forms import NoteField
from sessions_app.models import Reason, Review, Verdict
from sessions_app.reviews import MAX_CHARACTERS, TOO_LONG, readable_note

CHOOSE = gettext_lazy("Please choose what you think of it.")

VERDICT_HELP = {
    Verdict.AGREE: gettext_lazy("It fits what I saw and heard."),
    Verdict.DISAGREE: gettext_lazy("It does not. The scores stay and count as before."),
    Verdict.SET_ASIDE: gettext_lazy("It stays visible, marked, and does not count for the patient’s own baseline."),
}


class ReviewForm(forms.Form):
    """What somebody says of the analysis that the form names."""

    analysis = forms.UUIDField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        choices=Verdict.choices,
        error_messages=dict.fromkeys(("required", "invalid_choice"), CHOOSE),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Why?"),
        choices=Reason.choices,
        required=False,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"invalid_choice": gettext_lazy("Please choose one of the reasons.")},
    )
    note = NoteField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3, "autocomplete": "off"}),
        error_messages={"max_length": TOO_LONG},
    )

    @property
    def choices(self) -> list[tuple[str, str, str]]:
        """Each verdict with what it means."""
        return [(verdict.value, str(verdict.label), str(VERDICT_HELP[verdict])) for verdict in Verdict]


@dataclass(frozen=True, slots=True)
class ReviewPanel:
    """What was said of an analysis, if anything; ``note`` is ``None`` where it cannot be opened.

    ``form``: for those who may say something, with what was said in it; bound where it was sent and could not be kept.
    """

    review: Review | None
    note: str | None
    form: ReviewForm | None

    @property
    def is_set_aside(self) -> bool:
        """Whether it counts for nothing any more."""
        return self.review is not None and self.review.verdict == Verdict.SET_ASIDE


def review_panel(
    analysis: Analysis, review: Review | None, *, may_review: bool, sent: ReviewForm | None
) -> ReviewPanel:
    """The panel of ``analysis`` for somebody to whom its scores are shown."""
    note = readable_note(review) if review else ""
    form = sent or ReviewForm(initial=_initial(analysis, review, note))
    return ReviewPanel(review, note, form if may_review else None)


def _initial(analysis: Analysis, review: Review | None, note: str | None) -> dict[str, Any]:
    said = {"verdict": review.verdict, "reason": review.reason, "note": note or ""} if review else {}
    return {"analysis": analysis.id, **said}
