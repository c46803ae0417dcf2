"""Forms about the number."""

from typing import Any

from django import forms
from phonenumbers import country_code_for_region

from telephony import phone_numbers
from telephony.area_codes import COUNTRIES_WITH_AREA_CODES
from telephony.backends.base import NumberType
from telephony.idempotency import MAX_LENGTH
from telephony.number_offers import countries_for_sale


class NumberSearchForm(forms.Form):
    """Where to look for a number: the countries are those that the provider sells."""

    country = forms.ChoiceField()
    area_code = forms.RegexField(
        r"\A\d{1,6}\Z",
        required=False,
        label="Area code",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "maxlength": 6}
        ),
        error_messages={"invalid": "Digits only, such as 415."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.countries = countries_for_sale()
        self.fields["country"] = forms.ChoiceField(
            choices=[
                (country.code, f"{country.name} (+{country_code_for_region(country.code)})")
                for country in self.countries
            ],
            initial=self.countries[0].code,
        )

    @property
    def has_toll_free(self) -> bool:
        """Whether any of the countries has toll-free numbers."""
        return any(NumberType.TOLL_FREE in country.number_types for country in self.countries)

    @property
    def countries_with_area_codes(self) -> str:
        """The countries for which the field of that name is meant, as a script reads them."""
        return " ".join(sorted(COUNTRIES_WITH_AREA_CODES))

    def clean_area_code(self) -> str | None:
        """None when any area will do."""
        return self.cleaned_data["area_code"] or None


class ChosenNumberForm(forms.Form):
    """The number that an offer's button names; whether it is for sale the provider says."""

    phone_number = forms.RegexField(r"\A\+[1-9]\d{6,14}\Z")
    country = forms.RegexField(r"\A[A-Z]{2}\Z")


class TakeNumberForm(ChosenNumberForm):
    """The number to take, as the owner confirms it."""

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
