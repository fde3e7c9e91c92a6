"""Measures the files of ``ours.py`` with Praat and prints how far apart both lie: python praat.py FOLDER."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
from parselmouth.praat import call

FLOOR, CEILING = 60.0, 500.0

ASKED = {
    "f0_mean": (0.2, "st"),
    "f0_sd": (0.3, "st"),
    "jitter_local": (20.0, "%"),
    "shimmer_local": (10.0, "%"),
    "hnr": (1.5, "dB"),
    "intensity_mean": (1.0, "dB"),
    "pause_ratio": (0.03, ""),
    "speech_rate": (8.0, "%"),
}


def measured(file: Path, row: dict[str, Any]) -> dict[str, float]:
    """What Praat finds in ``file``, over the same speech."""
    sound = parselmouth.Sound(str(file))
    pitch = call(sound, "To Pitch (ac)", 0.01, FLOOR, 15, "no", 0.03, 0.45, 0.01, 0.35, 0.14, CEILING)
    f0 = _cleaned(pitch, row["spans"])
    points = call([sound, pitch], "To PointProcess (cc)")
    jitter = call(points, "Get jitter (local)", 0, 0, 0.0001, 0.02, 1.3)
    shimmer = call([sound, points], "Get shimmer (local)", 0, 0, 0.0001, 0.02, 1.3, 1.6)
    harmonicity = call(sound, "To Harmonicity (ac)", 0.01, FLOOR, 0.1, 3.0)
    high = np.median(f0) > 165
    formants = call(sound, "To Formant (burg)", 0.01, 5, 5500 if high else 5000, 0.025, 50)
    times = [t for t in pitch.xs() if not math.isnan(call(pitch, "Get value at time", t, "Hertz", "nearest"))]
    inside = [t for t in times if any(start <= t < end for start, end in row["spans"])]
    cepstrum = call(sound, "To PowerCepstrogram", FLOOR, 0.01, 5000, 50)
    cpps = call(cepstrum, "Get CPPS", "no", 0.01, 0.001, 60, 330, 0.05, "parabolic", 0.001, 0, "Straight", "Robust")
    found = {
        f"f{n}_mean": np.nanmean([call(formants, "Get value at time", n, t, "hertz", "linear") for t in inside])
        for n in (1, 2, 3)
    }
    return found | {
        "f0_mean": float(f0.mean()),
        "f0_sd": float(np.std(12 * np.log2(f0))),
        "jitter_local": jitter,
        "shimmer_local": shimmer,
        "hnr": _mean_at(harmonicity, inside),
        "intensity_mean": _level(sound, row["spans"]),
        "cpp": cpps,
    }


def _formants(formants: Any, times: list[float]) -> dict[str, float]:
    """Mean of the first three formants over ``times``."""
    values = [[call(formants, "Get value at time", n, t, "hertz", "linear") for t in times] for n in (1, 2, 3)]
    return {f"f{n}_mean": float(np.nanmean(found)) for n, found in enumerate(values, 1)}


def _cleaned(pitch: Any, spans: list[list[float]]) -> np.ndarray:
    """F0 of voiced frames in ``spans`` within the speaker's range, as Undertone cleans it (De Looze and Hirst 2008)."""
    times, f0 = pitch.xs(), pitch.selected_array["frequency"]
    inside = np.array([any(start <= t < end for start, end in spans) for t in times])
    low, high = np.quantile(f0[f0 > 0], [0.35, 0.65]) * (0.72, 1.9)
    return f0[inside & (f0 >= low) & (f0 <= high)]


def _mean_at(harmonicity: Any, times: list[float]) -> float:
    values = np.array([call(harmonicity, "Get value at time", t, "nearest") for t in times])
    return float(values[values > -100].mean())


def _level(sound: Any, spans: list[list[float]]) -> float:
    """Praat's intensity is in dB re 2e-5 Pa; full scale is 1 Pa there."""
    powers = [(end - start, call(sound, "Get power", start, end)) for start, end in spans]
    return 10 * math.log10(sum(t * p for t, p in powers) / sum(t for t, _ in powers))


def distance(code: str, ours: float, theirs: float) -> float:
    """How far ``ours`` lies from ``theirs``, in the unit of ``ASKED``."""
    if code == "f0_mean":
        return abs(12 * math.log2(ours / theirs))
    if ASKED.get(code, (0, ""))[1] == "%":
        return 100 * abs(ours / theirs - 1)
    return abs(ours - theirs)


def main(folder: Path) -> None:
    """Prints the table; exit status 1 where something asked for is not reached."""
    told = json.loads((folder / "ours.json").read_text())
    apart: dict[str, list[float]] = {}
    for row in told["rows"]:
        reference = measured(folder / row["file"], row)
        reference["pause_ratio"] = row["truth"]["pause_ratio"]
        reference["speech_rate"] = row["truth"]["syllables"] / row["turn_seconds"]
        for code, theirs in reference.items():
            if row["measured"][code] is not None:
                apart.setdefault(code, []).append(distance(code, row["measured"][code], theirs))
            if "-v" in sys.argv:
                print(f"{row['name']:<24} {code:<16} {row['measured'][code]} {theirs}")
    failed = False
    for code, values in apart.items():
        most, unit = ASKED.get(code, (math.inf, {"cpp": "dB"}.get(code, "Hz")))
        mean = float(np.mean(values))
        failed |= mean > most
        asked = f"<= {most:g}  {'reached' if mean <= most else 'NOT REACHED'}"
        verdict = "for information" if most == math.inf else asked
        print(f"{code:<16} mean difference {mean:8.3f} {unit:<3} largest {max(values):8.3f}   {verdict}")
    print(f"all measures: {told['cost']:.4f} s per second of sound (processor time, threads: {told['threads']})")
    sys.exit(failed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
