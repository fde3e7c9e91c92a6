"""The sentences on top of a patient's page are computed from what may be shown, and name their rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from inference.models import Analysis
from sessions_app.models import Consent, Instrument
from sessions_app.summary import Statement, summary_of
from sessions_app.trends import trend_of
from tests.pages import signed_in, text
from tests.world import QuestionnaireFactory, SessionFactory, World, analysed

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)


def summary(world: World) -> list[Statement]:
    return summary_of(trend_of(world.alices_patient, world.alice))


def scored(world: World, *scores: float, rate: float | None = None, first_week: int = 0) -> None:
    for week, score in enumerate(scores, first_week):
        session = SessionFactory(patient=world.alices_patient, held_at=BEGAN + timedelta(weeks=week))
        recording = analysed(session, depression=score)
        measures = {} if rate is None else {"speech_rate": {"value": rate, "unit": "syllables/s"}}
        Analysis.objects.filter(id=recording.analysis_id).update(biomarkers=measures)


def answered(world: World, *totals: int, instrument: Instrument = Instrument.PHQ9) -> None:
    count = 9 if instrument == Instrument.PHQ9 else 7
    for week, total in enumerate(totals):
        items = [min(3, max(0, total - 3 * place)) for place in range(count)]
        QuestionnaireFactory(
            patient=world.alices_patient,
            instrument=instrument,
            answered_at=BEGAN + timedelta(weeks=week),
            items=items,
        )


def test_nothing_is_said_where_there_is_nothing_to_compare(world: World) -> None:
    assert summary(world) == []
    answered(world, 12)
    assert summary(world) == []


def test_response_remission_and_reliable_change_come_with_their_rules(world: World) -> None:
    answered(world, 14, 9, 4)
    (phq9,) = summary(world)
    assert phq9.words == "PHQ-9, 3 totals. Since the first, of 5 Jan 2026: 14 → 4, 10 points fewer."
    rules = {rule.words: rule.rule for rule in phq9.rules}
    assert set(rules) == {"reliable improvement", "response", "remission"}
    assert "below 5" in rules["remission"]
    assert "6 points or more" in rules["reliable improvement"]


def test_a_relapse_after_a_gain_is_told_beside_the_change_since_the_first(world: World) -> None:
    answered(world, 22, 15, 23)
    since_first, since_last = summary(world)
    assert [rule.words for rule in since_first.rules] == ["no reliable change"]
    assert since_last.words == "PHQ-9: Since the one before, of 12 Jan 2026: 15 → 23, 8 points more."
    assert [rule.words for rule in since_last.rules] == ["reliable worsening"]


def test_each_questionnaire_is_spoken_of_by_its_own_limits(world: World) -> None:
    answered(world, 10, 15)
    answered(world, 10, 14, instrument=Instrument.GAD7)
    found = {statement.words[:5]: [rule.words for rule in statement.rules] for statement in summary(world)}
    assert found == {"PHQ-9": ["no reliable change"], "GAD-7": ["reliable worsening"]}


def test_with_three_sessions_it_says_that_there_are_not_enough_yet(world: World) -> None:
    scored(world, 0.3, 0.4, 0.3)
    (voice,) = summary(world)
    assert voice.words == "Scores of the voice: not enough sessions yet for an own baseline; 3 of 4 count."


def test_a_departure_is_told_with_how_many_sessions_and_by_how_much(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3)
    scored(world, 0.3, 0.9, 0.9, 0.9, first_week=4)
    voice = summary(world)[0]
    assert voice.words == "Scores of the voice beside this patient’s own baseline; 4 sessions after the 4 that make it:"
    depression, others = voice.parts
    assert depression.startswith(
        "Depression probability lies above it in the last 3 sessions: 0.90 on average, 0.60 more than its middle "
    )
    assert others == "The other 2 show no lasting departure."


def test_a_baseline_that_nothing_can_leave_is_said_to_show_no_change(world: World) -> None:
    scored(world, 0.995, 0.9, 0.05, 0.004, 0.003, 0.5, 0.999, 0.999)
    depression, others = summary(world)
    assert others.words.startswith("Valence, Arousal: no lasting departure from this patient’s own baseline; 4")
    assert depression.words.startswith("Depression probability: the first 4 sessions differ so much that none can lie")
    assert "no lasting departure" not in depression.words


def test_a_baseline_with_room_on_one_side_still_shows_a_change(world: World) -> None:
    scored(world, 0.004, 0.003, 0.01, 0.02, 0.99, 0.99)
    (scores,) = summary(world)
    assert "lies above it in the last 2 sessions" in scores.parts[0]


def test_that_the_answer_about_self_harm_rose_is_told_first_though_the_total_fell(world: World) -> None:
    for week, items in enumerate(([3] * 8 + [0], [2] * 8 + [1], [0] * 8 + [2], [0] * 8 + [2])):
        QuestionnaireFactory(patient=world.alices_patient, answered_at=BEGAN + timedelta(weeks=week), items=items)
        told = [said.words for said in summary(world) if "item 9" in said.words]
        if week == 2:
            rose = "PHQ-9, item 9 (self-harm) rose from “several days” on 12 Jan 2026 to “more than half the days”"
            assert told == [f"{rose} on 19 Jan 2026."]
            assert told == [summary(world)[0].words]
    assert told == []


def test_one_session_beyond_is_no_departure(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3, 0.9)
    words = summary(world)[0].words
    assert words.startswith(
        "Scores of the voice: no lasting departure from this patient’s own baseline; 1 session after"
    )


def test_a_measure_that_departs_is_told_in_its_unit_and_that_chance_may_do_it(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3, rate=4.0)
    scored(world, 0.3, 0.3, rate=3.0, first_week=4)
    measures = summary(world)[-1]
    assert measures.parts[0].startswith("Speech rate lies below it in the last 2 sessions: 3.00 syllables/s on average")
    assert "1.00 syllables/s less than its middle" in measures.parts[0]
    assert "by chance alone" in measures.rules[-1].rule


def test_nothing_is_said_of_a_voice_without_consent(world: World) -> None:
    scored(world, 0.3, 0.3, 0.3, 0.3, 0.9, 0.9, rate=4.0)
    Consent.objects.update(withdrawn_at=timezone.now())
    assert summary(world) == []


def test_it_stands_on_top_of_the_page_with_its_rules_and_its_limits(world: World) -> None:
    answered(world, 14, 4)
    scored(world, 0.3, 0.3, 0.3, 0.3)
    page = text(signed_in(world.alice).get(f"/patients/{world.alices_patient.id}/"))
    assert page.index("What changed") < page.index("Course over time")
    assert "14 → 4, 10 points fewer." in page
    assert "The first total was 10 or more and has at least halved (McMillan 2010)." in page
    assert "It says what changed, not why, and is no diagnosis." in page
