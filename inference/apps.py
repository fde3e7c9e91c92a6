"""App configuration."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"

    def ready(self) -> None:
        """Tell the worker's child processes to load the model when they start."""
        from inference import worker

        worker.connect()
