"""The accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who uses Aloha."""

    name = "accounts"

    def ready(self) -> None:
        """Register the system checks."""
        from accounts import checks  # noqa: F401
