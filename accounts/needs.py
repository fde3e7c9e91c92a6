"""What each route asks of whoever comes, declared beside its view for each method and readable from the view.

`tests/security/test_matrix.py` takes every route from the resolver, asks it in every role, and compares the answers
with what is declared. A route without a declaration fails there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from accounts.policy import Action


class Ask(StrEnum):
    """What a route can ask for that is no `Action` of the policy."""

    NOTHING = "nothing"
    """Whoever comes is let in: nothing of a clinic is shown or changed."""
    SIGN_IN = "sign_in"
    """One's own account or clinic, in whatever role."""
    METRICS_TOKEN = "metrics_token"  # noqa: S105 - a name for what is asked, not the token
    """The bearer token of the monitoring, which is nobody's."""
    INVITATION = "invitation"
    """The secret in the link of an invitation; without it there is nothing."""
    NOWHERE = "nowhere"
    """There is nothing: whoever comes is told so."""


Need = Ask | Action | tuple[Action, ...]
"""An `Ask`, an action that the comer's role must allow, or several of which it must allow one."""

Needs = Mapping[str, Need]
"""By method, in capitals; what holds for GET holds for HEAD."""

THIRD_PARTY: dict[str, Needs] = {}
"""By route name: what the views of other packages ask, on which nothing can be declared."""

V = TypeVar("V", bound=Callable[..., Any])


def needing(**needs: Need) -> Callable[[V], V]:
    """Declare what a view, as a function or as a class, asks for each method: ``@needing(GET=Ask.NOTHING)``.

    It declares and does not guard; `sessions_app.dashboard.doors.open_to` does both.
    """

    def declare(view: V) -> V:
        view.needs = needs  # type: ignore[attr-defined]
        return view

    return declare


def needs_of(view: Callable[..., Any], route_name: str = "") -> dict[str, Need] | None:
    """What ``view``, as the resolver has it, asks for each method that it takes; ``None`` if nothing is declared."""
    home = getattr(view, "cls", None) or getattr(view, "view_class", None) or view
    declared: Needs | None = getattr(view, "needs", None) or getattr(home, "needs", None) or THIRD_PARTY.get(route_name)
    if declared is None:
        return None
    return dict(declared) | ({"HEAD": declared["GET"]} if "GET" in declared else {})


def actions_in(need: Need) -> tuple[Action, ...]:
    """The actions of which one must be allowed; none for an `Ask`."""
    if isinstance(need, tuple):
        return need
    return () if isinstance(need, Ask) else (need,)
