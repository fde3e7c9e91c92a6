"""Forms of allauth's pages where ours differ."""

from __future__ import annotations

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):
    """E-mail address and password."""

    def add_prefix(self, field_name: str) -> str:
        """The address is sent as ``username``, the name by which browsers and password managers know it."""
        return super().add_prefix("username" if field_name == "login" else field_name)
