"""Forms about what an owner hears of messages, how long they are kept, and leaving."""

from typing import Any

from django import forms

from accounts.models import User
from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from voicemail.models import Wanted
from voicemail.retention import LONGEST_DAYS

WANTED = (
    (Wanted.ALL.value, "Every message", "One e-mail for each."),
    (Wanted.URGENT.value, "Urgent only", "The rest waits in your inbox."),
    (Wanted.NONE.value, "Nothing", "All of them wait in your inbox."),
)


class NotificationForm(forms.Form):
    """Which messages come by e-mail, and when not."""

    wanted = forms.ChoiceField(
        label="E-mail me about",
        choices=[(value, title) for value, title, _ in WANTED],
        widget=forms.RadioSelect,
    )
    quiet_from = forms.TimeField(
        label="Quiet from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label="Quiet until",
        required=False,
        help_text="In your time zone. Messages of the quiet hours are mailed when they end.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    urgent_passes = forms.BooleanField(
        required=False, label="Urgent messages reach me in quiet hours too"
    )


class KeepingForm(forms.Form):
    """For how many days recordings and words are kept."""

    audio_days = forms.IntegerField(label="Recordings, days", min_value=1, max_value=LONGEST_DAYS)
    text_days = forms.IntegerField(
        label="Words, days",
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Summaries and transcripts. Older ones are erased, recordings at their own time.",
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
