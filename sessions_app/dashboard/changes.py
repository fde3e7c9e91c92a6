"""Changes of records as people read them: who by name, what in plain words, before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from sessions_app.changes import OF_CLINICS, OF_PATIENTS, Edit, RecordChange
from sessions_app.dashboard.accesses import ITSELF, SOMEBODY, names_of
from sessions_app.models import Scope

PAGE_SIZE = 50
KIND = "changes"
"""What the access log calls these pages."""

NOT_SIGNED_IN = "somebody who had not signed in"
NOTHING = "–"

WORDS: dict[str, str] = {
    "reference": "Number",
    "given_name": "Given name",
    "family_name": "Family name",
    "user_id": "Counselor",
    "text_version": "Version of the text",
    "method": "How it was given",
    **{str(scope): scope.label for scope in Scope},
    "given_on": "Given on",
    "expires_on": "Until",
    "taken_by_id": "Taken by",
    "withdrawn_at": "Withdrawn",
    "withdrawn_by_id": "Withdrawn by",
    "held_at": "Held",
    "created_by_id": "Entered by",
    "original_name": "File",
    "size": "Bytes",
    "patient_channel": "Channel",
    "named_channel": "Channel named at the upload",
    "uploaded_by_id": "Uploaded by",
    "audio_removed_at": "Audio removed",
    "instrument": "Questionnaire",
    "answered_at": "Answered",
    "items": "Answers",
    "verdict": "Review",
    "reason": "Reason",
    "reviewed_by_id": "Reviewed by",
    "reviewed_at": "Reviewed",
    "day": "Day",
    "kind": "Kind",
    "edition": "Wording",
    "email": "E-mail address",
    "display_name": "Name",
    "role": "Role",
    "is_active": "Account",
    "name": "Name",
    "time_zone": "Time zone",
    "affect_policy": "Voice scores",
    "audio_days": "Days that audio is kept",
    "overdue_weeks": "Weeks without a session until a patient is flagged",
    "idle_minutes": "Minutes until people are signed out",
}
"""What a field is called."""

WITHOUT_WORDS = frozenset({"session_id", "sha256", "analysis_id"})
"""Fields that are for programs, and never change."""

LEFT_OUT = "left out"
"""An answer that was not given."""

DID = {"added": "added", "changed": "changed", "removed": "removed"}
DID_IN_CARE_TEAM = {"added": "joined", "removed": "left"}


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


def change_page(clinic_id: UUID, found: list[RecordChange]) -> ChangePage:
    """The first `PAGE_SIZE` of ``found``, which holds one more where there are more."""
    shown = found[:PAGE_SIZE]
    names = names_of(clinic_id, _people(shown))
    rows = tuple(_row(change, names) for change in shown)
    return ChangePage(rows, shown[-1].number if len(found) > PAGE_SIZE else None)


def _people(changes: Iterable[RecordChange]) -> set[UUID | None]:
    """Everybody who did something or is named by a field."""
    found: set[UUID | None] = set()
    for change in changes:
        found.add(change.actor_id)
        found |= {side for edit in change.edits for side in (edit.before, edit.after) if isinstance(side, UUID)}
    return found


def _row(change: RecordChange, names: dict[UUID | None, str]) -> ChangeRow:
    edits = [edit for edit in change.edits if edit.field in WORDS]
    return ChangeRow(
        change=change,
        who=_who(change, names),
        what=_what(change),
        did=(DID_IN_CARE_TEAM if change.kind == "care_team" else DID)[change.did],
        lines=tuple(_line(change.kind, edit, names) for edit in edits),
    )


def _who(change: RecordChange, names: dict[UUID | None, str]) -> str:
    if change.actor_id is None:
        return NOT_SIGNED_IN if change.state["request_id"] else ITSELF
    return names.get(change.actor_id, SOMEBODY)


def _what(change: RecordChange) -> str:
    """The record, so that it can be told from others of its kind."""
    state = change.state
    match change.kind:
        case "consent":
            return f"Consent of {_date(state['given_on'])}"
        case "session":
            return f"Session of {_date(timezone.localtime(state['held_at']))}"
        case "questionnaire":
            instrument = _label("questionnaire", "instrument", state["instrument"])
            return f"{instrument} of {_date(timezone.localtime(state['answered_at']))}"
        case "annotation":
            return f"Event of {_date(state['day'])}"
        case "recording":
            return f"Recording {state['original_name']}"
        case "account":
            return f"Account of {state['display_name']}"
        case kind:
            return kind.replace("_", " ").capitalize()


def _line(kind: str, edit: Edit, names: dict[UUID | None, str]) -> Line:
    before, after = (_text(kind, edit.field, side, names) for side in (edit.before, edit.after))
    return Line(WORDS[edit.field], before, after)


def _text(kind: str, field: str, value: Any, names: dict[UUID | None, str]) -> str:
    match value:
        case None:
            return NOTHING
        case int() if field == "edition":
            return f"version {value}, encrypted"
        case bool():
            yes, no = ("active", "switched off") if field == "is_active" else ("yes", "no")
            return yes if value else no
        case UUID():
            return names.get(value, SOMEBODY)
        case datetime():
            return date_format(timezone.localtime(value), "j M Y, H:i")
        case date():
            return _date(value)
        case list():
            return ", ".join(LEFT_OUT if one is None else str(one) for one in value)
        case _:
            return _label(kind, field, value)


def _label(kind: str, field: str, value: Any) -> str:
    """What a choice is called; other values are their own words."""
    choices = (OF_PATIENTS | OF_CLINICS)[kind]._meta.get_field(field).flatchoices  # type: ignore[operator]
    return str(dict(choices).get(value, value)) or NOTHING


def _date(day: date) -> str:
    return date_format(day, "j M Y")
