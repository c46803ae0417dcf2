"""The pages of campaigns: list, new, change, end."""

import uuid

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import OwnerRequest
from accounts.scoped_views import in_own_rows
from telephony import campaigns
from telephony.models import Campaign
from telephony.outbound_errors import CampaignNameTaken, CampaignNotFound
from telephony.outbound_forms import CampaignForm, posted


@login_required
@in_own_rows
@require_safe
def campaign_list(request: OwnerRequest) -> HttpResponse:
    """All campaigns, running ones first."""
    context = {
        "section": "outbound",
        "page_name": "campaigns",
        "campaigns": campaigns.campaigns_of(request.user),
    }
    return render(request, "telephony/campaigns.html", context)


@login_required
@in_own_rows
@require_http_methods(["GET", "HEAD", "POST"])
def new_campaign(request: OwnerRequest) -> HttpResponse:
    """Begin a campaign."""
    form = CampaignForm(posted(request))
    if form.is_valid():
        try:
            campaign = campaigns.create_campaign(user=request.user, **form.cleaned_data)
        except CampaignNameTaken as error:
            form.add_error("name", str(error))
        else:
            notices.success(request, f"{campaign.name} is ready.")
            return redirect("campaigns")
    return _form_page(request, form, campaign=None)


@login_required
@in_own_rows
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_page(request: OwnerRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """Change a campaign; calls that run keep what their agent was told."""
    campaign = _own(request, campaign_id)
    form = CampaignForm(posted(request), instance=_own(request, campaign_id))
    if form.is_valid():
        try:
            campaigns.change_campaign(campaign=campaign, **form.cleaned_data)
        except CampaignNameTaken as error:
            form.add_error("name", str(error))
        else:
            notices.success(request, "Saved.")
            return redirect("campaigns")
    return _form_page(request, form, campaign=campaign)


@login_required
@in_own_rows
@require_POST
def end_campaign(request: OwnerRequest, campaign_id: uuid.UUID) -> HttpResponse:
    """End a campaign, or let an ended one go on."""
    campaign = _own(request, campaign_id)
    goes_on = "go_on" in request.POST
    campaigns.change_campaign(campaign=campaign, is_active=goes_on)
    what = "goes on" if goes_on else "has ended. Nobody is called for it any more"
    notices.success(request, f"{campaign.name} {what}.")
    return redirect("campaigns")


def _own(request: OwnerRequest, campaign_id: uuid.UUID) -> Campaign:
    try:
        return campaigns.find_campaign(user=request.user, campaign_id=campaign_id)
    except CampaignNotFound as error:
        raise Http404 from error


def _form_page(
    request: OwnerRequest, form: CampaignForm, *, campaign: Campaign | None
) -> HttpResponse:
    context = {"section": "outbound", "form": form, "campaign": campaign}
    return render(request, "telephony/campaign.html", context)
