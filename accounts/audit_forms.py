"""The reason that staff give before they act."""

import re

from django import forms
from django.core.exceptions import ValidationError

_NUMBER = re.compile(r"(?:\d[\s().+/-]*){7,}")
_ADDRESS = re.compile(r"\S+@\S+")


def refuse_personal_data(reason: str) -> None:
    """Raise ValidationError for numbers and addresses: reasons are kept when people are erased."""
    if _NUMBER.search(reason) or _ADDRESS.search(reason):
        raise ValidationError(
            "Leave phone numbers and e-mail addresses out: this line is kept for good.",
            code="personal_data",
        )


class ReasonForm(forms.Form):
    """Why; the owner concerned reads it."""

    reason = forms.CharField(
        min_length=5,
        max_length=200,
        validators=[refuse_personal_data],
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text="One line, such as the ticket and what it says. The owner can read it.",
    )
