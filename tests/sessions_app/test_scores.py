"""Consent, policy and role are asked again each time a score would be shown."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from accounts.models import AffectPolicy, Clinic
from inference.models import Analysis, AnalysisJob
from inference.results import HEADS, Turn
from inference.signals import AnalysisRefused
from sessions_app.chart import chart_data
from sessions_app.errors import AffectSwitchedOff, ResearchConsentMissing
from sessions_app.listeners import ask_consent_and_policy, show_newest_analysis
from sessions_app.models import Consent
from sessions_app.playback import may_be_heard
from sessions_app.scores import NO_CONSENT, NOT_FOR_ROLE, NOTHING_OVER_TIME, RESEARCH_ONLY, ScoreGate, is_covered
from sessions_app.trends import trend_of
from tests.scores import marked, traces
from tests.world import QuestionnaireFactory, RecordingFactory, SessionFactory, World, analysed

DAYS = pytest.mark.parametrize(
    ("given_on", "expires_on", "covered"),
    [
        (date(2026, 3, 3), None, False),
        (date(2026, 3, 2), None, True),
        (date(2020, 1, 1), date(2026, 3, 1), False),
        # A consent that has ended since still covers a session of its time, and no later one.
        (date(2020, 1, 1), date(2026, 3, 2), True),
    ],
)
"""Of consents to a session on 2 March 2026."""


def shown_depression(world: World, user: object) -> tuple[float | None, str | None]:
    score = trend_of(world.alices_patient, user).points[0].scores["depression"]
    return score.value, score.reason


def test_a_counselor_is_shown_the_stored_score(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    assert shown_depression(world, world.alice) == (0.7, None)


def test_staff_are_shown_no_score(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    assert shown_depression(world, world.sam) == (None, NOT_FOR_ROLE)


@pytest.mark.parametrize(
    ("policy", "reason"), [(AffectPolicy.OFF, AffectSwitchedOff.message), (AffectPolicy.RESEARCH, RESEARCH_ONLY)]
)
def test_a_clinic_can_keep_scores_from_being_shown(world: World, policy: AffectPolicy, reason: str) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    world.alices_patient.clinic.affect_policy = policy
    assert shown_depression(world, world.alice) == (None, reason)


def test_withdrawing_consent_hides_past_scores_at_once(world: World) -> None:
    analysed(SessionFactory(patient=world.alices_patient))
    Consent.objects.filter(patient=world.alices_patient).update(withdrawn_at=timezone.now())
    assert shown_depression(world, world.alice) == (None, NO_CONSENT)


@DAYS
def test_a_score_is_shown_where_a_consent_held_on_the_day_of_its_session(
    world: World, given_on: date, expires_on: date | None, covered: bool
) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=0.7)
    Consent.objects.update(given_on=given_on, expires_on=expires_on)
    assert recording.analysis
    assert shown_depression(world, world.alice)[0] == (0.7 if covered else None)
    assert (gate_of(world).heard(recording.session, recording.analysis) is not None) == covered
    assert is_covered(recording.session) == may_be_heard(recording.session) == covered


@pytest.mark.parametrize(
    ("time_zone", "covered"), [("America/New_York", True), ("UTC", False), ("Pacific/Kiritimati", False)]
)
def test_the_day_of_a_session_is_the_clinics(world: World, time_zone: str, covered: bool) -> None:
    # Half past nine in the evening of 1 March in New York.
    recording = analysed(
        SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, 2, 2, 30, tzinfo=UTC)), depression=0.7
    )
    Consent.objects.update(given_on=date(2020, 1, 1), expires_on=date(2026, 3, 1))
    Clinic.objects.update(time_zone=time_zone)
    world.alices_patient.refresh_from_db()
    assert shown_depression(world, world.alice)[0] == (0.7 if covered else None)
    recording.session.refresh_from_db()
    assert is_covered(recording.session) == may_be_heard(recording.session) == covered


def test_hidden_scores_leave_no_trace_in_the_chart_data(world: World) -> None:
    marked(SessionFactory(patient=world.alices_patient))
    assert len(traces(chart_data(trend_of(world.alices_patient, world.alice)))) == 9
    world.alices_patient.clinic.affect_policy = AffectPolicy.OFF
    hidden = chart_data(trend_of(world.alices_patient, world.alice))
    assert traces(hidden) == []
    assert [hidden["series"][head]["value"] for head in HEADS] == [[None]] * 3  # type: ignore[index]


def gate_of(world: World) -> ScoreGate:
    patient = world.alices_patient
    return ScoreGate.for_patient(world.alice, patient.clinic, list(patient.consents.all()))


def test_without_consent_nothing_that_was_heard_in_the_voice_is_left(world: World) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    analysis = recording.analysis
    assert analysis
    assert gate_of(world).heard(recording.session, analysis)
    assert gate_of(world).timeline(recording.session, analysis.timeline).peaks
    Consent.objects.update(withdrawn_at=timezone.now())
    assert gate_of(world).heard(recording.session, analysis) is None
    assert gate_of(world).timeline(recording.session, analysis.timeline) == NOTHING_OVER_TIME
    measures = gate_of(world).biomarkers(recording.session, analysis).values()
    assert {measure.value for measure in measures} == {None}


def test_a_policy_hides_the_scores_over_time_and_leaves_who_spoke_when(world: World) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    assert recording.analysis
    world.alices_patient.clinic.affect_policy = AffectPolicy.OFF
    shown = gate_of(world).timeline(recording.session, recording.analysis.timeline)
    assert traces(shown) == []
    assert (shown.windows.start, shown.windows.valence) == ((0.0, 3.0), (None, None))
    assert shown.turns == (Turn(0.0, 9.0, "patient"),)


def test_staff_are_sent_no_questionnaire(world: World) -> None:
    QuestionnaireFactory(patient=world.alices_patient)
    assert chart_data(trend_of(world.alices_patient, world.sam))["questionnaires"] == []


def test_every_point_of_the_chart_names_its_checkpoint(world: World) -> None:
    for day, version in ((2, "0.1"), (9, "0.2")):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, day, tzinfo=UTC))
        analysed(session, checkpoint_version=version)
    chart = chart_data(trend_of(world.alices_patient, world.alice))
    assert [chart["origins"][made] for made in chart["origin"]] == ["undertone-demo 0.1", "undertone-demo 0.2"]


@pytest.mark.parametrize("sessions", [1, 20])
def test_a_long_course_costs_as_many_queries_as_a_short_one(
    world: World, sessions: int, django_assert_num_queries: object
) -> None:
    for _ in range(sessions):
        analysed(SessionFactory(patient=world.alices_patient))
    with django_assert_num_queries(4):  # consents, sessions, recordings with job and analysis, questionnaires
        chart_data(trend_of(world.alices_patient, world.alice))


def queued_job(world: World) -> AnalysisJob:
    recording = RecordingFactory(session=SessionFactory(patient=world.alices_patient))
    recording.job.subject = recording.id
    return recording.job


def test_consent_is_asked_again_when_the_analysis_starts(world: World) -> None:
    job = queued_job(world)
    assert ask_consent_and_policy(job=job) is None
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(AnalysisRefused) as refused:
        ask_consent_and_policy(job=job)
    assert refused.value.code == "consent_missing"


def test_where_scores_are_switched_off_none_are_made(world: World) -> None:
    job = queued_job(world)
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert ask_consent_and_policy(job=job) == AffectSwitchedOff.message


@DAYS
def test_an_analysis_needs_a_consent_that_held_on_the_day_of_its_session(
    world: World, given_on: date, expires_on: date | None, covered: bool
) -> None:
    Consent.objects.update(given_on=given_on, expires_on=expires_on)
    job = queued_job(world)
    if covered:
        assert ask_consent_and_policy(job=job) is None
        return
    with pytest.raises(AnalysisRefused):
        ask_consent_and_policy(job=job)


@pytest.mark.parametrize("consented", [True, False])
def test_scores_for_research_alone_are_made_where_the_patient_consents_to_research(
    world: World, consented: bool
) -> None:
    Consent.objects.update(research=consented)
    world.clinic.affect_policy = AffectPolicy.RESEARCH
    world.clinic.save()
    reason = None if consented else ResearchConsentMissing.message
    assert ask_consent_and_policy(job=queued_job(world)) == reason


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_scores_that_were_switched_off_while_an_analysis_ran_are_not_stored(world: World, policy: AffectPolicy) -> None:
    recording = marked(SessionFactory(patient=world.alices_patient))
    world.clinic.affect_policy = policy
    world.clinic.save()
    show_newest_analysis(job=recording.job, analysis=recording.analysis)
    stored = Analysis.objects.select_related("timeline").get(recording=recording)
    assert traces([stored.scores, stored.timeline.valence, stored.timeline.depression, stored.timeline.arousal]) == []
    assert {score.state for score in stored.scores.values()} == {"unavailable"}
    assert stored.biomarkers["f0_mean"]["value"] == 180.2


def test_a_recording_that_was_deleted_is_not_analysed(world: World) -> None:
    job = queued_job(world)
    job.recording.delete()
    with pytest.raises(AnalysisRefused) as refused:
        ask_consent_and_policy(job=job)
    assert refused.value.code == "recording_gone"


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ('"value": 0.26}', ["0.26"]),
        ("<dd>0.264</dd>", ["0.26"]),
        ("arousal=0.2641", ["0.26"]),
        ("2026-11-26T02:50:40.260Z", []),
        ("2026-11-26T02:50:00.264Z", []),
    ],
)
def test_a_score_is_found_wherever_it_stands_and_no_time_is_taken_for_one(shown: str, found: list[str]) -> None:
    assert traces(shown) == found
