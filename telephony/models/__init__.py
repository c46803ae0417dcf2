"""The line's rows: numbers, calls, what was said, and what keeps it all within bounds."""

from telephony.models.calls import (
    FINAL_STATUSES,
    Call,
    CallEvent,
    CallPurpose,
    CallQuerySet,
    CallStatus,
    Direction,
    StreamState,
)
from telephony.models.limits import IdempotencyKey, Switch, UsageCounter
from telephony.models.number_history import ForwardingReminder, Mover, NumberEvent, SyncRun
from telephony.models.numbers import (
    LIVE_STATUSES,
    NumberStatus,
    UserPhoneNumber,
    UserPhoneNumberQuerySet,
    VoicemailMode,
)
from telephony.models.outbound import (
    Campaign,
    DoNotCall,
    OutboundTerms,
    SimulatedCall,
    SimulatedOrder,
)
from telephony.models.recordings import (
    CarrierRecording,
    CarrierRecordingQuerySet,
    Recording,
    TranscriptLine,
    UnnamedFile,
    recording_path,
)

__all__ = [
    "FINAL_STATUSES",
    "LIVE_STATUSES",
    "Call",
    "CallEvent",
    "CallPurpose",
    "CallQuerySet",
    "CallStatus",
    "Campaign",
    "CarrierRecording",
    "CarrierRecordingQuerySet",
    "Direction",
    "DoNotCall",
    "ForwardingReminder",
    "IdempotencyKey",
    "Mover",
    "NumberEvent",
    "NumberStatus",
    "OutboundTerms",
    "Recording",
    "SimulatedCall",
    "SimulatedOrder",
    "StreamState",
    "Switch",
    "SyncRun",
    "TranscriptLine",
    "UnnamedFile",
    "UsageCounter",
    "UserPhoneNumber",
    "UserPhoneNumberQuerySet",
    "VoicemailMode",
    "recording_path",
]
