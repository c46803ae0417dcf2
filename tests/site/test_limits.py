"""Requests that no page or webhook should have to look at."""

import http.client
from urllib.parse import urlsplit

import pytest

WEBHOOK = "/api/twilio/voice/incoming"
FORM = "application/x-www-form-urlencoded"


def answer(url: str, *, body: object, headers: dict[str, str], chunked: bool = False) -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", WEBHOOK, body, headers, encode_chunked=chunked)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.W1
def test_a_body_announced_too_large_is_refused_before_it_is_sent(aloha_url):
    headers = {"Content-Type": FORM, "Content-Length": str(200 * 1024 * 1024)}
    assert answer(aloha_url, body=b"", headers=headers) == 413


@pytest.mark.W1
def test_a_body_that_grows_too_large_is_cut_off(aloha_url):
    pieces = (b"x" * 65_536 for _ in range(17))
    headers = {"Content-Type": FORM, "Transfer-Encoding": "chunked"}
    assert answer(aloha_url, body=pieces, headers=headers, chunked=True) == 413


@pytest.mark.W1
@pytest.mark.parametrize("parameter", ["charset*=utf-8''%00", "charset*0=utf-8", "x*=''"])
def test_a_broken_content_type_is_a_bad_request(aloha_url, parameter):
    headers = {"Content-Type": f"{FORM}; {parameter}"}
    assert answer(aloha_url, body=b"a=b", headers=headers) == 400
