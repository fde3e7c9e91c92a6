"""The statements that make rows up inside the database, for some patients at a time.

Numbers come of a hash of the seed and of the row's own number, so that they are the same whatever the order. Whole
timelines are written for each patient's newest session alone; earlier ones have two windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from accounts.models import Clinic
from inference.biomarkers.definitions import DEFINITIONS
from inference.results import HEADS
from sessions_app.instruments import DEFINITIONS as INSTRUMENTS
from sessions_app.scale.needs import FLAGS, NEEDS, REVIEWS
from sessions_app.scale.plan import MadeUpPatient, Plan, sql_id

ORIGIN = "made-up-rows"
"""Stands for the checkpoint, of which there is no card; every page that shows a score names it."""

NOT_HEARD = "Made up for measuring: nothing was heard."
CHECKS = ("level", "clipping", "snr", "speech_seconds", "bandwidth", "dropouts", "reverberation_time", "channels")
HOP_SECONDS = 6
WINDOWS, PEAKS = 500, 1000
"""Of a whole timeline: the windows of 50 minutes, and as many peaks as a worker keeps."""

DAYS_BETWEEN_SESSIONS = 7


SHAPES = f"""
    CREATE TEMPORARY TABLE made_up_shape ON COMMIT DROP AS
    SELECT whole, array_agg((i * {HOP_SECONDS})::float ORDER BY i) AS start,
           array_agg((i * {HOP_SECONDS} + 6)::float ORDER BY i) AS "end",
           array_agg(0.5 + sin(i) / 3 ORDER BY i) AS score,
           jsonb_agg(jsonb_build_array(i * 6.0, i * 6 + 5.5, CASE i % 2 WHEN 0 THEN 'patient' ELSE 'other' END)
                     ORDER BY i) AS turns,
           (SELECT array_agg(sin(j)) FROM generate_series(1, CASE WHEN whole THEN {PEAKS} ELSE 4 END) j) AS peaks
    FROM (VALUES (true, {WINDOWS}), (false, 2)) kinds(whole, windows), generate_series(0, windows - 1) i
    GROUP BY whole
"""  # noqa: S608 - numbers of our own

SESSIONS = f"""
    CREATE TEMPORARY TABLE made_up ON COMMIT DROP AS
    SELECT n, patient.id AS patient_id, patient.number, patient.by AS user_id, i = 0 AS whole, i,
           {sql_id("session")} AS session_id,
           {sql_id("job")} AS job_id,
           {sql_id("analysis")} AS analysis_id,
           {sql_id("recording")} AS recording_id,
           %(until)s::timestamptz - make_interval(
               days => i * %(days)s + 1 + n %% 5, mins => 30 * (n %% 16)::int + patient.number %% 30) AS held_at
    FROM unnest(%(ids)s::uuid[], %(users)s::uuid[], %(numbers)s::int[], %(firsts)s::int[], %(counts)s::int[])
             AS patient(id, by, number, first, sessions),
         generate_series(0, patient.sessions - 1) i, LATERAL (SELECT patient.first + i AS n) numbered
"""  # noqa: S608

PATIENTS = f"""
    INSERT INTO sessions_app_patient (id, clinic_id, reference, given_name, family_name, created_at)
    SELECT id, %(clinic)s, reference, 'Made-up', family_name, %(until)s::timestamptz
    FROM unnest(%(ids)s::uuid[], %(references)s::text[], %(families)s::text[]) patient(id, reference, family_name);
    INSERT INTO sessions_app_patient_care_team (patient_id, user_id)
    SELECT id, unnest(array[by, %(lead)s]) FROM unnest(%(ids)s::uuid[], %(users)s::uuid[]) patient(id, by);
    INSERT INTO sessions_app_consent (id, patient_id, text_version, method, recording, voice_analysis, live,
                                      keeping_audio, research, given_on, withdrawn_at, withdrawn_by_id, taken_by_id,
                                      recorded_at)
    SELECT {sql_id("consent", "number")}, id, 'made-up', 'paper', true, true, false, false, false,
           %(until)s::date - 20000, CASE WHEN number %% 100 = 1 THEN %(until)s::timestamptz END,
           CASE WHEN number %% 100 = 1 THEN %(staff)s::uuid END, %(staff)s, %(until)s::timestamptz
    FROM unnest(%(ids)s::uuid[], %(numbers)s::int[]) patient(id, number) WHERE number %% 50 <> 0
"""  # noqa: S608

JOBS = f"""
    INSERT INTO sessions_app_session (id, patient_id, held_at, created_at, created_by_id)
    SELECT session_id, patient_id, held_at, held_at, %(staff)s FROM made_up;
    INSERT INTO inference_analysisjob (id, tenant, subject, purpose, priority, file, options, checkpoint, state, stage,
                                       progress, attempt, moved_by, error_code, error_message, created_at, sent_at,
                                       started_at, finished_at)
    SELECT job_id, %(clinic)s, recording_id, 'session', 6, 'recordings/made-up', '{{}}', '{ORIGIN}', 'succeeded', '',
           1, 1, '{ORIGIN}', '', '', held_at, held_at, held_at, held_at
    FROM made_up
"""  # noqa: S608

RECORDINGS = """
    INSERT INTO sessions_app_recording (id, session_id, file, audio_removed_at, original_name, sha256, size,
                                        patient_channel, named_channel, uploaded_at, uploaded_by_id, job_id,
                                        analysis_id)
    SELECT recording_id, session_id, '', held_at, 'made-up', encode(sha256(uuid_send(recording_id)), 'hex'), 0, '', '',
           held_at, %(staff)s, job_id, analysis_id
    FROM made_up
"""

TIMELINES = """
    INSERT INTO inference_timeline (analysis_id, start, "end", depression, valence, arousal, turns, peaks)
    SELECT analysis_id, start, "end", score, score, score, turns, peaks FROM made_up JOIN made_up_shape USING (whole)
"""


def write(cursor: CursorWrapper, plan: Plan, clinic: Clinic, patients: Sequence[MadeUpPatient]) -> None:
    """All rows of ``patients``, within a transaction; the people of the clinic are there."""
    values = _values(plan, clinic, patients)
    cursor.execute(SHAPES)
    cursor.execute(PATIENTS, values)
    cursor.execute(SESSIONS, values)
    for statement in (JOBS, _analyses(), TIMELINES, RECORDINGS, *map(_answers, INSTRUMENTS), REVIEWS, FLAGS, NEEDS):
        cursor.execute(statement, values)
    cursor.execute("DROP TABLE made_up, made_up_shape")


def _values(plan: Plan, clinic: Clinic, patients: Sequence[MadeUpPatient]) -> dict[str, Any]:
    return {
        "salt": plan.salt,
        "seed": plan.seed,
        "until": plan.until,
        "days": DAYS_BETWEEN_SESSIONS,
        "clinic": clinic.id,
        "staff": plan.id_of("staff"),
        "lead": plan.id_of("counselor"),
        "ids": [one.id for one in patients],
        "numbers": [one.number for one in patients],
        "references": [one.reference for one in patients],
        "families": [one.family_name for one in patients],
        "firsts": [one.first for one in patients],
        "counts": [one.sessions for one in patients],
        "users": [plan.id_of("counselor", 1 + one.number % plan.counselors) for one in patients],
    }


def _number(place: int) -> str:
    """SQL of a number in 0..1 that belongs to the session ``n``, another one for each ``place`` of 0..63."""
    return f"((hashint8extended(n * 64 + {place}, %(seed)s) & 2147483647) / 2147483648.0::float)"


def _analyses() -> str:
    """One of each session. Every twentieth has a recording that fails a check; newer ones are of another version."""
    scores = ", ".join(_score(head, place) for place, head in enumerate(HEADS))
    columns = ", ".join(f"{head}, {head}_low, {head}_high, {head}_state, {head}_reason" for head in HEADS)
    return f"""
        INSERT INTO inference_analysis (id, job_id, tenant, subject, created_at, sha256, duration, speech_seconds,
                                        speaker_method, excluded_seconds, pipeline_version, checkpoint_name,
                                        checkpoint_version, checkpoint_sha256, {columns}, quality, biomarkers, timings)
        SELECT analysis_id, job_id, %(clinic)s, recording_id, held_at, encode(sha256(uuid_send(recording_id)), 'hex'),
               3000, 1500, '{ORIGIN}', 0, '0', '{ORIGIN}', CASE WHEN i < 10 THEN '2' ELSE '1' END, repeat('0', 64),
               {scores}, {_quality()}, {_biomarkers()}, '{{"made-up": 0}}'
        FROM made_up
    """  # noqa: S608


def _score(head: str, place: int) -> str:
    value = f"0.1 + 0.8 * {_number(place)}"
    state = f"CASE WHEN n %% 20 = 0 THEN 'indeterminate' WHEN {value} < 0.5 THEN 'low' ELSE 'elevated' END"
    return f"{value}, {value} - 0.1, {value} + 0.1, {state}, ''"


def _quality() -> str:
    checks = ", ".join(
        f"jsonb_build_object('code', '{code}', 'ok', {'n %% 20 <> 0' if code == 'snr' else 'true'}, 'value',"
        f" 30, 'unit', '1', 'message', '{NOT_HEARD}')"
        for code in CHECKS
    )
    return f"jsonb_build_array({checks})"


def _biomarkers() -> str:
    """Every measure that there is, each with a number that is none of its kind."""
    measures = ", ".join(
        f"'{one.code}', jsonb_build_object('value', {_number(8 + place)}, 'unit', '{one.unit}')"
        for place, one in enumerate(DEFINITIONS)
    )
    return f"jsonb_build_object({measures})"


def _answers(instrument: str) -> str:
    """A questionnaire with every fourth session; item by item from "not at all" to "nearly every day"."""
    items = ", ".join(
        f"floor(4 * {_number(40 + place)} * {_number(60)})" for place in range(len(INSTRUMENTS[instrument].items))
    )
    return f"""
        INSERT INTO sessions_app_questionnaireresponse (id, patient_id, instrument, answered_at, items)
        SELECT {sql_id(instrument)}, patient_id, '{instrument}', held_at, array[{items}]
        FROM made_up WHERE i %% 4 = 0
    """  # noqa: S608
