"""What happened to numbers, kept for support and for the bill."""

from typing import Self

from django.db import models
from django.utils import timezone


class Mover(models.TextChoices):
    """Who changed a number's status."""

    OWNER = "owner"
    SYNC = "sync"
    OPERATOR = "operator"


class NumberEvent(models.Model):
    """One step in a number's life; only ever added, in the transaction of the step itself.

    Triggers of the database refuse to change or delete one; see migration 0014.
    """

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


class ForwardingReminder(models.Model):
    """A released number that a phone may still forward to: its owner is to be told how to end that.

    Written before the release, so that no crash loses it; it waits for the release.
    """

    number = models.OneToOneField(
        "telephony.UserPhoneNumber",
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="forwarding_reminder",
    )
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at__isnull=True),
                name="reminders_to_send",
            )
        ]

    def __str__(self) -> str:
        return f"reminder for {self.number_id}"


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    """Runs."""

    def begun(self) -> Self:
        """Without those of the future: a clock was ahead once, which says nothing of today."""
        return self.filter(started_at__lte=timezone.now())


class SyncRun(models.Model):
    """One comparison of our numbers with the provider's."""

    started_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty when the run was cut short."
    )
    steps = models.JSONField(default=list, blank=True)
    to_settle_by_hand = models.PositiveIntegerField(
        default=0, help_text="Numbers paid for that belong to nobody, or lost at the provider."
    )
    error = models.TextField(blank=True, help_text="Why the provider could not be asked.")

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        verbose_name = "comparison with the provider"
        verbose_name_plural = "comparisons with the provider"

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
