"""How an owner's agent presents itself."""

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models

DEFAULT_AGENT_NAME = "Aloha"
DEFAULT_VOICE = "marin"


class AgentProfile(models.Model):
    """The agent of one owner: its name, voice and what it may tell callers."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="agent_profile"
    )
    agent_name = models.CharField(max_length=40, default=DEFAULT_AGENT_NAME)
    voice = models.CharField(max_length=40, default=DEFAULT_VOICE)
    greeting = models.CharField(max_length=300, blank=True)
    about = models.TextField(blank=True, validators=[MaxLengthValidator(4000)])
    language = models.CharField(max_length=12, default="en-US")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.agent_name}, agent of {self.user}"
