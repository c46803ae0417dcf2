"""Numbers and the calls that come in on them."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from agent.brief import CallType
from agent.session import AgentOutcome, Role, TranscriptSource
from telephony.number_history import NumberEvent, SyncRun  # noqa: F401  # of this room


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
    call_sid = models.CharField(max_length=64, unique=True)
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
    status = models.CharField(max_length=16, choices=CallStatus, default=CallStatus.RINGING)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration_s = models.PositiveIntegerField(null=True, blank=True)
    stream_token = models.CharField(max_length=64, null=True, blank=True, unique=True)
    stream_token_expires_at = models.DateTimeField(null=True, blank=True)
    stream_state = models.CharField(max_length=8, choices=StreamState, default=StreamState.NONE)
    stream_generation = models.PositiveSmallIntegerField(default=0)
    agent_backend = models.CharField(max_length=40, blank=True)
    agent_outcome = models.CharField(
        max_length=16, blank=True, choices=[(o.value, o.value) for o in AgentOutcome]
    )
    carrier_records = models.BooleanField(
        default=False, help_text="The carrier was told to take a message after the tone."
    )
    simulated = models.BooleanField(default=False)

    objects = CallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-started_at"], name="calls_of_owner"),
            models.Index(fields=["ended_at"], name="calls_by_end"),
        ]

    def __str__(self) -> str:
        return self.call_sid

    @property
    def is_final(self) -> bool:
        """Nothing more happens to this call."""
        return self.status in FINAL_STATUSES


class CallEvent(models.Model):
    """Something the carrier or the agent reported about a call; repeats are kept once."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=128, blank=True, default="")
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "kind", "key"], name="one_event_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.call_id}"


class TranscriptLine(models.Model):
    """What one side said in one go; times count from the start of the recording."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="transcript")
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=8, choices=[(role.value, role.value) for role in Role])
    text = models.TextField(blank=True)
    start_ms = models.PositiveIntegerField()
    end_ms = models.PositiveIntegerField()
    source = models.CharField(
        max_length=12, choices=[(source.value, source.value) for source in TranscriptSource]
    )

    class Meta:
        ordering = ["start_ms", "position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="one_line_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.start_ms} ms"


def recording_path(recording: "Recording", filename: str) -> str:
    """A name that tells nothing about call or caller."""
    return f"{timezone.now():%Y/%m}/{uuid.uuid4().hex}.wav"


class Recording(models.Model):
    """The audio of a call: mu-law WAV, 8 kHz, caller on the left channel, agent on the right.

    What the carrier recorded after the tone follows what was said to the agent.
    """

    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="recording")
    file = models.FileField(upload_to=recording_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    duration_ms = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    peaks = models.JSONField(
        default=list, help_text="One list of loudness values from 0 to 100 per channel."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.duration_ms} ms of {self.call_id}"


class CarrierRecordingQuerySet(models.QuerySet["CarrierRecording"]):
    """What the carrier recorded, fetched or not."""

    def waiting(self) -> Self:
        """Still with the carrier, and not given up."""
        return self.filter(fetched_at__isnull=True, lost_because="")


class CarrierRecording(models.Model):
    """A message after the tone that the carrier recorded; fetched by its id alone."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="carrier_recordings")
    sid = models.CharField(max_length=64, unique=True)
    announced_at = models.DateTimeField(default=timezone.now)
    fetched_at = models.DateTimeField(null=True, blank=True)
    lost_because = models.CharField(max_length=200, blank=True)

    objects = CarrierRecordingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["call"],
                condition=Q(fetched_at__isnull=True, lost_because=""),
                name="waiting_carrier_recordings",
            )
        ]

    def __str__(self) -> str:
        return self.sid
