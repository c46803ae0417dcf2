"""Never two answers at once."""

from hypothesis import given
from hypothesis import strategies as st

from agent.backends.realtime_responses import Purpose, ResponseSequencer
from tests.agent.realtime_call import ANSWER, RealtimeCall, playbook

OURS = [each for each in Purpose if each is not Purpose.TURN]


def metadata(purpose: Purpose) -> dict[str, str]:
    return {"purpose": purpose.label}


def test_a_request_waits_until_the_answer_before_it_is_over():
    sequencer = ResponseSequencer()
    assert sequencer.request(Purpose.GREETING) is Purpose.GREETING
    sequencer.created("r1", metadata(Purpose.GREETING))
    assert sequencer.request(Purpose.GO_ON) is None
    assert sequencer.done("r1") is Purpose.GO_ON


def test_of_two_that_wait_the_weightier_is_asked_for():
    sequencer = ResponseSequencer()
    sequencer.created("r1", None)
    for purpose in (Purpose.GO_ON, Purpose.WRAP_UP, Purpose.ASK):
        sequencer.request(purpose)
    assert sequencer.done("r1") is Purpose.WRAP_UP
    assert sequencer.request(Purpose.GO_ON) is None


def test_a_request_that_the_server_was_faster_than_waits_again():
    sequencer = ResponseSequencer()
    sequencer.request(Purpose.GO_ON)
    sequencer.created("r1", None)
    assert sequencer.refused_as_busy() is None
    assert sequencer.done("r1") is Purpose.GO_ON


def test_a_refusal_after_the_other_answer_is_over_asks_at_once():
    sequencer = ResponseSequencer()
    sequencer.request(Purpose.GO_ON)
    sequencer.created("r1", None)
    assert sequencer.done("r1") is None
    assert sequencer.refused_as_busy() is Purpose.GO_ON


def test_a_refusal_of_nothing_asks_for_nothing():
    assert ResponseSequencer().refused_as_busy() is None


def test_an_answer_that_is_over_does_not_begin_again():
    sequencer = ResponseSequencer()
    assert sequencer.created("r1", None)
    assert not sequencer.created("r1", None)
    sequencer.done("r1")
    assert not sequencer.created("r1", None)
    assert sequencer.owed(caller_waits=False) is None


@given(st.lists(st.sampled_from(["request", "turn", "done", "late"]), max_size=60), st.data())
def test_against_a_strict_server_there_is_never_a_second_answer(steps, data):
    """The server begins answers by itself at any time, and our requests may meet them half-way."""
    sequencer = ResponseSequencer()
    on_their_way: list[Purpose] = []
    active: str | None = None
    number = 0
    for step in steps:
        asked = None
        if step == "request":
            asked = sequencer.request(data.draw(st.sampled_from(OURS)))
        elif step == "turn" and active is None:
            number += 1
            active = f"r{number}"
            sequencer.created(active, None)
        elif step == "done" and active is not None:
            asked, active = sequencer.done(active), None
        elif step == "late" and on_their_way:
            purpose = on_their_way.pop(0)
            if active is None:
                number += 1
                active = f"r{number}"
                sequencer.created(active, metadata(purpose))
            else:
                asked = sequencer.refused_as_busy()
        if asked is not None:
            on_their_way.append(asked)
        assert len(on_their_way) <= 1
        assert (sequencer.active.response_id if sequencer.active else None) == active


def test_a_key_at_the_end_of_a_turn_is_answered_together_with_it():
    call = RealtimeCall(playbook(go_on=[ANSWER]))
    call.wait(2_000)
    call.speak()
    call.pause(460)
    call.dialogue.key_pressed("1")  # its answer is asked for while the server still listens
    call.pause(6_000)
    assert call.errors == []
    assert call.said[1:] == [ANSWER.text]


def test_a_request_refused_as_busy_is_made_again():
    call = RealtimeCall(playbook(go_on=[ANSWER]))
    call.wait(2_000)
    call.server.receive('{"type": "response.create", "event_id": "other"}', call.now_ms)
    call.dialogue.key_pressed("1")
    call.pump()
    call.wait(6_000)
    assert call.errors == ["conversation_already_has_active_response"]
    assert call.purposes == ["greeting", "go_on", "go_on"]
    assert call.said[-1] == ANSWER.text
