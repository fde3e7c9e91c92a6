"""App configuration: makes the operator's commands (``demo``, ``doctor``) known to manage.py."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
