"""The accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who uses Aloha."""

    name = "accounts"
