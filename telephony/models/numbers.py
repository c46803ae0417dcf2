"""Numbers and their owners."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import User


class NumberStatus(models.TextChoices):
    """Where a number is in its life; legal moves are in `number_states.py`."""

    PURCHASING = "purchasing"
    ACTIVE = "active"
    RELEASING = "releasing"
    RELEASED = "released"
    FAILED = "failed"
    LOST = "lost"


LIVE_STATUSES = (NumberStatus.PURCHASING, NumberStatus.ACTIVE, NumberStatus.RELEASING)


class VoicemailMode(models.TextChoices):
    """What Aloha does as an owner's voicemail."""

    NONE = "none"
    VOICEMAIL_ONLY = "voicemail_only"
    RECEPTIONIST = "receptionist"


class UserPhoneNumberQuerySet(models.QuerySet["UserPhoneNumber"]):
    """Numbers, always looked at through their owner or by an exact number."""

    def for_user(self, user: User) -> Self:
        """Only this owner's numbers."""
        return self.filter(user=user)

    def active(self) -> Self:
        """Numbers that callers reach; at most one per owner."""
        return self.filter(status=NumberStatus.ACTIVE)

    def had_at(self, phone_number: str, moment: datetime) -> Self:
        """The row of whoever had this number then, also when somebody else has it now."""
        left_later = Q(events__from_status=NumberStatus.ACTIVE, events__at__gt=moment)
        rows = self.filter(phone_number=phone_number, created_at__lte=moment)
        return rows.filter(Q(status=NumberStatus.ACTIVE) | left_later).order_by("-created_at")


class UserPhoneNumber(models.Model):
    """A phone number that belongs, or belonged, to an owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="phone_numbers"
    )
    twilio_phone_sid = models.CharField(max_length=64, blank=True, default="")
    phone_number = models.CharField(max_length=16)
    country = models.CharField(max_length=2, default="US")
    area_code = models.CharField(max_length=8, null=True, blank=True)
    status = models.CharField(max_length=16, choices=NumberStatus, default=NumberStatus.PURCHASING)
    is_active = models.GeneratedField(
        expression=models.Case(
            models.When(status=NumberStatus.ACTIVE, then=models.Value(True)),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    voicemail_enabled = models.BooleanField(default=False)
    voicemail_mode = models.CharField(
        max_length=16, choices=VoicemailMode, default=VoicemailMode.NONE
    )
    external_phone_number = models.CharField(max_length=16, null=True, blank=True)
    forwarding_enabled = models.BooleanField(default=False)
    forwarding_confirmed = models.BooleanField(default=False)
    forwarding_verified_at = models.DateTimeField(null=True, blank=True)
    webhook_base_url = models.CharField(max_length=255, blank=True, default="")
    sync_attempts = models.PositiveSmallIntegerField(default=0, help_text="In this status.")
    sync_after = models.DateTimeField(null=True, blank=True, help_text="Not looked at before.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserPhoneNumberQuerySet.as_manager()

    class Meta:
        db_table = "user_phone_numbers"
        verbose_name = "number"
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status=NumberStatus.ACTIVE),
                name="one_active_number_per_user",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status=NumberStatus.PURCHASING),
                name="one_purchase_per_user",
            ),
            models.UniqueConstraint(
                fields=["phone_number"],
                condition=Q(status__in=LIVE_STATUSES),
                name="one_live_row_per_number",
            ),
            models.UniqueConstraint(
                fields=["twilio_phone_sid"],
                condition=~Q(twilio_phone_sid=""),
                name="unique_provider_sid",
            ),
            models.CheckConstraint(
                condition=~Q(status=NumberStatus.ACTIVE) | ~Q(twilio_phone_sid=""),
                name="active_number_has_provider_sid",
            ),
            models.CheckConstraint(
                condition=Q(status__in=NumberStatus.values), name="known_number_status"
            ),
            models.CheckConstraint(
                condition=Q(voicemail_mode__in=VoicemailMode.values), name="known_voicemail_mode"
            ),
            models.CheckConstraint(
                condition=Q(voicemail_enabled=False) | ~Q(voicemail_mode=VoicemailMode.NONE),
                name="enabled_voicemail_has_mode",
            ),
            models.CheckConstraint(
                condition=Q(forwarding_enabled=False)
                | Q(voicemail_enabled=True, external_phone_number__isnull=False),
                name="forwarding_has_voicemail_and_external_number",
            ),
            models.CheckConstraint(
                condition=Q(forwarding_confirmed=False) | Q(forwarding_enabled=True),
                name="confirmed_implies_forwarding",
            ),
        ]

    def __str__(self) -> str:
        return self.phone_number

    @property
    def is_simulated(self) -> bool:
        """Nobody is charged for it and only the simulator reaches it."""
        return self.twilio_phone_sid.startswith("SIMULATED_SID_")
