"""All routes."""

from django.urls import include, path

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("sessions_app.dashboard.urls")),
    path("api/v1/", include("sessions_app.api.urls")),
]
