"""What the providers themselves say of this installation's set-up: `doctor --live`.

Asks and changes nothing; the agent says one word, which costs far less than a cent. Each finding
says what to do.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from accounts.row_security import service_scope
from agent import openai_http
from agent.backends.base import get_backend as get_agent_backend
from agent.errors import AgentUnavailable
from aloha_site import agent_trial
from aloha_site.doctor import Finding
from telephony.backends.base import ProviderNumber, get_backend
from telephony.errors import AccountSuspended, CredentialsRefused, ProviderError
from telephony.models import UserPhoneNumber
from telephony.number_setup import carrier_addresses, row_of
from telephony.phone_numbers import country_of

TIMEOUT_S = 10.0
ACCOUNT = "Twilio account"
NUMBERS = "Twilio numbers"
CALLS = "Twilio calls"
OPENAI = "OpenAI key"
SESSION = "Agent session"


def ask_providers() -> Iterator[Finding]:
    """Credentials, addresses of our numbers, models; what there is no key for is left out."""
    if get_backend().is_simulated:
        yield Finding(name=ACCOUNT, is_there=False, says="no credentials: nobody to ask.")
    else:
        yield from _phone_provider()
    if openai_http.is_configured():
        yield from _models()
    else:
        yield Finding(name=OPENAI, is_there=False, says="none: nobody to ask.")
    if get_agent_backend().can_speak_freely:
        yield _session()


def _phone_provider() -> Iterator[Finding]:
    try:
        listed = get_backend().list_numbers()
    except ProviderError as error:
        yield Finding(name=ACCOUNT, is_there=False, says=_what_to_do(error), is_fault=True)
        return
    yield Finding(name=ACCOUNT, is_there=True, says="answers, and the credentials are right.")
    yield from _numbers([number for number in listed if row_of(number.tag)])
    yield from _calls()


def _what_to_do(error: ProviderError) -> str:
    match error:
        case CredentialsRefused():
            return (
                "refuses TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN. Copy both again from the first "
                "page of Twilio's console; test credentials do not work."
            )
        case AccountSuspended():
            return "is closed or out of funds. Twilio's console says which, under Billing."
    where = settings.TWILIO_API_BASE_URL or "api.twilio.com"
    return f"did not answer as it should at {where}: {error} Try again in a minute."


def _numbers(ours: list[ProviderNumber]) -> Iterator[Finding]:
    try:
        with service_scope():
            active = UserPhoneNumber.objects.active().exclude(
                twilio_phone_sid__startswith="SIMULATED_SID_"
            )
            sids = set(active.values_list("twilio_phone_sid", flat=True))
    except DatabaseError:
        return  # the doctor has said so already
    expected = carrier_addresses()
    elsewhere = [n for n in ours if n.sid in sids and n.addresses != expected]
    missing = sids - {number.sid for number in ours}
    stray = [number for number in ours if number.sid not in sids]
    if elsewhere:
        yield _fault(
            f"{_some(elsewhere)} send calls elsewhere than {expected.voice_url}. "
            "Run python manage.py repointnumbers."
        )
    if missing:
        yield _fault(
            f"{len(missing)} of ours are not in the account. Run python manage.py syncnumbers."
        )
    if stray:
        yield _fault(
            f"{_some(stray)} are paid for and belong to nobody here. "
            "Run python manage.py syncnumbers."
        )
    if not (elsewhere or missing or stray):
        says = f"{len(ours)} of this installation, all with our addresses."
        yield Finding(name=NUMBERS, is_there=True, says=says)


def _calls() -> Iterator[Finding]:
    """Whether Twilio lets us call where agents may call, and where forwarding is tested."""
    try:
        with service_scope():
            countries = _countries_called()
    except DatabaseError:
        return  # the doctor has said so already
    try:
        closed = [country for country in countries if not get_backend().may_call(country)]
    except ProviderError as error:
        says = f"not tried for {', '.join(countries)}: {error}"
        yield Finding(name=CALLS, is_there=False, says=says, is_fault=True)
        return
    if closed:
        says = (
            f"Twilio lets nobody call {', '.join(closed)}: no agent's call and no forwarding test "
            "goes there. Allow it in Twilio's console, Voice, Settings, Geo permissions."
        )
        yield Finding(name=CALLS, is_there=False, says=says, is_fault=True)
    elif countries:
        says = f"allowed to {', '.join(countries)}."
        yield Finding(name=CALLS, is_there=True, says=says)


def _countries_called() -> list[str]:
    active = UserPhoneNumber.objects.active()
    rows = active.values_list("country", "external_phone_number")
    phones = {country for _, phone in rows if phone and (country := country_of(phone))}
    agents = set(settings.OUTBOUND_COUNTRIES) or {country for country, _ in rows}
    return sorted(phones | agents)


def _models() -> Iterator[Finding]:
    # Here, because its import costs every other command half a second.
    import openai

    try:
        with openai_http.client(timeout_s=TIMEOUT_S) as client:
            known = {model.id for model in client.models.list()}
    except openai.AuthenticationError:
        says = "refused. Make a new one at platform.openai.com and set OPENAI_API_KEY."
        yield Finding(name=OPENAI, is_there=False, says=says, is_fault=True)
        return
    except openai.OpenAIError as error:
        where = settings.OPENAI_BASE_URL or "api.openai.com"
        says = f"not tried: {type(error).__name__} from {where}. Try again in a minute."
        yield Finding(name=OPENAI, is_there=False, says=says, is_fault=True)
        return
    yield Finding(name=OPENAI, is_there=True, says="right.")
    for variable, model in _models_asked_for().items():
        there = model in known
        says = f"{model} is there." if there else f"this key may not use {model}: set {variable}."
        yield Finding(name="OpenAI model", is_there=there, says=says, is_fault=not there)


def _models_asked_for() -> dict[str, str]:
    options = settings.AGENT["OPTIONS"]
    is_live = "task_model" in options
    asked = {
        "OPENAI_LIVE_MODEL" if is_live else "OPENAI_REALTIME_MODEL": str(options.get("model", "")),
        "OPENAI_LIVE_TASK_MODEL": str(options.get("task_model", "")),
        "OPENAI_TRANSCRIPTION_MODEL": settings.OPENAI_TRANSCRIPTION_MODEL,
        "SUMMARY_MODEL": settings.SUMMARY_MODEL,
    }
    return {variable: model for variable, model in asked.items() if model}


def _session() -> Finding:
    """Whether callers would hear the agent: its socket is another way than the API's."""
    where = urlsplit(str(settings.AGENT["OPTIONS"].get("url", ""))).netloc
    try:
        took_ms = agent_trial.first_word_ms(get_agent_backend())
    except AgentUnavailable as error:
        says = (
            f"{where} gives none ({error.code}): callers hear an apology and leave a message "
            "after the tone. docs/runbook.md, 3, says what to do."
        )
        return Finding(name=SESSION, is_there=False, says=says, is_fault=True)
    return Finding(
        name=SESSION, is_there=True, says=f"{where} speaks, {took_ms} ms after it was asked."
    )


def _some(numbers: list[ProviderNumber]) -> str:
    ends = ", ".join(f"…{number.phone_number[-4:]}" for number in numbers[:3])
    return f"{len(numbers)} number(s) ({ends})"


def _fault(says: str) -> Finding:
    return Finding(name=NUMBERS, is_there=False, says=says, is_fault=True)
