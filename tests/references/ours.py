"""Renders voices and measures them with Undertone: python -m tests.references.ours FOLDER."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inference.biomarkers import measure
from inference.results import Span
from inference.speech import cut_silences, pauses, probabilities, speech_spans, turns
from inference.training.grammar import sentences
from inference.training.prosody import Latents, prosody_of
from inference.training.synthesis import Rendering, render_prosody
from inference.training.voices import FLITE_VOICES, SAMPLE_RATE, Voice
from tests import sound

ESPEAK = ("en-us+m3", "en+f2", "en-gb-scotland+m7", "en-gb-x-rp+f4", "en-029+Andrea")
DEPRESSION = (0.1, 0.5, 0.9)


def rendered() -> Iterator[tuple[str, Rendering]]:
    """Each voice in three states, four sentences each."""
    voices = [Voice("flite", name) for name in FLITE_VOICES] + [Voice("espeak", name) for name in ESPEAK]
    for place, voice in enumerate(voices):
        rng = np.random.default_rng([9, place])
        for state in DEPRESSION:
            texts = sentences(rng, 4, held_out=True)
            yield f"{voice.name} {state}", render_prosody(texts, voice, prosody_of(Latents(state)), rng)


def main(folder: Path) -> None:
    """Writes one WAV file per voice and state, and ``ours.json``."""
    rows, seconds, spent = [], 0.0, 0.0
    for number, (name, rendering) in enumerate(rendered()):
        file = sound.write(folder / f"{number}.wav", rendering.samples, SAMPLE_RATE)
        spans = cut_silences(speech_spans(probabilities(rendering.samples), rendering.duration), rendering.samples)
        own = turns({"patient": spans})
        started = time.process_time()
        found = measure(rendering.samples, SAMPLE_RATE, own, spans)
        spent, seconds = spent + time.process_time() - started, seconds + rendering.duration
        truth = {"syllables": rendering.syllables, "pause_ratio": _pause_ratio(rendering, spans)}
        rows.append(
            {
                "name": name,
                "file": file.name,
                "measured": {code: one.value for code, one in found.items()},
                "spans": [[span.start, span.end] for span in spans],
                "turn_seconds": sum(turn.duration for turn in own),
                "pauses": len(pauses(own, spans)),
                "truth": truth,
            }
        )
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    cost = spent / seconds
    (folder / "ours.json").write_text(json.dumps({"rows": rows, "cost": cost, "threads": threads}))


def _pause_ratio(rendering: Rendering, spans: tuple[Span, ...]) -> float:
    """Share of the time from the first to the last speech that was put in as silence of 0.3 s or longer."""
    inside = [(start, end) for start, end in rendering.pauses if end - start >= 0.3]
    return float(sum(end - start for start, end in inside) / (spans[-1].end - spans[0].start))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
