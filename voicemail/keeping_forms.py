"""Forms about how long messages are kept, who is forgotten, and leaving."""

from typing import Any

from django import forms

from accounts.models import User
from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from voicemail.retention import LONGEST_DAYS


class KeepingForm(forms.Form):
    """For how many days recordings and words are kept."""

    audio_days = forms.IntegerField(
        label="Days to keep recordings", min_value=1, max_value=LONGEST_DAYS
    )
    text_days = forms.IntegerField(
        label="Days to keep summaries and transcripts",
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Older ones are erased; recordings at their own time.",
    )


class ForgetCallerForm(forms.Form):
    """Whose traces are erased."""

    phone_number = forms.CharField(
        label="The caller's number",
        max_length=32,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, country: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean_phone_number(self) -> str:
        """E.164, read as a number of the owner's country."""
        try:
            return phone_numbers.normalise(self.cleaned_data["phone_number"], self.country)
        except InvalidPhoneNumber as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class CloseAccountForm(forms.Form):
    """The password once more: what follows cannot be taken back."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        """Only the owner knows it."""
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("This is not your password.", code="wrong_password")
        return password
