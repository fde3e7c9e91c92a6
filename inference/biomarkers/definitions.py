"""The one table of acoustic measures: its rows give every column, chart label, unit, API field and help text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["A", "B", "C"]
Direction = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One acoustic measure.

    ``code``: stable name. ``unit``: "1" for a share of 0..1. ``decimals``: digits worth showing. ``tier``: strength of
    the evidence for a link with depression (A: repeated findings, B: mixed, C: weak). ``expected``: where the measure
    tends to move in depressed speech, as reviewed by Cummins et al. (2015, Speech Communication 71, 10-49) and Low et
    al. (2020, Laryngoscope Investigative Otolaryngology 5, 96-116).
    """

    code: str
    label: str
    unit: str
    definition: str
    source: str
    decimals: int
    tier: Tier
    expected: Direction


BOERSMA = "Boersma (1993), Proceedings of the Institute of Phonetic Sciences 17, 97-110"
DE_JONG = "de Jong and Wempe (2009), Behavior Research Methods 41, 385-390"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        code="f0_mean",
        label="Mean pitch",
        unit="Hz",
        definition="Mean fundamental frequency over all voiced 10 ms frames of the patient's speech.",
        source=BOERSMA,
        decimals=1,
        tier="B",
        expected="lower",
    ),
    Definition(
        code="f0_sd",
        label="Pitch variation",
        unit="semitone",
        definition="Standard deviation of the fundamental frequency in semitones over all voiced frames.",
        source=BOERSMA,
        decimals=2,
        tier="B",
        expected="lower",
    ),
    Definition(
        code="intensity_mean",
        label="Mean loudness",
        unit="dB",
        definition=(
            "Mean power of the patient's speech, in dB relative to full scale. It depends on microphone and gain, so "
            "it can be compared only between recordings of one set-up."
        ),
        source="IEC 61606-1 for the reference level",
        decimals=1,
        tier="A",
        expected="lower",
    ),
    Definition(
        code="intensity_sd",
        label="Loudness variation",
        unit="dB",
        definition="Standard deviation of the level of voiced frames (50 ms, Hann-weighted, every 10 ms).",
        source="Cummins et al. (2015), Speech Communication 71, 10-49",
        decimals=2,
        tier="A",
        expected="lower",
    ),
    Definition(
        code="speech_rate",
        label="Speech rate",
        unit="syllables/s",
        definition=(
            "Syllable nuclei (voiced peaks of intensity, at most 25 dB below the loudest, 2 dB above the dips on both "
            "sides) per second of the patient's turns, pauses included."
        ),
        source=DE_JONG,
        decimals=2,
        tier="A",
        expected="lower",
    ),
    Definition(
        code="pause_ratio",
        label="Share of pauses",
        unit="1",
        definition="Share of the patient's turns that is silence of 0.3 s or longer.",
        source=DE_JONG,
        decimals=3,
        tier="A",
        expected="higher",
    ),
    Definition(
        code="pause_mean",
        label="Mean pause",
        unit="s",
        definition="Mean length of the silences of 0.3 s or longer inside the patient's turns.",
        source=DE_JONG,
        decimals=2,
        tier="A",
        expected="higher",
    ),
)

BY_CODE: dict[str, Definition] = {definition.code: definition for definition in DEFINITIONS}
