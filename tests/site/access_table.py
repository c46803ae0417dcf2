"""Every address of Aloha stands here in its kind, by its name or, without one, its route.

Who may open what, kind by kind, is in `access_answers.py`.
"""

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

STAFF_LIST = {f"admin:{model}_changelist" for model in STAFF_MODELS}
STAFF_ADD = {f"admin:{model}_add" for model in STAFF_MODELS}
STAFF_RECORD = {f"admin:{model}_{page}" for model in STAFF_MODELS for page in ("change", "history")}
STAFF_DELETE = {f"admin:{model}_delete" for model in STAFF_MODELS}
STAFF_ACT = {f"admin:{model}_{act}" for model, acts in STAFF_ACTS.items() for act in acts}
# Leads to a record's page.
STAFF_SHORT = {f"admin/{model.replace('_', '/', 1)}/<path:object_id>/" for model in STAFF_MODELS}

KINDS = {
    "PUBLIC": PUBLIC,
    "OWN_PAGE": OWN_PAGE,
    "OWN_FORM": OWN_FORM,
    "MESSAGE_PAGE": MESSAGE_PAGE,
    "MESSAGE_FORM": MESSAGE_FORM,
    "CALLING_PAGE": CALLING_PAGE,
    "CALLING_FORM": CALLING_FORM,
    "CALL_PAGE": CALL_PAGE,
    "CALL_FORM": CALL_FORM,
    "SLASH": SLASH,
    "CARRIER": CARRIER,
    "API_READ": API_READ,
    "API_CHANGE": API_CHANGE,
    "API_CALL": API_CALL,
    "API_CAMPAIGN": API_CAMPAIGN,
    "API_MESSAGE": API_MESSAGE,
    "STAFF": STAFF,
    "STAFF_LIST": STAFF_LIST,
    "STAFF_ADD": STAFF_ADD,
    "STAFF_RECORD": STAFF_RECORD,
    "STAFF_DELETE": STAFF_DELETE,
    "STAFF_ACT": STAFF_ACT,
    "STAFF_SHORT": STAFF_SHORT,
    "STAFF_CONTENT": STAFF_CONTENT,
}

SOCKETS = {"api/twilio/voice/stream/<str:token>", "aloha/phone/call"}

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
