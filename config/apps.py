"""App configuration: makes the operator's commands (``demo``, ``doctor``) and our checks known to Django."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Once all apps are loaded."""
        from config import checks

        checks.ask_always()
