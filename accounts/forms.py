"""Forms about the person."""

import zoneinfo
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.models import User, validate_time_zone


class NameForm(forms.Form):
    """The part of the sign-up form that allauth does not know."""

    name = forms.CharField(
        max_length=80,
        label="Your name",
        help_text="What callers know you by.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.CharField(
        required=False, widget=forms.HiddenInput(attrs={"data-time-zone": ""})
    )

    field_order = ("name", "email", "password1", "time_zone")

    def clean_time_zone(self) -> str:
        """What the browser says, or UTC; nobody should fail to sign up for it."""
        name = self.cleaned_data["time_zone"]
        try:
            validate_time_zone(name)
        except ValidationError:
            return "UTC"
        return str(name)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the new user."""
        user.name = self.cleaned_data["name"]
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["name", "time_zone"])


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and time zone."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        help_text="Times in your inbox are shown in it.",
        choices=lambda: _choices(_zones()),
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")
        labels = {"name": "Your name"}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """With the zone that she has: browsers tell of some, like `Etc/GMT+5`, without a place."""
        super().__init__(*args, **kwargs)
        zones, own = _zones(), self.instance.time_zone
        if own not in zones:
            cast("forms.ChoiceField", self.fields["time_zone"]).choices = _choices([own, *zones])


def _choices(zones: list[str]) -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in zones]


def _zones() -> list[str]:
    """Zones named after places, and UTC."""
    names = zoneinfo.available_timezones()
    places = {name for name in names if "/" in name and not name.startswith(("Etc/", "SystemV/"))}
    return sorted(places | {"UTC"})
