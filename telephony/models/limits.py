"""What keeps use within bounds: counters, switches, and answers given once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from telephony.models.numbers import UserPhoneNumber


class IdempotencyKey(models.Model):
    """A request that its sender named, so that sending it again gives the same answer."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotency_keys"
    )
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of what was asked.")
    number = models.ForeignKey(
        UserPhoneNumber,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="The row that the request led to; its status is the answer.",
    )
    call = models.ForeignKey(
        "telephony.Call",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        help_text="The call that the request led to, where it asked for one.",
    )
    refusal = models.JSONField(
        default=dict, blank=True, help_text="Why the request came to nothing for good."
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "key"], name="one_request_per_idempotency_key")
        ]

    def __str__(self) -> str:
        return f"request of {self.created_at:%Y-%m-%d %H:%M}"


class UsageCounter(models.Model):
    """How often something was done in one period; counted across all processes."""

    kind = models.CharField(max_length=30)
    subject = models.CharField(
        max_length=64, help_text="Whose: a row's id, a phone number's hash, or `instance`."
    )
    period_start = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "period_start"], name="one_counter_per_period"
            )
        ]
        indexes = [models.Index(fields=["period_start"], name="counters_by_age")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.used}"


class Switch(models.Model):
    """Something that staff have switched off, for one number or for all; no row means on."""

    class Kind(models.TextChoices):
        """What is off."""

        AGENT = "agent"
        OUTBOUND = "outbound", "Outgoing calls"

    kind = models.CharField(max_length=12, choices=Kind)
    number = models.ForeignKey(
        UserPhoneNumber,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="switches",
        help_text="Empty means everybody.",
    )
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    set_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty means until switched on.")

    class Meta:
        verbose_name_plural = "switches"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "number"],
                condition=Q(number__isnull=False),
                name="one_switch_per_number",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(number__isnull=True), name="one_switch_for_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} off"
