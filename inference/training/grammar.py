"""Neutral sentences from a small grammar: what is said must tell nothing about how the speaker sounds.

Training and evaluation draw from different words, so a model cannot win by knowing a text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class _Lexicon:
    people: tuple[str, ...]
    actions: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]
    times: tuple[str, ...]


_TRAINING = _Lexicon(
    people=(
        "my neighbour", "the teacher", "our cousin", "a friend of mine", "the driver", "my brother", "the baker",
        "someone from work", "the woman next door", "his uncle", "the manager", "I", "we", "they",
    ),
    actions=(
        "carried", "found", "moved", "counted", "painted", "borrowed", "opened", "described", "ordered", "measured",
        "collected", "cleaned", "returned", "looked at", "used",
    ),
    things=(
        "the blue chairs", "a wooden ladder", "two paper bags", "the kitchen table", "an old radio", "some apples",
        "the garden hose", "a box of books", "the yellow curtains", "three bottles of water", "the winter coats",
        "a map of the town", "the bicycle pump", "a photograph", "the tickets", "my umbrella",
    ),
    places=(
        "in the library", "behind the house", "near the station", "at the market", "on the second floor",
        "by the river", "in the waiting room", "next to the school", "across the street", "at the office",
        "under the stairs", "in the car park",
    ),
    times=(
        "yesterday", "before lunch", "on Tuesday", "last week", "in the afternoon", "after the meeting",
        "around nine o'clock", "at the weekend", "in the spring", "earlier today",
    ),
)  # fmt: skip

_HELD_OUT = _Lexicon(
    people=("her sister", "the postman", "our landlord", "the gardener", "a student", "the pharmacist", "you"),
    actions=("washed", "brought", "sold", "folded", "repaired", "weighed", "wanted", "showed"),
    things=(
        "a basket of pears", "the green towels", "four envelopes", "the broken lamp", "a jar of honey",
        "the folding bed", "his raincoat", "a pair of gloves",
    ),
    places=("in the basement", "outside the bakery", "on the platform", "at the pharmacy", "beside the fountain"),
    times=("on Friday", "this morning", "in November", "after dinner", "at half past four"),
)  # fmt: skip

_FRAMES = (
    "{person} {action} {thing} {place}.",
    "{time}, {person} {action} {thing}.",
    "{person} {action} {thing} {time}.",
    "I think {person} {action} {thing} {place} {time}.",
    "{place}, {person} {action} {thing}, and then {person2} {action2} {thing2}.",
    "When we got there, {person} {action} {thing}.",
    "{person} {action} {thing}, so {person2} {action2} {thing2} {time}.",
    "There was {a_thing} {place}, and {person} {action} it {time}.",
)


def sentences(rng: np.random.Generator, count: int, *, held_out: bool = False) -> list[str]:
    """``count`` neutral English sentences; ``held_out`` ones use words that training never sees."""
    lexicon = _HELD_OUT if held_out else _TRAINING
    return [_sentence(rng, lexicon) for _ in range(count)]


def _sentence(rng: np.random.Generator, lexicon: _Lexicon) -> str:
    def pick(words: tuple[str, ...]) -> str:
        return words[int(rng.integers(len(words)))]

    singular = tuple(thing for thing in lexicon.things if thing.startswith(("a ", "an ")))
    text = pick(_FRAMES).format(
        person=pick(lexicon.people), action=pick(lexicon.actions), thing=pick(lexicon.things),
        person2=pick(lexicon.people), action2=pick(lexicon.actions), thing2=pick(lexicon.things),
        a_thing=pick(singular), place=pick(lexicon.places), time=pick(lexicon.times),
    )  # fmt: skip
    return text[0].upper() + text[1:]
