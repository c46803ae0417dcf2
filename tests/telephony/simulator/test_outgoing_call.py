"""Outgoing calls over loopback, against a server that is not ours: who takes them, and orders."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from telephony.backends.base import MachineDetection
from telephony.simulator.callees import CalledPhone, Taking, phone_of
from telephony.simulator.events import CallEvent
from telephony.simulator.orders import Order
from telephony.simulator.outgoing_call import Placed, SimulatedOutgoingCall
from telephony.simulator.result import CallResult
from tests.peers import answering_app
from tests.peers.answering_app import AnsweringApp
from tests.telephony.simulator.calling import CALLER, OWNER, Caller

ANSWER = "/answer"
SID = "SIMULATED_CALL_" + "c" * 32
PAUSE = "<Response><Pause length='5'/></Response>"
DOCUMENT = b"<Response><Say>One moment, please.</Say><Hangup/></Response>"


def person(**fields: Any) -> CalledPhone:
    return CalledPhone(taking=Taking.ANSWERED, voice=Caller(), **({"rings_ms": 40} | fields))


async def ring(
    app: AnsweringApp,
    tmp_path: Path,
    phone: CalledPhone,
    orders: list[Order] | None = None,
    events: list[CallEvent] | None = None,
    **placed: Any,
) -> CallResult:
    async def take_orders(call_sid: str) -> list[Order]:
        assert call_sid == SID
        taken, waiting[:] = list(waiting), []
        return taken

    waiting = orders if orders is not None else []
    facts = {
        "call_sid": SID,
        "from_number": OWNER,
        "to_number": CALLER,
        "url": f"{app.base_url}{ANSWER}?call=7",
        "status_url": f"{app.base_url}{answering_app.STATUS}?call=7",
        "ring_seconds": 1,
    }
    call = SimulatedOutgoingCall(
        Placed(**(facts | placed)),
        phone,
        folder=tmp_path,
        orders=take_orders,
        observe=lambda at_ms, event: events.append(event) if events is not None else None,
    )
    async with asyncio.timeout(15):
        return await call.run()


def told(app: AnsweringApp) -> list[tuple[str, str]]:
    """The statuses that were called back, with their sequence numbers."""
    forms = app.posted(answering_app.STATUS)
    return [(form["CallStatus"], form["SequenceNumber"]) for form in forms]


async def test_an_answered_call_tells_every_step_in_order(app, tmp_path):
    app.answers[ANSWER] = answering_app.HANG_UP
    result = await ring(app, tmp_path, person())
    assert result.status == "completed"
    assert told(app) == [
        ("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3"),
    ]  # fmt: skip


async def test_the_request_for_twiml_comes_after_the_answer_and_says_who_called(app, tmp_path):
    app.answers[ANSWER] = answering_app.HANG_UP
    await ring(app, tmp_path, person())
    [form] = app.posted(ANSWER)
    expected = {
        "CallSid": SID,
        "CallStatus": "in-progress",
        "Direction": "outbound-api",
        "From": OWNER,
        "To": CALLER,
    }
    assert {name: form[name] for name in expected} == expected
    assert "AnsweredBy" not in form


async def test_a_busy_line_is_never_answered(app, tmp_path):
    phone = CalledPhone(taking=Taking.BUSY, rings_ms=0)
    result = await ring(app, tmp_path, phone)
    assert (result.status, app.posted(ANSWER)) == ("busy", [])
    assert told(app) == [("initiated", "0"), ("ringing", "1"), ("busy", "2")]
    assert app.posted(answering_app.STATUS)[-1]["CallDuration"] == "0"


@pytest.mark.parametrize(
    "phone",
    [
        pytest.param(CalledPhone(taking=Taking.NO_ANSWER), id="nobody there"),
        pytest.param(person(rings_ms=1_500), id="too slow"),
    ],
)
async def test_ringing_ends_after_its_time(app, tmp_path, phone):
    result = await ring(app, tmp_path, phone)
    assert (result.status, app.posted(ANSWER)) == ("no-answer", [])
    assert told(app)[-1] == ("no-answer", "2")


@pytest.mark.parametrize(
    ("detection", "is_machine", "answered_by"),
    [
        (MachineDetection.AT_START, True, "machine_start"),
        (MachineDetection.AT_START, False, "human"),
        (MachineDetection.AT_END, True, "machine_end_beep"),
        (MachineDetection.AT_END, False, "human"),
    ],
)
async def test_detection_tells_machines_from_people(
    app, tmp_path, detection, is_machine, answered_by
):
    app.answers[ANSWER] = answering_app.HANG_UP
    phone = person(is_machine=is_machine)
    result = await ring(app, tmp_path, phone, machine_detection=detection)
    assert app.posted(ANSWER)[0]["AnsweredBy"] == answered_by
    listened_ms = 4_000 if answered_by == "machine_end_beep" else 1_000
    assert listened_ms <= result.duration_ms < listened_ms + 500


async def test_a_pressed_key_reaches_whoever_gathers(app, tmp_path):
    app.answers[ANSWER] = (
        "<Response><Gather input='dtmf' numDigits='1' action='/key'>"
        "<Pause length='5'/></Gather></Response>"
    )
    app.answers["/key"] = answering_app.HANG_UP
    await ring(app, tmp_path, person(keys={300: "9"}))
    assert app.posted("/key")[0]["Digits"] == "9"


async def test_an_order_to_end_hangs_up(app, tmp_path):
    app.answers[ANSWER] = PAUSE
    result = await ring(app, tmp_path, person(rings_ms=0), orders=[Order()], ring_seconds=0)
    assert (result.status, result.duration_ms < 1_000) == ("completed", True)


async def test_an_order_to_end_cancels_a_call_that_rings(app, tmp_path):
    result = await ring(app, tmp_path, person(rings_ms=900), orders=[Order()])
    assert (result.status, app.posted(ANSWER)) == ("canceled", [])


async def test_an_order_to_redirect_replaces_what_the_call_does(app, tmp_path):
    app.answers[ANSWER] = PAUSE
    events: list[CallEvent] = []
    orders = [Order(document=DOCUMENT)]
    result = await ring(app, tmp_path, person(), orders=orders, events=events)
    assert [event.text for event in events if type(event).__name__ == "TextSpoken"] == [
        "One moment, please."
    ]
    assert (result.status, result.warnings) == ("completed", ())


async def test_a_redirected_call_leaves_its_stream_with_a_stop(app, tmp_path):
    app.answers[ANSWER] = app.connect()
    orders: list[Order] = []

    async def agent(stream: answering_app.Stream) -> None:
        await stream.receive_until("start")
        orders.append(Order(document=DOCUMENT))
        await stream.receive_until("stop")

    app.agent = agent
    await ring(app, tmp_path, person(), orders=orders)
    assert app.messages[-1]["event"] == "stop"
    assert app.posted(answering_app.AFTER_STREAM) == []
    states = [form["StreamEvent"] for form in app.posted(answering_app.STREAM_STATUS)]
    assert states == ["stream-started", "stream-stopped"]


async def test_a_document_that_is_no_twiml_falls_back(app, tmp_path):
    app.answers[ANSWER] = lambda form: answering_app.HANG_UP if "ErrorCode" in form else PAUSE
    result = await ring(app, tmp_path, person(), orders=[Order(document=b"<Dial/>")])
    assert [warning.split()[0] for warning in result.warnings] == ["12100"]


@pytest.mark.parametrize("callee", ["answers", "busy", "no_answer", "machine", "opts_out"])
def test_every_kind_of_callee_has_a_phone(callee):
    from telephony.simulated_callees import Callee

    assert phone_of(Callee(callee)).is_machine == (callee == "machine")
