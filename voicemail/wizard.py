"""What the forwarding wizard shows: three steps, and how far the owner has come."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from telephony import probes
from telephony.models import UserPhoneNumber
from telephony.simulator.phones import IN_WORDS, SimulatedPhone
from voicemail.forwarding_models import ForwardingCheck
from voicemail.forwarding_progress import LineState, Progress, progress_of
from voicemail.forwarding_state import StatusLine, status_line
from voicemail.own_phone import PhoneCodes, codes_of, own_phone
from voicemail.qr import qr_svg

CODE, PROOF = "code", "proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class WizardStep:
    """One of the steps above the page; `url` leads to it where one can go there."""

    title: str
    state: LineState
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCode:
    """A code, and the link that opens the dial pad with it where phones follow such links."""

    code: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wizard:
    """Everything the wizard's templates read."""

    number: UserPhoneNumber
    step: str
    steps: tuple[WizardStep, ...]
    codes: PhoneCodes
    to_dial: tuple[DialCode, ...]
    qr: SafeString
    status: StatusLine
    progress: Progress | None
    test_number: str
    rings_from_aloha_number: bool
    simulated_phones: tuple[tuple[str, str], ...]
    simulated_phone: str


def wizard_of(number: UserPhoneNumber, *, step: str, now: datetime) -> Wizard:
    """The wizard at `step`, by default where the owner left it."""
    codes = codes_of(number)
    check = (
        ForwardingCheck.objects.of_phone(number).select_related("probe__number").first()
        if number.forwarding_enabled
        else None
    )
    step = _step(step, number, check)
    caller = probes.calling_number(number)
    return Wizard(
        number=number,
        step=step,
        steps=_steps(step, number, codes, is_checking=check is not None and check.is_running),
        codes=codes,
        to_dial=tuple(_dial_code(code, codes) for code in codes.register),
        qr=_qr(codes) if step == CODE else SafeString(),
        status=status_line(number),
        progress=progress_of(check, codes, now=now) if check and step == PROOF else None,
        test_number=caller,
        rings_from_aloha_number=caller == number.phone_number,
        simulated_phones=tuple((phone.value, IN_WORDS[phone]) for phone in SimulatedPhone)
        if number.is_simulated
        else (),
        simulated_phone=own_phone(number.user_id).simulated_phone or SimulatedPhone.FORWARDS.value,
    )


def _step(wanted: str, number: UserPhoneNumber, check: ForwardingCheck | None) -> str:
    if check is not None and check.is_running:
        return PROOF
    if wanted == CODE or not number.forwarding_enabled:
        return CODE
    has_dialled = number.forwarding_confirmed or number.forwarding_verified_at is not None
    return PROOF if wanted == PROOF or has_dialled else CODE


def _steps(
    step: str, number: UserPhoneNumber, codes: PhoneCodes, *, is_checking: bool
) -> tuple[WizardStep, ...]:
    url = reverse("forwarding")
    is_chosen = not codes.is_guessed
    has_dialled = number.forwarding_confirmed or number.forwarding_verified_at is not None
    is_proven = number.forwarding_verified_at is not None and not is_checking
    carrier = LineState.DONE if is_chosen or step == PROOF or has_dialled else LineState.NOW
    code = LineState.DONE if step == PROOF or has_dialled else LineState.TO_COME
    if step == CODE and carrier is LineState.DONE:
        code = LineState.NOW
    proof = LineState.DONE if is_proven else LineState.TO_COME
    if step == PROOF and not is_proven:
        proof = LineState.NOW
    can_prove = number.forwarding_enabled
    return (
        WizardStep(title="Carrier", state=carrier, url=f"{url}?step={CODE}"),
        WizardStep(title="Dial this code", state=code, url=f"{url}?step={CODE}"),
        WizardStep(title="Proof", state=proof, url=f"{url}?step={PROOF}" if can_prove else ""),
    )


def _dial_code(code: str, codes: PhoneCodes) -> DialCode:
    return DialCode(code=code, link=_tel(code) if codes.phone.dials_links else "")


def _tel(code: str) -> str:
    return f"tel:{quote(code, safe='*+')}"


def _qr(codes: PhoneCodes) -> SafeString:
    """Leads an Android phone's camera to the dial pad, and an iPhone's to this page."""
    if not codes.register:
        return SafeString()
    if len(codes.register) == 1 and codes.phone.kind == "android":
        return qr_svg(_tel(codes.register[0]), label="QR code of the code to dial")
    address = settings.PUBLIC_BASE_URL + reverse("forwarding")
    return qr_svg(address, label="QR code of this page's address")
