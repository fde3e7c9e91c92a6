"""Renders the recordings that ship with the demonstration: ``manage.py render_demo_audio``.

Needs the ``train`` extra and espeak-ng. The same input gives the same speech on every machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from inference.training.grammar import sentences
from inference.training.prosody import Latents
from inference.training.synthesis import render
from inference.training.voices import SAMPLE_RATE, Voice
from sessions_app.demo.courses import SessionPlan, generator
from sessions_app.demo.people import PATIENTS, DemoPatient
from sessions_app.demo.seed import audio_file

Samples = NDArray[np.float32]

MONO_BITS_PER_SECOND = 17_000
STEREO_BITS_PER_SECOND = 24_000
SILENT_SECONDS = 20.0
ROOM_LEVEL = 6e-4
"""RMS of the faint noise that every room has."""

COUNSELOR = Voice("espeak", "en-gb-x-rp+f3", 0.0, 1.02)
COUNSELOR_LATENTS = Latents(depression=0.25, valence=0.6)
SENTENCES_PER_TURN = 4
SENTENCES_IN_CONVERSATION = 2
GAP_SECONDS = 0.6


def render_all(references: Collection[str] = ()) -> Iterator[str]:
    """Render the recordings of these patients, or of all; yields a line about each."""
    wanted = [
        (patient, session)
        for patient in PATIENTS
        if patient.consent and (not references or patient.reference in references)
        for session in patient.plan
    ]
    # A process for each: espeak-ng remembers what it has said, and a recording must not depend on those before it.
    with get_context("fork").Pool(processes=1, maxtasksperchild=1) as pool:
        yield from pool.imap(_render_one, wanted, chunksize=1)


def _render_one(wanted: tuple[DemoPatient, SessionPlan]) -> str:
    path, channels = audio_file(*wanted), recording(*wanted)
    encode(channels, path)
    seconds, kibibytes = channels.shape[1] / SAMPLE_RATE, path.stat().st_size / 1024
    return f"{path.name}  {seconds:5.1f} s  {kibibytes:4.0f} KiB"


def recording(patient: DemoPatient, session: SessionPlan) -> Samples:
    """One session as (channels, samples) at 16 kHz: the patient alone, or patient left and counselor right."""
    rng = generator(patient.reference, session.number, "room")
    if not session.seconds:
        return np.zeros((1, round(SILENT_SECONDS * SAMPLE_RATE)), dtype=np.float32)
    patient_turns = list(_turns(patient, session))
    if patient.stereo:
        return _in_a_room(_conversation(patient, session, patient_turns), rng)
    return _in_a_room(_monologue(patient_turns, session.seconds), rng)


def encode(channels: Samples, path: Path) -> None:
    """Write (channels, samples) at 16 kHz as Ogg/Opus."""
    layout, rate = ("mono", MONO_BITS_PER_SECOND) if len(channels) == 1 else ("stereo", STEREO_BITS_PER_SECOND)
    # Opus' mode for calls takes the breath out of a voice at such rates, which is one of the things to be heard.
    options = {"application": "audio", "vbr": "on", "frame_duration": "60"}
    path.parent.mkdir(parents=True, exist_ok=True)
    # Else the stream's serial number would be random, and the file another one each time.
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=SAMPLE_RATE, options=options, layout=layout, bit_rate=rate)
        for frame in _frames(channels, layout):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _turns(patient: DemoPatient, session: SessionPlan) -> Iterator[Samples]:
    """What the patient says, turn by turn, until it is long enough."""
    rng = generator(patient.reference, session.number, "speech")
    voice = Voice("espeak", patient.voice, patient.pitch, patient.tract)
    latents = Latents(session.depression, session.valence, session.arousal)
    count = SENTENCES_IN_CONVERSATION if patient.stereo else SENTENCES_PER_TURN
    spoken = 0.0
    while spoken < session.seconds:
        turn = render(sentences(rng, count), voice, latents, rng).samples
        spoken += len(turn) / SAMPLE_RATE + GAP_SECONDS
        yield turn


def _monologue(turns: list[Samples], seconds: float) -> Samples:
    """The turns one after the other, (1, samples), ended at a set length."""
    gap = _silence(GAP_SECONDS)
    joined = np.concatenate([part for turn in turns for part in (turn, gap)])
    return _faded(joined[: round(seconds * SAMPLE_RATE)])[None]


def _conversation(patient: DemoPatient, session: SessionPlan, turns: list[Samples]) -> Samples:
    """(2, samples): the patient's turns on the left, a counselor's short replies between them on the right."""
    rng = generator(patient.reference, session.number, "counselor")
    gap, left, right = _silence(GAP_SECONDS), [], []
    for turn in turns:
        reply = render(sentences(rng, 1), COUNSELOR, COUNSELOR_LATENTS, rng).samples
        left += [turn, gap, _silence(len(reply) / SAMPLE_RATE), gap]
        right += [_silence(len(turn) / SAMPLE_RATE), gap, reply, gap]
    return np.stack([np.concatenate(left), np.concatenate(right)])


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def _faded(samples: Samples) -> Samples:
    """With a quarter of a second of fading at the end, where a sentence may have been cut."""
    fade = np.ones(len(samples), dtype=np.float32)
    count = min(len(samples), SAMPLE_RATE // 4)
    fade[len(samples) - count :] = np.linspace(1, 0, count)
    return samples * fade


def _in_a_room(channels: Samples, rng: np.random.Generator) -> Samples:
    """With faint noise, falling towards high frequencies as that of rooms does."""
    spectrum = np.fft.rfft(rng.standard_normal(channels.shape), axis=1)
    spectrum /= np.sqrt(1 + np.arange(spectrum.shape[1]) / (0.01 * spectrum.shape[1]))
    noise = np.fft.irfft(spectrum, n=channels.shape[1], axis=1)
    noise *= ROOM_LEVEL / np.sqrt(np.mean(noise**2))
    return np.clip(channels + noise, -1, 1).astype(np.float32)


def _frames(channels: Samples, layout: str) -> Iterator[av.AudioFrame]:
    """Frames of one second, interleaved 16-bit samples."""
    whole = np.round(channels.T * 32767).astype(np.int16)
    for start in range(0, len(whole), SAMPLE_RATE):
        block = np.ascontiguousarray(whole[start : start + SAMPLE_RATE]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        yield frame
