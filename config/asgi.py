"""The ASGI entry point: ``uvicorn config.asgi:application``."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_django = get_asgi_application()

from config.limits import BodyLimit  # noqa: E402 (needs the applications that the line above has loaded)
from sessions_app.api.parsers import MULTIPART_OVERHEAD_BYTES  # noqa: E402
from sessions_app.storage import MAX_BYTES  # noqa: E402

application = BodyLimit(_django, MAX_BYTES + MULTIPART_OVERHEAD_BYTES)
