"""Forms about the person."""

from django import forms
from django.http import HttpRequest

from accounts.models import User


class NameForm(forms.Form):
    """The part of the sign-up form that allauth does not know."""

    name = forms.CharField(max_length=80, label="Your name", help_text="What callers know you by.")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth with the new user."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
