"""Forms about the people of a clinic."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext, gettext_lazy

from accounts.models import Invitation, Role, User

CONTROL = {"class": "form-control"}
SELECT = {"class": "form-select"}


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, widget=forms.EmailInput(attrs=CONTROL)
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, widget=forms.Select(attrs=SELECT))


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, widget=forms.Select(attrs=SELECT))


class AcceptForm(forms.Form):
    """Name and password of whoever was invited; whoever has an account has a name already."""

    display_name = forms.CharField(
        label=gettext_lazy("Your name, as others see it"),
        max_length=120,
        widget=forms.TextInput(attrs=CONTROL | {"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs=CONTROL | {"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=gettext_lazy("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs=CONTROL | {"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, **options)
        self.invitation = invitation
        if invitation.account:
            del self.fields["display_name"]

    @property
    def name(self) -> str:
        """The name that was given, or nothing where there is one already."""
        return str(self.cleaned_data.get("display_name", ""))

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same, and good enough."""
        said = super().clean() or self.cleaned_data
        first, second = said.get("password1"), said.get("password2")
        if first and second and first != second:
            self.add_error("password2", gettext("These two passwords differ."))
        elif first:
            self._check(first)
        return said

    def _check(self, password: str) -> None:
        whose = self.invitation.account or User(
            clinic=self.invitation.clinic, email=self.invitation.email, display_name=self.name
        )
        try:
            validate_password(password, whose)
        except forms.ValidationError as error:
            self.add_error("password1", error)
