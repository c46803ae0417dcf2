"""Messages: what was left for an owner."""

import uuid
from typing import Self

from django.db import models
from django.utils import timezone

from accounts.models import User
from telephony.models import Call


class Stage(models.TextChoices):
    """How far the worker has got with a message."""

    COLLECTED = "collected"
    AUDIO_READY = "audio_ready"
    SUMMARISED = "summarised"


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, always looked at through their owner."""

    def for_user(self, user: User) -> Self:
        """Only messages left for this owner."""
        return self.filter(call__owner=user)

    def unread(self) -> Self:
        """Messages the owner has not opened yet."""
        return self.filter(read_at__isnull=True)


class Message(models.Model):
    """What one call left for the owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="message")
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.COLLECTED)
    next_step_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    caller_name = models.CharField(max_length=80, blank=True)
    summary = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=~models.Q(stage=Stage.SUMMARISED),
                name="messages_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"message of {self.call_id}"

    @property
    def is_unread(self) -> bool:
        """The owner has not opened it yet."""
        return self.read_at is None
