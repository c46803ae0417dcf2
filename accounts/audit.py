"""Writing down what staff do, and telling owners of it."""

import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import AuditEvent, AuditEventQuerySet, User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who acts, from where, and why."""

    user: User
    reason: str
    request_id: uuid.UUID
    ip: str | None = None


def who_acts(request: HttpRequest, *, reason: str) -> Who:
    """The member of staff behind a request of the admin."""
    if not request.user.is_authenticated:
        raise PermissionError("Nobody is logged in.")
    return Who(
        user=request.user,
        reason=reason,
        request_id=uuid.uuid4(),
        ip=get_adapter(request).get_client_ip(request),
    )


def record(
    who: Who, action: str, *, owner: User | None = None, target: Model | None = None
) -> AuditEvent:
    """Write an act down, in the transaction of the act: both happen or neither.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("An act is written down in the transaction in which it happens.")
    event = AuditEvent.objects.create(
        actor=who.user,
        owner=owner,
        action=action,
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        reason=who.reason,
        request_id=who.request_id,
        ip=who.ip,
    )
    logger.info(
        "staff acted",
        extra={
            "action": action,
            "actor_id": str(who.user.pk),
            "target": f"{event.target_type} {event.target_id}".strip(),
            "request_id": str(who.request_id),
        },
    )
    return event


def acts_about(owner: User, *, target: Model | None = None) -> AuditEventQuerySet:
    """What staff did about an owner, or about one thing of hers; the latest first."""
    acts = AuditEvent.objects.for_user(owner)
    return acts.about(target) if target else acts


def has_just_done(who: Who, action: str, *, target: Model, within: timedelta) -> bool:
    """Whether the same person did the same to the same row a moment ago: a form sent twice."""
    acts = AuditEvent.objects.about(target).filter(actor=who.user, action=action)
    return acts.filter(at__gt=timezone.now() - within).exists()
