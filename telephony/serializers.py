"""The number API's JSON: what is read and what is written, with names as scripts see them."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from collections.abc import Mapping
from datetime import UTC
from typing import Any, ClassVar

import phonenumbers
from rest_framework import serializers

from telephony import phone_numbers
from telephony.area_codes import area_code_of, clean_area_code
from telephony.backends.base import NumberType, Offer
from telephony.errors import InvalidPhoneNumber
from telephony.idempotency import MAX_LENGTH
from telephony.models import NumberStatus, UserPhoneNumber, VoicemailMode


def read(serializer: type[serializers.Serializer], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, checked and under our own names; raises ValidationError."""
    reader = serializer(data=sent)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def idempotency_key(sent: str | None) -> str:
    """The header's text, blank when it was not sent; raises ValidationError."""
    if sent is None:
        return ""
    if not (1 <= len(sent) <= MAX_LENGTH and sent.isascii() and sent.isprintable()):
        detail = f"Send 1 to {MAX_LENGTH} printable ASCII characters."
        raise _refused("Idempotency-Key", "invalid_idempotency_key", detail)
    return sent


class ClosedSerializer(serializers.Serializer):
    """Refuses fields it does not know: a misspelt one must not pass for one left out."""

    def to_internal_value(self, data: Mapping[str, Any]) -> Any:
        unknown = [name for name in data if name not in self.fields]
        if unknown:
            refusal = serializers.ErrorDetail("There is no such field.", code="unknown_field")
            raise serializers.ValidationError({name: [refusal] for name in unknown})
        return super().to_internal_value(data)


class TextField(serializers.CharField):
    """Text, and never a number taken for text."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class CountryField(TextField):
    """Two letters of a country that has phone numbers, in either case."""

    default_error_messages: ClassVar = {
        "unknown_country": "This is not a country; write its two letters, like US."
    }

    def to_internal_value(self, data: Any) -> str:
        country = super().to_internal_value(data).upper()
        if country not in phonenumbers.SUPPORTED_REGIONS:
            self.fail("unknown_country")
        return country


class E164Field(TextField):
    """A possible phone number, written as +14155550132 and in no other way."""

    default_error_messages: ClassVar = {
        "invalid_phone_number": "Write the number as E.164, like +14155550132."
    }

    def to_internal_value(self, data: Any) -> str:
        typed = super().to_internal_value(data)
        try:
            phone_number = phone_numbers.normalise(typed)
        except InvalidPhoneNumber:
            self.fail("invalid_phone_number")
        if phone_number != typed:
            self.fail("invalid_phone_number")
        return phone_number


class RandomQuery(ClosedSerializer):
    """Where to draw a number."""

    country = CountryField(default="US")


class SearchQuery(RandomQuery):
    """Where to look for numbers."""

    areaCode = TextField(
        source="area_code",
        default=None,
        allow_blank=True,
        help_text="Three digits; only where the country has area codes.",
    )
    numberType = serializers.ChoiceField(
        choices=[kind.value for kind in NumberType],
        source="number_type",
        default=NumberType.LOCAL.value,
        help_text="Toll-free numbers have no area code to choose.",
    )

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        sent["number_type"] = NumberType(sent["number_type"])
        sent["area_code"] = _area_code(
            sent["area_code"], country=sent["country"], number_type=sent["number_type"]
        )
        return sent


class PurchaseRequest(ClosedSerializer):
    """The number wanted, and where it belongs."""

    phoneNumber = E164Field(source="phone_number", help_text="E.164, like +14155550132.")
    country = CountryField()
    areaCode = TextField(source="area_code", required=False, allow_blank=True, allow_null=True)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        phone_number, country = sent["phone_number"], sent["country"]
        if not phone_numbers.is_of_country(phone_number, country):
            raise _refused("country", "mismatch", f"This number does not belong to {country}.")
        area_code = _area_code(sent.pop("area_code", None), country=country)
        if area_code not in {None, area_code_of(phone_number, country=country)}:
            raise _refused("areaCode", "mismatch", "This is not the number's area code.")
        return sent


class ReleaseRequest(ClosedSerializer):
    """Nothing is asked: an owner has one number."""


class OfferRecord(serializers.Serializer):
    """A number that could be taken now."""

    phoneNumber = serializers.CharField(source="phone_number", help_text="E.164.")
    nationalFormat = serializers.SerializerMethodField(method_name="national_format")
    locality = serializers.CharField()
    region = serializers.CharField()
    country = serializers.CharField()
    areaCode = serializers.CharField(source="area_code", allow_null=True)
    capabilities = serializers.ListField(child=serializers.CharField())
    monthlyPrice = serializers.DecimalField(
        source="monthly_price", max_digits=None, decimal_places=None, allow_null=True
    )

    def national_format(self, offer: Offer) -> str:
        return phone_numbers.national(offer.phone_number)


class NumberRecord(serializers.Serializer):
    """An owner's number and its settings. Times are UTC."""

    id = serializers.UUIDField()
    twilioPhoneSid = serializers.CharField(
        source="twilio_phone_sid", help_text="Empty while a purchase is being confirmed."
    )
    phoneNumber = serializers.CharField(source="phone_number", help_text="E.164.")
    country = serializers.CharField()
    areaCode = serializers.CharField(source="area_code", allow_null=True)
    isActive = serializers.SerializerMethodField(method_name="is_active")
    status = serializers.ChoiceField(choices=NumberStatus.choices)
    voicemailEnabled = serializers.BooleanField(source="voicemail_enabled")
    voicemailMode = serializers.ChoiceField(source="voicemail_mode", choices=VoicemailMode.choices)
    externalPhoneNumber = serializers.CharField(source="external_phone_number", allow_null=True)
    forwardingEnabled = serializers.BooleanField(source="forwarding_enabled")
    forwardingConfirmed = serializers.BooleanField(source="forwarding_confirmed")
    forwardingVerifiedAt = serializers.DateTimeField(
        source="forwarding_verified_at", allow_null=True, default_timezone=UTC
    )
    createdAt = serializers.DateTimeField(source="created_at", default_timezone=UTC)
    updatedAt = serializers.DateTimeField(source="updated_at", default_timezone=UTC)

    def is_active(self, number: UserPhoneNumber) -> bool:
        return number.status == NumberStatus.ACTIVE


def _area_code(
    typed: str | None, *, country: str, number_type: NumberType = NumberType.LOCAL
) -> str | None:
    try:
        return clean_area_code(typed, country=country, number_type=number_type)
    except InvalidPhoneNumber as error:
        raise _refused("areaCode", "invalid_area_code", str(error)) from error


def _refused(field: str, code: str, detail: str) -> serializers.ValidationError:
    return serializers.ValidationError({field: [serializers.ErrorDetail(detail, code=code)]})
