"""Why a call does not go out.

TelephonyError
├── NotReadyToCall           409: something is to be done first
│   ├── OutboundTermsNeeded  the owner has not accepted the duties of whoever has people called
│   └── OutboundOff          staff have switched calling off
├── CampaignNotFound         404: not hers, or ended
├── CampaignNameTaken        409: another of her campaigns is called so
└── CallRefused              422: this number, or not now
    ├── EmergencyNumber, ShortCode, PremiumNumber, SharedCostNumber, SatelliteNumber,
    │   NumberTypeNotAllowed  kinds of numbers that an agent never calls
    ├── OwnNumber            the call would come back to an agent
    ├── QuietHours           it is early or late there
    ├── OnDoNotCallList      whoever it is does not want to be called
    └── DailyCallsUsed, DailyMinutesUsed, AllCallsUsed, CallRunning  the caps
"""

from telephony.errors import TelephonyError


class NotReadyToCall(TelephonyError):
    """Calling is not possible yet."""

    code = "not_ready_to_call"


class OutboundTermsNeeded(NotReadyToCall):
    """Accept the terms for outgoing calls first, at /aloha/call/terms; that is asked once."""

    code = "outbound_terms_needed"


class OutboundOff(NotReadyToCall):
    """Outgoing calls are switched off at the moment. Nobody was called."""

    code = "outbound_off"


class CampaignNotFound(TelephonyError):
    """There is no such campaign, or it has ended."""

    code = "campaign_not_found"


class CampaignNameTaken(TelephonyError):
    """Another campaign of yours has this name."""

    code = "name_taken"


class CallRefused(TelephonyError):
    """This call cannot be made. Nobody was called."""

    code = "call_refused"


class EmergencyNumber(CallRefused):
    """Aloha never calls emergency services. Dial this number on your own phone."""

    code = "emergency_number"


class ShortCode(CallRefused):
    """This is a short code, which Aloha does not call; write a whole number like +14155550132."""

    code = "short_code"


class PremiumNumber(CallRefused):
    """This is a premium-rate number, which Aloha does not call."""

    code = "premium_number"


class SharedCostNumber(CallRefused):
    """This is a shared-cost number, which Aloha does not call."""

    code = "shared_cost_number"


class SatelliteNumber(CallRefused):
    """This is a satellite number, which Aloha does not call."""

    code = "satellite_number"


class NumberTypeNotAllowed(CallRefused):
    """Aloha calls landlines and mobiles only; this number is neither."""

    code = "number_type_not_allowed"


class OwnNumber(CallRefused):
    """This number is answered by Aloha itself; the agent would talk to an agent."""

    code = "own_number"


class QuietHours(CallRefused):
    """It is too early or too late where that phone is."""

    code = "quiet_hours"


class OnDoNotCallList(CallRefused):
    """This number is on your do-not-call list."""

    code = "do_not_call"


class DailyCallsUsed(CallRefused):
    """You have made all the calls of today."""

    code = "daily_calls_used"


class DailyMinutesUsed(CallRefused):
    """Your outgoing calls have used up their minutes of the last 24 hours."""

    code = "daily_minutes_used"


class AllCallsUsed(CallRefused):
    """This installation has made all its outgoing calls of today."""

    code = "all_calls_used"


class CallRunning(CallRefused):
    """A call of yours is still under way; one at a time."""

    code = "call_running"
