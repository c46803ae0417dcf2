"""Decisions between line and agent, without socket or sleep."""

from agent.session import (
    AgentDone,
    AgentFailed,
    AgentOutcome,
    CallerStarted,
    CallerStopped,
    Heard,
    Role,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from telephony.bridge import (
    AGENT_SILENT_AT_START_MS,
    GOODBYE_GRACE_MS,
    WRAP_UP_GRACE_MS,
    Bridge,
    CloseStream,
    SendAudio,
    SendClear,
    SendMark,
    TellInterrupted,
    TellPlayed,
    TellWrapUp,
    WriteLine,
)


def bridge(max_call_ms: int = 600_000) -> Bridge:
    return Bridge(max_call_ms=max_call_ms)


def says(utterance_id: str = "hello", duration_ms: int = 1_000) -> Utterance:
    return Utterance(utterance_id=utterance_id, payload="AAAA", duration_ms=duration_ms)


def end_of(utterance_id: str = "hello", text: str = "Hello.") -> UtteranceEnd:
    return UtteranceEnd(utterance_id=utterance_id, text=text, source=TranscriptSource.SCRIPTED)


def agent_line(start_ms: int, end_ms: int, text: str = "Hello.") -> WriteLine:
    return WriteLine(
        role=Role.AGENT,
        text=text,
        start_ms=start_ms,
        end_ms=end_ms,
        source=TranscriptSource.SCRIPTED,
    )


def test_agent_audio_goes_out_untouched_with_a_mark_behind_it():
    assert bridge().agent_event(says(), now_ms=0) == [SendAudio("AAAA"), SendMark("0:1000:hello")]


def test_a_heard_utterance_becomes_a_transcript_line():
    call = bridge()
    call.agent_event(says(), now_ms=100)
    call.agent_event(end_of(), now_ms=100)
    assert call.mark_returned("0:1000:hello", now_ms=1_150) == [
        TellPlayed("hello"),
        agent_line(100, 1_100),
    ]


def test_clear_goes_out_first_when_the_caller_speaks_over_the_agent():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    assert call.agent_event(CallerStarted(at_ms=400), now_ms=420) == [
        SendClear(),
        TellInterrupted((Heard(utterance_id="hello", heard_ms=420),)),
        agent_line(0, 420),
    ]


def test_late_audio_of_an_interrupted_utterance_is_dropped():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(CallerStarted(at_ms=400), now_ms=420)
    assert call.agent_event(says(), now_ms=440) == []


def test_words_that_come_after_the_interruption_are_kept_with_what_was_heard():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(CallerStarted(at_ms=400), now_ms=420)
    assert call.agent_event(end_of(), now_ms=500) == [agent_line(0, 420)]


def test_words_nobody_heard_are_not_in_the_transcript():
    call = bridge()
    call.agent_event(says("first", 2_000), now_ms=0)
    call.agent_event(says("second"), now_ms=0)
    call.agent_event(end_of("second", "Never heard."), now_ms=0)
    written = [
        action
        for action in call.agent_event(CallerStarted(at_ms=900), now_ms=1_000)
        if isinstance(action, WriteLine)
    ]
    assert written == []


def test_nothing_is_cleared_when_nothing_plays():
    assert bridge().agent_event(CallerStarted(at_ms=400), now_ms=420) == []


def test_a_caller_turn_becomes_a_transcript_line_without_words():
    turn = CallerStopped(start_ms=1_000, end_ms=3_000)
    assert bridge().agent_event(turn, now_ms=3_700) == [
        WriteLine(
            role=Role.CALLER,
            text="",
            start_ms=1_000,
            end_ms=3_000,
            source=TranscriptSource.NONE,
        )
    ]


def test_the_goodbye_is_heard_before_the_stream_closes():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    assert call.agent_event(AgentDone(), now_ms=10) == []
    assert call.tick(now_ms=999) == []
    assert call.mark_returned("0:1000:hello", now_ms=1_010)[-1] == CloseStream(
        AgentOutcome.FINISHED
    )


def test_a_goodbye_whose_mark_never_returns_ends_at_its_deadline():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    call.agent_event(AgentDone(), now_ms=0)
    assert call.tick(now_ms=1_000 + GOODBYE_GRACE_MS) == [
        agent_line(0, 1_000),
        CloseStream(AgentOutcome.FINISHED),
    ]


def test_the_caller_cannot_talk_the_goodbye_into_silence():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(AgentDone(), now_ms=0)
    assert call.agent_event(CallerStarted(at_ms=100), now_ms=120) == []


def test_a_failed_agent_closes_the_stream_as_failed():
    assert bridge().agent_event(AgentFailed(code="quota"), now_ms=0) == [
        CloseStream(AgentOutcome.FAILED)
    ]


def test_an_agent_that_fails_in_its_goodbye_is_heard_to_the_end():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    call.agent_event(AgentDone(), now_ms=0)
    assert call.agent_event(AgentFailed(code="gone"), now_ms=500) == []
    assert call.mark_returned("0:1000:hello", now_ms=1_010)[-1] == CloseStream(
        AgentOutcome.FINISHED
    )


def test_an_agent_that_never_speaks_is_given_up():
    call = bridge()
    assert call.tick(now_ms=AGENT_SILENT_AT_START_MS - 1) == []
    assert call.tick(now_ms=AGENT_SILENT_AT_START_MS) == [CloseStream(AgentOutcome.FAILED)]


def test_a_call_beyond_its_time_is_wrapped_up_in_words_or_handed_over():
    call = bridge(max_call_ms=10_000)
    call.agent_event(says(), now_ms=0)
    assert call.tick(now_ms=10_000) == [TellWrapUp()]
    assert call.tick(now_ms=10_100) == []
    assert call.tick(now_ms=10_000 + WRAP_UP_GRACE_MS)[-1] == CloseStream(AgentOutcome.FAILED)


def test_a_caller_who_hangs_up_leaves_what_was_heard_in_the_transcript():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    assert call.line_stopped(now_ms=300) == [
        agent_line(0, 300),
        CloseStream(AgentOutcome.CALLER_LEFT),
    ]


def test_a_stream_closes_once():
    call = bridge()
    call.line_stopped(now_ms=300)
    assert call.line_stopped(now_ms=300) == []
    assert call.agent_event(AgentFailed(code="late"), now_ms=400) == []
