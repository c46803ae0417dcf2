"""The forwarding wizard's forms."""

from typing import Any

from django import forms

from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from telephony.models import UserPhoneNumber
from telephony.simulator.phones import SimulatedPhone
from voicemail import carriers
from voicemail.own_phone import codes_of, country_of_phone, own_phone


def carrier_field(country: str) -> forms.ChoiceField:
    """A choice among the carriers of a country; another one is always among them."""
    return forms.ChoiceField(
        label="Your carrier",
        required=False,
        choices=[
            ("", "Choose your carrier"),
            *((carrier.key, carrier.name) for carrier in carriers.carriers_of(country)),
        ],
        help_text="Decides which code you dial.",
    )


class OwnPhoneForm(forms.Form):
    """The owner's own phone: its number, its carrier and what kind it is."""

    external_phone_number = forms.CharField(
        label="Your own mobile number",
        max_length=32,
        help_text="The phone whose missed calls Aloha takes.",
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    kind = forms.ChoiceField(
        label="Your phone",
        required=False,
        choices=[(phone.kind.value, phone.name) for phone in carriers.PHONES],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, number: UserPhoneNumber, initial: Any = None) -> None:
        # Ids of its own: inside the dialog the settings page has a form with the same fields.
        super().__init__(data, initial=initial, auto_id="wizard_%s")
        self.number = number
        self.fields["carrier"] = carrier_field(country_of_phone(number))

    @classmethod
    def of_owner(cls, number: UserPhoneNumber, *, written: str) -> "OwnPhoneForm":
        """The form as it stands for her; `written` is her phone's number as she reads it."""
        initial = {
            "external_phone_number": written,
            "carrier": codes_of(number).choice,
            "kind": own_phone(number.user_id).kind,
        }
        return cls(initial=initial, number=number)

    def clean_external_phone_number(self) -> str:
        """E.164, read as a number of the Aloha number's country."""
        try:
            return phone_numbers.normalise(
                str(self.cleaned_data["external_phone_number"]), self.number.country
            )
        except InvalidPhoneNumber as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class CheckForm(forms.Form):
    """What a simulated phone does in the test; real phones do what they do."""

    simulated_phone = forms.ChoiceField(
        required=False, choices=[(phone.value, phone.value) for phone in SimulatedPhone]
    )
