"""Why somebody should look at a patient, as rows that can be sorted, paged, counted and answered."""

from __future__ import annotations

import uuid
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from accounts.models import AffectPolicy, Clinic, User
from accounts.policy import Action, may
from sessions_app.models.patients import Patient
from sessions_app.models.questionnaires import QuestionnaireResponse
from sessions_app.models.scope import ScopedQuerySet
from sessions_app.models.sessions import Session


class FlagKind(models.IntegerChoices):
    """Reasons to look at a patient, the most urgent first: the number is the rank. `sessions_app.attention` derives."""

    SELF_HARM = 10, gettext_lazy("Item 9 of PHQ-9")
    WORSE_PHQ9 = 20, gettext_lazy("PHQ-9 worse")
    WORSE_GAD7 = 30, gettext_lazy("GAD-7 worse")
    BEYOND_BASELINE = 40, gettext_lazy("Voice beyond own baseline")
    DISAGREEING = 50, gettext_lazy("Voice and PHQ-9 disagree")
    REVIEW_WAITING = 60, gettext_lazy("Review waiting")
    ANALYSIS_FAILED = 70, gettext_lazy("Analysis failed")
    OVERDUE = 80, gettext_lazy("No session for long")


SEEN_SELF_HARM = 11
"""Rank of a flag about self-harm that somebody has seen: below those that nobody has, and above all others."""

NO_NEED = 99
"""Rank of a patient without an open flag."""

ON_ANSWERS = frozenset({FlagKind.SELF_HARM, FlagKind.WORSE_PHQ9, FlagKind.WORSE_GAD7})
"""Kinds that say what a patient answered."""

ON_A_VOICE = frozenset({FlagKind.BEYOND_BASELINE, FlagKind.DISAGREEING, FlagKind.REVIEW_WAITING})
"""Kinds that rest on scores of a voice: where the policy shows no score, they are not there."""

AT_THE_DESK = frozenset({FlagKind.ANALYSIS_FAILED, FlagKind.OVERDUE})
"""Kinds that say nothing of how a patient is."""


def kinds_shown_to(user: User) -> frozenset[FlagKind]:
    """The kinds of which ``user``'s role, and the policy of the clinic, show flags at all."""
    if not may(user, Action.LIST_PATIENTS):
        return frozenset()
    kinds = AT_THE_DESK
    if may(user, Action.SEE_QUESTIONNAIRES):
        kinds |= ON_ANSWERS
    if may(user, Action.SEE_SCORES) and user.clinic.affect_policy == AffectPolicy.ON:
        kinds |= ON_A_VOICE
    return kinds


def need_column_for(user: User) -> str:
    """The column of a patient that ranks by the kinds that ``user`` is shown."""
    kinds = kinds_shown_to(user)
    if kinds & ON_A_VOICE:
        return "need"
    return "need_unheard" if kinds & ON_ANSWERS else "need_at_desk"


def shows_self_harm_first(user: User) -> bool:
    """Whether patients with an open flag about self-harm are on top of any list that ``user`` reads."""
    return FlagKind.SELF_HARM in kinds_shown_to(user)


class FlagQuerySet(ScopedQuerySet["Flag"]):
    """Flags, by who may see them."""

    patient_path = "patient"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the patients that ``user`` sees, of the kinds that they are shown."""
        if not isinstance(user, User):
            return self.none()
        return super().visible_to(user).filter(clinic=user.clinic_id, kind__in=sorted(kinds_shown_to(user)))

    def open(self) -> Self:
        """Those that ask for attention: not answered, or about self-harm, which no answer takes from the top."""
        return self.filter(Q(answered_at__isnull=True) | Q(kind=FlagKind.SELF_HARM))

    def put_away(self) -> Self:
        """Those that somebody has answered, and that ask for nothing now."""
        return self.filter(answered_at__isnull=False).exclude(kind=FlagKind.SELF_HARM)


class Flag(models.Model):
    """One reason to look at one patient. It names what it rests on and holds no score.

    ``answered_by`` has seen it, or put it off until the day ``until``. `sessions_app.flags` writes all of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="flags")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", help_text="The patient's own.")
    kind = models.PositiveSmallIntegerField(choices=FlagKind)
    since = models.DateTimeField(help_text="From when on the reason holds.")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    response = models.ForeignKey(
        QuestionnaireResponse, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    raised_at = models.DateTimeField(db_default=Now(), editable=False)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    until = models.DateField(null=True, blank=True, help_text="Put off until this day; empty: seen.")
    rank = models.GeneratedField(
        expression=models.Case(
            models.When(kind=FlagKind.SELF_HARM, answered_at__isnull=False, then=SEEN_SELF_HARM),
            default="kind",
            output_field=models.PositiveSmallIntegerField(),
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
        help_text="What lists of flags are sorted by: the kind, and of self-harm what nobody has seen first.",
    )

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "since", "id"]
        constraints = [
            models.UniqueConstraint(fields=["patient", "kind"], name="one_flag_of_a_kind"),
            models.CheckConstraint(
                name="flag_answered_by_somebody",
                condition=Q(answered_by__isnull=True, answered_at__isnull=True, until__isnull=True)
                | Q(answered_by__isnull=False, answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="self_harm_is_never_put_off", condition=~Q(kind=FlagKind.SELF_HARM) | Q(until__isnull=True)
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "rank", "since", "id"], name="flag_by_rank"),
            models.Index(fields=["clinic", "kind"], name="flag_by_kind"),
        ]

    def __str__(self) -> str:
        return f"flag {self.id}"

    @property
    def is_open(self) -> bool:
        """`FlagQuerySet.open` for a row in hand."""
        return self.answered_at is None or self.kind == FlagKind.SELF_HARM

    @property
    def is_about_self_harm(self) -> bool:
        """Whether it comes before all others."""
        return self.kind == FlagKind.SELF_HARM

    @property
    def can_be_put_off(self) -> bool:
        """Whether it may be answered with a later day."""
        return not self.is_about_self_harm
