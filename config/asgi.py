"""The ASGI entry point: ``uvicorn config.asgi:application``."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django.setup(set_prefix=False)

from config import checks, garbage  # noqa: E402 (needs the applications that the line above has loaded)
from config.answers import EveryAnswer  # noqa: E402
from config.bodies import Handler  # noqa: E402
from config.limits import BodyLimit  # noqa: E402
from sessions_app.api.parsers import MULTIPART_OVERHEAD_BYTES  # noqa: E402
from sessions_app.storage import MAX_BYTES  # noqa: E402

checks.refuse()
application = EveryAnswer(BodyLimit(Handler(), MAX_BYTES + MULTIPART_OVERHEAD_BYTES))
garbage.settle()
