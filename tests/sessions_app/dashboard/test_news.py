"""How an open page says what it shows already."""

from __future__ import annotations

import hashlib

from hypothesis import assume, given
from hypothesis import strategies as st
from pytest_django import Settings

from sessions_app.dashboard.news import fingerprint

SEEN = st.lists(st.floats(0, 1) | st.text())


@given(SEEN)
def test_who_does_not_have_the_key_cannot_try_out_which_scores_it_was_made_of(seen: list[object]) -> None:
    assert not hashlib.sha256(repr(seen).encode()).hexdigest().startswith(fingerprint(seen))


def test_it_is_another_one_under_another_key(settings: Settings) -> None:
    before = fingerprint((0.71, 0.4, 0.35))
    settings.SECRET_KEY = "another"
    assert fingerprint((0.71, 0.4, 0.35)) != before


@given(SEEN, SEEN)
def test_it_is_the_same_for_what_looks_the_same_and_no_other(one: list[object], other: list[object]) -> None:
    assume(repr(one) != repr(other))
    assert fingerprint(one) == fingerprint(list(one)) != fingerprint(other)
