"""Addresses of the number API, the call log, campaigns and outgoing calls; no slash at the end."""

from django.urls import path

from telephony import api, call_api, campaign_api, outbound_api

urlpatterns = [
    path(
        "api/telephony/twilio/available-numbers",
        api.AvailableNumbers.as_view(),
        name="api_available_numbers",
    ),
    path(
        "api/telephony/twilio/random-number", api.RandomNumber.as_view(), name="api_random_number"
    ),
    path(
        "api/telephony/twilio/purchase-number",
        api.PurchaseNumber.as_view(),
        name="api_purchase_number",
    ),
    path(
        "api/telephony/twilio/release-number",
        api.ReleaseNumber.as_view(),
        name="api_release_number",
    ),
    path(
        "api/telephony/twilio/active-number", api.ActiveNumber.as_view(), name="api_active_number"
    ),
    path("api/campaigns", campaign_api.Campaigns.as_view(), name="api_campaigns"),
    path(
        "api/campaigns/<uuid:campaign_id>",
        campaign_api.OneCampaign.as_view(),
        name="api_campaign",
    ),
    path("api/twilio/voice/outbound", outbound_api.PlaceCall.as_view(), name="api_place_call"),
    path("api/calls", call_api.Calls.as_view(), name="api_calls"),
    path("api/calls/<uuid:call_id>", call_api.OneCall.as_view(), name="api_call"),
]
