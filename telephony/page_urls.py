"""Addresses of the pages for calling people."""

from django.urls import path

from telephony import campaign_pages, outbound_pages

urlpatterns = [
    path("aloha/call", outbound_pages.call_page, name="call_somebody"),
    path("aloha/call/terms", outbound_pages.terms_page, name="outbound_terms"),
    path("aloha/do-not-call", outbound_pages.do_not_call_page, name="do_not_call"),
    path(
        "aloha/do-not-call/<int:entry_id>/remove",
        outbound_pages.remove_do_not_call,
        name="do_not_call_remove",
    ),
    path("aloha/campaigns", campaign_pages.campaign_list, name="campaigns"),
    path("aloha/campaigns/new", campaign_pages.new_campaign, name="new_campaign"),
    path("aloha/campaigns/<uuid:campaign_id>", campaign_pages.campaign_page, name="campaign"),
    path(
        "aloha/campaigns/<uuid:campaign_id>/end", campaign_pages.end_campaign, name="campaign_end"
    ),
]
