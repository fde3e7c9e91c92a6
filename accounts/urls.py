"""Routes of the accounts app. Of allauth's pages only those named here exist; their names are allauth's."""

from allauth.account import views as allauth
from django.urls import path, reverse_lazy
from django.views.decorators.http import require_POST

from accounts import views

urlpatterns = [
    path("sign-in/", allauth.LoginView.as_view(template_name="accounts/sign_in.html"), name="account_login"),
    path("sign-out/", require_POST(allauth.LogoutView.as_view()), name="account_logout"),
    path(
        "account/password/",
        allauth.PasswordChangeView.as_view(template_name="accounts/password.html", success_url=reverse_lazy("home")),
        name="account_change_password",
    ),
    path("account/devices/", views.devices, name="devices"),
    path("account/devices/<int:session_id>/end/", views.end_device, name="device-end"),
    path("account/session/", views.session_left, name="session-left"),
    path("account/api-token/", views.api_token, name="api-token"),
]
