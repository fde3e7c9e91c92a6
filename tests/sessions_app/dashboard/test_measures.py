"""Every acoustic measure over time, beside the patient's own baseline, where the voice may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AccessLogEntry, AffectPolicy
from inference.biomarkers import DEFINITIONS
from inference.models import Analysis
from inference.speakers import BY_LENGTH
from sessions_app.models import Consent, Recording
from tests.pages import signed_in, text
from tests.world import SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
POOR = {"code": "snr", "ok": False, "value": 3.0, "unit": "dB", "message": "There is much noise."}


def measured(world: World, *values: float | None, code: str = "speech_rate", first_week: int = 0, **how: Any) -> None:
    for week, value in enumerate(values, first_week):
        held_at = BEGAN + timedelta(weeks=week)
        recording = analysed(SessionFactory(patient=world.alices_patient, held_at=held_at), **how)
        found = {code: {"value": value, "unit": "syllables/s"}}
        Analysis.objects.filter(id=recording.analysis_id).update(biomarkers=found)


def sent(world: World, code: str = "speech_rate") -> dict[str, Any]:
    answer = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/measure/?code={code}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_measure_comes_in_its_unit_with_its_definition_and_no_more_digits_than_are_worth_showing(
    world: World,
) -> None:
    measured(world, 4.12345, None, 3.98765)
    data = sent(world)
    assert data["series"]["speech_rate"]["value"] == [4.12, None, 3.99]
    assert (data["unit"], data["decimals"]) == ("syllables/s", 2)
    assert "Syllable nuclei" in data["meaning"]
    assert "never with a norm" in data["repeatability"]


def test_before_four_sessions_it_says_that_there_are_not_enough_yet(world: World) -> None:
    measured(world, 4.1, 4.2, 4.0)
    data = sent(world)
    assert data["own"] == "Speech rate: not enough sessions yet for an own baseline; 3 of 4 count."
    assert data["baseline"]["speech_rate"] == []


def test_the_own_baseline_is_in_the_unit_of_the_measure(world: World) -> None:
    measured(world, 4.1, 4.2, 4.0, 4.1, 3.1, 3.0)
    data = sent(world)
    (band,) = data["baseline"]["speech_rate"]
    assert 3.1 < band["low"] < 4.0 < 4.2 < band["high"] < 5
    low, high = f"{band['low']:.2f}", f"{band['high']:.2f} syllables/s"
    assert data["own"] == (f"Speech rate: the last 2 sessions lie below this patient’s own baseline, {low} to {high}.")


def test_the_band_is_never_finer_than_the_digits_that_are_shown(world: World) -> None:
    measured(world, 4.1, 4.1, 4.1, 4.1)
    (band,) = sent(world)["baseline"]["speech_rate"]
    assert band["low"] < 4.1 < band["high"]


@pytest.mark.parametrize(
    ("code", "values", "edge", "limit"),
    [
        ("response_latency", (0.1, 1.2, 0.2, 1.1), "low", "0.00"),
        ("talk_ratio", (0.98, 0.70, 0.97, 0.75), "high", "1.000"),
        ("jitter_local", (0.001, 0.03, 0.002, 0.028), "low", "0.0000"),
    ],
)
def test_no_band_goes_where_no_value_can_lie_on_any_page(
    world: World, code: str, values: tuple[float, ...], edge: str, limit: str
) -> None:
    measured(world, *values, values[0], code=code)
    data = sent(world, code)
    (band,) = data["baseline"][code]
    assert band[edge] == float(limit)
    said = f"{limit} to" if edge == "low" else f"to {limit}"
    assert said in data["own"]
    newest = Recording.objects.order_by("-session__held_at")[0]
    low, high = (f"{band[one]:.{data['decimals']}f}" for one in ("low", "high"))
    page = text(signed_in(world.alice).get(f"/sessions/{newest.session_id}/"))
    assert f"within {low} to {high}" in page


def test_a_level_may_be_negative_and_its_band_too(world: World) -> None:
    measured(world, -30.0, -31.0, -30.0, -31.0, code="intensity_mean")
    (band,) = sent(world, "intensity_mean")["baseline"]["intensity_mean"]
    assert band["low"] < -31.0 < -30.0 < band["high"] < 0


def test_a_poor_recording_is_marked_and_counts_for_no_baseline(world: World) -> None:
    measured(world, 9.9, 4.2, 4.0, 4.1)
    first = Recording.objects.order_by("session__held_at")[0]
    Analysis.objects.filter(subject=first.id).update(quality=[POOR])
    data = sent(world)
    assert data["poor"] == {"0": 0}
    assert "3 of 4 count" in data["own"]


def test_a_new_checkpoint_begins_no_new_line_of_a_measure_but_a_new_pipeline_does(world: World) -> None:
    measured(world, 4.1, 4.2)
    measured(world, 4.0, first_week=2, weights="cd" * 32)
    assert sent(world)["origin"] == [0, 0, 0]
    newest = Recording.objects.order_by("-session__held_at")[0]
    Analysis.objects.filter(subject=newest.id).update(pipeline_version="2")
    data = sent(world)
    assert data["origin"] == [0, 0, 1]
    assert data["origins"] == ["pipeline 1", "pipeline 2"]


def test_every_measure_can_be_chosen_on_the_page_and_is_sent(world: World) -> None:
    measured(world, 4.1)
    page = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/").content.decode()
    for definition in DEFINITIONS:
        assert f'<option value="{definition.code}">{definition.label}</option>' in page
        assert sent(world, definition.code)["label"] == definition.label


def test_without_consent_no_measure_is_sent_or_offered(world: World) -> None:
    measured(world, 4.1)
    Consent.objects.all().delete()
    data = sent(world)
    assert data["series"]["speech_rate"]["value"] == [None]
    assert (data["own"], data["poor_words"], data["origins"]) == ("", [], ["pipeline 1"])
    assert "data-measures" not in signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/").content.decode()


def test_a_clinic_that_has_switched_scores_off_still_sees_measures(world: World) -> None:
    measured(world, 4.1)
    world.clinic.affect_policy = AffectPolicy.OFF
    world.clinic.save()
    assert sent(world)["series"]["speech_rate"]["value"] == [4.1]
    assert "data-measures" in signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/").content.decode()


@pytest.mark.parametrize("policy", AffectPolicy)
def test_a_voice_that_nobody_has_confirmed_counts_for_no_baseline_and_is_said_under_every_policy(
    world: World, policy: AffectPolicy
) -> None:
    measured(world, 4.1, 4.2, 4.0)
    measured(world, 9.9, first_week=3, method=BY_LENGTH, talk_ratio=0.7)
    world.clinic.affect_policy = policy
    world.clinic.save()
    data = sent(world)
    assert "3 of 4 count" in data["own"]
    assert data["assumed"] == [3]
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/numbers/?code=speech_rate"))
    assert page.count("voice assumed, not confirmed") == 1


def test_each_look_at_a_measure_is_logged_and_an_unknown_one_is_not_found(world: World) -> None:
    sent(world)
    row = AccessLogEntry.objects.get()
    assert (row.action, row.patient_id) == ("read", world.alices_patient.id)
    unknown = signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/measure/?code=iq")
    assert unknown.status_code == 404


def test_the_table_says_a_measure_in_words_without_any_script(world: World) -> None:
    measured(world, 4.1, None)
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/numbers/?code=speech_rate"))
    assert "4.10 syllables/s" in page
    assert "Speech rate. Syllable nuclei" in page
    assert "not enough sessions yet for an own baseline; 1 of 4 count" in page
