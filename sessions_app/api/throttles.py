"""How often a user may call. If Redis is away, calls are let through: counting them must not stop the clinic."""

from __future__ import annotations

import structlog
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle, UserRateThrottle
from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class PerUser(UserRateThrottle):
    """All calls of one user."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this call is within the rate."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            log.warning("throttle_without_redis")
            return True


class PerScope(ScopedRateThrottle):
    """Calls of one user to views of one ``throttle_scope``."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Whether this call is within the rate of its scope."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            log.warning("throttle_without_redis")
            return True
