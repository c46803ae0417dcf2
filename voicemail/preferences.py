"""How an owner wants calls taken: voicemail, mode, forwarding from her own phone."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from django.db import transaction

from telephony.errors import InvalidPhoneNumber, NoNumber
from telephony.models import UserPhoneNumber, VoicemailMode
from telephony.phone_numbers import normalise
from voicemail.errors import SettingsError
from voicemail.own_phone import refuse_external_number


class Given(Enum):
    """Tells a setting that was left out from one that was set to nothing."""

    NO = auto()


NotGiven = Literal[Given.NO]
NOT_GIVEN: NotGiven = Given.NO


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailChanges:
    """The settings somebody sent; what is left out stays as it is.

    `external_phone_number` may be None: the owner's own number is forgotten.
    """

    voicemail_enabled: bool | NotGiven = NOT_GIVEN
    voicemail_mode: VoicemailMode | NotGiven = NOT_GIVEN
    external_phone_number: str | NotGiven | None = NOT_GIVEN
    forwarding_enabled: bool | NotGiven = NOT_GIVEN
    forwarding_confirmed: bool | NotGiven = NOT_GIVEN


def change_voicemail_settings(
    *, number: UserPhoneNumber, changes: VoicemailChanges
) -> UserPhoneNumber:
    """Apply the changes, switch off what can no longer be, and give the row as it now is.

    Raises SettingsError for changes that contradict each other or the rest of the settings,
    and NoNumber when the number is not active any more. Nothing is written then.
    """
    _refuse_contradictions(changes)
    with transaction.atomic():
        # Locked: two half changes at once must not meet in a combination nobody asked for.
        row = UserPhoneNumber.objects.select_for_update().active().filter(pk=number.pk).first()
        if row is None:
            raise NoNumber
        _set_external_number(row, changes)
        _set_voicemail(row, changes)
        _set_forwarding(row, changes)
        _refuse_impossible(row)
        row.save()
    return row


def _refuse_contradictions(changes: VoicemailChanges) -> None:
    mode, enabled = changes.voicemail_mode, changes.voicemail_enabled
    off = enabled is False or (enabled is NOT_GIVEN and mode == VoicemailMode.NONE)
    if enabled is True and mode == VoicemailMode.NONE:
        raise SettingsError(
            "voicemail_mode", "contradiction", "Voicemail that is on needs a mode other than none."
        )
    if enabled is False and mode not in {NOT_GIVEN, VoicemailMode.NONE}:
        raise SettingsError("voicemail_mode", "contradiction", "Voicemail that is off has no mode.")
    if off and changes.forwarding_enabled is True:
        raise SettingsError(
            "forwarding_enabled", "contradiction", "Forwarding needs voicemail to be on."
        )
    if changes.forwarding_confirmed is True and (off or changes.forwarding_enabled is False):
        raise SettingsError(
            "forwarding_confirmed", "contradiction", "Forwarding that is off cannot be confirmed."
        )


def _set_external_number(row: UserPhoneNumber, changes: VoicemailChanges) -> None:
    """A changed number was never dialled from: what was said and proven of the old one goes."""
    if changes.external_phone_number is NOT_GIVEN:
        return
    typed = (changes.external_phone_number or "").strip()
    external = _external_number(typed, row) if typed else None
    if external != row.external_phone_number:
        row.external_phone_number = external
        row.forwarding_confirmed = False
        row.forwarding_verified_at = None


def _external_number(typed: str, row: UserPhoneNumber) -> str:
    try:
        external = normalise(typed, row.country)
    except InvalidPhoneNumber as error:
        raise SettingsError("external_phone_number", error.code, str(error)) from error
    if external != row.external_phone_number:
        refuse_external_number(external, row)
    return external


def _set_voicemail(row: UserPhoneNumber, changes: VoicemailChanges) -> None:
    if changes.voicemail_mode is not NOT_GIVEN:
        row.voicemail_mode = changes.voicemail_mode
        row.voicemail_enabled = changes.voicemail_mode != VoicemailMode.NONE
    elif changes.voicemail_enabled is not NOT_GIVEN:
        row.voicemail_enabled = changes.voicemail_enabled
        if not row.voicemail_enabled:
            row.voicemail_mode = VoicemailMode.NONE
        elif row.voicemail_mode == VoicemailMode.NONE:
            row.voicemail_mode = VoicemailMode.VOICEMAIL_ONLY
    if not row.voicemail_enabled:
        row.forwarding_enabled = False


def _set_forwarding(row: UserPhoneNumber, changes: VoicemailChanges) -> None:
    if changes.forwarding_enabled is not NOT_GIVEN:
        row.forwarding_enabled = changes.forwarding_enabled
    if not row.forwarding_enabled:
        row.forwarding_confirmed = False
        row.forwarding_verified_at = None
    if changes.forwarding_confirmed is not NOT_GIVEN:
        row.forwarding_confirmed = changes.forwarding_confirmed


def _refuse_impossible(row: UserPhoneNumber) -> None:
    if row.forwarding_enabled and not row.voicemail_enabled:
        raise SettingsError(
            "forwarding_enabled", "voicemail_off", "Turn voicemail on before forwarding to it."
        )
    if row.forwarding_enabled and row.external_phone_number is None:
        raise SettingsError(
            "external_phone_number",
            "external_number_missing",
            "Forwarding needs the number of your own phone.",
        )
    if row.forwarding_confirmed and not row.forwarding_enabled:
        raise SettingsError(
            "forwarding_confirmed", "forwarding_off", "Turn forwarding on before confirming it."
        )
