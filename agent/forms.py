"""Forms about the agent."""

from typing import Any

from django import forms
from django.http import QueryDict

from agent.backends.base import get_backend
from agent.profiles import ABOUT_MAX_LENGTH, AGENT_NAME_MAX_LENGTH, GREETING_MAX_LENGTH


class AgentNameForm(forms.Form):
    """How the agent introduces itself."""

    agent_name = forms.CharField(
        label="Name",
        max_length=AGENT_NAME_MAX_LENGTH,
        help_text=f"At most {AGENT_NAME_MAX_LENGTH} characters.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    greeting = forms.CharField(
        label="Greeting",
        required=False,
        max_length=GREETING_MAX_LENGTH,
        help_text="Added after the introduction, unless it says itself who speaks; "
        f"at most {GREETING_MAX_LENGTH} characters.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class VoiceForm(forms.Form):
    """Which of the agent's voices callers hear."""

    voice = forms.ChoiceField(
        choices=lambda: [(voice.name, voice.label) for voice in get_backend().voices()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a voice."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.voices = get_backend().voices()


class AboutForm(forms.Form):
    """What the agent may tell callers about its owner."""

    about = forms.CharField(
        label="Facts",
        required=False,
        max_length=ABOUT_MAX_LENGTH,
        help_text=f"At most {ABOUT_MAX_LENGTH:,} characters in all.",
        widget=forms.Textarea(attrs={"rows": 6, "data-facts": "", "data-plain": ""}),
    )

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        if data is not None and "about" in data:
            # Browsers send line breaks as two characters and count them as one.
            data = data.copy()
            data["about"] = str(data["about"]).replace("\r\n", "\n")
        super().__init__(data, **options)
