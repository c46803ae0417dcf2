"""What is masked in a log line, and what is left as it is."""

import logging
import sys

import pytest
import structlog

from aloha_site.log_masking import mask_secrets, mask_text

TOKEN = "gQ7s-0b3Zk1_xTq9yP2uVwE8rL5nM4aH6cJdKfSgWXY"
SIGNATURE = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="

pytestmark = pytest.mark.S3


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call from +15105550163", "call from …0163"),
        ("call from +15105550163.", "call from …0163."),
        ("/incoming?From=%2B15105550163&To=%2b442079460123", "/incoming?From=…0163&To=…0123"),
        ("'15105550163'", "'…0163'"),
        ("5550163", "…0163"),
        ("+1 510-555-0163", "…0163"),
        ("+44 (0)20 7946 0123", "…0123"),
        ("(510) 555-0163 or 510.555.0163", "…0163 or …0163"),
        ("tel:+15105550163;ext=1", "tel:…0163;ext=1"),
        ("id_15105550163_x", "id_…0163_x"),
        (f"GET /voice/stream/{TOKEN} HTTP/1.1", "GET /voice/stream/… HTTP/1.1"),
        (f"('path', '/api/twilio/voice/stream/{TOKEN}')", "('path', '/api/twilio/voice/stream/…')"),
        ("/accounts/password/reset/key/1-abc-0123/", "/accounts/password/reset/key/…/"),
        (f"(b'x-twilio-signature', b'{SIGNATURE}')", "(b'x-twilio-signature', b'…')"),
        (f"X-Twilio-Signature: {SIGNATURE}", "X-Twilio-Signature: …"),
        ("null\nDETAIL:  Failing row contains (1, hello).\nmore", "null\nDETAIL: …\nmore"),
    ],
)  # fmt: skip
def test_masked(text, masked):
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T03:06:18.236447Z",
        "call 12345678-1234-1234-1234-123456789012 closed",
        "SIMULATED_CALL_7b92c38902654e728204fe7f8735701a",
        "CA12345678901234567890123456789012",
        "took 0.12345678 s, 123456 frames on port 65535",
        "127.0.0.1:48500",
        "…0163",
        "File \"bridge.py\", line 223, in agent_event",
    ],
)  # fmt: skip
def test_left_alone(text):
    assert mask_text(text) == text


def test_nested_values_and_objects_are_masked_too():
    event = {"event": "x", "fields": [{"To": "+15105550163"}], "error": ValueError("+15105550163")}
    masked = mask_secrets(None, "info", event)
    assert masked["fields"] == [{"To": "…0163"}]
    assert masked["error"] == "ValueError('…0163')"
    assert mask_secrets(None, "info", {"n": 15105550163, "b": True, "z": None})["b"] is True


def test_a_request_is_told_without_its_query(rf):
    request = rf.get("/aloha/inbox?q=boiler")
    masked = mask_secrets(None, "warning", {"event": "Not Found", "request": request})
    assert masked["request"] == "GET /aloha/inbox"


@pytest.mark.parametrize(
    "renderer",
    [
        structlog.processors.JSONRenderer(ensure_ascii=False),
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ],
    ids=["production", "development"],
)
def test_a_traceback_is_whole_and_masked(renderer):
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ]
    )
    try:
        int(f"+15105550163 with {SIGNATURE}")
    except ValueError:
        record = logging.LogRecord("x", 40, __file__, 1, "oh %s", ("dear",), sys.exc_info())
    text = formatter.format(record)
    assert "oh dear" in text
    assert "Traceback (most recent call last)" in text
    assert "ValueError: invalid literal for int() with base 10: '…0163 with …'" in text
