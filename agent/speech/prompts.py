"""The checked-in sentences of the embedded voice, rendered by `agent.speech.render_prompts`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from agent.speech.mulaw import BYTES_PER_MS

PIECE_BYTES = 200 * BYTES_PER_MS
FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One recorded sentence and where its sound comes from; a tone has no text."""

    text: str
    engine: str
    engine_version: str
    voice: str
    licence: str


def _read_manifest() -> dict[str, Prompt]:
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return {name: Prompt(**fields) for name, fields in manifest.items()}


PROMPTS = MappingProxyType(_read_manifest())
_NAMES_BY_TEXT = {prompt.text: name for name, prompt in PROMPTS.items() if prompt.text}


@cache
def load(name: str) -> bytes:
    """The sound of a prompt, raw 8 kHz mu-law. Raises KeyError for a name that is not there."""
    return path_of(name).read_bytes()


def path_of(name: str) -> Path:
    """Where the sound of a prompt is stored. Raises KeyError."""
    if name not in PROMPTS:
        raise KeyError(name)
    return FOLDER / f"{name}.ulaw"


def text_of(name: str) -> str:
    """What a prompt says; empty for a tone. Raises KeyError."""
    return PROMPTS[name].text


@cache
def pieces(name: str) -> tuple[tuple[bytes, int], ...]:
    """A prompt cut for the line: mu-law and its milliseconds. Raises KeyError."""
    sound = load(name)
    parts = [sound[start : start + PIECE_BYTES] for start in range(0, len(sound), PIECE_BYTES)]
    return tuple((part, len(part) // BYTES_PER_MS) for part in parts)


def named(text: str) -> str | None:
    """The name of the prompt that says exactly `text`."""
    return _NAMES_BY_TEXT.get(text)
