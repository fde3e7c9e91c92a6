"""App configuration: makes the operator's commands (``demo``, ``doctor``) and our checks known to Django."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Once all apps are loaded."""
        from config import tls

        register(tls.services_in_plain, Tags.security)
