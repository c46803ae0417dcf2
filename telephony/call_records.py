"""The call log's JSON: what is read and what is written, with names as scripts see them."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from datetime import UTC
from typing import Any, ClassVar

from rest_framework import serializers

from agent.brief import CallType
from agent.session import AgentOutcome, Role, TranscriptSource
from telephony.call_log import MAX_SEARCH_LENGTH, CallFilter
from telephony.end_reasons import EndReason
from telephony.models import Call, CallPurpose, CallStatus, Direction
from telephony.serializers import ClosedSerializer, TextField

MAX_LIMIT = 100
DEFAULT_LIMIT = 25


class FilterField(serializers.ChoiceField):
    """One of the filters, by its name; a wrong one is not repeated in the refusal."""

    default_error_messages: ClassVar = {
        "invalid_choice": f"Choose one of {', '.join(CallFilter.values)}."
    }

    def to_internal_value(self, data: Any) -> CallFilter:
        if not isinstance(data, str) or data not in CallFilter.values:
            self.fail("invalid_choice")
        return CallFilter(data)


class BlankIsNull(serializers.ChoiceField):
    """A choice that has not been made is null, not blank."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, allow_null=True, **kwargs)

    def to_representation(self, value: str) -> str | None:
        return value or None


class CallQuery(ClosedSerializer):
    """Which calls, and how many."""

    filter = FilterField(choices=CallFilter.choices, default=CallFilter.ALL)
    number = TextField(
        default="",
        allow_blank=True,
        max_length=MAX_SEARCH_LENGTH,
        help_text="The other side's number in any spelling, at least three digits of it, or "
        "`withheld`.",
    )
    cursor = TextField(default="", allow_blank=True, help_text="From `next` or `previous`.")
    limit = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)


class CallRecord(serializers.Serializer):
    """One call. Times are UTC; `endReason` is null while the call goes on."""

    id = serializers.UUIDField()
    callSid = serializers.CharField(
        source="call_sid", allow_null=True, help_text="Null until the provider has taken the call."
    )
    direction = serializers.ChoiceField(choices=Direction.choices)
    callType = serializers.ChoiceField(
        source="call_type", choices=[(kind.value, kind.value) for kind in CallType]
    )
    purpose = serializers.ChoiceField(choices=CallPurpose.choices)
    fromNumber = serializers.CharField(
        source="from_number", help_text="E.164 where it is a number; as the carrier sent it else."
    )
    callerWithheld = serializers.BooleanField(source="caller_withheld")
    toNumber = serializers.CharField(source="to_number")
    wasForwarded = serializers.BooleanField(
        source="was_forwarded", allow_null=True, help_text="Null when the carrier does not say."
    )
    forwardedFrom = serializers.CharField(source="forwarded_from")
    status = serializers.ChoiceField(choices=CallStatus.choices)
    endReason = BlankIsNull(EndReason.choices, source="end_reason")
    endReasonText = serializers.SerializerMethodField(method_name="end_reason_text")
    startedAt = serializers.DateTimeField(source="started_at", default_timezone=UTC)
    answeredAt = serializers.DateTimeField(
        source="picked_up_at", allow_null=True, default_timezone=UTC
    )
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True, default_timezone=UTC)
    durationSeconds = serializers.IntegerField(source="duration_s", allow_null=True)
    campaignId = serializers.UUIDField(source="campaign_id", allow_null=True)
    answeredBy = serializers.CharField(
        source="answered_by", help_text="Who took an outbound call: human, machine or unknown."
    )
    failureCode = serializers.CharField(
        source="failure_code", help_text="Why the provider did not place the call."
    )
    simulated = serializers.BooleanField()

    def end_reason_text(self, call: Call) -> str | None:
        return EndReason(call.end_reason).label if call.end_reason else None


class CallPage(serializers.Serializer):
    """Some calls, newest first; `next` leads to older ones, `previous` to newer ones."""

    results = CallRecord(many=True)
    next = serializers.CharField(allow_null=True, help_text="Path and query.")
    previous = serializers.CharField(allow_null=True, help_text="Path and query.")


class CallEventRecord(serializers.Serializer):
    """Something the carrier or the agent reported, as it was understood."""

    kind = serializers.CharField()
    receivedAt = serializers.DateTimeField(source="received_at", default_timezone=UTC)
    facts = serializers.DictField(child=serializers.JSONField())


class TranscriptLineRecord(serializers.Serializer):
    """What one side said in one go; milliseconds count from the start of the recording."""

    role = serializers.ChoiceField(choices=[(role.value, role.value) for role in Role])
    text = serializers.CharField(help_text="Empty when nobody wrote it down.")
    heardCharacters = serializers.IntegerField(
        source="heard_chars",
        allow_null=True,
        help_text="How much of an interrupted text was heard; null when all of it was.",
    )
    startMs = serializers.IntegerField(source="start_ms")
    endMs = serializers.IntegerField(source="end_ms")
    source = serializers.ChoiceField(
        choices=[(source.value, source.value) for source in TranscriptSource]
    )


class CallDetail(CallRecord):
    """One call with what was reported and what was said."""

    agentBackend = serializers.CharField(source="agent_backend", help_text="Blank: no agent.")
    agentOutcome = BlankIsNull(
        [(outcome.value, outcome.value) for outcome in AgentOutcome], source="agent_outcome"
    )
    costUsd = serializers.DecimalField(
        source="cost_usd", max_digits=10, decimal_places=5, allow_null=True
    )
    events = CallEventRecord(many=True)
    transcript = TranscriptLineRecord(many=True)
