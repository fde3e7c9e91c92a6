"""Why a recording could not be analysed, as a stable code and a sentence for people.

The codes are part of the public contract (CLI, REST API, job rows): a code is never renamed.
"""

from __future__ import annotations


class AnalysisError(Exception):
    """An analysis that cannot be made.

    ``code`` is stable and machine-readable; ``message`` is one plain sentence or two that say what is wrong and
    what to do. Neither may hold patient data (names, file names, paths).
    """

    code = "analysis_failed"
    default_message = "This recording could not be analysed."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.default_message
        super().__init__(self.message)


class BadRecording(AnalysisError):
    """The recording itself is the reason: trying again cannot help."""


class NotAudio(BadRecording):
    code = "not_audio"
    default_message = (
        "This file is not audio that Undertone can read. Please upload a WAV, FLAC, MP3, M4A, Ogg/Opus or WebM file."
    )


class EmptyFile(BadRecording):
    code = "empty_file"
    default_message = "This file is empty. Please check the recording and upload it again."


class NoAudioStream(BadRecording):
    code = "no_audio_stream"
    default_message = "This file has no sound track. Please upload a file that contains the recorded voice."


class NoSamples(BadRecording):
    code = "no_samples"
    default_message = "This file has a sound track, but not one sample in it. Please check the recording."


class Truncated(BadRecording):
    code = "truncated"
    default_message = "This file ends in the middle: part of it is missing. Please upload the whole file again."


class InvalidSamples(BadRecording):
    code = "invalid_samples"
    default_message = (
        "This file contains values that are not sound (NaN or infinity). Please export the recording again."
    )


class Silent(BadRecording):
    code = "silent"
    default_message = "This recording is silent from start to end. Please check the microphone and its connection."


class NoSpeech(BadRecording):
    code = "no_speech"
    default_message = "No speech was found in this recording. Please check that the right file was chosen."


class TooLittleSpeech(BadRecording):
    code = "too_little_speech"
    default_message = "There are less than 3 seconds of the patient's speech here, which is too little to measure."


class TooLong(BadRecording):
    code = "too_long"
    default_message = "This recording is longer than 4 hours. Please split it and upload the parts."


class TooLarge(BadRecording):
    code = "too_large"
    default_message = "This file is larger than 1 GiB. Please export it in a compressed format such as Opus or M4A."


class BadOptions(AnalysisError):
    """What was asked for does not fit the recording (no right channel, no such speaker, unreadable RTTM)."""

    code = "bad_options"
    default_message = "The options do not fit this recording."


class BadChannel(BadOptions):
    """The channel that was named does not fit the recording, or none was named where one must be."""

    code = "bad_channel"
    default_message = "The patient's channel does not fit this recording."


class CheckpointUnavailable(AnalysisError):
    """The checkpoint is missing, damaged or of a layout that is not known."""

    code = "checkpoint_unavailable"
    default_message = "The voice model is not available. Please ask your administrator to run 'manage.py doctor'."


class MachineTrouble(AnalysisError):
    """Not the recording's fault: the job is tried again, and fails with this when it had its three attempts."""

    code = "machine_trouble"
    default_message = "The server ran out of memory or disk space, or lost its storage. Please try again later."


class TookTooLong(MachineTrouble):
    code = "took_too_long"
    default_message = (
        "The analysis took much longer than a recording of this length should. "
        "Please try again; if it fails again, export the recording in another format and upload that."
    )


class WorkerLost(MachineTrouble):
    code = "worker_lost"
    default_message = (
        "The analysis stopped three times before it could finish. "
        "Please try again; if it fails again, tell your administrator."
    )


class FileGone(AnalysisError):
    code = "file_gone"
    default_message = "The recording is no longer in storage. Please upload it again."


class FileDamaged(AnalysisError):
    """What is in storage is not what was put there: changed, cut off, exchanged, or never encrypted by Undertone."""

    code = "file_damaged"
    default_message = "The recording was damaged in storage. Please tell your administrator, or upload it again."


class InternalError(AnalysisError):
    code = "internal_error"
    default_message = "Something went wrong inside Undertone while analysing this recording. It has been logged."


def retry_can_help(code: str) -> bool:
    """Whether the same recording may give an analysis when it is tried again. False where the recording is to blame."""
    return code not in _HOPELESS


def codes(error: type[AnalysisError]) -> set[str]:
    """The codes of this kind of error and of all that belong to it."""
    return {error.code}.union(*(codes(child) for child in error.__subclasses__()))


_HOPELESS = (codes(BadRecording) | codes(BadOptions)) - {AnalysisError.code}
