"""Why a recording could not be analysed, or a clip of a voice not be kept: see `inference.errors`."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from inference.errors import CheckpointUnavailable
from sessions_app.engine_words.kept import retold

ERRORS: dict[str, tuple[str, ...]] = {
    "analysis_failed": (
        gettext_noop("This recording could not be analysed."),
        gettext_noop("Two voices are heard in this clip. Please use one in which only one person speaks."),
    ),
    "not_audio": (
        gettext_noop(
            "This file is not audio that Undertone can read. Please upload a WAV, FLAC, MP3, M4A, Ogg/Opus or WebM "
            "file."
        ),
        gettext_noop("The sample rate of this file does not fit a recorded voice. Please export it at 16 kHz or more."),
    ),
    "empty_file": (gettext_noop("This file is empty. Please check the recording and upload it again."),),
    "no_audio_stream": (
        gettext_noop("This file has no sound track. Please upload a file that contains the recorded voice."),
    ),
    "no_samples": (gettext_noop("This file has a sound track, but not one sample in it. Please check the recording."),),
    "truncated": (
        gettext_noop("This file ends in the middle: part of it is missing. Please upload the whole file again."),
        gettext_noop("Parts of this file are damaged. Please export or upload the recording again."),
    ),
    "invalid_samples": (
        gettext_noop(
            "This file contains values that are not sound (NaN or infinity). Please export the recording again."
        ),
    ),
    "silent": (
        gettext_noop("This recording is silent from start to end. Please check the microphone and its connection."),
    ),
    "no_speech": (
        gettext_noop("No speech was found in this recording. Please check that the right file was chosen."),
        gettext_noop("Speech was found in this recording, but none of the patient's."),
        gettext_noop("No speech was found in this clip. Please check that the right file was chosen."),
    ),
    "too_little_speech": (
        gettext_noop("There are less than 3 seconds of the patient's speech here, which is too little to measure."),
        gettext_noop("This clip holds %(seconds)s s of speech. At least %(least)s s are needed."),
    ),
    "too_long": (
        gettext_noop("This recording is longer than 4 hours. Please split it and upload the parts."),
        gettext_noop("This clip is longer than 3 minutes. Half a minute of your voice is enough."),
        gettext_noop("This clip holds %(seconds)s s of speech. At most %(most)s s are of use."),
    ),
    "too_large": (
        gettext_noop("This file is larger than 1 GiB. Please export it in a compressed format such as Opus or M4A."),
    ),
    "bad_options": (
        gettext_noop("The options do not fit this recording."),
        gettext_noop("The patient's channel is either left or right."),
        gettext_noop("Please say either which channel the patient is on or give an RTTM file, not both."),
        gettext_noop("An RTTM file and the patient's label in it are needed together."),
        gettext_noop("The channel or the RTTM file says who is who. To swap the two, please name the other one."),
        gettext_noop("The patient's label is not the name of any speaker in the RTTM file."),
        gettext_noop("Only one voice was heard in this recording, so there is nobody to swap it with."),
    ),
    "bad_channel": (
        gettext_noop("The patient's channel does not fit this recording."),
        gettext_noop(
            "A patient's channel was named, but this recording does not have two channels. Please name no channel."
        ),
        gettext_noop(
            "A patient's channel was named, but both channels of this recording hold the same voices almost equally "
            "loud. Please give an RTTM file that says who speaks when, or name no channel where only the patient "
            "speaks."
        ),
        gettext_noop(
            "The two channels of this recording hold different voices. Please say on which channel the patient is: "
            "left or right."
        ),
    ),
    "checkpoint_unavailable": (
        gettext_noop("The voice model is not available. Please ask your administrator to run 'manage.py doctor'."),
        gettext_noop(
            "No checkpoint '%(name)s' was found. Please install it, or name the directory that holds it in "
            "UNDERTONE_CHECKPOINTS."
        ),
        gettext_noop("The checkpoint '%(name)s' has no readable %(file)s."),
        gettext_noop(
            "The weights of '%(name)s' are not those its card describes (SHA-256 differs). Please install it again."
        ),
        gettext_noop("The card of the checkpoint '%(name)s' cannot be understood (%(kind)s: %(fault)s)."),
        gettext_noop("The checkpoint '%(name)s' cannot be read: %(fault)s"),
        gettext_noop("This checkpoint cannot be read (%(kind)s: %(fault)s)."),
        gettext_noop("The configuration asks for pooling_mode '%(pooling)s', which is not known."),
        gettext_noop("These weights have no known layout (nearest: %(layout)s): %(faults)s."),
        gettext_noop("The weights of '%(name)s' do not fit its configuration: %(faults)s."),
    ),
    "machine_trouble": (
        gettext_noop("The server ran out of memory or disk space, or lost its storage. Please try again later."),
    ),
    "took_too_long": (
        gettext_noop(
            "The analysis took much longer than a recording of this length should. Please try again; if it fails "
            "again, export the recording in another format and upload that."
        ),
    ),
    "worker_lost": (
        gettext_noop(
            "The analysis stopped three times before it could finish. Please try again; if it fails again, tell your "
            "administrator."
        ),
    ),
    "file_gone": (gettext_noop("The recording is no longer in storage. Please upload it again."),),
    "file_damaged": (
        gettext_noop("The recording was damaged in storage. Please tell your administrator, or upload it again."),
    ),
    "internal_error": (
        gettext_noop("Something went wrong inside Undertone while analysing this recording. It has been logged."),
    ),
}
"""By code, each sentence that the engine may keep with it."""


def error_words(code: str, kept: str) -> str:
    """What was kept with ``code``, be it the engine's or a clinic's rule; an empty string where nothing was."""
    return retold(str(kept), ERRORS.get(code, ()))


def problem_words(problem: str) -> str:
    """Why a worker's model is not loaded; an empty string where it is."""
    return error_words(CheckpointUnavailable.code, problem)
