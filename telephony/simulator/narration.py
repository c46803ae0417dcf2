"""What happens in a simulated call, in words for a console."""

from typing import assert_never

from telephony.simulator.events import (
    CallEnded,
    CallerRecorded,
    CallEvent,
    DigitsGathered,
    DocumentReceived,
    PlaybackCleared,
    SoundPlayed,
    SpeechStarted,
    SpeechStopped,
    StreamClosed,
    StreamOpened,
    TextSpoken,
    Warned,
    WebhookAnswered,
)


def sentence(event: CallEvent) -> str:
    """One line about one event."""
    match event:
        case WebhookAnswered():
            again = " when asked again" if event.is_repeat else ""
            return f"webhook  {event.path} answered {event.status} in {event.took_ms} ms{again}"
        case DocumentReceived():
            return f"TwiML    {', '.join(event.verbs) or 'empty'}"
        case TextSpoken():
            return f"says     “{event.text}”{' (as a tone)' if event.as_tone else ''}"
        case SoundPlayed():
            return f"plays    {event.source}"
        case DigitsGathered():
            return f"keys     {event.digits or 'none'}"
        case CallerRecorded():
            return f"recorded {event.duration_ms / 1000:.1f} s of the caller: {event.path}"
        case Warned():
            return f"warning  {event.code}: {event.text}"
        case CallEnded():
            return f"ended    by the {event.by}: {event.status}"
        case _:
            return _media_sentence(event)


def _media_sentence(
    event: StreamOpened | StreamClosed | PlaybackCleared | SpeechStarted | SpeechStopped,
) -> str:
    match event:
        case StreamOpened():
            return f"stream   open, {event.stream_sid}"
        case StreamClosed():
            unheard = f", {event.unplayed_ms} ms unheard" if event.unplayed_ms else ""
            return (
                f"stream   closed by the {event.by}: {event.received_ms} ms of audio{unheard}, "
                f"{event.marks} marks, {event.clears} clears"
            )
        case PlaybackCleared():
            return f"stream   cleared, {event.marks} marks returned"
        case SpeechStarted():
            return f"audio    the {event.who} starts speaking"
        case SpeechStopped():
            return f"audio    the {event.who} has stopped speaking"
        case _:
            assert_never(event)
