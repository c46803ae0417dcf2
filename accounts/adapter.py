"""How allauth speaks and reaches the outside: links start at PUBLIC_BASE_URL, never at a Host."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailConfirmation
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import addresses
from accounts.models import User


def _at_public_base(url: str) -> str:
    return urljoin(settings.PUBLIC_BASE_URL, urlsplit(url).path)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Links that a forged Host header cannot change; operators' accounts need no confirming."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "cannot_remove_primary_email": "The main address stays.",
        "duplicate_email": "This address is among yours already.",
        "email_password_mismatch": "E-mail or password is not right.",
        "email_taken": (
            "There is an account with this address already. "
            "If you have closed it just now, try again in a few minutes."
        ),
        "incorrect_password": "This is not your password.",
        "max_email_addresses": "You cannot have more than %d addresses.",
        "too_many_login_attempts": "Too many failed attempts. Try again later.",
        "unverified_primary_email": "The main address has to be confirmed first.",
    }

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


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Refusals around two-factor log-in in the words of our pages."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "add_email_blocked": "While two-factor log-in is on, no address can be added.",
        "cannot_delete_authenticator": "Two-factor log-in cannot be switched off.",
        "cannot_generate_recovery_codes": "Two-factor log-in has to be on first.",
        "incorrect_code": "This code is not right.",
        "unverified_email": "Confirm your e-mail address first.",
    }
