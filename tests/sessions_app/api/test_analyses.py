"""What the API shows of an analysis, to whom, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AffectPolicy, Role
from inference import report, results
from inference.models import AnalysisJob
from inference.results import HEADS
from inference.speakers import ASSUMPTIONS, BY_LENGTH, METHODS
from sessions_app.errors import AffectSwitchedOff
from sessions_app.identification import patient_confirm
from sessions_app.models import Consent, Recording
from sessions_app.scores import NO_CONSENT, RESEARCH_ONLY
from tests.scores import marked, traces
from tests.sessions_app.api.client import API, as_, last_log, problem
from tests.world import SessionFactory, UserFactory, World, analysed


@pytest.fixture
def recording(world: World) -> Recording:
    return marked(SessionFactory(patient=world.alices_patient))


def address(recording: Recording, way: str = "") -> str:
    return f"{API}/analyses/{recording.analysis_id}{way}"


def contract() -> dict[str, Any]:
    """The keys that ``analyze --json`` writes."""
    missing = results.Score.unavailable("…")
    empty = results.Analysis(
        sha256="",
        duration=0,
        speech_seconds=0,
        quality=results.Quality((results.QualityCheck("snr", True, 1.0, "dB", "…"),)),
        checkpoint=results.CheckpointIdentity("", "", ""),
        scores=dict.fromkeys(HEADS, missing),
        biomarkers={"f0_mean": results.Measure(1.0, "Hz")},
        timeline=results.Timeline((), (), (), (), ()),
        turns=(results.Turn(0, 1, "patient"),),
        speaker_method="",
        timings={},
    )
    return report.as_dict(empty, file="")


def test_an_analysis_speaks_the_words_of_the_command_line(world: World, recording: Recording) -> None:
    client, expected = as_(world.alice), contract()
    shown = {**client.get(address(recording, "/timeline")).json(), **client.get(address(recording)).json()}
    assert set(expected) <= set(shown)
    assert set(shown["checkpoint"]) == set(expected["checkpoint"]) | {"label"}
    for key in ("quality", "timeline"):
        assert set(shown[key]) == set(expected[key])
    for key in ("turns",):
        assert set(shown[key][0]) == set(expected[key][0])
    assert set(shown["quality"]["checks"][0]) == set(expected["quality"]["checks"][0])
    assert set(shown["biomarkers"]["f0_mean"]) == set(expected["biomarkers"]["f0_mean"])


def test_a_score_comes_with_its_interval_state_and_origin(world: World, recording: Recording) -> None:
    shown = as_(world.alice).get(address(recording)).json()
    assert shown["scores"]["depression"] == {"value": 0.7231, "low": 0.6412, "high": 0.8134, "state": "elevated"}
    assert (shown["checkpoint"]["name"], shown["pipeline_version"], shown["speech_seconds"]) == (
        "undertone-demo",
        "1",
        42.0,
    )
    assert last_log() == ("read", "analysis", True)


@pytest.mark.parametrize("method", METHODS)
def test_who_the_patient_is_is_an_assumption_until_a_counselor_confirms_it(world: World, method: str) -> None:
    recording, client = analysed(SessionFactory(patient=world.alices_patient), method=method), as_(world.robot)
    shown = client.get(address(recording)).json()
    assert (shown["speaker_method"], shown["patient_assumed"]) == (method, method in ASSUMPTIONS)
    patient_confirm(user=world.alice, recording=recording, seen=recording.job_id)
    assert client.get(address(recording)).json()["patient_assumed"] is False


def test_the_longer_voice_is_no_assumption_once_a_person_has_said_so(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), method=BY_LENGTH)
    AnalysisJob.objects.filter(id=recording.job_id).update(options={"swapped": False})
    assert as_(world.alice).get(address(recording)).json()["patient_assumed"] is False


def test_a_head_that_the_checkpoint_lacks_is_null_with_a_reason(world: World) -> None:
    recording = analysed(SessionFactory(patient=world.alices_patient), depression=None)
    depression = as_(world.alice).get(address(recording)).json()["scores"]["depression"]
    assert (depression["value"], depression["state"]) == (None, "unavailable")
    assert depression["reason"] == "The checkpoint has no such head."


def test_the_timeline_gives_parallel_arrays_turns_and_peaks(world: World, recording: Recording) -> None:
    shown = as_(world.alice).get(address(recording, "/timeline")).json()
    assert shown["timeline"]["start"] == [0.0, 3.0]
    assert shown["timeline"]["depression"] == [0.7742, 0.7742]
    assert shown["turns"] == [{"start": 0.0, "end": 9.0, "speaker": "patient"}]
    assert shown["peaks"] == [0.0, 0.5, 0.2]
    assert last_log() == ("read_timeline", "analysis", True)


def test_scores_over_time_name_their_origin_and_carry_the_checkpoints_label(world: World, recording: Recording) -> None:
    client = as_(world.alice)
    shown, whole = client.get(address(recording, "/timeline")).json(), client.get(address(recording)).json()
    assert shown["checkpoint"] == whole["checkpoint"]
    assert set(shown["checkpoint"]) == {"name", "version", "sha256", "label"}
    assert shown["checkpoint"]["label"]
    assert shown["pipeline_version"] == "1"


@pytest.mark.parametrize("way", ["", "/timeline"])
@pytest.mark.parametrize("who", ["bob", "mallory"])
def test_somebody_elses_analysis_is_a_404(world: World, recording: Recording, who: str, way: str) -> None:
    assert problem(as_(getattr(world, who)).get(address(recording, way))) == (404, "not_found")
    assert last_log() == ("read", "analysis", False)


@pytest.mark.parametrize("way", ["", "/timeline"])
@pytest.mark.parametrize("who", ["sam", "ada"])
def test_staff_and_administrator_are_refused(world: World, recording: Recording, who: str, way: str) -> None:
    assert problem(as_(getattr(world, who)).get(address(recording, way))) == (403, "permission_denied")
    assert last_log() == ("see_scores", "analysis", False)


def test_staff_cannot_list_analyses(world: World, recording: Recording) -> None:
    assert problem(as_(world.sam).get(f"{API}/analyses")) == (403, "permission_denied")


def everything(world: World, recording: Recording) -> str:
    client = as_(world.alice)
    ways = (address(recording), address(recording, "/timeline"), f"{API}/analyses")
    return " ".join(client.get(way).content.decode() for way in ways)


@pytest.mark.parametrize(
    ("policy", "reason"), [(AffectPolicy.OFF, AffectSwitchedOff.message), (AffectPolicy.RESEARCH, RESEARCH_ONLY)]
)
def test_a_clinics_policy_hides_every_score_and_says_why(
    world: World, recording: Recording, policy: AffectPolicy, reason: str
) -> None:
    assert len(traces(everything(world, recording))) == 12
    world.clinic.affect_policy = policy
    world.clinic.save()
    shown = as_(world.alice).get(address(recording)).json()
    assert {(score["value"], score["reason"]) for score in shown["scores"].values()} == {(None, reason)}
    assert shown["biomarkers"]["f0_mean"]["value"] == 180.2
    assert traces(everything(world, recording)) == []


def test_withdrawn_consent_hides_scores_and_measures(world: World, recording: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    shown = as_(world.alice).get(address(recording)).json()
    assert shown["scores"]["depression"]["reason"] == NO_CONSENT
    assert shown["biomarkers"]["f0_mean"] == {"value": None, "unit": "Hz"}
    assert traces(everything(world, recording)) == []
    assert "180.2" not in everything(world, recording)


def test_withdrawn_consent_hides_the_recordings_quality_and_how_long_somebody_spoke(
    world: World, recording: Recording
) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    shown = as_(world.alice).get(address(recording)).json()
    assert (shown["quality"], shown["speech_seconds"]) == (None, None)
    assert "The voice stands out well." not in everything(world, recording)


def test_withdrawn_consent_leaves_nothing_of_the_timeline_but_its_origin(world: World, recording: Recording) -> None:
    Consent.objects.update(withdrawn_at=timezone.now())
    shown = as_(world.alice).get(address(recording, "/timeline")).json()
    assert shown["timeline"] == {"start": [], "end": [], "depression": [], "valence": [], "arousal": []}
    assert (shown["turns"], shown["peaks"]) == ([], [])
    assert shown["checkpoint"]["name"] == "undertone-demo"


def test_analyses_are_narrowed_to_a_patient_and_a_session(world: World, recording: Recording) -> None:
    other = analysed(SessionFactory(patient=world.bobs_patient))
    client = as_(world.robot)

    def ids(**narrow: Any) -> list[str]:
        return [row["id"] for row in client.get(f"{API}/analyses", narrow).json()["results"]]

    assert ids(patient=world.alices_patient.id) == [str(recording.analysis_id)]
    assert ids(session=other.session_id) == [str(other.analysis_id)]
    assert len(ids()) == 2


def test_the_list_leaves_the_arrays_out(world: World, recording: Recording) -> None:
    row = as_(world.alice).get(f"{API}/analyses").json()["results"][0]
    assert not {"timeline", "turns", "peaks"} & set(row)
    assert row["timeline_url"].endswith(address(recording, "/timeline"))


def test_a_second_counselor_of_the_care_team_sees_it_once_in_the_list(world: World, recording: Recording) -> None:
    carol = UserFactory(clinic=world.clinic, role=Role.COUNSELOR)
    world.alices_patient.care_team.add(carol)
    assert len(as_(carol).get(f"{API}/analyses").json()["results"]) == 1
