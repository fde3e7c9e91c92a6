"""Two clips that differ in one cue are alike in everything else."""

from __future__ import annotations

import numpy as np
import pytest

from inference.affect import AffectiveModel
from inference.results import HEADS
from inference.training import contrasts
from inference.training.fit import demo_config
from inference.training.nuisance import CLEAN
from inference.training.trials import SWEEPS
from inference.training.voices import Voice
from tests.inference.training.tools import needs_synthesis

pytestmark = [needs_synthesis, pytest.mark.training]


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A speaker of the one engine that every such machine has."""
    monkeypatch.setattr(contrasts, "draw_speaker", lambda *_: Voice("espeak", "en-us+f3"))


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The pairs of one speaker by cue, recorded without any disturbance."""
    monkeypatch.setattr(contrasts, "draw_conditions", lambda _: CLEAN)
    return dict(zip(SWEEPS, contrasts.sound_pairs(np.random.default_rng(0), 1), strict=True))


def test_only_what_changes_the_time_changes_the_length(pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    longer = {cue: len(more) - len(less) for cue, (less, more) in pairs.items()}
    assert longer["f0_sd"] == longer["dynamics"] == 0
    assert longer["pause_ratio"] > 0
    assert longer["rate"] > 0


def test_the_second_of_a_pair_is_the_flatter_one(pairs: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    less, more = pairs["dynamics"]
    levels = [[np.log(np.square(sound[at : at + 320]).mean() + 1e-9) for at in range(0, len(sound) - 320, 320)]
              for sound in (less, more)]  # fmt: skip
    speaking = np.array(levels).mean(axis=0) > np.max(levels) - 4
    assert np.std(np.array(levels[0])[speaking]) > np.std(np.array(levels[1])[speaking])


def test_every_cue_of_every_speaker_gives_a_pair_of_statistics() -> None:
    model = AffectiveModel(demo_config(), HEADS).eval()
    found = contrasts.contrasts(model, 0, speakers=1)
    assert found.shape == (len(SWEEPS), 2, 2 * 128 + 4 * 7)
    assert (found[:, 0] != found[:, 1]).any(dim=1).all()
