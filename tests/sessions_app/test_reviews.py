"""What a counselor says of an analysis: kept once, changed, encrypted, left out where nothing is shown, counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import AccessLogEntry, AffectPolicy, EmergencyAccess, User
from inference import services as jobs
from inference.errors import FileDamaged
from sessions_app import rotation
from sessions_app.changes import changes_of_patient
from sessions_app.chart import chart_data
from sessions_app.errors import AffectSwitchedOff, ConsentMissing
from sessions_app.exports import patient_export
from sessions_app.models import Patient, Reason, Recording, Review, ReviewChange, Verdict
from sessions_app.own_baseline import of_head, own_baselines
from sessions_app.reviews import FEWEST, MAX_CHARACTERS, note_of, review_set, tallies
from sessions_app.storage_check import compare
from sessions_app.trends import trend_of
from tests.tokens import token_of
from tests.world import PatientFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

NOTE = "Had a cold and had slept badly."


@pytest.fixture
def recording(world: World) -> Recording:
    return analysed(SessionFactory(patient=world.alices_patient))


def say(user: User, recording: Recording, verdict: Verdict = Verdict.AGREE, **other: Any) -> bool:
    assert recording.analysis_id is not None
    said = {"reason": Reason.NONE, "note": "", "seen": recording.analysis_id, **other}
    return review_set(user=user, recording=recording, verdict=verdict, **said)


def test_a_review_is_kept_with_who_when_and_a_note_that_nobody_reads_without_the_key(
    world: World, recording: Recording
) -> None:
    before = timezone.now()
    assert say(world.alice, recording, Verdict.SET_ASIDE, reason=Reason.UNUSUAL_VOICE, note=NOTE)
    review = Review.objects.visible_to(world.alice).get()
    assert (review.verdict, review.reason, review.reviewed_by) == ("set_aside", "unusual_voice", world.alice)
    assert review.reviewed_at >= before
    assert review.sealed is not None
    assert NOTE.encode() not in bytes(review.sealed)
    assert note_of(review) == NOTE
    logged = AccessLogEntry.objects.get(object_kind="review")
    assert (logged.action, logged.object_id, logged.patient_id) == ("create", review.id, world.alices_patient.id)


def test_it_can_be_changed_by_a_colleague_of_the_care_team_and_what_it_was_stays(
    world: World, recording: Recording
) -> None:
    world.alices_patient.care_team.add(world.bob)
    say(world.alice, recording, note=NOTE)
    say(world.bob, recording, Verdict.DISAGREE, reason=Reason.NOT_AS_MET)
    review = Review.objects.get()
    assert (review.verdict, review.reviewed_by, note_of(review)) == ("disagree", world.bob, "")
    verdicts = list(ReviewChange.objects.order_by("pgh_id").values_list("pgh_label", "verdict"))
    assert verdicts == [("added", "agree"), ("changed", "disagree")]
    newest = changes_of_patient(world.alices_patient)[0]
    assert ("verdict", "agree", "disagree") in [(edit.field, edit.before, edit.after) for edit in newest.edits]
    assert AccessLogEntry.objects.filter(object_kind="review", action="update").count() == 1


@pytest.mark.parametrize("verdict", [Verdict.DISAGREE, Verdict.SET_ASIDE])
def test_to_disagree_and_to_set_aside_ask_for_a_reason(world: World, recording: Recording, verdict: Verdict) -> None:
    with pytest.raises(ValidationError, match="Please say why"):
        say(world.alice, recording, verdict)
    with pytest.raises(ValidationError, match="Please write the reason here"):
        say(world.alice, recording, verdict, reason=Reason.OTHER)
    assert not Review.objects.exists()
    assert say(world.alice, recording, verdict, reason=Reason.OTHER, note=NOTE)


def test_a_note_that_is_too_long_is_refused(world: World, recording: Recording) -> None:
    with pytest.raises(ValidationError, match="longer than 2,000"):
        say(world.alice, recording, note="x" * (MAX_CHARACTERS + 1))


def test_a_note_that_was_moved_to_another_verdict_does_not_open(world: World, recording: Recording) -> None:
    say(world.alice, recording, note=NOTE)
    Review.objects.update(verdict=Verdict.DISAGREE)
    with pytest.raises(FileDamaged):
        note_of(Review.objects.get())


def test_notes_that_open_no_more_are_found(world: World, recording: Recording) -> None:
    say(world.alice, recording, note=NOTE)
    whole = compare()
    assert (whole.notes, whole.unreadable) == (1, [])
    Review.objects.update(verdict=Verdict.DISAGREE)
    assert compare().unreadable == [Review.objects.get().id]


def test_an_analysis_that_is_not_shown_any_more_is_not_reviewed(world: World, recording: Recording) -> None:
    other = analysed(SessionFactory(patient=world.alices_patient))
    assert not say(world.alice, recording, seen=other.analysis_id)
    assert not Review.objects.exists()


@pytest.mark.parametrize("who", ["bob", "sam", "ada", "robot"])
def test_only_a_counselor_of_the_care_team_reviews(world: World, recording: Recording, who: str) -> None:
    with pytest.raises(PermissionDenied):
        say(getattr(world, who), recording)
    assert AccessLogEntry.objects.filter(action="review_analysis", allowed=False).count() == 1


def test_nobody_does_so_under_emergency_access(world: World, recording: Recording) -> None:
    EmergencyAccess.objects.create(
        clinic=world.clinic,
        user=world.bob,
        patient_id=world.alices_patient.id,
        reason="Nobody else is here.",
        ends_at=timezone.now() + timedelta(hours=1),
    )
    with pytest.raises(PermissionDenied):
        say(world.bob, recording)


def test_what_is_hidden_cannot_be_reviewed(world: World, recording: Recording) -> None:
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    with pytest.raises(AffectSwitchedOff):
        say(world.alice, recording)
    world.alices_patient.consents.update(withdrawn_at=timezone.now())
    with pytest.raises(ConsentMissing):
        say(world.alice, recording)


def scored(world: World, *scores: float) -> list[Recording]:
    began = datetime(2026, 1, 5, 9, tzinfo=UTC)
    sessions = (
        SessionFactory(patient=world.alices_patient, held_at=began + timedelta(weeks=week))
        for week in range(len(scores))
    )
    return [analysed(session, depression=score) for session, score in zip(sessions, scores, strict=True)]


def test_what_is_set_aside_stays_in_the_chart_marked_and_counts_for_no_baseline(world: World) -> None:
    odd, *_ = scored(world, 0.9, 0.3, 0.3, 0.3, 0.3)
    say(world.alice, odd, Verdict.DISAGREE, reason=Reason.NOT_AS_MET)
    (before,) = own_baselines(trend_of(world.alices_patient, world.alice).points, of_head("depression"))
    say(world.alice, odd, Verdict.SET_ASIDE, reason=Reason.UNUSUAL_VOICE)
    trend = trend_of(world.alices_patient, world.alice)
    (after,) = own_baselines(trend.points, of_head("depression"))
    assert (before.sessions, after.sessions) == (5, 4)
    assert before.high is not None
    assert after.high is not None
    assert after.high < before.high
    chart: Any = chart_data(trend)
    assert chart["set_aside"] == [0]
    assert chart["series"]["depression"]["value"][0] == 0.9


def test_a_new_analysis_has_no_review_and_the_old_one_keeps_its_own(world: World, recording: Recording) -> None:
    say(world.alice, recording)
    newer = analysed(SessionFactory(patient=world.alices_patient))
    Recording.objects.filter(id=newer.id).update(analysis=None)
    Recording.objects.filter(id=recording.id).update(analysis=newer.analysis_id)
    (point, _) = trend_of(world.alices_patient, world.alice).points
    assert point.review is None
    assert Review.objects.get().analysis_id == recording.analysis_id


def test_it_goes_with_its_analysis(world: World, recording: Recording) -> None:
    say(world.alice, recording, note=NOTE)
    jobs.analyses_forget(subject=recording.id)
    assert not Review.objects.exists()
    assert ReviewChange.objects.filter(pgh_label="removed").count() == 1


def test_notes_are_encrypted_again_with_the_clinics_newest_key(world: World, recording: Recording) -> None:
    say(world.alice, recording, note=NOTE)
    old = Review.objects.get().key_id
    rotation.data_keys_renew()
    assert rotation.notes_reencrypt()["done"] == 1
    review = Review.objects.get()
    assert review.key_id != old
    assert note_of(review) == NOTE
    assert rotation.notes_reencrypt()["done"] == 0


def test_the_export_says_which_analyses_are_reviewed_and_by_whom(world: World, recording: Recording) -> None:
    other = analysed(SessionFactory(patient=world.alices_patient))
    say(world.alice, recording, Verdict.SET_ASIDE, reason=Reason.POOR_SOUND, note=NOTE)
    tables = patient_export(user=world.alice, patient=world.alices_patient).tables
    (row,) = tables["reviews"]
    assert (row["verdict"], row["reason"], row["note"]) == ("set_aside", "poor_sound", NOTE)
    assert row["reviewer"] == "Alice"
    assert not {"sealed", "key_id"} & set(row)
    reviewed = {one["id"]: one["reviewed"] for one in tables["analyses"]}
    assert reviewed == {recording.analysis_id: "set_aside", other.analysis_id: None}
    world.alices_patient.consents.update(withdrawn_at=timezone.now())
    hidden = patient_export(user=world.alice, patient=world.alices_patient).tables
    assert hidden["reviews"] == []
    assert {one["reviewed"] for one in hidden["analyses"]} == {None}


@pytest.mark.parametrize("policy", [AffectPolicy.OFF, AffectPolicy.RESEARCH])
def test_the_export_tells_nothing_of_a_review_where_the_policy_shows_no_score(
    world: World, recording: Recording, policy: AffectPolicy
) -> None:
    say(world.alice, recording, Verdict.DISAGREE, reason=Reason.NOT_AS_MET, note=NOTE)
    tables = patient_export(user=world.alice, patient=world.alices_patient).tables
    assert "review" in {one["object_kind"] for one in tables["changes"]}
    world.clinic.affect_policy = policy
    world.clinic.save()
    world.alice.refresh_from_db()
    patient = Patient.objects.get(id=world.alices_patient.id)
    hidden = patient_export(user=world.alice, patient=patient).tables
    assert hidden["reviews"] == []
    assert {one["reviewed"] for one in hidden["analyses"]} == {None}
    assert "review" not in {one["object_kind"] for one in hidden["changes"]}
    assert NOTE not in str(hidden)
    assert "disagree" not in str(hidden)


def test_the_api_tells_verdict_and_reason_and_never_the_note(world: World, recording: Recording, client: Any) -> None:
    headers = {"Authorization": f"Token {token_of(world.robot)}"}
    address = f"/api/v1/analyses/{recording.analysis_id}"
    assert client.get(address, headers=headers).json()["review"] is None
    say(world.alice, recording, Verdict.DISAGREE, reason=Reason.NOT_AS_MET, note=NOTE)
    answer = client.get(address, headers=headers)
    review = answer.json()["review"]
    assert (review["verdict"], review["reason"]) == ("disagree", "not_as_met")
    assert NOTE not in answer.content.decode()
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert client.get(address, headers=headers).json()["review"] is None


def test_the_administrator_is_told_counts_by_checkpoint_once_there_are_enough(world: World) -> None:
    for number in range(FEWEST):
        patient = PatientFactory(clinic=world.clinic, care_team=[world.alice])
        patient.consents.create(text_version="1", voice_analysis=True, given_on="2020-01-01", taken_by=world.alice)
        if number == FEWEST - 1:
            (few,) = tallies(world.clinic)
            assert (few.agree, few.disagree, few.set_aside) == (None, None, None)
        say(world.alice, analysed(SessionFactory(patient=patient)), Verdict.DISAGREE, reason=Reason.NOT_AS_MET)
    (enough,) = tallies(world.clinic)
    assert (enough.checkpoint, enough.version) == ("undertone-demo", "0.1")
    assert (enough.agree, enough.disagree, enough.set_aside) == (0, FEWEST, 0)
    assert list(tallies(world.mallory.clinic)) == []
