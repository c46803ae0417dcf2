"""Every address of Aloha."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from aloha_site import (
    agent_api,
    call_pages,
    health,
    live_call,
    metrics_view,
    pages,
    phone_page,
    settings_page,
    styleguide,
    voice_pages,
)
from aloha_site.schema_view import SchemaView

handler404 = "aloha_site.api.not_found"
handler500 = "aloha_site.api.fault"

urlpatterns = [
    path("", pages.home, name="home"),
    path("aloha/settings", settings_page.settings_page, name="settings"),
    path("aloha/settings/number", settings_page.take_number, name="take_number"),
    path("aloha/settings/release", settings_page.release, name="release_number"),
    path("aloha/settings/voicemail", settings_page.save_voicemail, name="save_voicemail"),
    path("aloha/settings/agent", settings_page.save_agent_name, name="save_agent_name"),
    path("aloha/settings/voice", settings_page.save_voice, name="save_voice"),
    path("aloha/settings/voices/<slug:voice>", voice_pages.voice_sample, name="voice_sample"),
    path("aloha/settings/about", settings_page.save_about, name="save_about"),
    path("aloha/calls", call_pages.calls_page, name="calls"),
    path("aloha/calls/<uuid:call_id>", call_pages.call_page, name="call"),
    path("aloha/calls/<uuid:call_id>/audio", call_pages.call_audio, name="call_audio"),
    path(
        "aloha/settings/notifications",
        settings_page.save_notifications,
        name="save_notifications",
    ),
    path("aloha/calls/<uuid:call_id>/lines", live_call.call_lines, name="call_lines"),
    path("aloha/calls/<uuid:call_id>/end", live_call.end_call, name="end_call"),
    path("aloha/calls/<uuid:call_id>/message", live_call.take_message, name="take_message"),
    path("aloha/on-the-line", live_call.on_the_line, name="on_the_line"),
    path("aloha/phone", phone_page.phone_page, name="phone"),
    path("", include("voicemail.urls")),
    path("", include("telephony.page_urls")),
    path("aloha/settings/", RedirectView.as_view(pattern_name="settings")),
    path("aloha/calls/", RedirectView.as_view(pattern_name="calls")),
    path("aloha/inbox/", RedirectView.as_view(pattern_name="inbox")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("telephony.webhook_urls")),
    path("", include("telephony.api_urls")),
    path("", include("voicemail.api_urls")),
    path("api/agent/profile", agent_api.AgentProfile.as_view(), name="api_agent_profile"),
    path("api/agent/voices", agent_api.AgentVoices.as_view(), name="api_agent_voices"),
    path("api/schema", SchemaView.as_view(), name="api_schema"),
    path("aloha/styleguide", styleguide.styleguide, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics_view.metrics, name="metrics"),
]
