"""Messages: what was left for an owner, and how she wants to hear of them."""

import uuid
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from telephony.models import Call
from voicemail.forwarding_models import CheckOutcome, ForwardingCheck, OwnPhone

__all__ = ["CheckOutcome", "ForwardingCheck", "Message", "MessageQuerySet", "OwnPhone", "Stage"]


class Stage(models.TextChoices):
    """How far the worker has got with a message."""

    COLLECTED = "collected"
    AUDIO_READY = "audio_ready"
    TRANSCRIBED = "transcribed"
    SUMMARISED = "summarised"
    NOTIFIED = "notified"


# From here on the owner can read all of it.
PREPARED_STAGES = (Stage.SUMMARISED, Stage.NOTIFIED)


class Urgency(models.TextChoices):
    """How soon the caller needs an answer."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class SummarySource(models.TextChoices):
    """Who wrote the summary."""

    RULE = "rule"
    MODEL = "model"


class MailState(models.TextChoices):
    """What became of the one e-mail about a message."""

    NONE = ""
    HANDING_OVER = "handing_over"
    SENT = "sent"
    NOT_WANTED = "not_wanted"
    UNCLEAR = "unclear"
    REFUSED = "refused"


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages, always looked at through their owner."""

    def for_user(self, user: User) -> Self:
        """What is in this owner's inbox or archive; not what is deleted or erased."""
        return self.filter(owner=user, deleted_at__isnull=True, erased_at__isnull=True)

    def deleted_for_user(self, user: User) -> Self:
        """What this owner has deleted and is not erased yet; taken back in time it returns."""
        return self.filter(owner=user, deleted_at__isnull=False, erased_at__isnull=True)

    def unread(self) -> Self:
        """Messages the owner has not opened yet."""
        return self.filter(read_at__isnull=True, archived_at__isnull=True)


class Message(models.Model):
    """What one call left for the owner.

    An erased message stays as an empty row, so that its call is not collected again. One whose
    words alone are erased still has its recording.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="message")
    # The call's own, and never changed there: with them lists and searches need no join.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages"
    )
    started_at = models.DateTimeField(help_text="When the call came in.")
    stage = models.CharField(max_length=16, choices=Stage, default=Stage.COLLECTED)
    next_step_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="How many of the attempts the mail server answered with a refusal for good.",
    )
    last_error = models.CharField(max_length=300, blank=True)
    caller_name = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="What it is about, in a line.")
    urgency = models.CharField(max_length=8, choices=Urgency, default=Urgency.NORMAL)
    callback_number = models.CharField(
        max_length=16, blank=True, help_text="E.164; empty when there is none to dial."
    )
    summary = models.TextField(blank=True)
    summary_source = models.CharField(max_length=8, choices=SummarySource, blank=True)
    search_text = models.TextField(
        blank=True, help_text="Everything that a search looks at, in small letters."
    )
    mail_state = models.CharField(
        max_length=16, choices=MailState, default=MailState.NONE, blank=True
    )
    mail_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    words_erased_at = models.DateTimeField(
        null=True, blank=True, help_text="When the words went, while the recording was kept."
    )
    erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=~Q(stage=Stage.NOTIFIED),
                name="messages_to_do",
            ),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False, erased_at__isnull=True),
                name="messages_to_erase",
            ),
            models.Index(fields=["owner", "-started_at", "-id"], name="messages_in_order"),
            models.Index(
                fields=["owner", "-started_at", "-id"],
                condition=Q(
                    read_at__isnull=True,
                    archived_at__isnull=True,
                    deleted_at__isnull=True,
                    erased_at__isnull=True,
                ),
                name="unread_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"message of {self.call_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Take over from the call what a maker of rows has left out."""
        if self.owner_id is None:
            self.owner_id, self.started_at = self.call.owner_id, self.call.started_at
        super().save(*args, **kwargs)

    @classmethod
    def of(cls, call: Call, **fields: Any) -> Self:
        """A new message, not saved yet, with what it takes over from its call.

        That of a caller whom the owner wants forgotten is deleted from the start: nobody is told.
        """
        if Erasure.objects.of_caller(owner=call.owner_id, phone_number=call.from_number).exists():
            fields = {"deleted_at": timezone.now()} | fields
        return cls(call=call, owner_id=call.owner_id, started_at=call.started_at, **fields)

    @property
    def is_unread(self) -> bool:
        """The owner has not opened it yet."""
        return self.read_at is None

    @property
    def is_urgent(self) -> bool:
        """The caller needs an answer soon."""
        return self.urgency == Urgency.HIGH


class Contact(models.Model):
    """A caller's name as the owner has written it; calls from the number carry it from then on."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="contacts"
    )
    phone_number = models.CharField(max_length=16)
    name = models.CharField(max_length=80)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "phone_number"], name="one_contact_per_phone_number"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Wishes to be forgotten."""

    def of_caller(self, *, owner: Any, phone_number: Any) -> Self:
        """The wishes not yet carried out about one caller; `OuterRef`s of another query do too."""
        open_ones = self.filter(done_at__isnull=True).exclude(phone_number="")
        return open_ones.filter(owner=owner, phone_number=phone_number)


class Erasure(models.Model):
    """A wish to be forgotten, and how far the worker has got with it.

    With a phone number it is about one caller of the owner, without one about the owner herself,
    whose row stays behind as a tombstone. The number goes when the work is done.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasures"
    )
    phone_number = models.CharField(max_length=128, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    next_step_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "phone_number"],
                condition=Q(done_at__isnull=True),
                name="one_open_erasure_per_subject",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"],
                condition=Q(done_at__isnull=True),
                name="erasures_to_do",
            )
        ]

    def __str__(self) -> str:
        return f"erasure of {self.requested_at:%Y-%m-%d %H:%M}"


class Wanted(models.TextChoices):
    """Which messages an owner wants to hear of by e-mail."""

    ALL = "all"
    URGENT = "urgent"
    NONE = "none"


class NotificationPreference(models.Model):
    """When an owner gets e-mail about messages; times are in her zone."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="notification_preference",
    )
    wanted = models.CharField(max_length=8, choices=Wanted, default=Wanted.ALL)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    urgent_passes = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            )
        ]

    def __str__(self) -> str:
        return str(self.wanted)


class KeepingPreference(models.Model):
    """How long an owner's messages are kept; empty means as long as the installation says."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="keeping_preference",
    )
    audio_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    text_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"audio {self.audio_days}, text {self.text_days}"
