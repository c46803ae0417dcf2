"""Decisions between line and agent, without socket or sleep."""

import pytest

from agent.session import (
    AgentFailed,
    AgentOutcome,
    CallerStarted,
    CallerStopped,
    Capabilities,
    Heard,
    Interrupted,
    Role,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from telephony.actions import (
    CloseStream,
    SendAudio,
    SendClear,
    SendMark,
    TellInterrupted,
    TellKey,
    TellPlayed,
    WriteLine,
)
from telephony.bridge import Bridge
from telephony.patience import VOICE_LASTS_MS
from telephony.said import OwnWords

pytestmark = pytest.mark.M4


def bridge(max_call_ms: int = 600_000, **capabilities: bool) -> Bridge:
    words = {
        name: OwnWords(text=f"{name}.", pieces=((f"/{name}/".encode(), 1_200),))
        for name in ("one_moment", "time_is_up", "no_message")
    }
    call = Bridge(max_call_ms=max_call_ms, own_words=words)
    call.agent_opened(Capabilities(**capabilities))
    return call


def says(utterance_id: str = "hello", duration_ms: int = 1_000, turn_id: str = "") -> Utterance:
    return Utterance(
        utterance_id=utterance_id, audio=b"AAAA", duration_ms=duration_ms, turn_id=turn_id
    )


def end_of(utterance_id: str = "hello", text: str = "Hello.") -> UtteranceEnd:
    return UtteranceEnd(utterance_id=utterance_id, text=text, source=TranscriptSource.SCRIPTED)


def agent_line(
    start_ms: int, end_ms: int, text: str = "Hello.", heard_chars: int | None = None
) -> WriteLine:
    return WriteLine(
        role=Role.AGENT,
        text=text,
        start_ms=start_ms,
        end_ms=end_ms,
        source=TranscriptSource.SCRIPTED,
        heard_chars=heard_chars,
    )


def started() -> CallerStarted:
    return CallerStarted(at_ms=0)


def told_heard(actions) -> list[tuple[str, int]]:
    told = [action.heard for action in actions if isinstance(action, TellInterrupted)]
    return [(part.utterance_id, part.heard_ms) for heard in told for part in heard]


def test_agent_audio_goes_out_untouched_with_a_mark_behind_it():
    assert bridge().agent_event(says(), now_ms=0) == [SendAudio(b"AAAA"), SendMark("0:1000:hello")]


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
        agent_line(0, 420, heard_chars=0),
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
    assert call.agent_event(end_of(), now_ms=500) == [agent_line(0, 420, heard_chars=0)]


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


def test_a_turn_stands_where_the_recording_has_it_although_the_agent_came_late():
    call = bridge()
    call.agent_opened(Capabilities(), unheard_ms=700)
    [line] = call.agent_event(CallerStopped(start_ms=1_000, end_ms=3_000), now_ms=4_000)
    assert (line.start_ms, line.end_ms) == (1_700, 3_700)


def test_a_failed_agent_closes_the_stream_as_failed():
    assert bridge().agent_event(AgentFailed(code="quota"), now_ms=0) == [
        CloseStream(AgentOutcome.FAILED)
    ]


def test_a_caller_who_hangs_up_leaves_what_was_heard_in_the_transcript():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    assert call.line_stopped(now_ms=300) == [
        agent_line(0, 300, heard_chars=0),
        CloseStream(AgentOutcome.CALLER_LEFT),
    ]


def test_a_stream_closes_once():
    call = bridge()
    call.line_stopped(now_ms=300)
    assert call.line_stopped(now_ms=300) == []
    assert call.agent_event(AgentFailed(code="late"), now_ms=400) == []


def test_the_rest_of_an_interrupted_turn_is_dropped_too():
    call = bridge()
    call.agent_event(says("first", turn_id="r1"), now_ms=0)
    call.agent_event(started(), now_ms=420)
    assert call.agent_event(says("second", turn_id="r1"), now_ms=440) == []


def test_the_next_turn_is_heard_after_an_interruption():
    call = bridge()
    call.agent_event(says("first", turn_id="r1"), now_ms=0)
    call.agent_event(started(), now_ms=420)
    sent = call.agent_event(says("third", turn_id="r2"), now_ms=2_000)
    assert sent == [SendAudio(b"AAAA"), SendMark("1:1000:third")]


def test_an_utterance_that_began_after_the_interruption_is_told_as_never_heard():
    call = bridge()
    call.agent_event(says("first", turn_id="r1"), now_ms=0)
    call.agent_event(started(), now_ms=420)
    call.agent_event(says("second", turn_id="r1"), now_ms=440)
    assert told_heard(call.agent_event(end_of("second"), now_ms=450)) == [("second", 0)]


def test_several_utterances_of_one_turn_are_cut_each_where_it_was():
    call = bridge()
    for name in ("one", "two", "three"):
        call.agent_event(says(name, turn_id="r1"), now_ms=0)
        call.agent_event(end_of(name), now_ms=0)
    call.mark_returned("0:1000:one", now_ms=1_050)
    cut = call.agent_event(started(), now_ms=1_400)
    assert told_heard(cut) == [("two", 400), ("three", 0)]


def test_what_was_heard_of_a_sentence_is_marked_in_its_line():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(text="one two three four"), now_ms=0)
    line = call.agent_event(started(), now_ms=500)[-1]
    assert isinstance(line, WriteLine)
    assert line.text[: line.heard_chars] == "one two"


def test_audio_that_came_too_late_counts_when_heard_words_are_measured():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(started(), now_ms=1_000)
    call.agent_event(says(), now_ms=1_020)
    line = call.agent_event(end_of(text="one two three four"), now_ms=1_030)[0]
    assert isinstance(line, WriteLine)
    assert line.text[: line.heard_chars] == "one two"


def test_an_agent_that_interrupts_itself_goes_on_when_the_caller_speaks():
    call = bridge(interrupts_itself=True)
    call.agent_event(says(), now_ms=0)
    assert call.agent_event(started(), now_ms=420) == []


def test_an_agent_that_interrupts_itself_is_cut_and_not_told_what_it_knows():
    call = bridge(interrupts_itself=True)
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    cut = call.agent_event(Interrupted(), now_ms=420)
    assert cut == [SendClear(), agent_line(0, 420, heard_chars=0)]


def test_paced_audio_carries_one_mark_at_its_end():
    call = bridge(paces_audio=True)
    assert call.agent_event(says(), now_ms=0) == [SendAudio(b"AAAA")]
    assert call.agent_event(end_of(), now_ms=0) == [SendMark("0:1000:hello")]


def test_a_key_is_passed_to_the_agent_and_interrupts_nothing():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    assert call.key_pressed("5", now_ms=300) == [TellKey("5")]


def test_words_that_come_after_the_end_are_still_kept():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.line_stopped(now_ms=600)
    assert call.agent_event(end_of(), now_ms=700) == [agent_line(0, 600, heard_chars=0)]
    assert call.agent_event(says("more"), now_ms=700) == []


@pytest.mark.A4
class TestQuiet:
    """The moment at which a call may pass to another process."""

    def test_a_caller_who_speaks_is_not_cut_off(self):
        call = bridge()
        assert call.is_quiet(now_ms=500)
        call.agent_event(CallerStarted(at_ms=1_000), now_ms=1_000)
        assert not call.is_quiet(now_ms=9_000)
        call.agent_event(CallerStopped(start_ms=1_000, end_ms=9_000), now_ms=9_500)
        assert call.is_quiet(now_ms=9_500)

    def test_a_caller_whom_only_the_line_hears_is_not_cut_off_either(self):
        call = bridge()
        call.voice_heard(now_ms=1_000)
        assert not call.is_quiet(now_ms=1_000 + VOICE_LASTS_MS - 1)
        assert call.is_quiet(now_ms=1_000 + VOICE_LASTS_MS)

    def test_what_plays_is_heard_to_its_end(self):
        call = bridge()
        call.agent_event(says(), now_ms=0)
        assert not call.is_quiet(now_ms=500)
