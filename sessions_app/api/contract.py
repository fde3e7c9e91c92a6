"""An analysis in the words of ``manage.py analyze --json``, so that a client learns one vocabulary.

A stored row is turned back into the engine's own dataclass, with only the scores that may be shown, and written by the
same function as on the command line: the two cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from inference import report, results
from inference.models import Analysis
from inference.results import HeadName, Measure, Score
from inference.speakers import ASSUMPTIONS
from sessions_app.checkpoint_labels import label_of
from sessions_app.identification import is_unconfirmed
from sessions_app.models import Recording
from sessions_app.scores import NOTHING_OVER_TIME, Heard, OverTime, ScoreGate

ARRAYS = ("timeline", "turns")
HEARD_KEYS = ("speech_seconds", "excluded_seconds", "quality", "speaker_method")
NOTHING_HEARD = Heard(0.0, 0.0, results.Quality(()))


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person may see of one analysis. ``patient_assumed`` is ``None`` where ``heard`` is."""

    analysis: Analysis
    patient_assumed: bool | None
    scores: dict[HeadName, Score]
    biomarkers: dict[str, Measure]
    heard: Heard | None
    over_time: OverTime | None

    @classmethod
    def of_recording(cls, recording: Recording, gate: ScoreGate, *, with_timeline: bool) -> Shown:
        """A stored analysis through the gate of scores."""
        analysis, session = cast(Analysis, recording.analysis), recording.session
        return cls(
            analysis=analysis,
            patient_assumed=is_unconfirmed(recording) if gate.shows_voice(session) else None,
            scores=gate.scores(session, analysis),
            biomarkers=gate.biomarkers(session, analysis),
            heard=gate.heard(session, analysis),
            over_time=gate.timeline(session, analysis.timeline) if with_timeline else None,
        )

    @classmethod
    def of_snapshot(cls, analysis: Analysis) -> Shown:
        """An analysis that belongs to no patient and is shown once, to the person who asked for it."""
        measures = {code: Measure(**measure) for code, measure in analysis.biomarkers.items()}
        over_time = OverTime.of(analysis.timeline, with_scores=True)
        assumed = analysis.speaker_method in ASSUMPTIONS
        return cls(analysis, assumed, analysis.scores, measures, Heard.of(analysis), over_time)

    @property
    def peaks(self) -> tuple[float, ...]:
        """The waveform's extremes."""
        return self.over_time.peaks if self.over_time else ()

    def as_dict(self, *, file: str) -> dict[str, Any]:
        """The contract's JSON, with the checkpoint's label beside its name."""
        contract = report.as_dict(self._result(), file=file)
        contract["checkpoint"]["label"] = label_of(self.analysis.checkpoint_name)
        # On the command line nobody can confirm it; here somebody may have done so.
        contract["patient_assumed"] = self.patient_assumed
        if self.heard is None:
            # How long each stage took tells how much was heard.
            contract |= {**dict.fromkeys(HEARD_KEYS), "timings": {}}
        return contract if self.over_time else {key: contract[key] for key in contract if key not in ARRAYS}

    def _result(self) -> results.Analysis:
        row, heard, over_time = self.analysis, self.heard or NOTHING_HEARD, self.over_time or NOTHING_OVER_TIME
        return results.Analysis(
            sha256=row.sha256,
            duration=row.duration,
            speech_seconds=heard.speech_seconds,
            quality=heard.quality,
            checkpoint=row.checkpoint,
            scores=self.scores,
            biomarkers=self.biomarkers,
            timeline=over_time.windows,
            turns=over_time.turns,
            speaker_method=row.speaker_method,
            timings=row.timings,
            excluded_seconds=heard.excluded_seconds,
            pipeline_version=row.pipeline_version,
        )
