"""What we tell the carrier to do: TwiML, written by Twilio's own builder."""

import re

from twilio.twiml.voice_response import Connect, Gather, VoiceResponse

from telephony.call_notice import CallNotice

NOT_IN_SERVICE = "The number you called is not in service."
APOLOGY = "I'm sorry, I can't talk right now."
LEAVE_MESSAGE = "Please leave a message after the tone."
MESSAGE_TAKEN = "Thank you for calling. Goodbye."
NO_MESSAGE = "I did not hear a message. Goodbye."
OPT_OUT = "If you do not want to be called again, press 9 at any time."
OPTED_OUT = "You will not be called again. Goodbye."
CALL_BACK = "Please call this number back. Goodbye."
PROBE = "This is Aloha's test call. If you have picked up, press any key."

# XML cannot hold these at all: the carrier would refuse the whole document.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

MAX_MESSAGE_SECONDS = 180
PROBE_WAITS_SECONDS = 3
PAUSE_SECONDS = 8  # silence that ends a message; people stop to think


def agent_answers(
    *,
    notice: CallNotice | None,
    stream_url: str,
    after_url: str,
    stream_status_url: str,
    call_type: str,
) -> str:
    """Say the call notice, then hand the audio to our socket.

    Without a notice the caller has heard it, and an agent, before.

    `after_url` is asked for what comes next however the stream ended, so it holds the way
    out when the agent fails. The stream's address must not have a query: Twilio drops it.
    """
    response = VoiceResponse()
    if notice:
        _say_notice(response, notice)
    _connect(
        response,
        stream_url=stream_url,
        after_url=after_url,
        stream_status_url=stream_status_url,
        call_type=call_type,
    )
    return str(response)


def classic_voicemail(*, recording_url: str, apology: bool = False, greeting: str = "") -> str:
    """Greet, beep and record the caller; a caller who stays silent is told so.

    `greeting` is the owner's own and comes before the standard sentence.

    `recording_url` gets both the caller's return after the recording and the callback when
    the file is ready.
    """
    response = VoiceResponse()
    if apology:
        response.say(APOLOGY)
    if greeting:
        response.say(_sayable(greeting))
    response.say(LEAVE_MESSAGE)
    response.record(
        action=recording_url,
        method="POST",
        max_length=MAX_MESSAGE_SECONDS,
        timeout=PAUSE_SECONDS,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=recording_url,
        recording_status_callback_method="POST",
        recording_status_callback_event="completed absent",
    )
    response.say(NO_MESSAGE)
    response.hangup()
    return str(response)


def agent_calls(
    *,
    notice: CallNotice,
    owner_name: str,
    key_url: str,
    stream_url: str,
    after_url: str,
    stream_status_url: str,
    call_type: str,
) -> str:
    """Say first that an AI calls, then for whom and how to stop it, then let the agent talk.

    A key pressed meanwhile goes to `key_url`; later ones are heard on the stream.
    """
    response = VoiceResponse()
    gather = Gather(
        input="dtmf", num_digits=1, timeout=1, action=key_url, method="POST", finish_on_key=""
    )
    _say_who_calls(gather, notice, owner_name)
    response.append(gather)
    _connect(
        response,
        stream_url=stream_url,
        after_url=after_url,
        stream_status_url=stream_status_url,
        call_type=call_type,
    )
    return str(response)


def agent_calls_after_key(
    *,
    notice: CallNotice,
    owner_name: str,
    stream_url: str,
    after_url: str,
    stream_status_url: str,
    call_type: str,
) -> str:
    """Say all of it again, which no key can stop now, then let the agent talk.

    The key cut it off, perhaps at its first word.
    """
    response = VoiceResponse()
    _say_who_calls(response, notice, owner_name)
    _connect(
        response,
        stream_url=stream_url,
        after_url=after_url,
        stream_status_url=stream_status_url,
        call_type=call_type,
    )
    return str(response)


def note_on_machine(*, notice: CallNotice, owner_name: str) -> str:
    """Speak a short message onto an answering machine, and hang up."""
    response = VoiceResponse()
    _say_notice(response, notice)
    response.say(_on_behalf_of(owner_name))
    response.say(CALL_BACK)
    response.hangup()
    return str(response)


def opted_out() -> str:
    """Promise that there will be no more calls, and hang up."""
    response = VoiceResponse()
    response.say(OPTED_OUT)
    response.hangup()
    return str(response)


def message_taken() -> str:
    """Thank the caller who has left a message, and hang up."""
    response = VoiceResponse()
    response.say(MESSAGE_TAKEN)
    response.hangup()
    return str(response)


def sorry() -> str:
    """Apologise and hang up."""
    response = VoiceResponse()
    response.say(APOLOGY)
    response.hangup()
    return str(response)


def not_in_service() -> str:
    """Say that the number is not in service and hang up."""
    response = VoiceResponse()
    response.say(NOT_IN_SERVICE)
    response.hangup()
    return str(response)


def probe_answered(*, key_url: str) -> str:
    """Ask whoever took a probe call for a key; `key_url` hears of it, also of none.

    Over before the tone of a carrier's voicemail, which so gets no message.
    """
    response = VoiceResponse()
    gather = response.gather(
        action=key_url,
        method="POST",
        input="dtmf",
        num_digits=1,
        timeout=PROBE_WAITS_SECONDS,
        action_on_empty_result=True,
    )
    gather.say(PROBE)
    return str(response)


def hang_up() -> str:
    """End the call."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def reject() -> str:
    """Do not answer; costs nothing."""
    response = VoiceResponse()
    response.reject(reason="rejected")
    return str(response)


def _connect(
    response: VoiceResponse,
    *,
    stream_url: str,
    after_url: str,
    stream_status_url: str,
    call_type: str,
) -> None:
    connect = Connect(action=after_url, method="POST")
    stream = connect.stream(
        url=stream_url, status_callback=stream_status_url, status_callback_method="POST"
    )
    stream.parameter(name="callType", value=call_type)
    response.append(connect)


def _on_behalf_of(owner_name: str) -> str:
    name = " ".join(_sayable(owner_name).split())
    return f"I am calling for {name}." if name else "I am calling for the owner of this number."


def _say_who_calls(verb: VoiceResponse | Gather, notice: CallNotice, owner_name: str) -> None:
    _say_notice(verb, notice)
    verb.say(_on_behalf_of(owner_name))
    verb.say(OPT_OUT)


def _say_notice(verb: VoiceResponse | Gather, notice: CallNotice) -> None:
    verb.say(_sayable(notice.text), language=notice.language or None)


def _sayable(text: str) -> str:
    return _NO_XML.sub("", text)
