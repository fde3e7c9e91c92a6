"""Which points of a course a line may join."""

from __future__ import annotations

from datetime import UTC, datetime

from sessions_app.chart import chart_data
from sessions_app.trends import trend_of
from tests.world import SessionFactory, World, analysed


def test_other_weights_of_the_same_name_and_version_are_another_origin(world: World) -> None:
    for day, weights in ((2, "ab" * 32), (9, "ab" * 32), (16, "cd" * 32)):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, day, tzinfo=UTC))
        analysed(session, weights=weights)
    first, same, other = chart_data(trend_of(world.alices_patient, world.alice))["origin"]
    assert first == same
    assert other != first


def test_another_pipeline_is_another_origin(world: World) -> None:
    analysis = analysed(SessionFactory(patient=world.alices_patient)).analysis
    before = analysis.origin_key
    analysis.pipeline_version = "2"
    assert analysis.origin_key != before


def test_a_session_without_a_recording_is_a_gap(world: World) -> None:
    for day in (2, 9, 16):
        session = SessionFactory(patient=world.alices_patient, held_at=datetime(2026, 3, day, tzinfo=UTC))
        if day != 9:
            analysed(session, depression=0.7)
    chart = chart_data(trend_of(world.alices_patient, world.alice))
    assert chart["series"]["depression"]["value"] == [0.7, None, 0.7]
