"""Forms for calling people."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, QueryDict

from telephony import phone_numbers
from telephony.errors import InvalidPhoneNumber
from telephony.idempotency import MAX_LENGTH
from telephony.models import Campaign

PHONE = {"inputmode": "tel", "autocomplete": "off", "maxlength": 32}


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when that is nothing; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


class CallForm(forms.Form):
    """Whom to call, and for which campaign; the key makes a form sent twice one call."""

    phone_number = forms.CharField(
        label="Number to call", max_length=32, widget=forms.TextInput(attrs=PHONE)
    )
    campaign_id = forms.TypedChoiceField(
        label="Campaign", required=False, coerce=UUID, empty_value=None
    )
    key = forms.CharField(required=False, max_length=MAX_LENGTH, widget=forms.HiddenInput)

    def __init__(self, *args: Any, campaigns: Iterable[Campaign], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(campaign.id), campaign.name) for campaign in campaigns]
        field = self.fields["campaign_id"]
        field.choices = [("", "None"), *choices]  # type: ignore[attr-defined]

    def ask_anew(self) -> None:
        """Nobody was called: what is sent next, corrected perhaps, is another request."""
        self.data = dict(self.data.items()) | {"key": str(uuid4())}


class CampaignForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """Why people are called, and how they agreed to it."""

    class Meta:
        model = Campaign
        fields = ("name", "purpose", "consent_note")
        labels = {"consent_note": "Consent"}
        help_texts = {
            "name": "Only you see it.",
            "purpose": "What Aloha should find out or tell, in your own words.",
            "consent_note": "How the people you have called agreed to it, and where that is kept.",
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "purpose": forms.Textarea(attrs={"rows": 4}),
            "consent_note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["consent_note"].required = True


class TermsForm(forms.Form):
    """The owner's acceptance."""

    accepted = forms.BooleanField(
        label="I have read this and will keep to it",
        error_messages={"required": "Tick the box to accept."},
    )


class DoNotCallForm(forms.Form):
    """A number that is never to be called."""

    phone_number = forms.CharField(
        label="Number", max_length=32, widget=forms.TextInput(attrs=PHONE)
    )

    def __init__(self, *args: Any, country: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country

    def clean_phone_number(self) -> str:
        """E.164; without a country code a number of the owner's own country."""
        try:
            return phone_numbers.normalise(self.cleaned_data["phone_number"], self._country)
        except InvalidPhoneNumber as error:
            raise forms.ValidationError(str(error)) from error
