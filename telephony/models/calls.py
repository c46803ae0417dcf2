"""Calls, and what was reported about them."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import User
from agent.brief import CallType
from agent.session import AgentOutcome
from telephony.models.numbers import UserPhoneNumber


class CallStatus(models.TextChoices):
    """What the carrier says of a call; the last five are final."""

    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


FINAL_STATUSES = (
    CallStatus.COMPLETED,
    CallStatus.BUSY,
    CallStatus.FAILED,
    CallStatus.NO_ANSWER,
    CallStatus.CANCELED,
)


class Direction(models.TextChoices):
    """Who dialled."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallPurpose(models.TextChoices):
    """Why the call exists."""

    CONVERSATION = "conversation"
    FORWARDING_CHECK = "forwarding_check"


class StreamState(models.TextChoices):
    """The media stream of a call: not asked for, token given out, socket open, socket gone."""

    NONE = "none"
    ISSUED = "issued"
    OPEN = "open"
    CLOSED = "closed"


class CallQuerySet(models.QuerySet["Call"]):
    """Calls, always looked at through their owner or by the carrier's id."""

    def for_user(self, user: User) -> Self:
        """Only calls of this owner."""
        return self.filter(owner=user)

    def final(self) -> Self:
        """Calls that are over, for the carrier and for us."""
        return self.filter(status__in=FINAL_STATUSES)


class Call(models.Model):
    """One call on a number, from the carrier's first request to its end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call_sid = models.CharField(
        max_length=64,
        unique=True,
        null=True,
        help_text="Empty until the provider has taken an outbound call.",
    )
    number = models.ForeignKey(UserPhoneNumber, on_delete=models.PROTECT, related_name="calls")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calls"
    )
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.INBOUND)
    call_type = models.CharField(
        max_length=16, choices=[(kind.value, kind.value) for kind in CallType]
    )
    purpose = models.CharField(max_length=20, choices=CallPurpose, default=CallPurpose.CONVERSATION)
    from_number = models.CharField(max_length=128, blank=True)
    to_number = models.CharField(max_length=128)
    caller_withheld = models.BooleanField(default=False)
    forwarded_from = models.CharField(max_length=128, blank=True)
    was_forwarded = models.BooleanField(null=True, help_text="Empty when the carrier does not say.")
    campaign = models.ForeignKey(
        "telephony.Campaign",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="calls",
    )
    status = models.CharField(max_length=16, choices=CallStatus, default=CallStatus.RINGING)
    status_sequence = models.PositiveIntegerField(
        null=True, blank=True, help_text="The highest sequence number of the carrier's callbacks."
    )
    end_reason = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.PositiveIntegerField("duration (s)", null=True, blank=True)
    stream_token = models.CharField(max_length=64, null=True, blank=True, unique=True)
    stream_token_expires_at = models.DateTimeField(null=True, blank=True)
    stream_state = models.CharField(max_length=8, choices=StreamState, default=StreamState.NONE)
    stream_generation = models.PositiveSmallIntegerField(default=0)
    agent_backend = models.CharField(max_length=40, blank=True)
    agent_name = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The name under which the agent spoke.",
    )
    agent_outcome = models.CharField(
        max_length=16, blank=True, choices=[(o.value, o.value) for o in AgentOutcome]
    )
    carrier_records = models.BooleanField(
        default=False, help_text="The carrier was told to take a message after the tone."
    )
    carrier_fell_back = models.BooleanField(
        default=False, help_text="The carrier reached our fallback instead of an answer."
    )
    answered_by = models.CharField(
        max_length=24, blank=True, help_text="Who took an outbound call: human, machine or unknown."
    )
    failure_code = models.CharField(
        max_length=40, blank=True, help_text="Why the provider did not place the call."
    )
    stream_facts = models.JSONField(
        default=dict, blank=True, help_text="Figures of the media stream, StreamFacts by name."
    )
    agent_usage = models.JSONField(default=dict, blank=True)
    cost_usd = models.DecimalField(
        "cost (US$)", max_digits=10, decimal_places=5, null=True, blank=True
    )
    simulated = models.BooleanField(default=False)
    audio_erased_at = models.DateTimeField(
        null=True, blank=True, help_text="From then on no audio of the call is kept."
    )

    objects = CallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-started_at", "-id"], name="calls_of_owner_in_order"),
            models.Index(
                fields=["started_at"],
                condition=~models.Q(status__in=FINAL_STATUSES),
                name="running_calls",
            ),
            models.Index(fields=["ended_at"], name="calls_by_end"),
            models.Index(
                fields=["owner", "from_number", "-started_at"],
                condition=models.Q(direction="inbound"),
                name="calls_by_caller",
            ),
            models.Index(
                fields=["owner", "to_number", "-started_at"],
                condition=models.Q(direction="outbound"),
                name="calls_by_callee",
            ),
            models.Index(
                fields=["owner", "-started_at"],
                condition=models.Q(caller_withheld=True),
                name="calls_without_caller",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(direction=Direction.OUTBOUND, purpose=CallPurpose.CONVERSATION)
                & ~models.Q(status__in=FINAL_STATUSES),
                name="one_running_outbound_call_per_owner",
            )
        ]

    def __str__(self) -> str:
        return self.call_sid or f"{self.direction} call {self.pk}"

    @property
    def is_final(self) -> bool:
        """Nothing more happens to this call."""
        return self.status in FINAL_STATUSES

    @property
    def other_number(self) -> str:
        """Who is at the other end of the line: the caller, or whom we called."""
        return self.from_number if self.direction == Direction.INBOUND else self.to_number

    @property
    def picked_up_at(self) -> datetime | None:
        """When somebody or something answered; None when the carrier says that nobody did."""
        was_answered = self.status in {CallStatus.IN_PROGRESS, CallStatus.COMPLETED}
        return self.answered_at if was_answered or not self.is_final else None


class CallEvent(models.Model):
    """Something the carrier or the agent reported about a call; repeats are kept once."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=128, blank=True, default="")
    payload = models.JSONField(default=dict, help_text="What was sent, untouched.")
    facts = models.JSONField(default=dict, blank=True, help_text="What we read in it.")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "kind", "key"], name="one_event_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.call_id}"
