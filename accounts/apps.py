"""App configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Listen for people who sign in and out."""
        from accounts import listeners

        listeners.connect()
