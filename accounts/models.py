"""The people who log in, and what staff did about them."""

import uuid
import zoneinfo
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone


def validate_time_zone(name: str) -> None:
    """Accept the names of the IANA time zone database, such as `America/New_York`."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is not a known time zone.", code="unknown_time_zone")


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user who logs in with `email`; without a password log-in is impossible."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user with every permission; called by `manage.py createsuperuser`."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An owner of a number, or a member of the support staff."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True, help_text="What callers know you by.")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "account"
        verbose_name_plural = "owners and staff"

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """The name shown in the admin."""
        return str(self)

    def get_short_name(self) -> str:
        """The first word of the name."""
        return str(self).split()[0]

    @property
    def initials(self) -> str:
        """One or two capitals for the account button."""
        words = (self.name or self.email).split()
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Events, looked at through the owner whom they are about or through what was acted on."""

    def for_user(self, user: User) -> Self:
        """What was done about this owner."""
        return self.filter(owner=user)

    def about(self, target: models.Model) -> Self:
        """What was done to this row."""
        return self.filter(target_type=target._meta.label_lower, target_id=str(target.pk))


class AuditEvent(models.Model):
    """One act of a member of staff; only ever added, in the transaction of the act itself.

    It names people by their ids alone and outlives their rows, so that no account keeps it from
    being erased. Triggers of the database refuse to change or delete one; see migration 0002.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="acts",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="audit_events",
        help_text="Whose data it was; empty when it was everybody's.",
    )
    action = models.CharField(max_length=60, help_text="What was done, in the past tense.")
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=200)
    request_id = models.UUIDField(help_text="Stands in the log line of the act, too.")
    ip = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [
            models.Index(fields=["owner", "-at"], name="audit_of_owner"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_of_target"),
            models.Index(fields=["actor", "-at"], name="audit_of_actor"),
        ]
        # What staff may do beyond looking at rows; every one of them leaves an event.
        permissions = [
            ("read_content", "Can read and hear what was said in calls, with a reason"),
            ("release_numbers", "Can give numbers back"),
            ("sync_numbers", "Can compare numbers with the provider"),
            ("retry_messages", "Can run the steps of messages again"),
            ("force_classic", "Can take calls from agents"),
            ("end_calls", "Can end calls"),
            ("export_rows", "Can export lists"),
        ]

    def __str__(self) -> str:
        return self.action
