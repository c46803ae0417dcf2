"""An owner's own phone, and the tests of whether it forwards to her Aloha number."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from telephony.models import Call, UserPhoneNumber


class OwnPhone(models.Model):
    """What an owner told us about her own phone; it stays when her Aloha number changes.

    `carrier` and `kind` are keys of `voicemail.carriers`, blank until she has chosen.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="own_phone",
    )
    carrier = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    simulated_phone = models.CharField(
        max_length=20, blank=True, help_text="What the phone does in simulated tests."
    )
    asked_to_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When the owner was told that her line has gone quiet."
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.carrier or 'unknown carrier'} {self.kind}".strip()


class CheckOutcome(models.TextChoices):
    """How a test ended."""

    PROVEN = "proven"
    PICKED_UP = "picked_up"
    CARRIER_VOICEMAIL = "carrier_voicemail"
    DECLINED = "declined"
    NOTHING_CAME = "nothing_came"
    NOT_PLACED = "not_placed"
    STOPPED = "stopped"


# Outcomes that say something about the forwarding; the others only about the test.
FAILED_OUTCOMES = (CheckOutcome.CARRIER_VOICEMAIL, CheckOutcome.NOTHING_CAME)


class ForwardingCheckQuerySet(models.QuerySet["ForwardingCheck"]):
    """Tests, always looked at through their owner or by what is still to decide."""

    def for_user(self, user: User) -> Self:
        """Only tests of this owner's phone."""
        return self.filter(number__user=user)

    def running(self) -> Self:
        """Not decided yet."""
        return self.filter(finished_at__isnull=True)

    def of_phone(self, number: UserPhoneNumber) -> Self:
        """Tests of the phone that forwards to this number now."""
        return self.filter(number=number, phone_number=number.external_phone_number)


class ForwardingCheck(models.Model):
    """One test call to an owner's own phone, and what came of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.ForeignKey(
        UserPhoneNumber, on_delete=models.CASCADE, related_name="forwarding_checks"
    )
    phone_number = models.CharField(max_length=16, help_text="The owner's phone that we rang.")
    probe = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="forwarding_check")
    started_at = models.DateTimeField(default=timezone.now)
    deadline_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=CheckOutcome, blank=True)
    came_back_at = models.DateTimeField(null=True, blank=True)
    proven_before_at = models.DateTimeField(
        null=True, blank=True, help_text="The proof that this test took away."
    )
    refusal = models.CharField(max_length=300, blank=True, help_text="Why no call was placed.")

    objects = ForwardingCheckQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=Q(finished_at__isnull=True),
                name="one_running_check_per_number",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, outcome="")
                | Q(finished_at__isnull=False, outcome__in=CheckOutcome.values),
                name="finished_check_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["deadline_at"],
                condition=Q(finished_at__isnull=True),
                name="running_checks",
            )
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.outcome or 'running'}"

    @property
    def is_running(self) -> bool:
        """Nothing is decided yet."""
        return self.finished_at is None

    def is_overdue(self, now: datetime) -> bool:
        """The deadline is over and nobody has said so: no worker is at work."""
        return self.is_running and now > self.deadline_at
