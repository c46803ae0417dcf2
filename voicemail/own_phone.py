"""An owner's own phone: which numbers it may have, and the codes that make it forward."""

import re
from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberType

from accounts.row_security import service_scope
from telephony.models import LIVE_STATUSES, UserPhoneNumber
from voicemail import carriers, undo_forwarding
from voicemail.carriers import Carrier, Condition, Dialling, Phone, PhoneKind
from voicemail.errors import SettingsError
from voicemail.forwarding_models import OwnPhone

FIELD = "external_phone_number"
# Numbers that cost whoever calls them, or that no phone stands behind.
_NO_PHONES = {
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
# Pay-per-call exchanges of North America, which the number plan takes for ordinary lines.
_PAY_PER_CALL = re.compile(r"\+1[2-9]\d{2}976\d{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneCodes:
    """What the owner of one number dials; without codes `carrier.notes` or `unsupported` say why.

    `is_guessed`: she has not chosen a carrier yet. `second_try` is for a phone that refuses.
    """

    carrier: Carrier
    is_guessed: bool
    phone: Phone
    unsupported: str
    dialling: Dialling | None
    second_try: Dialling | None

    @property
    def choice(self) -> str:
        """What stands in the list of carriers: hers, or a guess; blank when there is neither."""
        return self.carrier.key if self.carrier.country or not self.is_guessed else ""

    @property
    def register(self) -> tuple[str, ...]:
        """What sets forwarding up."""
        return self.dialling.register if self.dialling else ()

    @property
    def cancel(self) -> tuple[str, ...]:
        """What takes it back."""
        return self.dialling.cancel if self.dialling else ()

    @property
    def misses_unreachable(self) -> bool:
        """Calls to a phone that is switched off stay with the carrier."""
        return self.dialling is not None and Condition.UNREACHABLE not in self.dialling.covers


def refuse_external_number(external: str, number: UserPhoneNumber) -> None:
    """Refuse a number that cannot be the owner's own phone. Raises SettingsError."""
    if external == number.phone_number:
        raise SettingsError(
            FIELD, "own_number", "This is your Aloha number; give the number of your own phone."
        )
    if external == settings.FORWARDING_CHECK_NUMBER or _is_of_aloha(external):
        raise SettingsError(
            FIELD, "aloha_number", "Aloha answers this number; give the number of your own phone."
        )
    parsed = phonenumbers.parse(external)
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.PREMIUM_RATE or _PAY_PER_CALL.fullmatch(external):
        raise SettingsError(
            FIELD, "premium_number", "Calls to this number cost extra; give an ordinary phone."
        )
    if kind in _NO_PHONES:
        raise SettingsError(FIELD, "no_phone", "This number is no phone; give your own phone's.")


def _is_of_aloha(external: str) -> bool:
    """Whether it is anybody's Aloha number; nobody's own rows tell, so all are looked at."""
    with service_scope():
        live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
        return live.filter(phone_number=external).exists()


def own_phone(user_id: UUID) -> OwnPhone:
    """What the owner told us, an unsaved blank one when she has not."""
    return OwnPhone.objects.filter(user_id=user_id).first() or OwnPhone(user_id=user_id)


def save_own_phone(user_id: UUID, **fields: str) -> None:
    """Keep what the owner told us about her phone; what is left out stays."""
    OwnPhone.objects.update_or_create(user_id=user_id, defaults=fields)


def country_of_phone(number: UserPhoneNumber) -> str:
    """Where the owner's phone is at home; before she has said, where her Aloha number is."""
    if number.external_phone_number is None:
        return number.country
    return carriers.country_of(number.external_phone_number)


def codes_of(number: UserPhoneNumber) -> PhoneCodes:
    """The codes for the owner's carrier as she chose it, as guessed, or the standard ones."""
    phone = own_phone(number.user_id)
    country = country_of_phone(number)
    chosen = carriers.find_carrier(phone.carrier, country=country)
    carrier = chosen or _guess(number) or _standard(country)
    return PhoneCodes(
        carrier=carrier,
        is_guessed=chosen is None,
        phone=carriers.phone_of(phone.kind or PhoneKind.OTHER),
        unsupported=carriers.why_unsupported(country),
        dialling=_dialling(carrier.codes, carrier, number),
        second_try=_dialling(carrier.second_try, carrier, number),
    )


def how_to_undo(number: UserPhoneNumber) -> str:
    """One sentence: what ends forwarding at the carrier, which Aloha cannot do."""
    codes = codes_of(number)
    if codes.is_guessed:
        return undo_forwarding.how_to_undo(number)
    if not codes.cancel:
        return "Your phone forwards missed calls until you switch that off with your carrier."
    return f"Your phone forwards missed calls until you dial {' and '.join(codes.cancel)} on it."


def _guess(number: UserPhoneNumber) -> Carrier | None:
    if number.external_phone_number is None:
        return None
    return carriers.guess_carrier(number.external_phone_number)


def _standard(country: str) -> Carrier:
    """The last of a country's carriers; one that is not supported still learns how to undo."""
    return (carriers.carriers_of(country) or (carriers.STANDARD,))[-1]


def _dialling(
    codes: carriers.CodeSet | None, carrier: Carrier, number: UserPhoneNumber
) -> Dialling | None:
    if codes is None:
        return None
    return carriers.fill_in(codes, number=number.phone_number, ring_s=carrier.ring_s)
