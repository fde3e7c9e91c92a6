"""The statements that make up who should be looked at: reviews, flags, and what lists sort by.

Those about self-harm rest on the answers that are made up; who has another is made up itself. `manage.py refresh_flags`
makes of them, in some minutes, what `sessions_app.attention` finds in these rows.
"""

from __future__ import annotations

from sessions_app.instruments import SAFETY_ITEM
from sessions_app.models import FlagKind, Instrument, Reason, Verdict
from sessions_app.models.flags import AT_THE_DESK, NO_NEED, ON_A_VOICE
from sessions_app.scale.plan import sql_id

REVIEWS = f"""
    INSERT INTO sessions_app_review (id, patient_id, analysis_id, verdict, reason, reviewed_by_id, reviewed_at)
    SELECT {sql_id("review")}, patient_id, analysis_id,
           CASE WHEN n %% 10 = 0 THEN '{Verdict.DISAGREE}' ELSE '{Verdict.AGREE}' END,
           CASE WHEN n %% 10 = 0 THEN '{Reason.NOT_AS_MET}' ELSE '{Reason.NONE}' END, user_id, held_at
    FROM made_up WHERE i > 0 AND n %% 3 <> 0
"""  # noqa: S608 - words of our own

_CONSENTED = "number %% 50 <> 0 AND number %% 100 <> 1"
_ASKS = f"""
    (VALUES ({FlagKind.WORSE_PHQ9}, true, number %% 9 = 2),
            ({FlagKind.BEYOND_BASELINE}, false, number %% 7 = 3 AND {_CONSENTED}),
            ({FlagKind.REVIEW_WAITING}, false, {_CONSENTED}),
            ({FlagKind.SELF_HARM}, true, newest.items[{SAFETY_ITEM}] > 0)) asks(kind, is_answer, so)
"""

FLAGS = f"""
    INSERT INTO sessions_app_flag (id, patient_id, clinic_id, kind, since, response_id, session_id, answered_by_id,
                                   answered_at)
    SELECT {sql_id("flag", "kind || '/' || number")}, made_up.patient_id, %(clinic)s, kind, held_at,
           CASE WHEN is_answer THEN newest.id END, CASE WHEN NOT is_answer THEN session_id END,
           CASE WHEN number %% 4 = 0 THEN user_id END, CASE WHEN number %% 4 = 0 THEN %(until)s::timestamptz END
    FROM made_up JOIN sessions_app_questionnaireresponse newest ON newest.id = {sql_id(Instrument.PHQ9)},
         LATERAL {_ASKS}
    WHERE i = 0 AND so
"""  # noqa: S608


def _need(kinds: frozenset[FlagKind]) -> str:
    """SQL of the rank of the most urgent open flag of ``kinds``, as `sessions_app.flags.needs_of` says."""
    among = ", ".join(str(kind.value) for kind in sorted(kinds))
    is_open = f"(answered_at IS NULL OR kind = {FlagKind.SELF_HARM})"
    return f"COALESCE(min(rank) FILTER (WHERE kind IN ({among}) AND {is_open}), {NO_NEED})"


NEEDS = f"""
    UPDATE sessions_app_patient patient
    SET need = found.need, need_unheard = found.unheard, need_at_desk = found.at_desk, last_session_at = held_at
    FROM (SELECT made_up.patient_id, held_at, {_need(frozenset(FlagKind))} AS need,
                 {_need(frozenset(FlagKind) - ON_A_VOICE)} AS unheard, {_need(AT_THE_DESK)} AS at_desk
          FROM made_up LEFT JOIN sessions_app_flag flag ON flag.patient_id = made_up.patient_id
          WHERE i = 0 GROUP BY made_up.patient_id, held_at) found
    WHERE patient.id = found.patient_id
"""  # noqa: S608
