"""No page is left out of the walk in `every_page.py`: it is in there, or here stands why not."""

import uuid
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from accounts.models import AuditEvent
from telephony.models import Call, Campaign
from tests.pages.every_page import Rows, states
from tests.site import access_table as table
from voicemail.models import Message

NO_PAGES = {
    "OWN_FORM": "led back to its page",
    "MESSAGE_FORM": "takes forms only",
    "CALLING_FORM": "takes forms only",
    "CALL_FORM": "takes forms only",
    "SLASH": "leads to the page without it",
    "CARRIER": "TwiML",
    "API_READ": "JSON",
    "API_CHANGE": "JSON",
    "API_CALL": "JSON",
    "API_CAMPAIGN": "JSON",
    "API_MESSAGE": "JSON",
    "STAFF_SHORT": "leads to the record",
}
# Of these kinds the one named stands for all: one template makes them, of other models' rows.
ONE_OF_MANY = {
    "STAFF_LIST": "admin:telephony_call_changelist",
    "STAFF_RECORD": "admin:telephony_call_change",
    "STAFF_ACT": "admin:telephony_call_read",
}
LEFT_OUT = {
    "healthz": "a word for machines",
    "readyz": "a word for machines",
    "metrics": "figures for machines",
    "api_schema": "a document for scripts",
    "account_confirm_login_code": "leads to the log-in: nobody is sent a code to log in with",
    "account_set_password": "leads to account_change_password: everybody has a password",
    "on_the_line": "a part of every page; `settings-called` shows it",
    "voice_sample": "a sound",
    "message_audio": "a sound",
    "call_audio": "a sound",
    "call_lines": "events; `running-call` shows them",
    "mfa_download_recovery_codes": "a text file",
    "admin:login": "leads to account_login",
    "admin:logout": "leads away",
    "admin:password_change": "Django's own; ours is account_change_password",
    "admin:password_change_done": "Django's own, after the one above",
    "admin:autocomplete": "JSON",
    "admin:jsi18n": "a script",
    "admin:view_on_site": "not there",
    "admin:app_list": "the part of the front page that is Django's own",
    "admin:live_news": "events; `support-live` shows them",
    "admin:classic": "admin:telephony_call_read in other words",
    "admin:agent_again": "admin:telephony_call_read in other words",
    "admin/(?P<url>.*)$": "not there",
    "admin:telephony_call_content_audio": "a sound",
    **dict.fromkeys(table.STAFF_ADD, "Django's own form; only switches and groups are made"),
    **dict.fromkeys(table.STAFF_DELETE, "Django's own question; only groups are deleted"),
}

pytestmark = pytest.mark.U5


def walked() -> set[str]:
    """The keys of the pages that the walk shows."""
    call = Call(id=uuid.uuid4(), number_id=uuid.uuid4())
    rows = Rows(
        message=Message(id=uuid.uuid4()),
        call=call,
        running=call,
        campaign=Campaign(id=uuid.uuid4()),
        look=AuditEvent(pk=1),
        reset_path="/accounts/password/reset/key/1-x/",
    )
    keys = set()
    for state in states(rows):
        path = state.shows or urlsplit(state.path).path
        try:
            keys.add(resolve(path).view_name)
        except Resolver404:
            assert state.goes_wrong, path
    return keys


def test_every_page_is_walked_or_left_out_for_a_reason():
    shown = walked()
    for kind, keys in table.KINDS.items():
        if kind not in NO_PAGES and ONE_OF_MANY.get(kind) not in shown:
            assert keys - shown <= LEFT_OUT.keys(), kind


def test_nothing_is_left_out_that_is_walked_or_not_there():
    keys = set().union(*table.KINDS.values())
    assert LEFT_OUT.keys() <= keys - walked()
    assert NO_PAGES.keys() | ONE_OF_MANY.keys() <= table.KINDS.keys()
