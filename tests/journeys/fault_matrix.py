"""One call to an agent that fails in one way at one moment: what its caller heard, and when."""

from dataclasses import dataclass

from agent import profiles
from agent.speech import prompts
from agent.speech.wav import read_mulaw
from telephony.models import UserPhoneNumber
from telephony.simulator.loudness import FRAME_BYTES, FRAME_MS, SILENCE
from telephony.simulator.result import CallResult
from tests.factories import make_number, make_user
from tests.peers.faulty_agent import Fault, Phase
from voicemail.models import Message

FIRST_AUDIO_MS = 2_000
DEAD_AIR_MS = 4_000
OF_A_PROMPT = slice(1_600, 4_800)
"""200 to 600 ms: what tells one sentence from another; all begin with 100 ms of silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A fault and its moment."""

    fault: Fault
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How the call went, for the caller and for the owner."""

    scenario: Scenario
    first_audio_ms: int
    dead_air_ms: int
    heard: tuple[str, ...]
    agent_outcome: str
    message_is: str

    @property
    def faults(self) -> list[str]:
        """What was promised and not kept."""
        broken = []
        if not 0 <= self.first_audio_ms < FIRST_AUDIO_MS:
            broken.append(f"first audio after {self.first_audio_ms} ms")
        if self.dead_air_ms > DEAD_AIR_MS:
            broken.append(f"{self.dead_air_ms} ms of dead air")
        if not self.message_is:
            broken.append("the message is lost")
        return broken

    def row(self) -> str:
        """One line of the matrix."""
        cells = (
            self.scenario.fault.value,
            self.scenario.phase.value,
            " · ".join(self.heard),
            f"{self.first_audio_ms} ms",
            f"{self.dead_air_ms} ms",
            self.agent_outcome,
            self.message_is or "LOST",
        )
        return f"| {' | '.join(cells)} |"


HEADER = (
    "| fault | phase | what the caller heard, at second | first audio | longest dead air"
    " | agent's part | message |\n|---|---|---|---|---|---|---|"
)


def prepare(scenario: Scenario, index: int) -> UserPhoneNumber:
    """An owner whose agent will fail like that, and her number."""
    owner = make_user(f"owner-{index}@example.com", name="Nora Whitfield")
    about = f"{scenario.fault.value} @ {scenario.phase.value}"
    profiles.change_profile(user=owner, about=about)
    return make_number(owner, phone_number=f"+1415555{1_000 + index}")


def where_message_is(message: Message, result: CallResult, speech: bytes) -> str:
    """Where the owner hears every word of it; empty when she does not."""
    if not hasattr(message.call, "recording"):
        return ""
    with message.call.recording.file.open() as file:
        stereo = file.read()[-message.call.recording.duration_ms * 16 :]
    if speech not in stereo[0::2]:
        return ""
    after_tone = any(speech in read_mulaw(path) for path in result.recordings)
    return "after the tone" if after_tone else "with the agent"


def first_audio_ms(result: CallResult) -> int:
    """How long after the answer there was something to hear; -1 when there never was."""
    starts = range(0, len(result.heard), FRAME_BYTES)
    loud = (at for at in starts if result.heard[at : at + FRAME_BYTES] != SILENCE)
    return next(loud, -8) // 8


def dead_air_ms(result: CallResult) -> int:
    """The longest time, until the tone invites her to speak, in which nobody made a sound."""
    longest = quiet = 0
    until = result.heard.find(prompts.load("beep"))
    for at in range(0, until if until >= 0 else len(result.heard), FRAME_BYTES):
        frames = (result.heard[at : at + FRAME_BYTES], result.said[at : at + FRAME_BYTES])
        quiet = quiet + FRAME_MS if all(frame == SILENCE for frame in frames) else 0
        longest = max(longest, quiet)
    return longest


def sentences(heard: bytes) -> tuple[str, ...]:
    """The checked-in sentences in what was heard, with the second each began."""
    found = []
    for name in prompts.PROMPTS:
        whole = prompts.load(name)
        at = heard.find(whole[OF_A_PROMPT])
        while at >= 0:
            start = at - OF_A_PROMPT.start
            cut = "" if heard.startswith(whole, start) else " (cut)"
            found.append((start, f"{start / 8_000:.1f} {name}{cut}"))
            at = heard.find(whole[OF_A_PROMPT], at + 1)
    return tuple(text for _, text in sorted(found))
