"""What was said on a call: words and audio."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agent.session import Role, TranscriptSource
from telephony.models.calls import Call


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
    heard_chars = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How much of the text the caller heard before interrupting; empty: all of it.",
    )

    class Meta:
        ordering = ["start_ms", "position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="one_line_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.start_ms} ms"

    @property
    def heard_text(self) -> str:
        """The words that were heard."""
        return self.text[: self.heard_chars]

    @property
    def unheard_text(self) -> str:
        """The words that were meant to follow and that the caller never heard."""
        return "" if self.heard_chars is None else self.text[self.heard_chars :]


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


class UnnamedFile(models.Model):
    """A file of the storage that no recording names: being written, or to be deleted.

    The row is there before the file and goes after it, so that no crash leaves audio that nobody
    knows of.
    """

    name = models.CharField(max_length=200, unique=True)
    call = models.ForeignKey(
        Call, on_delete=models.SET_NULL, null=True, related_name="unnamed_files"
    )
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class CarrierRecordingQuerySet(models.QuerySet["CarrierRecording"]):
    """What the carrier recorded, fetched or not."""

    def waiting(self) -> Self:
        """Still with the carrier, and to be fetched now."""
        return self.filter(fetched_at__isnull=True, lost_because="", fetch_again_at__isnull=True)

    def put_off(self) -> Self:
        """Still with a carrier that could not be reached for long: asked now and then."""
        return self.filter(fetched_at__isnull=True, lost_because="", fetch_again_at__isnull=False)


class CarrierRecording(models.Model):
    """A message after the tone that the carrier recorded; fetched by its id alone."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="carrier_recordings")
    sid = models.CharField(max_length=64, unique=True)
    announced_at = models.DateTimeField(default=timezone.now)
    fetched_at = models.DateTimeField(null=True, blank=True)
    fetch_again_at = models.DateTimeField(null=True, blank=True)
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
