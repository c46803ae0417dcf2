"""The number API's addresses; exact, without a slash at the end."""

from django.urls import path

from telephony import api

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
]
