"""Routes of the accounts app."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("account/password/", views.PasswordChange.as_view(), name="password"),
    path("account/api-token/", views.api_token, name="api-token"),
]
