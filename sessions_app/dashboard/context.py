"""What every page shows: whether the engine is there, and that the demonstration is one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from inference.models import Worker


def system_notices(request: HttpRequest) -> dict[str, Any]:
    """Facts for the banner: is a worker running, and is its model loaded."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo_mode": settings.ENVIRONMENT == "demo"}
    return {
        "demo_mode": settings.ENVIRONMENT == "demo",
        "no_worker": not Worker.objects.alive().exists(),
        "no_model": not Worker.objects.ready().exists(),
    }
