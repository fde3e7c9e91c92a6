"""The one table of acoustic measures: its rows give every column, chart label, unit, API field and help text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["A", "B", "C"]
Direction = Literal["lower", "higher"]
Group = Literal["pitch", "loudness", "timing", "voice quality", "spectrum"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One acoustic measure.

    ``code``: stable name. ``unit``: "1" for a share of 0..1. ``decimals``: digits worth showing. ``group``: measures
    that belong together; ``main``: those that are shown first. ``tier``: strength of the evidence for a link with
    depression (A: repeated findings, B: mixed, C: weak). ``expected``: where the measure tends to move in depressed
    speech, as reviewed by Cummins et al. (2015, Speech Communication 71, 10-49) and Low et al. (2020, Laryngoscope
    Investigative Otolaryngology 5, 96-116), or None where no direction is known.
    ``least`` and ``most``: beyond which no value can lie, or None.
    """

    code: str
    label: str
    unit: str
    definition: str
    source: str
    decimals: int
    group: Group
    tier: Tier
    expected: Direction | None
    main: bool = False
    least: float | None = 0.0
    most: float | None = None

    def limited(self, value: float) -> float:
        """``value``, or the limit beyond which none can lie."""
        low, high = self.least, self.most
        value = value if low is None else max(low, value)
        return value if high is None else min(high, value)


REPEATABILITY = (
    "How far a measure moves from day to day while nothing has changed is known for few of them and is often much: the "
    "median within-person variation of speech features was 29 to 79 % in Stegmann et al. (2020, Digital Biomarkers 4, "
    "109-122). So a patient is compared with their own earlier sessions, never with a norm."
)
"""What is known of the repeatability of all measures."""

BOERSMA = "Boersma (1993), Proceedings of the Institute of Phonetic Sciences 17, 97-110"
CUMMINS = "Cummins et al. (2015), Speech Communication 71, 10-49"
DE_JONG = "de Jong and Wempe (2009), Behavior Research Methods 41, 385-390"
EGEMAPS = "Eyben et al. (2016), IEEE Transactions on Affective Computing 7, 190-202"
HILLENBRAND = "Hillenbrand and Houde (1996), Journal of Speech and Hearing Research 39, 311-321"
IEC = "IEC 61606-1 for the reference level"
MAKHOUL = "Makhoul (1975), Proceedings of the IEEE 63, 561-580"
MUNDT = "Mundt et al. (2012), Biological Psychiatry 72, 580-587"
PRAAT = "Boersma and Weenink, Praat: doing phonetics by computer, manual page Voice"
YAMAMOTO = "Yamamoto et al. (2020), PLOS ONE 15, e0238726"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        code="f0_mean",
        label="Mean pitch",
        unit="Hz",
        definition="Mean fundamental frequency over all voiced 10 ms frames of the patient's speech.",
        source=BOERSMA,
        decimals=1,
        group="pitch",
        tier="B",
        expected="lower",
        main=True,
    ),
    Definition(
        code="f0_sd",
        label="Pitch variation",
        unit="semitone",
        definition="Standard deviation of the fundamental frequency in semitones over all voiced frames.",
        source=BOERSMA,
        decimals=2,
        group="pitch",
        tier="B",
        expected="lower",
        main=True,
    ),
    Definition(
        code="f0_range",
        label="Pitch range",
        unit="semitone",
        definition=(
            "Distance between the 20th and the 80th percentile of the fundamental frequency over all voiced frames."
        ),
        source=EGEMAPS,
        decimals=2,
        group="pitch",
        tier="B",
        expected="lower",
    ),
    Definition(
        code="f0_slope",
        label="Steepness of pitch",
        unit="semitone/s",
        definition=(
            "Mean steepness of straight lines through the pitch of voiced stretches of 0.1 s or more, rising or "
            "falling, weighted by their length."
        ),
        source=EGEMAPS,
        decimals=1,
        group="pitch",
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
        source=IEC,
        decimals=1,
        group="loudness",
        tier="A",
        expected="lower",
        main=True,
        least=None,
    ),
    Definition(
        code="intensity_sd",
        label="Loudness variation",
        unit="dB",
        definition="Standard deviation of the level of voiced frames (50 ms, Hann-weighted, every 10 ms).",
        source=CUMMINS,
        decimals=2,
        group="loudness",
        tier="A",
        expected="lower",
        main=True,
    ),
    Definition(
        code="intensity_range",
        label="Loudness range",
        unit="dB",
        definition="Distance between the 20th and the 80th percentile of the level of voiced frames.",
        source=EGEMAPS,
        decimals=2,
        group="loudness",
        tier="A",
        expected="lower",
    ),
    Definition(
        code="speech_rate",
        label="Speech rate",
        unit="syllables/s",
        definition=(
            "Syllable nuclei (voiced peaks of intensity from 400 to 4000 Hz, at most 25 dB below the loudest, 2 dB "
            "above the dips on both sides) per second of the patient's turns, pauses included."
        ),
        source=DE_JONG,
        decimals=2,
        group="timing",
        tier="A",
        expected="lower",
        main=True,
    ),
    Definition(
        code="articulation_rate",
        label="Articulation rate",
        unit="syllables/s",
        definition="Syllable nuclei per second of the patient's turns without their pauses of 0.3 s or longer.",
        source=DE_JONG,
        decimals=2,
        group="timing",
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
        group="timing",
        tier="A",
        expected="higher",
        main=True,
        most=1.0,
    ),
    Definition(
        code="pause_mean",
        label="Mean pause",
        unit="s",
        definition="Mean length of the silences of 0.3 s or longer inside the patient's turns.",
        source=DE_JONG,
        decimals=2,
        group="timing",
        tier="A",
        expected="higher",
        main=True,
    ),
    Definition(
        code="pause_sd",
        label="Variation of pauses",
        unit="s",
        definition="Standard deviation of the length of those silences.",
        source=MUNDT,
        decimals=2,
        group="timing",
        tier="A",
        expected="higher",
    ),
    Definition(
        code="pauses_per_minute",
        label="Pauses per minute",
        unit="1/min",
        definition="How many silences of 0.3 s or longer there are in a minute of the patient's turns.",
        source=MUNDT,
        decimals=1,
        group="timing",
        tier="A",
        expected="higher",
    ),
    Definition(
        code="response_latency",
        label="Time to answer",
        unit="s",
        definition=(
            "Median silence between the end of another person's turn and the patient's answer to it. Answers that "
            "overlap or come after more than 10 s are left out."
        ),
        source=YAMAMOTO,
        decimals=2,
        group="timing",
        tier="A",
        expected="higher",
    ),
    Definition(
        code="talk_ratio",
        label="Share of the talk",
        unit="1",
        definition="The patient's speech as a share of everybody's. Without a second voice there is none.",
        source=CUMMINS,
        decimals=3,
        group="timing",
        tier="B",
        expected="lower",
        most=1.0,
    ),
    Definition(
        code="cpp",
        label="Clearness of the voice (CPP)",
        unit="dB",
        definition=(
            "Cepstral peak prominence: the highest point of the cepstrum between 60 and 330 Hz over its regression "
            "line, mean over voiced frames. A breathy or rough voice has less."
        ),
        source=HILLENBRAND,
        decimals=2,
        group="voice quality",
        tier="B",
        expected="lower",
    ),
    Definition(
        code="hnr",
        label="Harmonics to noise",
        unit="dB",
        definition="Mean harmonics-to-noise ratio of voiced frames, from the autocorrelation at the pitch period.",
        source=BOERSMA,
        decimals=2,
        group="voice quality",
        tier="C",
        expected="lower",
        least=None,
    ),
    Definition(
        code="jitter_local",
        label="Jitter",
        unit="1",
        definition=(
            "Mean absolute difference of consecutive pitch periods over the mean period. In running speech it also "
            "holds the melody."
        ),
        source=PRAAT,
        decimals=4,
        group="voice quality",
        tier="C",
        expected="higher",
    ),
    Definition(
        code="shimmer_local",
        label="Shimmer",
        unit="1",
        definition="Mean absolute difference of the amplitudes of consecutive periods over the mean amplitude.",
        source=PRAAT,
        decimals=4,
        group="voice quality",
        tier="C",
        expected="higher",
    ),
    Definition(
        code="alpha_ratio",
        label="Alpha ratio",
        unit="dB",
        definition=(
            "Energy of 1 to 5 kHz over that of 50 to 1000 Hz, mean over voiced frames. A softer voice has less."
        ),
        source=EGEMAPS,
        decimals=2,
        group="spectrum",
        tier="B",
        expected="lower",
        least=None,
    ),
    Definition(
        code="hammarberg_index",
        label="Hammarberg index",
        unit="dB",
        definition="Highest level below 2 kHz over the highest from 2 to 5 kHz, mean over voiced frames.",
        source=EGEMAPS,
        decimals=2,
        group="spectrum",
        tier="B",
        expected="higher",
        least=None,
    ),
    Definition(
        code="spectral_slope_0_500",
        label="Spectral slope 0 to 500 Hz",
        unit="dB/kHz",
        definition=(
            "Slope of the straight line through the level of the spectrum from 0 to 500 Hz, mean over voiced frames."
        ),
        source=EGEMAPS,
        decimals=1,
        group="spectrum",
        tier="B",
        expected=None,
        least=None,
    ),
    Definition(
        code="spectral_slope_500_1500",
        label="Spectral slope 500 to 1500 Hz",
        unit="dB/kHz",
        definition=(
            "Slope of the straight line through the level of the spectrum from 500 to 1500 Hz, mean over voiced frames."
        ),
        source=EGEMAPS,
        decimals=1,
        group="spectrum",
        tier="B",
        expected="lower",
        least=None,
    ),
    Definition(
        code="f1_mean",
        label="First formant",
        unit="Hz",
        definition="Mean of the first resonance of the vocal tract over voiced frames, by linear prediction.",
        source=MAKHOUL,
        decimals=0,
        group="spectrum",
        tier="C",
        expected=None,
    ),
    Definition(
        code="f2_mean",
        label="Second formant",
        unit="Hz",
        definition="Mean of the second resonance of the vocal tract over voiced frames.",
        source=MAKHOUL,
        decimals=0,
        group="spectrum",
        tier="C",
        expected="lower",
    ),
    Definition(
        code="f3_mean",
        label="Third formant",
        unit="Hz",
        definition="Mean of the third resonance of the vocal tract over voiced frames.",
        source=MAKHOUL,
        decimals=0,
        group="spectrum",
        tier="C",
        expected=None,
    ),
)

BY_CODE: dict[str, Definition] = {definition.code: definition for definition in DEFINITIONS}
