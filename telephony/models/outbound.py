"""Calling somebody: campaigns, consent, and who must not be called."""

import uuid
from typing import Self

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone

from accounts.models import User
from telephony.models.calls import Call
from telephony.tombstones import is_tombstone


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns, always looked at through their owner."""

    def for_user(self, user: User) -> Self:
        """Only this owner's campaigns."""
        return self.filter(owner=user)


class Campaign(models.Model):
    """Why an owner has people called; the agent is told the purpose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="campaigns"
    )
    name = models.CharField(max_length=80)
    purpose = models.TextField(validators=[MaxLengthValidator(2000)])
    consent_note = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(1000)],
        help_text="How the people who are called agreed to it.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="one_campaign_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class DoNotCall(models.Model):
    """A number that an owner's agent never calls again."""

    class Source(models.TextChoices):
        """How the wish became known."""

        OWNER = "owner"
        VOICE = "voice"
        KEY = "key"
        STAFF = "staff"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="do_not_call"
    )
    phone_number = models.CharField(max_length=16)
    source = models.CharField(max_length=8, choices=Source, default=Source.OWNER)
    call = models.ForeignKey(Call, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "do-not-call entry"
        verbose_name_plural = "do-not-call list"
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "phone_number"], name="one_do_not_call_entry_per_number"
            )
        ]

    def __str__(self) -> str:
        return self.phone_number

    @property
    def is_forgotten(self) -> bool:
        """Whether the owner had the person forgotten: then no number stands here, only its hash."""
        return is_tombstone(self.phone_number)


class OutboundTerms(models.Model):
    """An owner's acceptance of the duties of whoever has people called by an agent."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="outbound_terms",
    )
    version = models.PositiveSmallIntegerField(default=1)
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "terms of outgoing calls"

    def __str__(self) -> str:
        return f"version {self.version}"


class SimulatedCall(models.Model):
    """An outbound call to a simulated person, waiting to be placed or placed."""

    call = models.OneToOneField(
        Call, primary_key=True, on_delete=models.CASCADE, related_name="simulation"
    )
    callee = models.CharField(
        max_length=20, default="answers", help_text="What the simulated person does."
    )
    url = models.CharField(
        max_length=300, default="", help_text="Where the carrier asks for TwiML."
    )
    status_url = models.CharField(max_length=300, default="")
    ring_seconds = models.PositiveSmallIntegerField(default=30)
    machine_detection = models.CharField(
        max_length=20, blank=True, default="", help_text="As the carrier was asked for it."
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(finished_at__isnull=True),
                name="simulated_calls_to_place",
            )
        ]

    def __str__(self) -> str:
        return f"simulation of {self.call_id}"


class SimulatedOrder(models.Model):
    """What the carrier's REST API was told about a running simulated call."""

    class Kind(models.TextChoices):
        """What the call is to do."""

        REDIRECT = "redirect"
        END = "end"

    call_sid = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=8, choices=Kind)
    document = models.TextField(blank=True, help_text="The TwiML to go on with.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.kind} {self.call_sid}"
