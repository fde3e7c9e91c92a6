"""An analysis in the words of ``manage.py analyze --json``, so that a client learns one vocabulary.

A stored row is turned back into the engine's own dataclass, with only the scores that may be shown, and written by the
same function as on the command line: the two cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inference import report, results
from inference.models import Analysis, Timeline
from inference.results import HeadName, Measure, Score
from sessions_app.checkpoint_labels import label_of
from sessions_app.models import Recording
from sessions_app.scores import ScoreGate

Course = dict[HeadName, list[float | None]]
ARRAYS = ("timeline", "turns")


@dataclass(frozen=True, slots=True)
class Shown:
    """What one person may see of one analysis."""

    analysis: Analysis
    scores: dict[HeadName, Score]
    biomarkers: dict[str, Measure]
    timeline: Timeline | None = None
    course: Course | None = None

    @classmethod
    def of_recording(cls, recording: Recording, gate: ScoreGate, *, with_timeline: bool) -> Shown:
        """A stored analysis through the gate of scores."""
        analysis, session = recording.analysis, recording.session
        assert analysis is not None
        timeline = analysis.timeline if with_timeline else None
        return cls(
            analysis=analysis,
            scores=gate.scores(session, analysis),
            biomarkers=gate.biomarkers(session, analysis),
            timeline=timeline,
            course=gate.timeline(session, timeline) if timeline else None,
        )

    @classmethod
    def of_snapshot(cls, analysis: Analysis) -> Shown:
        """An analysis that belongs to no patient and is shown once, to the person who asked for it."""
        timeline = analysis.timeline
        course: Course = {head: getattr(timeline, head) for head in analysis.scores}
        measures = {code: Measure(**measure) for code, measure in analysis.biomarkers.items()}
        return cls(analysis, analysis.scores, measures, timeline, course)

    def as_dict(self, *, file: str) -> dict[str, Any]:
        """The contract's JSON, with the checkpoint's label beside its name."""
        contract = report.as_dict(self._result(), file=file)
        contract["checkpoint"]["label"] = label_of(self.analysis.checkpoint_name)
        return contract if self.timeline else {key: contract[key] for key in contract if key not in ARRAYS}

    def _result(self) -> results.Analysis:
        row = self.analysis
        return results.Analysis(
            sha256=row.sha256,
            duration=row.duration,
            speech_seconds=row.speech_seconds,
            quality=results.Quality(tuple(results.QualityCheck(**check) for check in row.quality)),
            checkpoint=row.checkpoint,
            scores=self.scores,
            biomarkers=self.biomarkers,
            timeline=self._course(),
            turns=tuple(results.Turn(*turn) for turn in self.timeline.turns) if self.timeline else (),
            speaker_method=row.speaker_method,
            timings=row.timings,
            pipeline_version=row.pipeline_version,
        )

    def _course(self) -> results.Timeline:
        if self.timeline is None or self.course is None:
            return results.Timeline((), (), (), (), ())
        heads = (tuple(self.course[head]) for head in ("depression", "valence", "arousal"))
        return results.Timeline(tuple(self.timeline.start), tuple(self.timeline.end), *heads)
