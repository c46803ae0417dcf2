"""Who may open what: what each kind of address of `access_table.py` answers to each actor.

`OPENS` is for whoever looks, `TAKES` for whoever sends a form without a token. Where one address
differs from its kind, its own answers stand in `OPENS_ITSELF` and `TAKES_ITSELF`.
"""

from tests.site import access_table as table

Answer = int | str
"""A status, or where a redirect leads, from the address itself where no slash is in front."""

# Nobody who is logged in; the owner of the rows; another owner; staff without a single
# permission; staff with all; and nobody who is logged in, with the carrier's signature.
ACTORS = ("nobody", "owner", "stranger", "clerk", "boss", "carrier")
Answers = tuple[Answer, Answer, Answer, Answer, Answer, Answer]

LOG_IN, ADMIN_LOG_IN, SETTINGS = "/accounts/login/", "/admin/login/", "/aloha/settings"
DATA, REAUTHENTICATE = "/accounts/data/", "/accounts/reauthenticate/"


def _everybody(answer: Answer) -> Answers:
    return (answer, answer, answer, answer, answer, answer)


def _logged_in(answer: Answer) -> Answers:
    return (LOG_IN, answer, answer, answer, answer, LOG_IN)


def _entrance(answer: Answer) -> Answers:
    """For those who are not logged in; the others are led home."""
    return (answer, "/", "/", "/", "/", answer)


def _owner_alone() -> Answers:
    return (LOG_IN, 200, 404, 404, 404, LOG_IN)


def _api(*, owner: Answer, others: Answer) -> Answers:
    return (401, owner, others, others, others, 401)


def _staff(*, clerk: Answer, boss: Answer) -> Answers:
    return (ADMIN_LOG_IN, ADMIN_LOG_IN, ADMIN_LOG_IN, clerk, boss, ADMIN_LOG_IN)


OPENS: dict[str, Answers] = {
    "PUBLIC": _everybody(200),
    "OWN_PAGE": _logged_in(200),
    "OWN_FORM": _logged_in(SETTINGS),
    "MESSAGE_PAGE": _owner_alone(),
    "MESSAGE_FORM": _logged_in(405),
    "CALLING_PAGE": _owner_alone(),
    "CALLING_FORM": _logged_in(405),
    "CALL_PAGE": _owner_alone(),
    "CALL_FORM": _logged_in(405),
    "SLASH": _everybody(302),  # each to a page of its own, below
    "CARRIER": _everybody(405),
    "API_READ": _api(owner=200, others=200),
    "API_CHANGE": _api(owner=405, others=405),
    "API_CALL": _api(owner=200, others=404),
    "API_CAMPAIGN": _api(owner=200, others=404),
    "API_MESSAGE": _api(owner=200, others=404),
    "STAFF": _staff(clerk=200, boss=200),
    "STAFF_LIST": _staff(clerk=403, boss=200),
    "STAFF_ADD": _staff(clerk=403, boss=403),
    "STAFF_RECORD": _staff(clerk=403, boss=200),
    "STAFF_DELETE": _staff(clerk=403, boss=403),
    "STAFF_ACT": _staff(clerk=403, boss=200),
    "STAFF_SHORT": _staff(clerk="change/", boss="change/"),
    "STAFF_CONTENT": _staff(clerk=403, boss=404),  # the reason was a colleague's
}
OPENS_ITSELF: dict[str, Answers] = {
    "metrics": _everybody(404),
    "styleguide": _everybody(404),  # shown in development only
    "account_confirm_login_code": _entrance(LOG_IN),
    "mfa_authenticate": _entrance(LOG_IN),
    "account_login": _entrance(200),
    "account_signup": _entrance(200),
    # Logging out while nobody is logged in just leads home.
    "account_logout": ("/", 200, 200, 200, 200, "/"),
    # The others have nothing to release.
    "release_number": (LOG_IN, 200, SETTINGS, SETTINGS, SETTINGS, LOG_IN),
    # For people with a password and without a second factor, whose log-in is not fresh.
    "account_set_password": _logged_in("/accounts/password/change/"),
    "mfa_reauthenticate": _logged_in(REAUTHENTICATE),
    "mfa_activate_totp": _logged_in(REAUTHENTICATE),
    "mfa_deactivate_totp": _logged_in(404),
    "mfa_view_recovery_codes": _logged_in(404),
    "mfa_generate_recovery_codes": _logged_in(REAUTHENTICATE),
    "mfa_download_recovery_codes": _logged_in(404),
    # Cards of another page than the settings lead back to theirs.
    "save_keeping": _logged_in(DATA),
    "forget_caller": _logged_in(DATA),
    "close_account": _logged_in(DATA),
    "export_data": _logged_in(DATA),
    # Whoever has a number is offered none.
    "api_available_numbers": _api(owner=409, others=200),
    "api_random_number": _api(owner=409, others=200),
    # Both are read and changed.
    "api_agent_profile": _api(owner=200, others=200),
    "api_message_settings": _api(owner=200, others=200),
    "admin:login": (LOG_IN, 403, 403, "/admin/", "/admin/", LOG_IN),
    "admin:logout": ("/admin/", "/admin/", "/admin/", 405, 405, "/admin/"),
    "admin:autocomplete": _staff(clerk=403, boss=403),
    "admin:view_on_site": _staff(clerk=404, boss=404),
    "admin:app_list": _staff(clerk=404, boss=200),
    "admin:live_news": _staff(clerk=403, boss=200),
    "admin:classic": _staff(clerk=403, boss=200),
    "admin:agent_again": _staff(clerk=403, boss=200),
    "admin/(?P<url>.*)$": _staff(clerk=404, boss=404),
    **{route: _everybody(f"/{route.rstrip('/')}") for route in table.SLASH},
    **{f"admin:{model}_add": _staff(clerk=403, boss=200) for model in table.STAFF_MAY_ADD},
    **{f"admin:{model}_delete": _staff(clerk=403, boss=200) for model in table.STAFF_MAY_DELETE},
}

_API_WITHOUT_TOKEN = _api(owner=403, others=403)
_SIGNED_ALONE: Answers = (403, 403, 403, 403, 403, 200)
_SIGNED_CALLBACK: Answers = (403, 403, 403, 403, 403, 204)

TAKES: dict[str, Answers] = dict.fromkeys(table.KINDS, _everybody(403)) | {
    "CARRIER": _SIGNED_ALONE,
    "API_READ": _API_WITHOUT_TOKEN,
    "API_CHANGE": _API_WITHOUT_TOKEN,
    "API_CALL": _API_WITHOUT_TOKEN,
    "API_CAMPAIGN": _API_WITHOUT_TOKEN,
    "API_MESSAGE": _API_WITHOUT_TOKEN,
}
TAKES_ITSELF: dict[str, Answers] = {
    "api_schema": (405, 403, 403, 403, 403, 405),
    "voice_status": _SIGNED_CALLBACK,
    "voice_stream_status": _SIGNED_CALLBACK,
    "probe_status": _SIGNED_CALLBACK,
}

# What a handshake answers; 101 opens the socket.
HANDSHAKES: dict[str, Answers] = {
    "api/twilio/voice/stream/<str:token>": (403, 403, 403, 403, 403, 101),
    "aloha/phone/call": (403, 101, 101, 101, 101, 403),
}
