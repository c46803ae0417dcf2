"""Carries out what the bridge decides: on the line, in recording and transcript, to the agent.

Nothing here waits: decisions are carried out whole, before anything else is decided.
"""

from collections.abc import Callable, Iterable
from typing import assert_never

from agent.session import AgentOutcome, AgentSession
from agent.speech import mulaw
from telephony import actions as act
from telephony import metrics
from telephony.actions import Action
from telephony.caller_line import CallerLine
from telephony.journal import CallJournal
from telephony.recorder import CallRecorder
from telephony.stream_facts import StreamFacts

HELD_FRAMES = 100  # 2 s of the caller, while the agent's session opens


class Doer:
    """The hands of one call.

    `ms_open` says how long its socket has been open; `end` is told that the stream is to be closed.
    """

    def __init__(
        self,
        line: CallerLine,
        recorder: CallRecorder,
        journal: CallJournal,
        facts: StreamFacts,
        *,
        ms_open: Callable[[], int],
        end: Callable[[AgentOutcome], None],
    ) -> None:
        self.agent: AgentSession | None = None
        self.is_busy = False
        self._held: list[bytes] = []
        self._unheard_bytes = 0
        self._line = line
        self._recorder = recorder
        self._journal = journal
        self._facts = facts
        self._ms_open = ms_open
        self._end = end
        self.tell_agent_audio: Callable[[bytes], None] = self._hold_audio

    def agent_opened(self, agent: AgentSession) -> int:
        """The agent can be told things, and is told first what the caller has said so far.

        Returns how much it never hears, in milliseconds: what came before the audio held for it.
        """
        for audio in self._held:
            agent.send_audio(audio)
        self._held.clear()
        self.agent = agent
        self.tell_agent_audio = agent.send_audio
        return self._unheard_bytes // mulaw.BYTES_PER_MS

    def _hold_audio(self, audio: bytes) -> None:
        if len(self._held) == HELD_FRAMES:
            self._facts.caller_frames_lost += 1
            self._unheard_bytes += len(self._held.pop(0))
        self._held.append(audio)

    def do(self, actions: Iterable[Action]) -> None:
        """Carry out these, in order."""
        self.is_busy = True
        try:
            for action in actions:
                if isinstance(action, act.SendAudio):  # 50 times a second
                    self._line.play(action.audio)
                    self._recorder.agent(action.audio)
                    if self._facts.first_audio_ms is None:
                        self._note_first_audio()
                else:
                    self._carry_out(action)
        finally:
            self.is_busy = False

    def _note_first_audio(self) -> None:
        self._facts.first_audio_ms = self._ms_open()
        metrics.FIRST_AUDIO.observe(self._facts.first_audio_ms / 1_000)

    def _carry_out(self, action: act.Steering) -> None:
        match action:
            case act.SendMark(name):
                self._line.mark(name)
            case act.SendClear():
                self._line.clear()
                self._recorder.clear()
            case act.WriteLine():
                self._facts.lines_lost += not self._journal.write(action)
            case act.CloseStream(outcome):
                self._end(outcome)
            case _:
                self._tell_agent(action)

    def _tell_agent(self, news: act.AgentNews) -> None:
        if self.agent is None:
            return
        match news:
            case act.TellPlayed(utterance_id):
                self.agent.utterance_played(utterance_id)
            case act.TellInterrupted(heard):
                self.agent.interrupted(heard)
            case act.TellSilence(times):
                self._facts.times_asked += 1
                self.agent.caller_silent(times)
            case act.TellKey(digit):
                self.agent.key_pressed(digit)
            case act.TellWrapUp():
                self.agent.wrap_up()
            case _:
                assert_never(news)
