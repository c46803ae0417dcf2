"""Who may open what: every address of Aloha stands here, by its name or, without one, its route.

What each kind of address answers to each actor is in `test_access.py`.
"""

PUBLIC = {
    "home",
    "healthz",
    "readyz",
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
    "admin:login",
    "api_schema",
}

# Pages of whoever is logged in; what they show is hers.
OWN_PAGE = {
    "settings",
    "inbox",
    "profile",
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
}

# One message of one owner: nobody else learns that it exists.
MESSAGE_PAGE = {"message", "message_audio"}
MESSAGE_FORM = {"message_unread"}

# Old habits of typing a slash; lead to the page without it.
SLASH = {"aloha/settings/", "aloha/inbox/"}

# The carrier's webhooks: POST, signed.
CARRIER = {
    "voice_incoming",
    "voice_after_stream",
    "voice_status",
    "voice_stream_status",
    "voice_recording",
    "voice_fallback",
}

# The owner's API: JSON, 401 without a session, 403 without a CSRF token.
API_READ = {"api_available_numbers", "api_random_number", "api_active_number"}
API_CHANGE = {"api_purchase_number", "api_release_number", "api_voicemail_settings"}

# Support staff. Models appear with their list, add, change, delete and history pages.
STAFF = {
    "admin:index",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:view_on_site",
    "admin:app_list",
    "admin/(?P<url>.*)$",
}
STAFF_MODELS = {
    "accounts_user",
    "account_emailaddress",
    "agent_agentprofile",
    "auth_group",
    "telephony_call",
    "telephony_userphonenumber",
    "voicemail_message",
}

SOCKETS = {"api/twilio/voice/stream/<str:token>": "carrier"}
