"""Which TwiML documents the carrier takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.simulator import twiml
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import (
    Connect,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Stream,
)


def respond(inside: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'.encode()


@pytest.mark.parametrize(
    ("inside", "verb"),
    [
        ("<Say>Hello &amp; welcome</Say>", Say(text="Hello & welcome")),
        (
            '<Say voice="alice" language="en-US" loop="2">\n Hi\n</Say>',
            Say(text="Hi", loop=2, voice="alice", language="en-US"),
        ),
        ("<Pause/>", Pause(length_s=1)),
        ('<Pause length="5"/>', Pause(length_s=5)),
        ("<Redirect>/next?a=1&amp;b=2</Redirect>", Redirect(url="/next?a=1&b=2")),
        ('<Reject reason="busy"/>', Reject(reason="busy")),
        ("<Play>/sound.wav</Play>", Play(url="/sound.wav")),
        ('<Play digits="1w2#" loop="0"/>', Play(digits="1w2#", loop=0)),
        ("<Gather/>", Gather()),
        (
            '<Gather input="dtmf" numDigits="4" finishOnKey="" timeout="3" action="/a"'
            ' actionOnEmptyResult="true"><Say>Hi</Say><Pause/></Gather>',
            Gather(
                prompts=(Say(text="Hi"), Pause()),
                num_digits=4,
                finish_on_key="",
                timeout_s=3,
                action="/a",
                action_on_empty=True,
            ),
        ),
        ('<Record trim="trim-silence"/>', Record(trims_silence=True)),
        ("<Hangup/>", Hangup()),
        ("<!-- nothing --><Hangup></Hangup>", Hangup()),
        (
            '<Record action="/r" method="POST" maxLength="180" timeout="7" playBeep="false"'
            ' finishOnKey="#" recordingStatusCallback="https://h/c"'
            ' recordingStatusCallbackEvent="completed absent"/>',
            Record(
                action="/r",
                max_length_s=180,
                timeout_s=7,
                play_beep=False,
                finish_on_key="#",
                status_callback="https://h/c",
                status_events=("completed", "absent"),
            ),
        ),
        (
            '<Connect action="https://h/after"><Stream url="wss://h/s/tok" name="n"'
            ' statusCallback="https://h/s">'
            '<Parameter name="callType" value="live"/></Stream></Connect>',
            Connect(
                action="https://h/after",
                stream=Stream(
                    url="wss://h/s/tok",
                    name="n",
                    parameters=(("callType", "live"),),
                    status_callback="https://h/s",
                ),
            ),
        ),
        (
            '<Connect><Stream url="ws://127.0.0.1:8000/s"/></Connect>',
            Connect(stream=Stream(url="ws://127.0.0.1:8000/s")),
        ),
    ],
)
def test_what_the_carrier_understands(inside, verb):
    assert twiml.parse(respond(inside)) == (verb,)


def test_verbs_keep_their_order():
    document = respond("<Say>One</Say><Pause/><Hangup/>")
    assert [type(verb) for verb in twiml.parse(document)] == [Say, Pause, Hangup]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param(b"", "no well-formed XML", id="empty"),
        pytest.param(b"<Response>", "no well-formed XML", id="cut off"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not UTF-8"),
        pytest.param(b"<Response>" + b" " * 65536 + b"</Response>", "64 KiB", id="too large"),
        pytest.param(
            b'<!DOCTYPE r [<!ENTITY a "aaaa">]><Response><Say>&a;</Say></Response>',
            "document type",
            id="entities",
        ),
        pytest.param(b"<Answer/>", "starts with <Answer>", id="other root"),
        pytest.param(b'<Response a="1"/>', "no attribute 'a'", id="attribute of the root"),
        pytest.param(respond("hello"), "may not hold text", id="text between verbs"),
        pytest.param(respond("<say>Hi</say>"), "<say> is no verb", id="lower case"),
        pytest.param(respond("<Sing/>"), "<Sing> is no verb", id="unknown verb"),
        pytest.param(respond("<Say/>"), "no words", id="empty say"),
        pytest.param(respond(f"<Say>{'a' * 4097}</Say>"), "4096", id="long say"),
        pytest.param(respond("<Say><Say>a</Say></Say>"), "may not stand in <Say>", id="nested"),
        pytest.param(respond('<Say volume="1">a</Say>'), "'volume'", id="unknown attribute"),
        pytest.param(respond('<Pause length="x"/>'), "whole number", id="no number"),
        pytest.param(respond('<Pause length="-1"/>'), "whole number", id="negative"),
        pytest.param(respond('<Pause length="٣"/>'), "whole number", id="other digits"),
        pytest.param(respond("<Pause>a</Pause>"), "may not hold text", id="text in pause"),
        pytest.param(respond("<Pause/><Reject/>"), "must be the first verb", id="late reject"),
        pytest.param(respond('<Reject reason="no"/>'), "rejected or busy", id="odd reason"),
        pytest.param(respond("<Redirect/>"), "no address", id="redirect to nowhere"),
        pytest.param(respond("<Redirect>ftp://h/</Redirect>"), "no web address", id="ftp"),
        pytest.param(respond("<Redirect>http://[</Redirect>"), "no address", id="broken address"),
        pytest.param(
            respond('<Redirect method="GET">/a</Redirect>'), "only POST", id="another method"
        ),
        pytest.param(respond("<Connect/>"), "exactly one <Stream>", id="connect to nothing"),
        pytest.param(
            respond('<Connect><Stream url="wss://h/a"/><Stream url="wss://h/b"/></Connect>'),
            "exactly one <Stream>",
            id="two streams",
        ),
        pytest.param(respond('<Stream url="wss://h/a"/>'), "<Stream> is no verb", id="no connect"),
        pytest.param(
            respond('<Start><Stream url="wss://h/a"/></Start>'), "<Start> is no verb", id="start"
        ),
        pytest.param(
            respond('<Connect><Stream url="wss://h/a?t=1"/></Connect>'), "has a query", id="query"
        ),
        pytest.param(
            respond('<Connect><Stream url="ws://example.com/a"/></Connect>'),
            "must be wss",
            id="ws on another machine",
        ),
        pytest.param(
            respond('<Connect><Stream url="https://h/a"/></Connect>'), "wss address", id="https"
        ),
        pytest.param(
            respond('<Connect><Stream url="/a"/></Connect>'), "wss address", id="relative stream"
        ),
        pytest.param(
            respond('<Connect><Stream url="wss://h/a" track="both_tracks"/></Connect>'),
            "inbound_track",
            id="both tracks",
        ),
        pytest.param(
            respond('<Connect><Stream url="wss://h/a"><Parameter value="v"/></Stream></Connect>'),
            "no name",
            id="nameless parameter",
        ),
        pytest.param(
            respond(
                f'<Connect><Stream url="wss://h/a"><Parameter name="n" value="{"v" * 499}"/>'
                "</Stream></Connect>"
            ),
            "500 characters",
            id="long parameter",
        ),
        pytest.param(respond('<Record maxLength="0"/>'), "whole number", id="no time to record"),
        pytest.param(
            respond('<Record recordingStatusCallbackEvent="done"/>'), "done", id="unknown event"
        ),
        pytest.param(respond('<Record finishOnKey="a"/>'), "keypad", id="no key"),
        pytest.param(respond('<Record trim="yes"/>'), "do-not-trim or", id="odd trim"),
        pytest.param(respond("<Play/>"), "one of them", id="play nothing"),
        pytest.param(respond('<Play digits="1">/a.wav</Play>'), "one of them", id="play both"),
        pytest.param(respond('<Play digits="1a"/>'), "may hold", id="play no digits"),
        pytest.param(respond("<Play>ftp://h/a.wav</Play>"), "no web address", id="play ftp"),
        pytest.param(respond('<Gather input="speech"/>'), "must be dtmf", id="gather speech"),
        pytest.param(respond('<Gather numDigits="0"/>'), "whole number", id="gather nothing"),
        pytest.param(
            respond("<Gather><Record/></Gather>"), "may not stand in <Gather>", id="gather voice"
        ),
    ],
)
def test_what_the_carrier_refuses(document, says):
    with pytest.raises(TwimlError, match=says):
        twiml.parse(document)


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_raise_nothing_else(document):
    with pytest.raises(TwimlError):
        twiml.parse(document)


names = st.sampled_from(
    ["Response", "Say", "Play", "Pause", "Gather", "Connect", "Stream", "Record", "Redirect"]
)
attributes = st.sampled_from(["url", "action", "length", "method", "timeout", "maxLength", "loop"])
values = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='<&"'))
elements = st.recursive(
    st.builds(lambda name, text: f"<{name}>{text}</{name}>", names, values),
    lambda inner: st.builds(
        lambda name, attribute, value, parts: (
            f'<{name} {attribute}="{value}">{"".join(parts)}</{name}>'
        ),
        names,
        attributes,
        values,
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(elements)
def test_documents_of_any_shape_parse_or_raise_twiml_error(inside):
    try:
        verbs = twiml.parse(respond(inside))
    except TwimlError:
        return
    assert isinstance(verbs, tuple)
