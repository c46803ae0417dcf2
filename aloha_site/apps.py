"""The wiring, as an app so that its commands are found."""

from django.apps import AppConfig


class AlohaSiteConfig(AppConfig):
    """Commands and pages that touch several rooms."""

    name = "aloha_site"

    def ready(self) -> None:
        from aloha_site import checks  # noqa: F401  # registers them
