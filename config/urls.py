"""All routes."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("sessions_app.dashboard.urls")),
    path("api/v1/", include("sessions_app.api.urls")),
]
