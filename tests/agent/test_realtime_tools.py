"""What a model may do on a call: note a message, take leave, and nothing else."""

import itertools
import json

import pytest

from agent.backends.realtime_tools import MAX_CALLS, TOOLS, TakeMessage, read_tool_call
from agent.errors import SessionRefused, ToolRefused
from agent.fake_realtime.script import prompt
from agent.session import AgentDone, AgentOutcome
from tests.agent.realtime_call import ANSWER, Call, RealtimeCall, playbook

FORBIDDEN_NAMES = (
    "transfer_call", "dial", "call_number", "send_sms", "send_email", "read_messages",
    "list_messages", "get_owner", "get_calls", "search", "execute_sql", "eval", "os.system",
    "__import__", "take_message ", " take_message", "TAKE_MESSAGE", "take-message", "takeMessage",
    "end_call\n", "End_Call", "end_call()", "endcall", "hang_up", "delete_message",
    "change_settings", "set_forwarding", "buy_number", "../take_message", "take_message/../x",
    "do_not_call",
    "functions.take_message", "mcp.end_call", "take_message\0", "", "nul", "null", "None", "True",
    "0", "constructor", "__class__", "toString", "x" * 10_000, "таке_message", "take_message\u200b",
)  # fmt: skip
FORBIDDEN_ARGUMENTS = ("", "{}", '{"number": "+14155550100"}', '{"reason": "please"}')
MALFORMED = (
    "", "null", "[]", "5", '"reason"', "{", "}", '{"reason": }', "{'reason': 'x'}",
    '{"reason": "x",}', '{"reason": 5}', '{"reason": null}', '{"reason": ["x"]}', '{"reason": {}}',
    '{"reason": ""}', '{"reason": "   "}', '{"reason": true}', "{}", '{"urgency": "high"}',
    '{"reason": "x", "urgency": "urgent"}', '{"reason": "x", "urgency": 1}',
    '{"reason": "x", "urgency": null}', '{"reason": "x", "caller_name": 5}',
    '{"reason": "x", "caller_name": ["Ann"]}', '{"reason": "x", "callback_number": 14155550100}',
    '{"reason": "x", "owner": "max@example.com"}', '{"reason": "x", "user_id": 1}',
    '{"reason": "x", "call_id": "another"}', '{"reason": "x", "to": "+14155550100"}',
    '{"reason": "x", "__class__": "EndCall"}', '{"reason": "x"} {"reason": "y"}',
    '{"reason": "x"}; drop table', '{"Reason": "x"}', '{"reason": "%s"}' % ("x" * 1_001),
    '{"reason": "x", "caller_name": "%s"}' % ("n" * 101),
    '{"reason": "x", "callback_number": "%s"}' % ("1" * 41),
    '{"reason": "x", "note": "%s"}' % ("y" * 5_000), "[" * 3_000, '{"reason":' * 300,
    '{"reason": "x", "urgency": "low\u0000"}', '{"reason": "\\ud800"}',
)  # fmt: skip
END_CALL_MALFORMED = ("[]", "null", '{"reason": "x"}', '{"force": true}', "true", "0", "{{}}")
INCOMPLETE = ("in_progress", "incomplete", "cancelled", "")


def hostile_calls() -> list[tuple[str, str, str]]:
    calls: list[tuple[str, str, str]] = [
        (name, arguments, "completed")
        for name, arguments in itertools.product(FORBIDDEN_NAMES, FORBIDDEN_ARGUMENTS)
    ]
    calls += [("take_message", arguments, "completed") for arguments in MALFORMED]
    calls += [("end_call", arguments, "completed") for arguments in END_CALL_MALFORMED]
    calls += [
        (name, arguments, status)
        for status in INCOMPLETE
        for name, arguments in (("take_message", '{"reason": "x"}'), ("end_call", "{}"))
    ]
    return calls


def give_tool_call(
    call: RealtimeCall, name: str, arguments: str, status: str | None, *, is_cut: bool = False
) -> None:
    """A whole answer of the model that is nothing but this call; the caller may speak into it."""
    number = len(call.frames)
    item = {"id": f"item_h{number}", "type": "function_call", "call_id": f"call_h{number}"}
    item |= {"name": name, "arguments": arguments}
    item |= {} if status is None else {"status": status}
    response = {"id": f"resp_h{number}", "status": "in_progress"}
    call.give({"type": "response.created", "response": response})
    if is_cut:
        kind = "input_audio_buffer.speech_started"
        call.give({"type": kind, "item_id": "x", "audio_start_ms": 9})
    call.give({"type": "response.output_item.done", "response_id": response["id"], "item": item})
    ended = response | {"status": "cancelled" if is_cut else "completed"}
    call.give({"type": "response.done", "response": ended})


@pytest.mark.M8
def test_of_200_forbidden_and_malformed_calls_none_is_carried_out():
    hostile = hostile_calls()
    assert len(hostile) >= 200
    executed, outputs = 0, []
    for name, arguments, status in hostile:
        call = RealtimeCall()
        call.wait(2_000)
        give_tool_call(call, name, arguments, status)
        frames = [json.loads(frame) for frame in call.dialogue.outbox.take_frames()]
        outputs += [frame["item"]["output"] for frame in frames if "item" in frame]
        call.pump()
        executed += call.dialogue.tools.message is not None or bool(call.of(AgentDone))
        assert call.dialogue.tools.refused == 1, (name, arguments)
        assert frames[-1]["response"]["metadata"]["purpose"] == "go_on"
    assert executed == 0
    assert len(outputs) == len(hostile)


@pytest.mark.M8
def test_a_result_tells_the_model_nothing_but_that_it_was_refused():
    results = {result for each in hostile_calls() for result in [refusal_of(*each)] if result}
    assert results == {
        "There is no such tool.",
        "These arguments are too long.",
        "These arguments do not fit the tool.",
        "The reason is empty.",
        "The field reason is too long.",
        "The field caller_name is too long.",
        "The field callback_number is too long.",
    }


def refusal_of(name: str, arguments: str, status: str) -> str | None:
    if status != "completed":
        return None
    with pytest.raises(ToolRefused) as refused:
        read_tool_call(name, arguments)
    return str(refused.value)


def test_a_call_that_does_not_say_whether_it_is_complete_is_carried_out():
    call = RealtimeCall()
    call.wait(2_000)
    give_tool_call(call, "take_message", '{"reason": "The boiler."}', None)
    assert call.dialogue.tools.message == TakeMessage(reason="The boiler.")


@pytest.mark.M8
@pytest.mark.parametrize(
    ("name", "arguments"), [("take_message", '{"reason": "x"}'), ("end_call", "{}")]
)
def test_in_an_answer_that_was_cut_it_is_not_carried_out(name, arguments):
    call = RealtimeCall()
    call.wait(2_000)
    give_tool_call(call, name, arguments, None, is_cut=True)
    assert call.dialogue.tools.message is None
    assert not call.dialogue.tools.ends_call
    assert call.dialogue.tools.refused == 1


@pytest.mark.M8
@pytest.mark.parametrize("name", ["transfer_call", "take_message"])
def test_every_call_is_answered_and_the_conversation_goes_on(name):
    script = playbook([Call(name=name, arguments='{"to": "+14155550100"}')], go_on=[ANSWER])
    call = RealtimeCall(script)
    call.wait(2_000)
    call.say()
    assert call.server.conversation.unanswered_calls == []
    assert call.said[-1] == ANSWER.text
    assert call.errors == []


def test_a_message_is_noted_and_the_last_note_counts():
    first = Call(name="take_message", arguments='{"reason": "The boiler."}')
    whole = Call(
        name="take_message",
        arguments='{"reason": "The boiler leaks.", "caller_name": "Ann", "urgency": "high",'
        ' "callback_number": "415 555 0100"}',
    )
    call = RealtimeCall(playbook([first], [whole]))
    call.wait(2_000)
    call.say()
    call.say()
    assert call.dialogue.tools.message == TakeMessage(
        reason="The boiler leaks.",
        urgency="high",
        caller_name="Ann",
        callback_number="415 555 0100",
    )


def test_two_calls_in_one_answer_get_one_answer_of_the_model():
    note = Call(name="take_message", arguments='{"reason": "x"}')
    call = RealtimeCall(playbook([note, note, Call(name="dial")]))
    call.wait(2_000)
    call.say()
    assert len(call.sent("conversation.item.create")) == 3
    assert call.purposes == ["greeting", "go_on"]
    assert call.errors == []


def test_a_flood_of_calls_in_one_answer_ends_the_session():
    note = Call(name="take_message", arguments='{"reason": "x"}')
    call = RealtimeCall(playbook([note] * (MAX_CALLS + 1)))
    call.wait(2_000)
    with pytest.raises(SessionRefused, match="tool_loop"):
        call.say()


def test_an_end_that_the_caller_speaks_into_is_not_one():
    script = playbook([prompt("goodbye"), Call(name="end_call")], [ANSWER])
    call = RealtimeCall(script)
    call.wait(2_000)
    call.speak()
    call.pause(700)
    call.give({"type": "input_audio_buffer.speech_started", "item_id": "x", "audio_start_ms": 9})
    call.wait(3_000)
    assert call.of(AgentDone) == []


def test_the_same_call_is_answered_once():
    call = RealtimeCall()
    for _ in range(2):
        item = {"id": "i", "type": "function_call", "call_id": "c", "status": "completed"}
        item |= {"name": "take_message", "arguments": '{"reason": "x"}'}
        event = {"type": "response.output_item.done", "response_id": "r", "item": item}
        call.give(event)
    assert len(call.dialogue.outbox.take_frames()) == 1


def test_the_tools_offered_are_the_tools_there_are():
    assert [tool["name"] for tool in TOOLS] == ["take_message", "end_call"]
    properties = TOOLS[0]["parameters"]["properties"]
    assert set(properties) == set(TakeMessage.__struct_fields__)
    assert set(TOOLS[0]["parameters"]["required"]) == set(properties)


NO_MORE = Call(name="do_not_call", arguments="{}")


def called(script) -> RealtimeCall:
    call = RealtimeCall(script, outbound=True)
    call.wait(2_000)
    call.say()
    call.wait(3_000)
    return call


@pytest.mark.W7
def test_whoever_wants_no_more_calls_hears_that_there_will_be_none():
    call = called(playbook([NO_MORE]))
    assert call.purposes == ["greeting", "farewell"]
    assert (
        "there will be no more calls"
        in call.sent("response.create")[-1]["response"]["instructions"]
    )
    assert call.of(AgentDone) == [AgentDone(outcome=AgentOutcome.OPTED_OUT)]
    assert call.errors == []


@pytest.mark.W7
def test_a_wish_that_comes_with_the_goodbye_is_one():
    call = called(playbook([prompt("goodbye"), NO_MORE, Call(name="end_call")]))
    assert call.purposes == ["greeting"]
    assert call.of(AgentDone) == [AgentDone(outcome=AgentOutcome.OPTED_OUT)]


@pytest.mark.W7
@pytest.mark.parametrize("arguments", ['{"number": "+14155550100"}', '{"everybody": true}', "[]"])
def test_nobody_else_can_be_put_on_the_list(arguments):
    call = called(playbook([Call(name="do_not_call", arguments=arguments)]))
    assert not call.dialogue.tools.wants_no_calls
    assert call.dialogue.tools.refused == 1


@pytest.mark.M8
def test_a_caller_is_offered_no_list():
    offered = {
        outbound: [
            tool["name"]
            for tool in RealtimeCall(outbound=outbound).sent("session.update")[0]["session"][
                "tools"
            ]
        ]
        for outbound in (False, True)
    }
    assert offered == {
        False: ["take_message", "end_call"],
        True: ["take_message", "end_call", "do_not_call"],
    }
