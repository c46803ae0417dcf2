"""What each voice sounds like: its greeting, rendered ahead by `manage.py rendervoices`."""

import asyncio
from pathlib import Path

from django.conf import settings

from agent.backends.base import AgentBackend
from agent.brief import CallBrief, CallType
from agent.errors import AgentUnavailable
from agent.session import AgentFailed, AgentSession, Utterance, UtteranceEnd
from agent.speech import prompts, wav

BUILT_IN = "built-in"
BUILT_IN_PROMPT = "greeting_voicemail"
PATIENCE_S = 30.0


def rendered() -> set[str]:
    """The voices that can be heard here, by name."""
    return {path.stem for path in _folder().glob("*.wav")}


def sample_of(voice: str) -> bytes | None:
    """The WAV file of a voice, 8 kHz mu-law; None where nothing was rendered."""
    if voice == BUILT_IN:
        sound = prompts.load(BUILT_IN_PROMPT)
        padding = bytes(len(sound) % 2)
        return wav.mulaw_header(len(sound), channels=1) + sound + padding
    return (_folder() / f"{voice}.wav").read_bytes() if voice in rendered() else None


async def render(backend: AgentBackend, voice: str) -> Path:
    """Let the agent greet in this voice and keep what it says. Raises AgentUnavailable."""
    brief = CallBrief(
        call_type=CallType.VOICEMAIL,
        receptionist=False,
        agent_name="Aloha",
        owner_name="",
        voice=voice,
        greeting="",
        about="",
        language="en",
        forwarded=None,
    )
    session = await backend.open_session(brief)
    try:
        async with asyncio.timeout(PATIENCE_S):
            sound = await _first_utterance(session)
    except TimeoutError as error:
        raise AgentUnavailable(f"{voice} said nothing within {PATIENCE_S:.0f} s.") from error
    finally:
        await session.close()
    _folder().mkdir(parents=True, exist_ok=True)
    path = _folder() / f"{voice}.wav"
    wav.write_mulaw(path, sound)
    return path


async def _first_utterance(session: AgentSession) -> bytes:
    sound = b""
    async for event in session.events():
        if isinstance(event, Utterance):
            sound += event.audio
        elif isinstance(event, UtteranceEnd) and sound:
            return sound
        elif isinstance(event, AgentFailed):
            raise AgentUnavailable(f"{event.code}: {event.detail}")
    raise AgentUnavailable("The agent left without a word.")


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "voice-samples"
