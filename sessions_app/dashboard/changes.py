"""Changes of records as people read them: who by name, what in plain words, before and after."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy

from sessions_app.changes import OF_CLINICS, OF_PATIENTS, Edit, RecordChange
from sessions_app.dashboard.accesses import ITSELF, SOMEBODY, names_of
from sessions_app.models import Scope

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE_SIZE = 50
KIND = "changes"
"""What the access log calls these pages."""

NOT_SIGNED_IN = gettext_lazy("somebody who had not signed in")
NOTHING = "–"

WORDS: dict[str, StrOrPromise] = {
    "reference": gettext_lazy("Number"),
    "given_name": gettext_lazy("Given name"),
    "family_name": gettext_lazy("Family name"),
    "user_id": gettext_lazy("Counselor"),
    "text_version": gettext_lazy("Version of the text"),
    "method": gettext_lazy("How it was given"),
    **{str(scope): scope.label for scope in Scope},
    "given_on": gettext_lazy("Given on"),
    "expires_on": gettext_lazy("Until"),
    "taken_by_id": gettext_lazy("Taken by"),
    "withdrawn_at": pgettext_lazy("change", "Withdrawn"),
    "withdrawn_by_id": gettext_lazy("Withdrawn by"),
    "held_at": pgettext_lazy("change", "Held"),
    "created_by_id": gettext_lazy("Entered by"),
    "original_name": pgettext_lazy("change", "File"),
    "size": gettext_lazy("Bytes"),
    "patient_channel": pgettext_lazy("change", "Channel"),
    "named_channel": gettext_lazy("Channel named at the upload"),
    "uploaded_by_id": gettext_lazy("Uploaded by"),
    "audio_removed_at": gettext_lazy("Audio removed"),
    "instrument": gettext_lazy("Questionnaire"),
    "answered_at": pgettext_lazy("change", "Answered"),
    "items": gettext_lazy("Answers"),
    "verdict": gettext_lazy("Review"),
    "reason": gettext_lazy("Reason"),
    "reviewed_by_id": gettext_lazy("Reviewed by"),
    "reviewed_at": pgettext_lazy("change", "Reviewed"),
    "day": gettext_lazy("Day"),
    "kind": gettext_lazy("Kind"),
    "edition": pgettext_lazy("change", "Wording"),
    "email": gettext_lazy("E-mail address"),
    "display_name": pgettext_lazy("change", "Name"),
    "role": gettext_lazy("Role"),
    "is_active": gettext_lazy("Account"),
    "name": pgettext_lazy("change", "Name"),
    "time_zone": gettext_lazy("Time zone"),
    "affect_policy": gettext_lazy("Voice scores"),
    "audio_days": gettext_lazy("Days that audio is kept"),
    "overdue_weeks": gettext_lazy("Weeks without a session until a patient is flagged"),
    "idle_minutes": gettext_lazy("Minutes until people are signed out"),
}
"""What a field is called."""

WITHOUT_WORDS = frozenset({"session_id", "sha256", "analysis_id"})
"""Fields that are for programs, and never change."""

LEFT_OUT = gettext_lazy("left out")
"""An answer that was not given."""

DID = {
    "added": pgettext_lazy("change", "added"),
    "changed": pgettext_lazy("change", "changed"),
    "removed": pgettext_lazy("change", "removed"),
}
DID_IN_CARE_TEAM = {"added": pgettext_lazy("care team", "joined"), "removed": pgettext_lazy("care team", "left")}

KINDS = {
    "patient": gettext_lazy("Patient"),
    "care_team": gettext_lazy("Care team"),
    "review": gettext_lazy("Review"),
    "clinic": gettext_lazy("Clinic"),
}
"""Records of which a patient or a clinic has no more than can be told apart without a name or a day."""


@dataclass(frozen=True, slots=True)
class Line:
    """One field in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change in words. ``what``: which record it was."""

    change: RecordChange
    who: str
    what: str
    did: str
    lines: tuple[Line, ...]

    @property
    def request_id(self) -> str:
        """The id of the request, as it stands in the access log and in the server's."""
        return str(self.change.state["request_id"])


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some changes, and the number of the one after which the next page begins (``None`` on the last)."""

    rows: tuple[ChangeRow, ...]
    next_after: int | None


def change_page(clinic_id: UUID, found: list[RecordChange], shown: Container[UUID] = ()) -> ChangePage:
    """The first `PAGE_SIZE` of ``found``, which holds one more where there are more.

    Of a review it is told what was said only where its analysis is one of ``shown``: that says how high a score is.
    """
    listed = found[:PAGE_SIZE]
    names = names_of(clinic_id, _people(listed))
    rows = tuple(_row(change, names, shown) for change in listed)
    return ChangePage(rows, listed[-1].number if len(found) > PAGE_SIZE else None)


def _people(changes: Iterable[RecordChange]) -> set[UUID | None]:
    """Everybody who did something or is named by a field."""
    found: set[UUID | None] = set()
    for change in changes:
        found.add(change.actor_id)
        found |= {side for edit in change.edits for side in (edit.before, edit.after) if isinstance(side, UUID)}
    return found


def _row(change: RecordChange, names: dict[UUID | None, str], shown: Container[UUID]) -> ChangeRow:
    told = change.kind != "review" or change.state["analysis_id"] in shown
    edits = [edit for edit in change.edits if told and edit.field in WORDS]
    return ChangeRow(
        change=change,
        who=_who(change, names),
        what=_what(change),
        did=str((DID_IN_CARE_TEAM if change.kind == "care_team" else DID)[change.did]),
        lines=tuple(_line(change.kind, edit, names) for edit in edits),
    )


def _who(change: RecordChange, names: dict[UUID | None, str]) -> str:
    if change.actor_id is None:
        return str(NOT_SIGNED_IN if change.state["request_id"] else ITSELF)
    return str(names.get(change.actor_id, SOMEBODY))


def _what(change: RecordChange) -> str:
    """The record, so that it can be told from others of its kind."""
    state = change.state
    match change.kind:
        case "consent":
            return gettext("Consent of %(day)s") % {"day": _date(state["given_on"])}
        case "session":
            return gettext("Session of %(held_at)s") % {"held_at": _date(timezone.localtime(state["held_at"]))}
        case "questionnaire":
            instrument = _label("questionnaire", "instrument", state["instrument"])
            day = _date(timezone.localtime(state["answered_at"]))
            return gettext("%(questionnaire)s of %(day)s") % {"questionnaire": instrument, "day": day}
        case "annotation":
            return gettext("Event of %(day)s") % {"day": _date(state["day"])}
        case "recording":
            return gettext("Recording %(name)s") % {"name": state["original_name"]}
        case "account":
            return gettext("Account of %(name)s") % {"name": state["display_name"]}
        case kind:
            return str(KINDS[kind])


def _line(kind: str, edit: Edit, names: dict[UUID | None, str]) -> Line:
    before, after = (_text(kind, edit.field, side, names) for side in (edit.before, edit.after))
    return Line(str(WORDS[edit.field]), before, after)


def _text(kind: str, field: str, value: Any, names: dict[UUID | None, str]) -> str:
    match value:
        case None:
            return NOTHING
        case int() if field == "edition":
            return gettext("version %(number)s, encrypted") % {"number": value}
        case bool():
            if field == "is_active":
                return pgettext("account", "active") if value else pgettext("account", "switched off")
            return gettext("yes") if value else gettext("no")
        case UUID():
            return str(names.get(value, SOMEBODY))
        case datetime():
            return date_format(timezone.localtime(value), "j M Y, H:i")
        case date():
            return _date(value)
        case list():
            return ", ".join(str(LEFT_OUT if one is None else one) for one in value)
        case _:
            return _label(kind, field, value)


def _label(kind: str, field: str, value: Any) -> str:
    """What a choice is called; other values are their own words."""
    choices = (OF_PATIENTS | OF_CLINICS)[kind]._meta.get_field(field).flatchoices  # type: ignore[operator]
    return str(dict(choices).get(value, value)) or NOTHING


def _date(day: date) -> str:
    return date_format(day, "j M Y")
