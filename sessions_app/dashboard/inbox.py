"""The inbox: flags of all of somebody's patients, the most urgent first, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from sessions_app.dashboard.flag_words import FlagWords, flag_words
from sessions_app.models import Flag
from sessions_app.models.flags import FlagQuerySet

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Last:
    """The last flag of a page, as it stood there: it may be answered, and gone from the list, meanwhile."""

    rank: int
    since: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Some flags, and the last of them where more follow."""

    rows: tuple[FlagWords, ...]
    last: Last | None


def inbox_page(user: User, *, put_away: bool, after: Last | None = None) -> InboxPage:
    """The flags that ask ``user`` for something, or those that are ``put_away``, from the one after ``after``."""
    seen = Flag.objects.visible_to(user)
    found = seen.put_away() if put_away else seen.open()
    if after is not None:
        found = _following(found, after)
    flags = list(with_words(found).order_by("rank", "since", "id")[: PAGE_SIZE + 1])
    shown = flags[:PAGE_SIZE]
    last = Last(shown[-1].rank, shown[-1].since, shown[-1].id) if len(flags) > PAGE_SIZE else None
    return InboxPage(tuple(flag_words(flag) for flag in shown), last)


def with_words(flags: FlagQuerySet) -> FlagQuerySet:
    """With what their words are made of."""
    return flags.select_related("patient", "session", "response", "answered_by")


def _following(flags: FlagQuerySet, after: Last) -> FlagQuerySet:
    same_rank = Q(rank=after.rank)
    same_time = same_rank & Q(since=after.since)
    later = Q(rank__gt=after.rank) | same_rank & Q(since__gt=after.since) | same_time & Q(id__gt=after.id)
    return flags.filter(later, rank__gte=after.rank)
