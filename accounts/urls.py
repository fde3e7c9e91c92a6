"""Routes of the accounts app. Of allauth's pages only those named here exist; their names are allauth's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as allauth
from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.http import HttpResponseBase
from django.urls import path, reverse_lazy
from django.views.decorators.http import require_http_methods

from accounts import confirmation, people_views, views
from accounts.needs import Ask, Need, needing

OPEN: dict[str, Need] = {"GET": Ask.NOTHING, "POST": Ask.NOTHING}
OWN: dict[str, Need] = {"GET": Ask.SIGN_IN, "POST": Ask.SIGN_IN}
SHOWN: dict[str, Need] = {"GET": Ask.SIGN_IN}


def _page(view: Any, /, **options: Any) -> Callable[..., HttpResponseBase]:
    """A view of allauth, which takes the methods that are declared for it and no others."""
    needs = {name: options.pop(name) for name in ("GET", "POST") if name in options}
    page: Callable[..., HttpResponseBase] = view.as_view(**options)
    # Some redirect before they look at the method.
    return needing(**needs)(require_http_methods([*needs, *(["HEAD"] if "GET" in needs else [])])(page))


urlpatterns = [
    path("sign-in/", _page(allauth.LoginView, **OPEN, template_name="accounts/sign_in.html"), name="account_login"),
    path(
        "sign-in/second-factor/",
        _page(base.AuthenticateView, **OPEN, template_name="accounts/ask_second_factor.html"),
        name="mfa_authenticate",
    ),
    path("sign-in/passkey/", _page(webauthn.LoginWebAuthnView, **OPEN), name="mfa_login_webauthn"),
    path("sign-out/", _page(views.SignOut, POST=Ask.NOTHING), name="account_logout"),
    path(
        "account/password/",
        _page(views.NewPassword, **OWN),
        name="account_change_password",
    ),
    path(
        "password/forgotten/",
        _page(views.ForgottenPassword, **OPEN),
        name="account_reset_password",
    ),
    path(
        "password/forgotten/code/",
        _page(allauth.ConfirmPasswordResetCodeView, **OPEN, template_name="accounts/forgotten_code.html"),
        name="account_confirm_password_reset_code",
    ),
    path(
        "password/forgotten/new/",
        _page(
            allauth.CompletePasswordResetView,
            **OPEN,
            template_name="accounts/forgotten_new.html",
            success_url=reverse_lazy("account_login"),
        ),
        name="account_complete_password_reset",
    ),
    path("invitation/", people_views.accept, name="invitation"),
    path("clinic/people/", people_views.people_page, name="people"),
    path("clinic/people/<uuid:person_id>/", people_views.person_page, name="person"),
    path("clinic/people/<uuid:person_id>/role/", people_views.set_role, name="person-role"),
    path("clinic/people/<uuid:person_id>/switch/", people_views.switch, name="person-switch"),
    path("clinic/people/<uuid:person_id>/link/", people_views.make_link, name="person-link"),
    path("clinic/invitations/<uuid:invitation_id>/withdraw/", people_views.withdraw, name="invitation-withdraw"),
    path(
        "account/confirm/",
        _page(confirmation.ConfirmByPassword, **OWN, template_name="accounts/confirm.html"),
        name="account_reauthenticate",
    ),
    path(
        "account/confirm/code/",
        _page(confirmation.ConfirmByCode, **OWN, template_name="accounts/confirm.html"),
        name="mfa_reauthenticate",
    ),
    path(
        "account/confirm/passkey/",
        _page(confirmation.ConfirmByPasskey, **OWN, template_name="accounts/confirm_passkey.html"),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "account/second-factor/",
        _page(
            base.IndexView,
            **SHOWN,
            template_name="accounts/second_factor.html",
            extra_context={"required": settings.MFA_REQUIRED},
        ),
        name="mfa_index",
    ),
    path(
        "account/second-factor/app/",
        _page(totp.ActivateTOTPView, **OWN, template_name="accounts/app_add.html"),
        name="mfa_activate_totp",
    ),
    path(
        "account/second-factor/app/remove/",
        _page(totp.DeactivateTOTPView, **OWN, template_name="accounts/app_remove.html"),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/second-factor/codes/",
        _page(codes.ViewRecoveryCodesView, **SHOWN, template_name="accounts/codes.html"),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/codes/new/",
        _page(codes.GenerateRecoveryCodesView, **OWN, template_name="accounts/codes_new.html"),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/second-factor/passkey/",
        _page(webauthn.AddWebAuthnView, **OWN, template_name="accounts/passkey_add.html"),
        name="mfa_add_webauthn",
    ),
    path(
        "account/second-factor/passkey/<int:pk>/remove/",
        _page(
            webauthn.RemoveWebAuthnView,
            **OWN,
            template_name="accounts/passkey_remove.html",
            success_url=reverse_lazy("mfa_index"),
        ),
        name="mfa_remove_webauthn",
    ),
    path("account/devices/", views.devices, name="devices"),
    path("account/devices/<int:device_id>/end/", views.end_device, name="device-end"),
    path("account/language/", views.set_language, name="language"),
    path("account/session/", views.session_left, name="session-left"),
    path("account/api-token/", views.api_token, name="api-token"),
]
