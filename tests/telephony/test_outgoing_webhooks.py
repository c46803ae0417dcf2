"""What somebody hears whom an agent has called, and how the call is found: by its row alone."""

from typing import Any
from uuid import UUID

import pytest

from agent.session import AgentOutcome
from telephony import calls, dialling
from telephony.models import Call, DoNotCall, StreamState, Switch
from telephony.signatures import public_url
from telephony.simulator import twiml
from telephony.simulator.verbs import Connect, Gather, Hangup, Say, Verb
from tests.factories import make_call, make_number
from tests.telephony.carrier import SID, incoming_form, post
from tests.telephony.test_do_not_call import say

INCOMING = "/api/twilio/voice/incoming"
CALLEE = "+15105550147"
OTHER_SID = "SIMULATED_CALL_" + "b" * 32
NOBODYS_ROW = "19339abc-3abe-4c85-aa8e-d39403ded524"
NOTICE = "You're speaking with an AI assistant. This call may be recorded."

pytestmark = pytest.mark.W7


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def call(number) -> Call:
    """Placed; the provider has not told us its SID yet."""
    return make_call(
        number,
        call_sid=None,
        direction="outbound",
        call_type="live",
        from_number=number.phone_number,
        to_number=CALLEE,
    )


def form_of(call: Call, **fields: str) -> dict[str, str]:
    ours = {"From": call.from_number, "Caller": call.from_number, "Direction": "outbound-api"}
    return incoming_form(CALLEE, **(ours | {"CallStatus": "in-progress"} | fields))


def ask(call: Call, step: str = "incoming", *, row: UUID | str | None = None, **fields: str) -> Any:
    path = f"/api/twilio/voice/{step}?call={call.id if row is None else row}"
    return post(path, form_of(call, **fields))


def verbs_of(response: Any) -> tuple[Verb, ...]:
    assert response.status_code == 200
    return twiml.parse(response.content)


def sentences(response: Any) -> list[str]:
    """Everything the carrier says, in order."""
    said = []
    for verb in verbs_of(response):
        parts = verb.prompts if isinstance(verb, Gather) else (verb,)
        said += [part.text for part in parts if isinstance(part, Say)]
    return said


def hangs_up_at_once(response: Any) -> bool:
    return verbs_of(response) == (Hangup(),)


def test_the_first_sentence_says_ai_and_then_for_whom_and_how_to_stop_it(call):
    assert sentences(ask(call)) == [
        NOTICE,
        "I am calling for Nora Whitfield.",
        "If you do not want to be called again, press 9 at any time.",
    ]


def test_the_agent_talks_after_the_notice(call):
    gather, connect = verbs_of(ask(call))
    call.refresh_from_db()
    assert isinstance(gather, Gather)
    assert gather.action == public_url(f"/api/twilio/voice/key?call={call.id}")
    assert isinstance(connect, Connect)
    assert connect.stream.url.endswith(f"/api/twilio/voice/stream/{call.stream_token}")
    assert (call.stream_state, call.agent_backend) == (StreamState.ISSUED, "scripted")


def test_the_webhook_may_come_before_our_commit_of_the_sid(call):
    assert len(verbs_of(ask(call))) == 2
    call.refresh_from_db()
    assert call.call_sid == SID
    assert dialling.find_dialled(call.id, SID) == call
    assert len(verbs_of(ask(call))) == 2


def test_the_owner_is_found_by_the_row_whoever_else_has_the_number_called(call, stranger):
    other = make_number(stranger, phone_number=CALLEE)
    ask(call)
    assert Call.objects.get().owner == call.owner
    assert not Call.objects.filter(number=other).exists()


def test_a_repeat_gets_the_same_answer_and_the_same_token(call):
    assert ask(call).content == ask(call).content


def test_a_second_sid_for_the_same_row_is_not_answered(call):
    ask(call)
    assert hangs_up_at_once(ask(call, CallSid=OTHER_SID))
    assert Call.objects.get().call_sid == SID


def test_a_sid_of_another_call_is_not_taken_over(call, number):
    make_call(number, call_sid=SID)
    assert hangs_up_at_once(ask(call))
    call.refresh_from_db()
    assert call.call_sid is None


@pytest.mark.parametrize("row", [NOBODYS_ROW, ""])
def test_a_row_that_is_not_there_is_hung_up_on(call, row):
    assert hangs_up_at_once(ask(call, row=row))


def test_an_incoming_calls_row_is_not_taken_for_an_outgoing_one(call, number):
    inbound = make_call(number, call_sid=OTHER_SID)
    assert hangs_up_at_once(ask(call, row=inbound.id, CallSid=OTHER_SID))


def test_a_row_that_is_no_id_is_refused(call):
    assert ask(call, row="../1").status_code == 400


def test_a_row_that_comes_twice_is_refused(call):
    assert post(f"{INCOMING}?call={call.id}&call={call.id}", form_of(call)).status_code == 400


def test_a_field_of_the_form_is_not_taken_for_the_row(call):
    assert hangs_up_at_once(post(INCOMING, form_of(call) | {"call": str(call.id)}))


def test_a_call_that_is_over_is_not_talked_to(call):
    Call.objects.update(status="failed")
    assert hangs_up_at_once(ask(call))


def test_what_has_come_up_since_is_heeded(call):
    DoNotCall.objects.create(owner=call.owner, phone_number=CALLEE)
    assert hangs_up_at_once(ask(call))


def test_calling_switched_off_meanwhile_ends_the_call(call):
    Switch.objects.create(kind=Switch.Kind.OUTBOUND, reason="abuse")
    assert hangs_up_at_once(ask(call))


@pytest.mark.parametrize("answered_by", ["machine_end_beep", "machine_end_other", "fax"])
def test_a_machine_gets_a_short_message_that_says_ai_first(call, answered_by):
    said = sentences(ask(call, AnsweredBy=answered_by))
    call.refresh_from_db()
    assert said == [
        NOTICE,
        "I am calling for Nora Whitfield.",
        "Please call this number back. Goodbye.",
    ]
    assert (call.answered_by, call.stream_token) == (answered_by, None)


def test_a_machine_is_hung_up_on_where_the_setting_says_so(call, settings):
    settings.OUTBOUND_MACHINE = "hang_up"
    assert hangs_up_at_once(ask(call, AnsweredBy="machine_start"))


@pytest.mark.parametrize("answered_by", ["human", "unknown"])
def test_whoever_may_be_a_person_is_talked_to(call, answered_by):
    assert len(verbs_of(ask(call, AnsweredBy=answered_by))) == 2


def test_a_name_is_escaped_and_a_blank_one_replaced(call):
    call.owner.name = '<Say> & "Co"'
    call.owner.save()
    assert sentences(ask(call))[1] == 'I am calling for <Say> & "Co".'
    call.owner.name = ""
    call.owner.save()
    assert sentences(ask(call))[1] == "I am calling for the owner of this number."


def test_9_during_the_notice_is_the_last_call(call):
    ask(call)
    answer = ask(call, "key", Digits="9")
    assert sentences(answer) == ["You will not be called again. Goodbye."]
    entry = DoNotCall.objects.get()
    assert (entry.owner, entry.phone_number, entry.source, entry.call) == (
        call.owner, CALLEE, "key", call,
    )  # fmt: skip


def test_9_pressed_twice_is_noted_once_and_answered_alike(call):
    assert ask(call, "key", Digits="9").content == ask(call, "key", Digits="9").content
    assert DoNotCall.objects.count() == 1


@pytest.mark.M10
@pytest.mark.parametrize("key", ["5", "#", "*"])
def test_any_other_key_skips_neither_the_notice_nor_the_way_out(call, key):
    """It stopped them, perhaps at the first word: they come again, where no key stops them."""
    first = ask(call)
    answer = ask(call, "key", Digits=key)
    *said, connect = verbs_of(answer)
    assert sentences(answer) == sentences(first)
    assert [type(verb) for verb in said] == [Say, Say, Say]
    assert isinstance(connect, Connect)
    assert not DoNotCall.objects.exists()


def test_a_key_without_a_row_is_hung_up_on(call):
    assert hangs_up_at_once(ask(call, "key", row="", Digits="9"))


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("finished", []),
        ("time_limit", []),
        ("opted_out", []),
        ("opted_out_by_key", ["You will not be called again. Goodbye."]),
        ("failed", ["I'm sorry, I can't talk right now."]),
    ],
)
def test_after_the_stream_the_callee_is_never_asked_for_a_message(call, outcome, said):
    ask(call)
    calls.close_stream(call.id, AgentOutcome(outcome))
    answer = post("/api/twilio/voice/after-stream", form_of(call))
    assert sentences(answer) == said
    assert isinstance(verbs_of(answer)[-1], Hangup)


def status(call: Call, value: str, sequence: int, **fields: str) -> None:
    answer = ask(call, "status", CallStatus=value, SequenceNumber=str(sequence), **fields)
    assert answer.status_code == 204


def test_callbacks_fold_in_from_the_first_on(call):
    status(call, "initiated", 0)
    status(call, "ringing", 1)
    status(call, "in-progress", 2)
    status(call, "completed", 3, CallDuration="12")
    call.refresh_from_db()
    assert (call.call_sid, call.status, call.duration_s) == (SID, "completed", 12)
    assert call.events.count() == 4


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("busy", "line_busy"),
        ("no-answer", "nobody_answered"),
        ("canceled", "nobody_answered"),
        ("failed", "not_connected"),
    ],
)
def test_a_call_that_nobody_took_says_why(call, value, reason):
    status(call, value, 0, CallDuration="0")
    call.refresh_from_db()
    assert (call.status, call.end_reason) == (value, reason)


def test_a_wish_of_which_no_stream_could_tell_is_heeded_once_the_call_is_over(call, caplog):
    say(call, "caller")
    status(call, "in-progress", 0)
    assert not DoNotCall.objects.exists()
    for _ in range(2):
        status(call, "completed", 1, CallDuration="12")
    assert DoNotCall.objects.get().phone_number == CALLEE
    assert caplog.text.count("opted out of calls") == 1


def test_a_status_for_a_row_of_another_call_changes_nothing(call):
    status(call, "in-progress", 0)
    ask(call, "status", CallStatus="completed", CallSid=OTHER_SID)
    call.refresh_from_db()
    assert call.status == "in-progress"
