"""Who may open what: every address of Aloha stands here, by its name or, without one, its route.

What each kind of address answers to each actor is in `test_access.py`. Where one address differs
from its kind, its answer stands here: a status, or the path to which it leads.
"""

Answer = int | str

PUBLIC = {
    "home",
    "healthz",
    "readyz",
    "metrics",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
    "mfa_authenticate",
    "api_schema",
    "styleguide",
}
PUBLIC_WHEN_LOGGED_OUT: dict[str, Answer] = {
    "metrics": 404,
    "styleguide": 404,  # shown in development only
    "account_confirm_login_code": "/accounts/login/",
    "mfa_authenticate": "/accounts/login/",
}
PUBLIC_WHEN_LOGGED_IN: dict[str, Answer] = {
    "metrics": 404,
    "styleguide": 404,
    "account_confirm_login_code": "/",
    "account_login": "/",
    "account_signup": "/",
    "mfa_authenticate": "/",
}

# Pages of whoever is logged in; what they show is hers.
OWN_PAGE = {
    "settings",
    "forwarding",
    "voice_sample",
    "phone",
    "on_the_line",
    "inbox",
    "calls",
    "profile",
    "usersessions_list",
    "call_somebody",
    "outbound_terms",
    "do_not_call",
    "campaigns",
    "new_campaign",
    "own_data",
    "release_number",
    "account_logout",
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
}
# For people with a password and without a second factor, whose log-in is not fresh.
OWN_PAGE_ANSWERS: dict[str, Answer] = {
    "account_set_password": "/accounts/password/change/",
    "mfa_reauthenticate": "/accounts/reauthenticate/",
    "mfa_activate_totp": "/accounts/reauthenticate/",
    "mfa_deactivate_totp": 404,
    "mfa_view_recovery_codes": 404,
    "mfa_generate_recovery_codes": "/accounts/reauthenticate/",
    "mfa_download_recovery_codes": 404,
}

# Forms of whoever is logged in: POST only, with a CSRF token.
OWN_FORM = {
    "take_number",
    "save_voicemail",
    "save_agent_name",
    "save_voice",
    "save_about",
    "save_notifications",
    "save_keeping",
    "forget_caller",
    "close_account",
    "export_data",
    "save_own_phone",
    "confirm_forwarding",
    "check_forwarding",
    "stop_check",
}

# Cards of another page than the settings lead back to theirs.
OWN_FORM_ANSWERS: dict[str, Answer] = dict.fromkeys(
    ("save_keeping", "forget_caller", "close_account", "export_data"), "/accounts/data/"
)

# Of the two kinds above, those where a filled-in form changes something of whoever sends it.
CHANGES_OWN = {
    "save_voicemail",
    "save_agent_name",
    "save_voice",
    "save_about",
    "release_number",
    "profile",
    "outbound_terms",
    "do_not_call",
    "new_campaign",
    "account_change_password",
    "save_notifications",
    "save_keeping",
    "forget_caller",
    "close_account",
}

# One message of one owner: nobody else learns that it exists.
MESSAGE_PAGE = {"message", "message_audio"}
MESSAGE_FORM = {
    "message_unread",
    "message_archive",
    "message_delete",
    "message_undo",
    "message_name",
}

# One campaign, or one entry of the do-not-call list, of one owner.
CALLING_PAGE = {"campaign"}
CALLING_FORM = {"campaign_end", "do_not_call_remove"}
API_CAMPAIGN = {"api_campaign"}
# One call of one owner, likewise.
CALL_PAGE = {"call", "call_audio", "call_lines"}
CALL_FORM = {"end_call", "take_message"}

# Old habits of typing a slash; lead to the page without it.
SLASH = {"aloha/settings/", "aloha/inbox/", "aloha/calls/"}

# The carrier's webhooks: POST, signed.
CARRIER = {
    "voice_incoming",
    "voice_after_stream",
    "voice_status",
    "voice_stream_status",
    "voice_recording",
    "voice_key",
    "voice_fallback",
    "probe_answered",
    "probe_key",
    "probe_status",
}
CARRIER_ANSWERS: dict[str, Answer] = {
    "voice_status": 204,
    "voice_stream_status": 204,
    "probe_status": 204,
}

# The owner's API: JSON, 401 without a session, 403 without a CSRF token.
API_READ = {
    "api_available_numbers",
    "api_random_number",
    "api_active_number",
    "api_agent_profile",
    "api_agent_voices",
    "api_calls",
    "api_campaigns",
    "api_messages",
    "api_message_settings",
}
API_CALL = {"api_call"}
API_READ_WITH_A_NUMBER: dict[str, Answer] = {
    "api_available_numbers": 409,
    "api_random_number": 409,
}
API_CHANGE = {
    "api_purchase_number",
    "api_release_number",
    "api_voicemail_settings",
    "api_agent_profile",
    "api_place_call",
    "api_message_settings",
}
API_MESSAGE = {"api_message"}

# Support staff. Models appear with their list, add, change, delete and history pages.
STAFF = {
    "admin:index",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
    "admin:find",
    "admin:live",
    "admin:live_news",
    "admin:classic",
    "admin:agent_again",
    "admin/(?P<url>.*)$",
}
STAFF_WHEN_LOGGED_OUT: dict[str, Answer] = {
    "admin:login": "/accounts/login/",
    "admin:logout": "/admin/",
}
STAFF_FOR_OWNERS: dict[str, Answer] = {"admin:login": 403, "admin:logout": "/admin/"}
STAFF_WITHOUT_PERMISSION: dict[str, Answer] = {
    "admin:login": "/admin/",
    "admin:logout": 405,
    "admin:autocomplete": 403,
    "admin:view_on_site": 404,
    "admin:app_list": 404,
    "admin:live_news": 403,
    "admin:classic": 403,
    "admin:agent_again": 403,
}
STAFF_WITH_ALL_RIGHTS: dict[str, Answer] = STAFF_WITHOUT_PERMISSION | {
    "admin:app_list": 200,
    "admin:live_news": 200,
    "admin:classic": 200,
    "admin:agent_again": 200,
}
# What staff do to one row: the model, then the act. Each opens for those with its permission.
STAFF_ACTS = {
    "telephony_userphonenumber": ("sync", "classic", "agent", "release"),
    "telephony_call": ("read", "listen", "end"),
    "telephony_switch": ("on",),
    "voicemail_message": ("retry",),
}
# Open to whoever has just given a reason for it.
STAFF_CONTENT = {"admin:telephony_call_content", "admin:telephony_call_content_audio"}
# Every other model is looked at; people are changed, groups made and deleted, switches made.
STAFF_MAY_ADD = {"auth_group", "telephony_switch"}
STAFF_MAY_DELETE = {"auth_group"}
STAFF_MODELS = {
    "accounts_auditevent",
    "accounts_user",
    "agent_agentprofile",
    "auth_group",
    "telephony_call",
    "telephony_campaign",
    "telephony_donotcall",
    "telephony_switch",
    "telephony_syncrun",
    "telephony_userphonenumber",
    "voicemail_forwardingcheck",
    "voicemail_message",
}

SOCKETS = {"api/twilio/voice/stream/<str:token>": "carrier", "aloha/phone/call": "owner"}

# Models whose rows are nobody's.
OWNERLESS = {
    "telephony.SyncRun",
    "telephony.Switch",
    "telephony.UsageCounter",
    "telephony.SimulatedOrder",
}
# Every model with rows of one owner, and how they lead to her.
OWNED = {
    "accounts.User": "pk",
    "accounts.AuditEvent": "owner",
    "account.EmailAddress": "user",
    "mfa.Authenticator": "user",
    "usersessions.UserSession": "user",
    "agent.AgentProfile": "user",
    "telephony.UserPhoneNumber": "user",
    "telephony.Call": "owner",
    "telephony.ForwardingReminder": "number__user",
    "telephony.NumberEvent": "number__user",
    "telephony.CallEvent": "call__owner",
    "telephony.TranscriptLine": "call__owner",
    "telephony.Recording": "call__owner",
    "telephony.CarrierRecording": "call__owner",
    "telephony.UnnamedFile": "call__owner",
    "telephony.Campaign": "owner",
    "telephony.DoNotCall": "owner",
    "telephony.OutboundTerms": "owner",
    "telephony.IdempotencyKey": "owner",
    "telephony.SimulatedCall": "call__owner",
    "voicemail.Message": "owner",
    "voicemail.Contact": "owner",
    "voicemail.NotificationPreference": "owner",
    "voicemail.KeepingPreference": "owner",
    "voicemail.Erasure": "owner",
    "voicemail.OwnPhone": "user",
    "voicemail.ForwardingCheck": "number__user",
}
