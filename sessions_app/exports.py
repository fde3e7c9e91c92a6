"""Everything about one patient in one archive, made while it is sent: tables as JSON and CSV, the audio, a README."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from accounts import access_log
from accounts.languages import as_for_programs
from accounts.models import Purpose, User
from accounts.policy import Action
from inference.errors import FileDamaged
from sessions_app.care import require_own_care
from sessions_app.export_rows import Row, Tables, columns_of, notes_of, tables_of
from sessions_app.models import NoteKind, Patient, Recording
from sessions_app.notes import LOGGED_AS
from sessions_app.playback import may_be_heard
from sessions_app.scores import refusal_by_policy
from sessions_app.spreadsheets import csv_lines

if TYPE_CHECKING:
    from typing_extensions import Buffer

CHUNK_BYTES = 1024**2

README = """\
Everything that Undertone keeps about one patient, exported on {today}.

json/  one file for each kind of row; times in UTC
csv/   the same rows; a cell that a spreadsheet would calculate has an apostrophe in front
audio/ the recordings as they were uploaded, by the id of the recording

patient       name, number, and when they were added
care_team     the counselors who see this patient now
consents      to what the patient agreed, taken by whom, when and how, until when, and its withdrawal
sessions      when each was held
questionnaires   PHQ-9 and GAD-7: each answer from 0 to 3, empty where it was left out, and the total
annotations   what was marked in the course, such as a medication
notes         what counselors wrote and signed for the record
flags         why somebody should look at the patient now, and who has seen it or put it off
recordings    what was uploaded, by whom, and whether its audio is still there
jobs          each analysis that was asked for
job_moves     when each was begun and how it ended, and by whom
confirmations   who said whose voice is the patient's
analyses      scores from 0 to 1 with a 90 % interval (low, high), and the checkpoint that made them
reviews       what counselors said of an analysis; "reviewed" in analyses is their verdict, empty where nobody did
measures      how the voice sounded, each in its unit
quality       how well the recording can be heard: each check with its value
windows       the scores over time, in seconds from the beginning
turns         who spoke when, in seconds from the beginning
waveform      extremes of the sound from -1 to 1, equally spaced over the recording
emergency_accesses   who of the clinic opened the patient in an emergency, until when and why
changes       what was added, changed or removed, field by field, when and by whom; nobody: Undertone itself
accesses      who looked at the patient, when and what for; "disclosure" is what another program was given

{notes}
{scores}
{audio}
Scores support a clinician's judgement. They are no diagnosis.
"""
ALL_SCORES = (
    "Scores, and all else that was heard in the voice, are left out where no consent covers the day of a session."
)
PSYCHOTHERAPY_NOTES = "psychotherapy_notes"
WITHOUT_PSYCHOTHERAPY_NOTES = (
    "Psychotherapy notes, if there are any, are left out: they are kept apart from the record, and only who wrote\n"
    "them can have them exported."
)
WITH_PSYCHOTHERAPY_NOTES = "psychotherapy_notes are those of {author} alone, who asked for them; others are left out."
UNOPENED = "{} of the notes cannot be opened; their text is empty. Please tell the administrator."
ALL_AUDIO = "All recordings have their audio."
REMOVED = "The audio of {} was removed before; recordings say when."
WITHHELD = "The audio of {} is left out: no consent covers listening to it any more. It is still stored."
DAMAGED = "{} is not whole or not there: its file could not be read. Please tell the administrator."


@dataclass(frozen=True, slots=True)
class PatientExport:
    """What goes into the archive. The rows are in hand; the audio is read while the archive is sent."""

    tables: Tables
    audio: list[tuple[str, str]]
    readme: Callable[[list[str]], str]

    def parts(self) -> Iterator[bytes]:
        """The archive, part by part."""
        sink = _Sink()
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in self.tables.items():
                archive.writestr(f"json/{name}.json", json.dumps(rows, cls=DjangoJSONEncoder, indent=1))
                archive.writestr(f"csv/{name}.csv", _as_csv(rows))
                yield sink.taken()
            damaged: list[str] = []
            for name, stored in self.audio:
                yield from _audio(archive, sink, name, stored, damaged)
            # Last, because it says what could not be read.
            archive.writestr("README.txt", self.readme(damaged))
        yield sink.taken()

    async def parts_async(self) -> AsyncIterator[bytes]:
        """The same for a server that must not wait for a disk."""
        parts = self.parts()
        while (part := await sync_to_async(lambda: next(parts, None))()) is not None:
            yield part


def patient_export(*, user: User, patient: Patient, psychotherapy_notes: bool = False) -> PatientExport:
    """Everything about ``patient``, for somebody of the care team; in the log before the first byte is sent.

    ``psychotherapy_notes``: also those that ``user`` wrote, who must be the one who asks for it.
    """
    require_own_care(user, patient, Action.EXPORT_PATIENT)
    access_log.record(actor=user, action="export", object_kind="patient", object_id=patient.id, purpose=Purpose.REQUEST)
    found = Recording.objects.filter(session__patient=patient).select_related("session__patient__clinic")
    recordings = list(found.order_by("uploaded_at"))
    heard = [one for one in recordings if one.has_audio and may_be_heard(one.session)]
    withheld = sum(one.has_audio for one in recordings) - len(heard)
    audio = [(f"audio/{one.id}{_suffix(one)}", one.file) for one in heard]
    removed = len(recordings) - len(heard) - withheld
    with as_for_programs():
        tables = tables_of(patient, user)
        if psychotherapy_notes:
            tables[PSYCHOTHERAPY_NOTES] = _own_psychotherapy_notes(patient, user)
    words = _notes_in_words(tables, user)
    return PatientExport(tables, audio, partial(_readme, patient, words, removed, withheld))


def _own_psychotherapy_notes(patient: Patient, user: User) -> list[Row]:
    access_log.record(actor=user, action="export", object_kind=LOGGED_AS[NoteKind.PSYCHOTHERAPY], patient_id=patient.id)
    return notes_of(patient, user, NoteKind.PSYCHOTHERAPY)


def _notes_in_words(tables: Tables, user: User) -> str:
    own = tables.get(PSYCHOTHERAPY_NOTES)
    kept_apart = (
        WITHOUT_PSYCHOTHERAPY_NOTES if own is None else WITH_PSYCHOTHERAPY_NOTES.format(author=user.display_name)
    )
    unopened = sum(row["text"] is None for row in [*tables["notes"], *(own or [])])
    return "\n".join([kept_apart, *([UNOPENED.format(unopened)] if unopened else [])])


def file_name(patient: Patient) -> str:
    """A name for the archive that says nothing of the patient."""
    return f"patient-{str(patient.id)[:8]}-{_today(patient)}.zip"


def _today(patient: Patient) -> date:
    return timezone.localdate(timezone=ZoneInfo(patient.clinic.time_zone))


def _readme(patient: Patient, notes: str, removed: int, withheld: int, damaged: list[str]) -> str:
    """``notes``: what is said of them; ``withheld``: recordings that nobody may listen to; ``damaged``: names of files
    that could not be read whole.
    """
    with as_for_programs():
        refusal = refusal_by_policy(patient.clinic)
    audio = [REMOVED.format(removed)] if removed else []
    audio += [WITHHELD.format(withheld)] if withheld else []
    audio += [DAMAGED.format(name) for name in damaged]
    scores = "\n".join([*([refusal.message] if refusal else []), ALL_SCORES])
    today, of_audio = _today(patient), "\n".join(audio or [ALL_AUDIO])
    return README.format(today=today, notes=notes, scores=scores, audio=of_audio)


def _suffix(recording: Recording) -> str:
    suffix = PurePath(recording.original_name).suffix.lower()
    return suffix if suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= 6 else ""


def _as_csv(rows: list[Row]) -> bytes:
    return csv_lines([list(columns_of(rows)), *(map(_cell, row.values()) for row in rows)])


def _cell(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _audio(archive: zipfile.ZipFile, sink: _Sink, name: str, stored: str, damaged: list[str]) -> Iterator[bytes]:
    """One file, as it is: audio hardly shrinks. One that cannot be read is named in ``damaged`` and ends nothing."""
    try:
        opened = default_storage.open(stored)
        entry = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
        with opened as file, archive.open(entry, "w", force_zip64=True) as written:
            while chunk := file.read(CHUNK_BYTES):
                written.write(chunk)
                yield sink.taken()
    except (FileDamaged, OSError):
        damaged.append(name)


class _Sink(io.RawIOBase):
    """Where the archive is written to: keeps what nobody has taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        before = len(self._written)
        self._written += data
        return len(self._written) - before

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = bytes(self._written), bytearray()
        return taken
