"""allauth's forms about log-in, sign-up, addresses and passwords, with our labels."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms

_LABELS = {
    "login": "E-mail",
    "email": "E-mail",
    "remember": "Stay logged in",
    "oldpassword": "Current password",
    "password2": "New password, again",
}


class _OurLabels(forms.Form):
    """Labels as the rest of Aloha writes them, and none twice: allauth repeats them inside."""

    new_labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.new_labels.get(name) or _LABELS.get(name) or field.label
            field.widget.attrs.pop("placeholder", None)


class LoginForm(_OurLabels, allauth_forms.LoginForm):  # type: ignore[misc]  # no types
    """Logging in."""


class SignupForm(_OurLabels, allauth_forms.SignupForm):  # type: ignore[misc]  # no types
    """Signing up."""


class AddEmailForm(_OurLabels, allauth_forms.AddEmailForm):  # type: ignore[misc]  # no types
    """One more address."""


class ResetPasswordForm(_OurLabels, allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # no types
    """A forgotten password."""


class ChangePasswordForm(_OurLabels, allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # no types
    """A new password for the one that is known."""

    new_labels = {"password1": "New password"}


class ReauthenticateForm(_OurLabels, allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # no types
    """The password once more."""


class ResetPasswordKeyForm(_OurLabels, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # no types
    """A new password by the link of a mail."""

    new_labels = {"password1": "New password"}
