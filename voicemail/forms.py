"""Forms about Aloha as voicemail."""

from typing import Any

from django import forms

from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from telephony.models import UserPhoneNumber, VoicemailMode
from voicemail.own_phone import country_of_phone
from voicemail.wizard_forms import carrier_field

MODES = (
    (
        VoicemailMode.VOICEMAIL_ONLY.value,
        "Voicemail only",
        "Greets, takes a message, says goodbye. Answers no questions.",
    ),
    (
        VoicemailMode.RECEPTIONIST.value,
        "Receptionist",
        "Answers from what you wrote about yourself, then takes a message.",
    ),
)


class VoicemailForm(forms.Form):
    """Whether and how Aloha takes calls that the owner misses."""

    voicemail_enabled = forms.BooleanField(
        required=False,
        label="Enable Aloha as my voicemail",
        widget=forms.CheckboxInput(attrs={"class": "switch", "role": "switch"}),
    )
    voicemail_mode = forms.ChoiceField(
        label="What Aloha does when it answers",
        required=False,
        choices=[(value, label) for value, label, _ in MODES],
        widget=forms.RadioSelect,
    )
    external_phone_number = forms.CharField(
        label="Your own mobile number",
        required=False,
        max_length=32,
        help_text="The phone whose missed calls Aloha takes.",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )

    forwarding_enabled = forms.BooleanField(required=False, label="I'll use call forwarding")

    def __init__(self, *args: Any, number: UserPhoneNumber, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = number.country
        self.offers_forwarding = number.voicemail_enabled
        if self.offers_forwarding:
            self.fields["carrier"] = carrier_field(country_of_phone(number))
        else:
            # Forwarding needs voicemail: the choice comes once that is on.
            del self.fields["forwarding_enabled"]

    def clean_external_phone_number(self) -> str | None:
        """E.164, read as a number of the Aloha number's country; None when left blank."""
        typed = str(self.cleaned_data["external_phone_number"])
        if not typed.strip():
            return None
        try:
            return phone_numbers.normalise(typed, self.country)
        except InvalidPhoneNumber as error:
            raise forms.ValidationError(str(error), code=error.code) from error
