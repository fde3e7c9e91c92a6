"""Addresses of other resources, so that a client follows links and builds none."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.reverse import reverse


def link(request: Request, resource: str, row_id: uuid.UUID | None) -> str | None:
    """The absolute address of one row of ``resource`` (``"patient"``, ``"job"``, ...), or ``None`` without a row."""
    return None if row_id is None else reverse(f"api:{resource}", args=[row_id], request=request)
