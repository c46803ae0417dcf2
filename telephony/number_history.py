"""What happened to numbers, kept for support and for the bill."""

from django.db import models
from django.utils import timezone


class Mover(models.TextChoices):
    """Who changed a number's status."""

    OWNER = "owner"
    SYNC = "sync"
    OPERATOR = "operator"


class NumberEvent(models.Model):
    """One step in a number's life; only ever added, in the transaction of the step itself."""

    number = models.ForeignKey(
        "telephony.UserPhoneNumber", on_delete=models.PROTECT, related_name="events"
    )
    from_status = models.CharField(
        max_length=16,
        blank=True,
        help_text="Empty when the number was reserved: before that there was no row.",
    )
    to_status = models.CharField(max_length=16)
    who = models.CharField(max_length=16, choices=Mover)
    provider_answer = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} to {self.to_status}"
