"""How allauth reaches the outside: its links start at PUBLIC_BASE_URL, never at a Host header."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import addresses
from accounts.models import User


def _at_public_base(url: str) -> str:
    return urljoin(settings.PUBLIC_BASE_URL, urlsplit(url).path)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Links that a forged Host header cannot change; operators' accounts need no confirming."""

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation
    ) -> str:
        """The link in the mail that confirms an address."""
        return _at_public_base(super().get_email_confirmation_url(request, emailconfirmation))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail that resets a password."""
        return _at_public_base(super().get_reset_password_from_key_url(key))

    def pre_login(
        self, request: HttpRequest, user: User, *, signup: bool, **facts: Any
    ) -> HttpResponse | None:
        """Before the stages of a log-in: those whom the operator made need no mail to confirm."""
        if not signup:
            addresses.vouch_for_operators_account(user)
        answer: HttpResponse | None = super().pre_login(request, user, signup=signup, **facts)
        return answer
