"""A patient's consents on the patient's page: what is on file, and what this user may do about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, may
from sessions_app.dashboard.admission_forms import ConsentForm
from sessions_app.dashboard.wording import ConsentWords, consent_words
from sessions_app.models import Consent, Patient


@dataclass(frozen=True, slots=True)
class ConsentPanel:
    """All consents, newest first, what they amount to today, and the form for another (``None`` if not allowed)."""

    words: ConsentWords
    consents: tuple[Consent, ...]
    form: ConsentForm | None
    may_withdraw: bool

    @property
    def unfolded(self) -> bool:
        """Whether the form is what this page needs next."""
        return self.form is not None and (self.form.is_bound or not self.words.given)


def consent_panel(patient: Patient, user: User, form: ConsentForm | None = None) -> ConsentPanel:
    """The panel for ``user``, with ``form`` if it was sent and cannot be used."""
    consents = tuple(patient.consents.select_related("taken_by", "withdrawn_by"))
    fresh = form or (ConsentForm(patient=patient) if may(user, Action.RECORD_CONSENT) else None)
    standing = any(consent.withdrawn_at is None for consent in consents)
    return ConsentPanel(
        words=consent_words(list(consents), timezone.localdate()),
        consents=consents,
        form=fresh,
        may_withdraw=standing and may(user, Action.WITHDRAW_CONSENT),
    )
