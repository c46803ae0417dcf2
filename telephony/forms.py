"""Forms about the number."""

from typing import Any

from django import forms

from telephony import phone_numbers
from telephony.idempotency import MAX_LENGTH

COUNTRIES = (
    ("US", "United States (+1)"),
    ("CA", "Canada (+1)"),
    ("GB", "United Kingdom (+44)"),
    ("FR", "France (+33)"),
    ("AU", "Australia (+61)"),
    ("DE", "Germany (+49)"),
)


class NumberSearchForm(forms.Form):
    """Where to look for a number."""

    country = forms.ChoiceField(choices=COUNTRIES, initial="US")
    area_code = forms.RegexField(
        r"\A\d{1,6}\Z",
        required=False,
        label="Area code",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 6}
        ),
        error_messages={"invalid": "Digits only, such as 415."},
    )

    def clean_area_code(self) -> str | None:
        """None when any area will do."""
        return self.cleaned_data["area_code"] or None


class TakeNumberForm(forms.Form):
    """The number to take, as an offer's button sends it."""

    phone_number = forms.RegexField(r"\A\+[1-9]\d{6,14}\Z")
    country = forms.ChoiceField(choices=COUNTRIES)
    key = forms.CharField(required=False, max_length=MAX_LENGTH)
    replace = forms.BooleanField(required=False)


class ReleaseNumberForm(forms.Form):
    """Asks for the last four digits, so that nobody gives a number back by accident."""

    last_digits = forms.CharField(
        max_length=8,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "digits"}
        ),
    )

    def __init__(self, *args: Any, phone_number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.phone_number = phone_number
        self.fields["last_digits"].label = f"Type the last four digits, {phone_number[-4:]}"

    def clean_last_digits(self) -> str:
        """Refuse anything but the number's own last four digits."""
        typed = str(self.cleaned_data["last_digits"]).strip()
        if typed != self.phone_number[-4:]:
            national = phone_numbers.national(self.phone_number)
            raise forms.ValidationError(
                f"These are not the last four digits of {national}. Nothing was released."
            )
        return typed
