"""The voices an owner can choose."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice by the name its provider knows it by."""

    name: str
    label: str
    description: str


# OpenAI Realtime's voices; kept while the embedded agent speaks, so the choice counts later.
REALTIME_VOICES = (
    Voice(name="marin", label="Marin", description="Warm and clear"),
    Voice(name="cedar", label="Cedar", description="Calm and deep"),
    Voice(name="alloy", label="Alloy", description="Even and neutral"),
    Voice(name="ash", label="Ash", description="Relaxed and dry"),
    Voice(name="ballad", label="Ballad", description="Soft and slow"),
    Voice(name="coral", label="Coral", description="Bright and friendly"),
    Voice(name="echo", label="Echo", description="Firm and even"),
    Voice(name="sage", label="Sage", description="Gentle and steady"),
    Voice(name="shimmer", label="Shimmer", description="Light and quick"),
    Voice(name="verse", label="Verse", description="Lively and expressive"),
)

# OpenAI Live's voices: those of Realtime first, so that a choice outlives a change of the agent.
LIVE_VOICES = (
    *REALTIME_VOICES,
    Voice(name="beacon", label="Beacon", description="Only with the Live agent"),
    Voice(name="bossa", label="Bossa", description="Only with the Live agent"),
    Voice(name="cinder", label="Cinder", description="Only with the Live agent"),
    Voice(name="delta", label="Delta", description="Only with the Live agent"),
    Voice(name="gleam", label="Gleam", description="Only with the Live agent"),
    Voice(name="meridian", label="Meridian", description="Only with the Live agent"),
    Voice(name="quartz", label="Quartz", description="Only with the Live agent"),
    Voice(name="ripple", label="Ripple", description="Only with the Live agent"),
    Voice(name="shida", label="Shida", description="Only with the Live agent"),
    Voice(name="stone", label="Stone", description="Only with the Live agent"),
    Voice(name="tempo", label="Tempo", description="Only with the Live agent"),
    Voice(name="vesper", label="Vesper", description="Only with the Live agent"),
    Voice(name="willow", label="Willow", description="Only with the Live agent"),
)
