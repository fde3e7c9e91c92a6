"""Routes of the accounts app. Of allauth's pages only those named here exist; their names are allauth's."""

from allauth.account import views as allauth
from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.urls import path, reverse_lazy
from django.views.decorators.http import require_POST

from accounts import people_views, views

urlpatterns = [
    path("sign-in/", allauth.LoginView.as_view(template_name="accounts/sign_in.html"), name="account_login"),
    path(
        "sign-in/second-factor/",
        base.AuthenticateView.as_view(template_name="accounts/ask_second_factor.html"),
        name="mfa_authenticate",
    ),
    path("sign-in/passkey/", webauthn.LoginWebAuthnView.as_view(), name="mfa_login_webauthn"),
    path("sign-out/", require_POST(allauth.LogoutView.as_view()), name="account_logout"),
    path(
        "account/password/",
        allauth.PasswordChangeView.as_view(template_name="accounts/password.html", success_url=reverse_lazy("home")),
        name="account_change_password",
    ),
    path(
        "password/forgotten/",
        views.ForgottenPassword.as_view(),
        name="account_reset_password",
    ),
    path(
        "password/forgotten/code/",
        allauth.ConfirmPasswordResetCodeView.as_view(template_name="accounts/forgotten_code.html"),
        name="account_confirm_password_reset_code",
    ),
    path(
        "password/forgotten/new/",
        allauth.CompletePasswordResetView.as_view(
            template_name="accounts/forgotten_new.html", success_url=reverse_lazy("account_login")
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
        allauth.ReauthenticateView.as_view(template_name="accounts/confirm.html"),
        name="account_reauthenticate",
    ),
    path(
        "account/confirm/code/",
        base.ReauthenticateView.as_view(template_name="accounts/confirm.html"),
        name="mfa_reauthenticate",
    ),
    path(
        "account/confirm/passkey/",
        webauthn.ReauthenticateWebAuthnView.as_view(template_name="accounts/confirm_passkey.html"),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "account/second-factor/",
        base.IndexView.as_view(
            template_name="accounts/second_factor.html", extra_context={"required": settings.MFA_REQUIRED}
        ),
        name="mfa_index",
    ),
    path(
        "account/second-factor/app/",
        totp.ActivateTOTPView.as_view(template_name="accounts/app_add.html"),
        name="mfa_activate_totp",
    ),
    path(
        "account/second-factor/app/remove/",
        totp.DeactivateTOTPView.as_view(template_name="accounts/app_remove.html"),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/second-factor/codes/",
        codes.ViewRecoveryCodesView.as_view(template_name="accounts/codes.html"),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/second-factor/codes/new/",
        codes.GenerateRecoveryCodesView.as_view(template_name="accounts/codes_new.html"),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/second-factor/passkey/",
        webauthn.AddWebAuthnView.as_view(template_name="accounts/passkey_add.html"),
        name="mfa_add_webauthn",
    ),
    path(
        "account/second-factor/passkey/<int:pk>/remove/",
        webauthn.RemoveWebAuthnView.as_view(
            template_name="accounts/passkey_remove.html", success_url=reverse_lazy("mfa_index")
        ),
        name="mfa_remove_webauthn",
    ),
    path("account/devices/", views.devices, name="devices"),
    path("account/devices/<int:session_id>/end/", views.end_device, name="device-end"),
    path("account/session/", views.session_left, name="session-left"),
    path("account/api-token/", views.api_token, name="api-token"),
]
