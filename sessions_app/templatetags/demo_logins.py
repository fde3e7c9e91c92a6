"""The log-ins of the demonstration, for its sign-in page."""

from __future__ import annotations

from django import template

from accounts.models import Role
from sessions_app.demo.people import LOGINS

register = template.Library()


@register.simple_tag
def demo_logins() -> list[dict[str, str]]:
    """Name, role in words, e-mail address and password of everybody who can sign in to the demonstration."""
    return [
        {
            "display_name": login.display_name,
            "role_name": str(Role(login.role).label),
            "email": login.email,
            "password": login.password,
        }
        for login in LOGINS
    ]
