"""Forms of staff about numbers."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone

from accounts.audit_forms import ReasonForm

_HOURS = ((1, "for one hour"), (4, "for four hours"), (24, "for a day"), (0, "until switched back"))


class ClassicForm(ReasonForm):
    """Why, and for how long."""

    hours = forms.TypedChoiceField(choices=_HOURS, coerce=int, label="How long")


def end_of(hours: int) -> datetime | None:
    """When it ends by itself, None for never."""
    return timezone.now() + timedelta(hours=hours) if hours else None
