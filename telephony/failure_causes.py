"""Why no agent heard a caller out, in words for staff.

Agents name their failures by codes: their own, those of OpenAI's errors, the status of a refused
handshake. What is not in the table is shown as it is.
"""

import re

from agent.session import AgentOutcome
from telephony.models import Call, StreamState

_NO_CREDIT = "the OpenAI account has no credit left"
_KEY_REFUSED = "OpenAI refuses the key"
_GONE = "the agent's server closed the session"
_WORDS = {
    "account_deactivated": "the OpenAI account is deactivated",
    "agent_unavailable": "the agent could not be reached",
    "audio_format": "the agent's server speaks another audio format",
    "beta_api_shape_disabled": "the agent's server has given up the protocol we speak",
    "billing_hard_limit_reached": _NO_CREDIT,
    "closed": _GONE,
    "credit_balance_exhausted": _NO_CREDIT,
    "ended_early": "the agent left without a goodbye",
    "http_401": _KEY_REFUSED,
    "http_403": _KEY_REFUSED,
    "http_404": "the agent's server does not know the model or the address",
    "insufficient_quota": _NO_CREDIT,
    "invalid_api_key": _KEY_REFUSED,
    "model_not_found": "the key may not use the model",
    "no_session_in_time": "the agent's server opened no session in time",
    "overrun": "the agent's server sent more than could be taken",
    "protocol": "the agent's server sent what cannot be read",
    "protocol_rejected": "the agent's server has given up the protocol we speak",
    "rate_limit_exceeded": "the OpenAI account asks for too much at once",
    "server_error": "the agent's server had a fault of its own",
    "session_expired": "the agent's session had lasted too long",
    "tool_loop": "the agent went round in circles",
    "unreachable": "the agent's server could not be reached",
}
_SESSION_ENDS = ("close_requested", "connection_lost", "content", "expired", "remote_hangup")
_KNOWN = frozenset(
    {*_WORDS, *(f"session_{reason}" for reason in _SESSION_ENDS)}
    | {"connection_lost", "internal", "stalled", "unknown"}
)
_STATUS = re.compile(r"http_[345][0-9]{2}|closed_(10[0-9]{2}|4000)")
SILENT = "the agent said nothing for too long, or the line broke off; the log tells which"
NO_STREAM = (
    "the carrier opened no media stream: the proxy passes no WebSockets on, or the handshake was "
    "refused"
)
NOT_ANSWERED = "Aloha did not answer the carrier in time, so its stand-in took the call"


def cause_of(call: Call) -> str:
    """The cause with its code; blank for a call that needs none."""
    if call.failure_code:
        return f"the provider did not place the call ({call.failure_code})"
    if call.carrier_fell_back:
        return NOT_ANSWERED
    if call.agent_outcome == AgentOutcome.FAILED:
        return _in_words(str(call.stream_facts.get("agent_failure", "")))
    is_unopened = call.stream_state == StreamState.ISSUED and call.carrier_records
    return NO_STREAM if is_unopened else ""


def label_of(code: str) -> str:
    """The code, or `other` for what a server has made up: a label of a metric is there for good."""
    return code if code in _KNOWN or _STATUS.fullmatch(code) else "other"


def _in_words(code: str) -> str:
    if not code:
        return SILENT
    words = _WORDS.get(code)
    if words is None and code.startswith(("closed_", "session_")):
        words = _GONE
    if words is None and code.startswith("http_"):
        words = "the agent's server refused the session"
    return f"{words or 'the agent failed'} ({code})"
