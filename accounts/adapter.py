"""How allauth reaches the outside: its links start at PUBLIC_BASE_URL, never at a Host header."""

from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from django.conf import settings
from django.http import HttpRequest


def _at_public_base(url: str) -> str:
    return urljoin(settings.PUBLIC_BASE_URL, urlsplit(url).path)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Mails carry links that a forged Host header cannot change."""

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation
    ) -> str:
        """The link in the mail that confirms an address."""
        return _at_public_base(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail that resets a password."""
        return _at_public_base(super().get_reset_password_from_key_url(key))
