"""The form about what an owner hears of messages."""

from django import forms

from voicemail.models import Wanted

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
