"""The entry of the API, its description, and the answer for addresses that lead nowhere."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from accounts.needs import Ask, needing
from sessions_app.api.throttles import PerUser

ENTRIES = ("patients", "sessions", "recordings", "analyses", "analyze-vocal-health", "schema", "docs")
READ_ONLY = ["get", "head"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@needing(GET=Ask.SIGN_IN)
class Entry(APIView):
    """Where everything is."""

    http_method_names = READ_ONLY
    permission_classes = [IsAuthenticated]
    throttle_classes = [PerUser]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The address of each resource."""
        return Response({name: reverse(f"api:{name}", request=request) for name in ENTRIES})


@needing(**dict.fromkeys(METHODS, Ask.NOWHERE))
class Nowhere(APIView):
    """Any address under the API that has no resource behind it: 404 as problem details, whoever asks."""

    authentication_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse before anything else."""
        raise NotFound


@needing(GET=Ask.NOTHING)
class Schema(SpectacularAPIView):
    """The OpenAPI description. It holds no data, so anybody may read it."""

    http_method_names = READ_ONLY
    throttle_classes = [PerUser]


@needing(GET=Ask.NOTHING)
class Docs(SpectacularSwaggerSplitView):
    """The description as a page, without inline script or style, as the content security policy demands."""

    http_method_names = READ_ONLY
    throttle_classes = [PerUser]
    template_name = "api/docs.html"
    url_name = "api:schema"
