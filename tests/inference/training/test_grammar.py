"""What is said is neutral, varied, and other words in evaluation than in training."""

from __future__ import annotations

import numpy as np

from inference.training.grammar import sentences


def test_there_are_hundreds_of_different_sentences() -> None:
    assert len(set(sentences(np.random.default_rng(0), 1000))) > 400


def test_held_out_sentences_never_occur_in_training() -> None:
    training = set(sentences(np.random.default_rng(0), 3000))
    assert training.isdisjoint(sentences(np.random.default_rng(1), 1000, held_out=True))


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert sentences(np.random.default_rng(7), 5) == sentences(np.random.default_rng(7), 5)


def test_sentences_begin_with_a_capital_and_end_with_a_stop() -> None:
    assert all(text[0].isupper() and text.endswith(".") for text in sentences(np.random.default_rng(2), 200))
