"""For whom the running code acts: one clinic, every clinic, or nobody (as long as nothing was said). And who acts."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows the database shows: those of ``clinic``, with ``every`` all of them, else none.

    ``actor``: the person in whose request the code runs, who is written beside each change; ``None``: Undertone itself.
    """

    clinic: UUID | None = None
    every: bool = False
    actor: UUID | None = None


NOBODY = Scope()

_scope: ContextVar[Scope] = ContextVar("tenancy", default=NOBODY)


def current() -> Scope:
    """For whom the running code acts. A new thread acts for nobody, unless it is given its starter's context."""
    return _scope.get()


@contextmanager
def acting_for(clinic_id: UUID) -> Iterator[None]:
    """Work for one clinic."""
    with _within(replace(current(), clinic=clinic_id, every=False)):
        yield


@contextmanager
def every_clinic() -> Iterator[None]:
    """Work that belongs to no one clinic: housekeeping, an operator's command, finding out who somebody is."""
    with _within(replace(current(), clinic=None, every=True)):
        yield


@contextmanager
def acting_as(actor_id: UUID) -> Iterator[None]:
    """Say that what is changed meanwhile is changed by this person."""
    with _within(replace(current(), actor=actor_id)):
        yield


@contextmanager
def nobody() -> Iterator[None]:
    """Work for nobody yet; ``become`` may say for whom, and it is forgotten at the end."""
    with _within(NOBODY):
        yield


def become(clinic_id: UUID, *, actor_id: UUID) -> None:
    """From here to the end of the surrounding block, work for one clinic: a request has shown whose it is."""
    _scope.set(Scope(clinic=clinic_id, actor=actor_id))


def become_every() -> None:
    """The same for every clinic: nobody knows yet whose request it is, and this is where that is found out."""
    _scope.set(Scope(every=True))


def surrounding(items: Iterable[T]) -> Iterator[T]:
    """``items``, each made for whom the caller acts now: a response that streams is read after its request."""
    return _each(items, current())


def surrounding_async(items: AsyncIterable[T]) -> AsyncIterator[T]:
    """The same where items are awaited."""
    return _each_async(items, current())


def _each(items: Iterable[T], scope: Scope) -> Iterator[T]:
    iterator = iter(items)
    while True:
        with _within(scope):
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


async def _each_async(items: AsyncIterable[T], scope: Scope) -> AsyncIterator[T]:
    iterator = aiter(items)
    while True:
        with _within(scope):
            try:
                item = await anext(iterator)
            except StopAsyncIteration:
                return
        yield item


@contextmanager
def _within(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
