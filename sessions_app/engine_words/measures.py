"""The acoustic measures, for people: see `inference.biomarkers.definitions`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from inference.biomarkers.definitions import IEC, Definition


@dataclass(frozen=True, slots=True)
class MeasureWords:
    """What a measure is called, and what it is."""

    label: str
    definition: str


MEASURES: dict[str, MeasureWords] = {
    "f0_mean": MeasureWords(
        gettext_noop("Mean pitch"),
        gettext_noop("Mean fundamental frequency over all voiced 10 ms frames of the patient's speech."),
    ),
    "f0_sd": MeasureWords(
        gettext_noop("Pitch variation"),
        gettext_noop("Standard deviation of the fundamental frequency in semitones over all voiced frames."),
    ),
    "f0_range": MeasureWords(
        gettext_noop("Pitch range"),
        gettext_noop(
            "Distance between the 20th and the 80th percentile of the fundamental frequency over all voiced frames."
        ),
    ),
    "f0_slope": MeasureWords(
        gettext_noop("Steepness of pitch"),
        gettext_noop(
            "Mean steepness of straight lines through the pitch of voiced stretches of 0.1 s or more, rising or "
            "falling, weighted by their length."
        ),
    ),
    "intensity_mean": MeasureWords(
        gettext_noop("Mean loudness"),
        gettext_noop(
            "Mean power of the patient's speech, in dB relative to full scale. It depends on microphone and gain, so "
            "it can be compared only between recordings of one set-up."
        ),
    ),
    "intensity_sd": MeasureWords(
        gettext_noop("Loudness variation"),
        gettext_noop("Standard deviation of the level of voiced frames (50 ms, Hann-weighted, every 10 ms)."),
    ),
    "intensity_range": MeasureWords(
        gettext_noop("Loudness range"),
        gettext_noop("Distance between the 20th and the 80th percentile of the level of voiced frames."),
    ),
    "speech_rate": MeasureWords(
        gettext_noop("Speech rate"),
        gettext_noop(
            "Syllable nuclei (voiced peaks of intensity from 400 to 4000 Hz, at most 25 dB below the loudest, 2 dB "
            "above the dips on both sides) per second of the patient's turns, pauses included."
        ),
    ),
    "articulation_rate": MeasureWords(
        gettext_noop("Articulation rate"),
        gettext_noop("Syllable nuclei per second of the patient's turns without their pauses of 0.3 s or longer."),
    ),
    "pause_ratio": MeasureWords(
        gettext_noop("Share of pauses"),
        gettext_noop("Share of the patient's turns that is silence of 0.3 s or longer."),
    ),
    "pause_mean": MeasureWords(
        gettext_noop("Mean pause"),
        gettext_noop("Mean length of the silences of 0.3 s or longer inside the patient's turns."),
    ),
    "pause_sd": MeasureWords(
        gettext_noop("Variation of pauses"),
        gettext_noop("Standard deviation of the length of those silences."),
    ),
    "pauses_per_minute": MeasureWords(
        gettext_noop("Pauses per minute"),
        gettext_noop("How many silences of 0.3 s or longer there are in a minute of the patient's turns."),
    ),
    "response_latency": MeasureWords(
        gettext_noop("Time to answer"),
        gettext_noop(
            "Median silence between the end of another person's turn and the patient's answer to it. Answers that "
            "overlap or come after more than 10 s are left out."
        ),
    ),
    "talk_ratio": MeasureWords(
        gettext_noop("Share of the talk"),
        gettext_noop("The patient's speech as a share of everybody's. Without a second voice there is none."),
    ),
    "cpp": MeasureWords(
        gettext_noop("Clearness of the voice (CPP)"),
        gettext_noop(
            "Cepstral peak prominence: the highest point of the cepstrum between 60 and 330 Hz over its regression "
            "line, mean over voiced frames. A breathy or rough voice has less."
        ),
    ),
    "hnr": MeasureWords(
        gettext_noop("Harmonics to noise"),
        gettext_noop("Mean harmonics-to-noise ratio of voiced frames, from the autocorrelation at the pitch period."),
    ),
    "jitter_local": MeasureWords(
        gettext_noop("Jitter"),
        gettext_noop(
            "Mean absolute difference of consecutive pitch periods over the mean period. In running speech it also "
            "holds the melody."
        ),
    ),
    "shimmer_local": MeasureWords(
        gettext_noop("Shimmer"),
        gettext_noop("Mean absolute difference of the amplitudes of consecutive periods over the mean amplitude."),
    ),
    "alpha_ratio": MeasureWords(
        gettext_noop("Alpha ratio"),
        gettext_noop(
            "Energy of 1 to 5 kHz over that of 50 to 1000 Hz, mean over voiced frames. A softer voice has less."
        ),
    ),
    "hammarberg_index": MeasureWords(
        gettext_noop("Hammarberg index"),
        gettext_noop("Highest level below 2 kHz over the highest from 2 to 5 kHz, mean over voiced frames."),
    ),
    "spectral_slope_0_500": MeasureWords(
        gettext_noop("Spectral slope 0 to 500 Hz"),
        gettext_noop(
            "Slope of the straight line through the level of the spectrum from 0 to 500 Hz, mean over voiced frames."
        ),
    ),
    "spectral_slope_500_1500": MeasureWords(
        gettext_noop("Spectral slope 500 to 1500 Hz"),
        gettext_noop(
            "Slope of the straight line through the level of the spectrum from 500 to 1500 Hz, mean over voiced frames."
        ),
    ),
    "f1_mean": MeasureWords(
        gettext_noop("First formant"),
        gettext_noop("Mean of the first resonance of the vocal tract over voiced frames, by linear prediction."),
    ),
    "f2_mean": MeasureWords(
        gettext_noop("Second formant"),
        gettext_noop("Mean of the second resonance of the vocal tract over voiced frames."),
    ),
    "f3_mean": MeasureWords(
        gettext_noop("Third formant"),
        gettext_noop("Mean of the third resonance of the vocal tract over voiced frames."),
    ),
}
"""By the code of a measure."""

GROUPS = {
    "pitch": gettext_noop("pitch"),
    "loudness": gettext_noop("loudness"),
    "timing": gettext_noop("timing"),
    "voice quality": gettext_noop("voice quality"),
    "spectrum": gettext_noop("spectrum"),
}
UNITS = {
    "semitone": gettext_noop("semitone"),
    "semitone/s": gettext_noop("semitone/s"),
    "syllables/s": gettext_noop("syllables/s"),
}
ALIKE = frozenset({"1", "Hz", "dB", "dB/kHz", "s", "1/min"})
"""Units that are written alike in every language."""

SOURCES = {IEC: gettext_noop("IEC 61606-1 for the reference level")}
"""Of the sources those that are no mere citation."""

REPEATABILITY = gettext_noop(
    "How far a measure moves from day to day while nothing has changed is known for few of them and is often much: the "
    "median within-person variation of speech features was 29 to 79 % in Stegmann et al. (2020, Digital Biomarkers 4, "
    "109-122). So a patient is compared with their own earlier sessions, never with a norm."
)


def measure_label(definition: Definition) -> str:
    """What a measure is called."""
    words = MEASURES.get(definition.code)
    return gettext(words.label) if words else definition.label


def measure_definition(definition: Definition) -> str:
    """What a measure is."""
    words = MEASURES.get(definition.code)
    return gettext(words.definition) if words else definition.definition


def measure_source(definition: Definition) -> str:
    """Where a measure comes from."""
    return gettext(SOURCES[definition.source]) if definition.source in SOURCES else definition.source


def measure_unit(definition: Definition) -> str:
    """The unit of a measure; nothing where it has none."""
    if definition.unit == "1":
        return ""
    return gettext(UNITS[definition.unit]) if definition.unit in UNITS else definition.unit


def group_words(group: str) -> str:
    """What measures that belong together are called."""
    return gettext(GROUPS[group]) if group in GROUPS else group


def repeatability() -> str:
    """What is known of the repeatability of all measures."""
    return gettext(REPEATABILITY)
