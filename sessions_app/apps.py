"""App configuration."""

from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"

    def ready(self) -> None:
        """Listen for finished analyses."""
        from sessions_app import listeners

        listeners.connect()
