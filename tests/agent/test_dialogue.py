"""What the scripted agent says in each situation, without sound."""

import pytest

from agent.brief import CallType
from agent.dialogue import Dialogue, Finish, Say
from agent.session import AgentOutcome

FINISHED = Finish(outcome=AgentOutcome.FINISHED)
GOODBYE = ["confirmed", "goodbye", "finished"]

HEARD, STARTED, STOPPED, WRAP_UP = "heard", "caller starts", "caller stops", "time is up"


def play(*steps: str | int) -> list[str]:
    """What is said after the greeting; a step is something that happens, or milliseconds."""
    dialogue, now_ms, said = Dialogue(CallType.VOICEMAIL), 0, []
    dialogue.begin()
    for step in steps:
        actions = []
        if isinstance(step, int):
            for _ in range(step // 20):
                now_ms += 20
                actions += dialogue.tick(now_ms)
        elif step == HEARD:
            dialogue.everything_heard(now_ms)
        elif step == STARTED:
            dialogue.caller_started()
        else:
            actions = dialogue.caller_stopped(now_ms) if step == STOPPED else dialogue.wrap_up()
        said += [action.prompt if isinstance(action, Say) else action.outcome for action in actions]
    return said


@pytest.mark.parametrize(
    ("call_type", "prompt"),
    [(CallType.VOICEMAIL, "greeting_voicemail"), (CallType.LIVE, "greeting_live")],
)
def test_the_greeting_fits_the_call(call_type: CallType, prompt: str) -> None:
    assert Dialogue(call_type).begin() == [Say(prompt=prompt)]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        pytest.param((20_000,), [], id="the greeting was not heard yet"),
        pytest.param((HEARD, 5980), [], id="the caller may think"),
        pytest.param((HEARD, 6000), ["still_there"], id="the caller is asked again"),
        pytest.param(
            (HEARD, 6000, 9000, HEARD, 6000),
            ["still_there", "still_there_again"],
            id="silence counts from what was heard last",
        ),
        pytest.param(
            (HEARD, 6000, HEARD, 6000, HEARD, 6000, HEARD, 60_000),
            ["still_there", "still_there_again", "no_message", "finished"],
            id="nobody speaks",
        ),
        pytest.param((HEARD, 2000, STARTED, 60_000), [], id="a long message is listened to"),
        pytest.param((STARTED, HEARD, 60_000), [], id="a late mark while the caller speaks"),
        pytest.param((STARTED, 3000, STOPPED), ["anything_else"], id="a message over the greeting"),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, 4000),
            ["anything_else", *GOODBYE],
            id="a message, and nothing else",
        ),
        pytest.param(
            (HEARD, 6000, HEARD, STARTED, STOPPED, HEARD, 4000),
            ["still_there", "anything_else", *GOODBYE],
            id="a message after being asked",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, STARTED, STOPPED, 680),
            ["anything_else"],
            id="after an answer the caller may go on",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, STARTED, STOPPED, 700),
            ["anything_else", *GOODBYE],
            id="an answer, and no more",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, *(STARTED, STOPPED) * 2, STARTED),
            ["anything_else"],
            id="a third answer is heard",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, *(STARTED, STOPPED) * 3),
            ["anything_else", *GOODBYE],
            id="three answers are enough",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, STARTED, STOPPED, 700),
            ["anything_else", *GOODBYE],
            id="the caller goes on over the question",
        ),
        pytest.param((HEARD, WRAP_UP), ["time_is_up", "time_limit"], id="the time is up"),
        pytest.param(
            (HEARD, STARTED, WRAP_UP, 60_000, WRAP_UP),
            ["time_is_up", "time_limit"],
            id="the time is up only once",
        ),
        pytest.param(
            (HEARD, STARTED, STOPPED, HEARD, 4000, WRAP_UP),
            ["anything_else", *GOODBYE],
            id="the time is up during the goodbye",
        ),
    ],
)
def test_what_is_said(steps: tuple[str | int, ...], said: list[str]) -> None:
    assert play(*steps) == said


def test_the_end_comes_after_the_last_word() -> None:
    dialogue = Dialogue(CallType.VOICEMAIL)
    dialogue.caller_started()
    dialogue.caller_stopped(3000)
    dialogue.everything_heard(6000)
    assert dialogue.tick(10_000)[-2:] == [Say(prompt="goodbye"), FINISHED]


def test_whoever_was_called_is_greeted_and_taken_leave_of_as_such() -> None:
    dialogue = Dialogue(CallType.LIVE, outbound=True)
    assert dialogue.begin() == [Say(prompt="greeting_outbound")]
    dialogue.caller_started()
    dialogue.caller_stopped(1_000)
    said = dialogue.caller_stopped(2_000) + dialogue.tick(10_000)
    assert said == [Say(prompt="confirmed"), Say(prompt="goodbye_outbound"), FINISHED]


def test_somebody_called_who_says_nothing_is_not_asked_for_a_message() -> None:
    dialogue, said = Dialogue(CallType.LIVE, outbound=True), []
    for now_ms in (0, 10_000, 20_000):
        dialogue.everything_heard(now_ms)
        said += dialogue.tick(now_ms + 6_000)
    assert [action.prompt for action in said if isinstance(action, Say)] == [
        "still_there_outbound", "still_there_again_outbound", "no_answer_outbound",
    ]  # fmt: skip


def test_a_call_that_we_made_has_its_own_words_for_the_time_limit() -> None:
    assert Dialogue(CallType.LIVE, outbound=True).wrap_up()[0] == Say(prompt="time_is_up_outbound")
