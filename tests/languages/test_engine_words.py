"""What the engine says is said in pages in the reader's language, with nothing forgotten and nothing changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

import pytest
from django.utils import translation
from django.utils.translation import gettext

from inference import score_words
from inference.biomarkers import definitions
from inference.biomarkers.definitions import DEFINITIONS, Definition
from inference.quality import SHARES, value_in_words
from inference.results import HEADS, Quality, QualityCheck, Score
from inference.speakers import METHODS
from inference.stages import STAGE_TABLE
from sessions_app.checkpoint_labels import NO_CARD
from sessions_app.dashboard.wording import SPEAKER_METHODS
from sessions_app.engine_words import doubts, errors, measures, quality, reasons, stages
from sessions_app.templatetags.engine_words import card_words
from tests.languages import engine

NOISY = QualityCheck("snr", False, 3.0, "dB", "There is much noise.")
INDETERMINATE = Score(0.5, 0.4, 0.6, "indeterminate")


def with_braces(sentences: Iterable[str]) -> set[str]:
    return {re.sub(r"%\(\w+\)s", "{}", sentence) for sentence in sentences}


def filled(sentence: str) -> str:
    """A sentence with some value in each place."""
    return sentence.replace("{}", "7")


def in_spanish(*english: str) -> bool:
    """Whether each of these is said otherwise in Spanish."""
    with translation.override("es"):
        return all(gettext(text) != text for text in english)


def test_every_error_of_the_engine_has_words_and_no_other() -> None:
    ours = {(code, sentence) for code, said in errors.ERRORS.items() for sentence in with_braces(said)}
    assert ours == engine.sentences_of_errors()


@pytest.mark.parametrize(("code", "sentence"), sorted(engine.sentences_of_errors()))
def test_an_error_is_told_in_the_readers_language_with_what_was_kept(code: str, sentence: str) -> None:
    kept = filled(sentence)
    assert errors.error_words(code, kept) == kept
    with translation.override("es"):
        told = errors.error_words(code, kept)
    assert told != kept
    assert told.count("7") == kept.count("7")


@pytest.mark.parametrize(("code", "kept"), [("silent", "Nothing."), ("not_known_here", "Nothing."), ("", "")])
def test_an_error_that_is_not_known_is_told_as_it_was_kept(code: str, kept: str) -> None:
    with translation.override("es"):
        assert errors.error_words(code, kept) == kept


def test_what_a_broken_checkpoint_holds_is_told_as_it_is() -> None:
    kept = "The card of the checkpoint 'x' cannot be understood (KeyError: 'a: b')."
    with translation.override("es"):
        assert "(KeyError: 'a: b')" in errors.problem_words(kept)


def test_every_quality_check_of_the_engine_has_words_and_no_other() -> None:
    found = engine.sentences_of_checks()
    assert quality.GOOD.keys() | quality.BAD.keys() == found.keys()
    for code, sentences in found.items():
        ours = [table[code] for table in (quality.GOOD, quality.BAD) if code in table]
        ours += [quality.TELEPHONE] if code == "bandwidth" else []
        assert with_braces(ours) == sentences
        assert in_spanish(*ours)


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (QualityCheck("level", True, -20.0, "dBFS", "…"), quality.GOOD["level"]),
        (NOISY, quality.BAD["snr"]),
        (QualityCheck("bandwidth", True, 8000.0, "Hz", "…"), quality.GOOD["bandwidth"]),
        (QualityCheck("bandwidth", True, 4000.0, "Hz", "…"), quality.TELEPHONE),
        (QualityCheck("bandwidth", False, 2000.0, "Hz", "…"), quality.BAD["bandwidth"]),
        (QualityCheck("speech_seconds", False, 29.9, "s", "…"), quality.BAD["speech_seconds"]),
    ],
)
def test_a_quality_check_is_told_by_its_code_and_value(check: QualityCheck, sentence: str) -> None:
    assert quality.check_words(check) == check.message
    with translation.override("es"):
        assert quality.check_words(check) == gettext(sentence)


def test_a_number_of_channels_is_told_from_the_value() -> None:
    with translation.override("es"):
        assert "6 canales" in quality.check_words(QualityCheck("channels", True, 6.0, "1", "…"))


@pytest.mark.parametrize(
    "check",
    [
        QualityCheck("not_known_here", False, 1.0, "s", "It is odd."),
        QualityCheck("snr", False, None, "dB", "It is odd."),
        QualityCheck("channels", False, 6.0, "1", "It is odd."),
        QualityCheck("speech_seconds", False, 31.0, "s", "There are less than 60 seconds."),
    ],
)
def test_a_quality_check_that_fits_no_sentence_is_told_as_it_was_kept(check: QualityCheck) -> None:
    with translation.override("es"):
        assert quality.check_words(check) == check.message


@pytest.mark.parametrize("code", sorted(SHARES))
def test_a_share_is_written_with_its_limit(code: str) -> None:
    check = QualityCheck(code, False, 0.031, "1", "…")
    assert quality.value_words(check) == value_in_words(check)
    with translation.override("es"):
        assert quality.value_words(check).startswith("3.1 %, como máximo ")


def test_thousands_are_not_set_apart_by_what_reads_as_a_decimal_comma() -> None:
    check = QualityCheck("bandwidth", True, 8000.0, "Hz", "…")
    assert quality.value_words(check) == "8,000 Hz"
    with translation.override("es"):
        assert quality.value_words(check) == "8\N{NO-BREAK SPACE}000 Hz"


@pytest.mark.parametrize("code", sorted(score_words.POOR))
def test_a_doubt_is_told_in_the_readers_language(code: str) -> None:
    poor = Quality((QualityCheck(code, False, 29.7, "1", "…"), QualityCheck("level", True, -20.0, "dBFS", "…")))
    english = score_words.why_indeterminate(INDETERMINATE, poor)
    assert doubts.why_indeterminate(INDETERMINATE, poor) == english == doubts.why_poor(poor)
    with translation.override("es"):
        assert doubts.why_poor(poor) == doubts.why_indeterminate(INDETERMINATE, poor) != english


def test_every_doubt_of_the_engine_has_words_and_no_other() -> None:
    assert {code: said.replace("%(seconds)s", "{seconds}") for code, said in doubts.POOR.items()} == score_words.POOR
    assert doubts.BETWEEN == score_words.BETWEEN
    assert in_spanish(doubts.BETWEEN)


def test_a_score_that_is_sure_has_no_doubt() -> None:
    assert doubts.why_indeterminate(Score(0.9, 0.8, 0.95, "elevated"), Quality((NOISY,))) == ""


def test_a_doubt_that_is_not_known_is_told_as_it_was_kept() -> None:
    assert doubts.why_poor(Quality((NOISY, QualityCheck("odd", False, 1.0, "s", "It is odd.")))) == (
        "much noise, It is odd."
    )


def test_every_reason_of_the_engine_has_words_and_no_other() -> None:
    pattern = r"^The checkpoint %\(name\)s does not score (\w+)\.$"
    heads = {found[1] for sentence in reasons.REASONS if (found := re.match(pattern, sentence))}
    assert heads == set(HEADS)
    assert {re.sub(pattern, "The checkpoint {} does not score {}.", one) for one in reasons.REASONS} == engine.reasons()


@pytest.mark.parametrize("sentence", reasons.REASONS)
def test_a_missing_score_is_explained_in_the_readers_language(sentence: str) -> None:
    kept = sentence % {"name": "some-model"}
    assert reasons.reason_words(kept) == kept
    with translation.override("es"):
        told = reasons.reason_words(kept)
    assert told != kept
    assert ("some-model" in told) is ("some-model" in kept)


@pytest.mark.parametrize("kept", [None, "", "Nobody knows."])
def test_a_reason_that_is_not_known_is_told_as_it_was_kept(kept: str | None) -> None:
    with translation.override("es"):
        assert reasons.reason_words(kept) == (kept or "")


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.code)
def test_a_measure_has_words_in_the_readers_language(definition: Definition) -> None:
    assert measures.measure_label(definition) == definition.label
    assert measures.measure_definition(definition) == definition.definition
    assert measures.measure_source(definition) == definition.source
    assert measures.measure_unit(definition) == ("" if definition.unit == "1" else definition.unit)
    assert measures.group_words(definition.group) == definition.group
    with translation.override("es"):
        assert measures.measure_label(definition) != definition.label
        assert measures.measure_definition(definition) != definition.definition
        assert measures.group_words(definition.group) != definition.group


def test_every_measure_group_and_unit_of_the_engine_has_words_and_no_other() -> None:
    assert measures.MEASURES.keys() == {one.code for one in DEFINITIONS}
    assert set(measures.GROUPS) == set(get_args(definitions.Group))
    assert set(measures.UNITS) | measures.ALIKE == {one.unit for one in DEFINITIONS}
    assert in_spanish(*measures.UNITS.values(), *measures.SOURCES.values())


def test_what_is_known_of_the_repeatability_of_measures_has_words() -> None:
    assert measures.repeatability() == definitions.REPEATABILITY
    assert in_spanish(definitions.REPEATABILITY)


def test_every_stage_of_the_engine_has_words_and_no_other() -> None:
    assert {one.code: one.label for one in STAGE_TABLE} == stages.STAGES
    assert in_spanish(*stages.STAGES.values())
    assert stages.stage_words("not_known_here") == ""


def test_every_way_of_telling_the_patient_from_others_has_words_and_no_other() -> None:
    assert set(SPEAKER_METHODS) == set(METHODS)


def test_what_a_card_says_is_marked_as_english_on_a_page_of_another_language() -> None:
    assert card_words("a <b>") == "a <b>"
    with translation.override("es"):
        assert card_words("a <b>") == '<span lang="en">a &lt;b&gt;</span>'
        assert "lang" not in card_words(str(NO_CARD))
