"""Webhooks on a real server: past the middleware of pages, and as strict as before."""

import aiohttp
import pytest
from django.http import QueryDict
from django.utils.http import urlencode

from telephony.signatures import public_url, sign
from tests.factories import make_number
from tests.telephony.carrier import FORM, incoming_form

INCOMING = "/api/twilio/voice/incoming"


@pytest.fixture
def form(aloha_url, owner) -> dict[str, str]:
    return incoming_form(make_number(owner).phone_number)


async def post(url: str, path: str, form: dict[str, str], **headers: str) -> aiohttp.ClientResponse:
    body = urlencode(form)
    signature = sign(public_url(path), QueryDict(body))
    sent = {"Content-Type": FORM, "X-Twilio-Signature": signature, **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + path, data=body, headers=sent) as answer,
    ):
        await answer.read()
        return answer


@pytest.mark.P4
async def test_a_webhook_is_answered_without_a_session(aloha_url, form):
    answer = await post(aloha_url, INCOMING, form, Cookie="sessionid=somebody-elses")
    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) > 0
    assert "Set-Cookie" not in answer.headers
    assert "Content-Security-Policy" not in answer.headers


async def test_a_host_that_is_not_ours_is_refused(aloha_url, form):
    assert (await post(aloha_url, INCOMING, form, Host="elsewhere.example.com")).status == 400


async def test_a_signature_is_asked_for(aloha_url, form):
    answer = await post(aloha_url, INCOMING, form, **{"X-Twilio-Signature": "none"})
    assert answer.status == 403


async def test_what_is_no_webhook_goes_the_long_way(aloha_url, form):
    answer = await post(aloha_url, "/api/twilio/voice/nothing", form)
    assert answer.status == 404
    assert "Content-Security-Policy" in answer.headers
