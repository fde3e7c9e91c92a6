"""News from the engine for whoever listens above it.

``analysis_starting(sender, job)``: sent when a worker has claimed a job. A receiver may raise `AnalysisRefused` to
stop it, or return a sentence that says why no affect score may be made (acoustic measures are still taken).

``counselor_voice_asked(sender, job)``: sent after that where neither a channel nor a person's choice says who is who. A
receiver may answer with the stored name of a clip of the counselor alone, to tell them from the patient.

``analysis_finished(sender, job, analysis)``: sent inside the transaction that stores the analysis.

``job_failed(sender, job)``: sent when a job failed for good.
"""

from __future__ import annotations

from django.dispatch import Signal

from inference.errors import AnalysisError

analysis_starting = Signal()
counselor_voice_asked = Signal()
analysis_finished = Signal()
job_failed = Signal()


class AnalysisRefused(AnalysisError):
    """Somebody with a say forbids this analysis; ``code`` and ``message`` are given by the receiver."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
