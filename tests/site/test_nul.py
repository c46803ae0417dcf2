"""NUL, which PostgreSQL takes in no text: what a stranger sends holds up neither page nor call."""

import asyncio
import http.client
from urllib.parse import urlsplit

import aiohttp
import pytest
from django.test import Client

from agent.session import AgentFailed, AgentReport
from telephony.agent_reports import keep_report, note_failure
from telephony.calls import keep_stream_facts
from telephony.stream_facts import StreamFacts
from tests.contract.api_client import problem_of
from tests.factories import make_call, make_number
from tests.site.support import browser_of
from tests.voicemail.messages import leave_message

NUL_COOKIE = '"' + r"\000" * 32 + '"'


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def pages(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.mark.V5
@pytest.mark.parametrize("typed", ["%00", "boiler%00leaks", "%00boiler"])
def test_a_search_in_the_inbox_takes_it_for_a_space(pages, number, typed):
    leave_message(number, search_text="the boiler leaks")
    answer = pages.get(f"/aloha/inbox?q={typed}")
    assert answer.status_code == 200
    assert len(answer.context["page"].rows) == 1


@pytest.mark.parametrize(
    "address",
    [
        *("/aloha/inbox?cursor=%00", "/aloha/inbox?show=%00", "/aloha/inbox?undo=%00"),
        *("/aloha/calls?number=41555%0012", "/aloha/calls?filter=%00", "/aloha/calls?cursor=%00"),
        *("/aloha/settings?country=%00&area_code=%00", "/aloha/call?campaign=%00"),
        *("/aloha/settings/forwarding?step=%00", "/aloha/settings/voices/%00"),
        *("/accounts/login/?next=%00", "/accounts/confirm-email/a%00b/"),
    ],
)
def test_no_page_fails_over_it(pages, number, address):
    assert pages.get(address).status_code in {200, 302, 404}


@pytest.mark.parametrize("field", ["search", "cursor"])
def test_the_api_refuses_it(pages, number, field):
    problem_of(pages.get(f"/api/messages?{field}=%00"), 400, "invalid")


@pytest.mark.A1
@pytest.mark.parametrize(
    "address",
    [
        *("/admin/find/?q=%00", "/admin/telephony/call/?status__exact=%00"),
        *("/admin/voicemail/message/?stage__exact=%00", "/admin/accounts/user/?name=%00"),
    ],
)
def test_the_admin_refuses_it(db, address):
    assert browser_of("Support lead").get(address).status_code == 400


def test_a_name_for_a_caller_loses_it(pages, number):
    message = leave_message(number)
    pages.post(f"/aloha/inbox/{message.id}/name", {"name": "Hana\0Ito"})
    message.refresh_from_db()
    assert message.caller_name == "Hana Ito"


def test_a_cookie_that_spells_it_is_refused(aloha_url):
    connection = http.client.HTTPConnection(urlsplit(aloha_url).netloc, timeout=10)
    connection.request("GET", "/aloha/inbox", headers={"Cookie": f"sessionid={NUL_COOKIE}"})
    assert connection.getresponse().status == 400
    connection.close()


async def test_a_socket_whose_cookie_spells_it_is_refused(aloha_url):
    headers = {"Origin": aloha_url, "Cookie": f"sessionid={NUL_COOKIE}"}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with asyncio.timeout(10):
                await session.ws_connect(f"{aloha_url}/aloha/phone/call", headers=headers)
    assert refusal.value.status == 403


def test_a_header_that_holds_it_never_reaches_django(aloha_url):
    address = urlsplit(aloha_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=10)
    connection.putrequest("GET", "/accounts/login/")
    connection._buffer.append(b"User-Agent: a\0b")
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


@pytest.mark.M8
def test_a_message_that_the_model_notes_loses_it(number):
    call = make_call(number)
    keep_report(
        call.id,
        AgentReport(reason="The boiler\0 leaks \ud800.", caller_name="\0", callback_number="1\0"),
    )
    noted = call.events.get(kind="message_noted").payload
    assert (noted["reason"], noted["caller_name"]) == ("The boiler leaks ?.", "")
    assert noted["callback_number"] == "1"


@pytest.mark.M6
def test_a_failure_that_the_model_names_with_it_is_kept(number):
    call, facts = make_call(number), StreamFacts()
    note_failure(facts, AgentFailed(code="server\0error"))
    keep_stream_facts(call.id, facts.as_json(), generation=call.stream_generation)
    call.refresh_from_db()
    assert call.stream_facts["agent_failure"] == "servererror"
