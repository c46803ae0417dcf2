"""Why people are called: an owner's campaigns. Ending one keeps it; its calls keep its name."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import User
from telephony.models import Campaign
from telephony.outbound_errors import CampaignNameTaken, CampaignNotFound

FIELDS = ("name", "purpose", "consent_note", "is_active")


def campaigns_of(user: User) -> QuerySet[Campaign]:
    """The owner's campaigns, running ones first, each with its number of calls."""
    mine = Campaign.objects.for_user(user).annotate(call_count=Count("calls"))
    return mine.order_by("-is_active", "name", "id")


def find_campaign(*, user: User, campaign_id: UUID) -> Campaign:
    """One of the owner's campaigns. Raises CampaignNotFound, also for somebody else's."""
    campaign = Campaign.objects.for_user(user).filter(id=campaign_id).first()
    if campaign is None:
        raise CampaignNotFound
    return campaign


def create_campaign(*, user: User, name: str, purpose: str, consent_note: str) -> Campaign:
    """A running campaign. Raises CampaignNameTaken."""
    campaign = Campaign(owner=user, name=name, purpose=purpose, consent_note=consent_note)
    _save(campaign)
    return campaign


def change_campaign(*, campaign: Campaign, **changes: Any) -> Campaign:
    """Change some of FIELDS; the rest stays. Raises CampaignNameTaken."""
    for name in FIELDS:
        setattr(campaign, name, changes.get(name, getattr(campaign, name)))
    campaign.updated_at = timezone.now()
    _save(campaign)
    return campaign


def _save(campaign: Campaign) -> None:
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise CampaignNameTaken from error
