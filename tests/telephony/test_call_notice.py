"""Callers are told that an AI speaks: by the notice of their country, and by the model itself."""

import asyncio
import contextlib
import json
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured
from prometheus_client import REGISTRY

from agent.session import Role, TranscriptSource
from telephony import checks
from telephony.actions import WriteLine
from telephony.call_notice import CallNotice, notice_for, read_notices, says_ai
from telephony.journal import CallJournal
from telephony.models import Call
from telephony.simulator.verbs import Gather, Say
from telephony.stream_facts import StreamFacts
from tests.factories import make_call, make_number
from tests.telephony.carrier import incoming_form, post
from tests.telephony.test_outgoing_webhooks import form_of, verbs_of

GERMAN = "Sie sprechen mit einem KI-Assistenten, der Anruf wird aufgezeichnet."
NOTICES = json.dumps({"DE": {"text": GERMAN, "language": "de-DE"}, "FR": {"text": "Une IA parle."}})
BERLIN, SAN_FRANCISCO = "+4930901820", "+16285550150"

pytestmark = pytest.mark.M10


@pytest.fixture
def notices(settings):
    settings.CALL_NOTICES = read_notices(NOTICES)


def first_words(response) -> Say:
    first = verbs_of(response)[0]
    said = first.prompts[0] if isinstance(first, Gather) else first
    assert isinstance(said, Say)
    return said


@pytest.mark.parametrize(
    ("called", "said"),
    [
        (BERLIN, CallNotice(GERMAN, "de-DE")),
        ("+33142277154", CallNotice("Une IA parle.")),
        (
            SAN_FRANCISCO,
            CallNotice("You're speaking with an AI assistant. This call may be recorded."),
        ),
    ],
)
def test_the_notice_is_the_one_of_the_country(notices, called, said):
    assert notice_for(called) == said


def test_callers_hear_the_notice_of_the_country_of_the_number(notices, owner):
    number = make_number(owner, phone_number=BERLIN, country="DE")
    said = first_words(post("/api/twilio/voice/incoming", incoming_form(number.phone_number)))
    assert (said.text, said.language) == (GERMAN, "de-DE")


def test_whoever_is_called_hears_the_notice_of_her_country(notices, owner):
    number = make_number(owner, phone_number=SAN_FRANCISCO)
    call = make_call(
        number,
        call_sid=None,
        direction="outbound",
        call_type="live",
        from_number=number.phone_number,
        to_number=BERLIN,
    )
    form = form_of(call, To=BERLIN, Called=BERLIN)
    said = first_words(post(f"/api/twilio/voice/incoming?call={call.id}", form))
    assert (said.text, said.language) == (GERMAN, "de-DE")


@pytest.mark.A3
@pytest.mark.parametrize(
    "raw",
    [
        "Guten Tag",
        "[]",
        '{"Germany": {"text": "KI"}}',
        '{"DE": "KI"}',
        '{"DE": {}}',
        '{"DE": {"text": "  "}}',
        '{"DE": {"text": 7}}',
        '{"DE": {"text": "KI", "language": "<de>"}}',
    ],
)
def test_notices_of_another_shape_stop_the_start(raw):
    with pytest.raises(ImproperlyConfigured, match="CALL_NOTICES"):
        read_notices(raw)


@pytest.mark.A3
def test_a_notice_without_the_ai_is_named_with_its_country(settings):
    settings.CALL_NOTICES = read_notices('{"DE": {"text": "Der Anruf wird aufgezeichnet."}}')
    [fault] = checks.check_call_notice()
    assert (fault.id, "CALL_NOTICES of DE" in fault.msg) == ("telephony.E003", True)


@pytest.mark.parametrize(
    ("words", "is_said"),
    [
        ("Hi, this is Kai, the AI assistant of Nora.", True),
        ("I am an artificial intelligence.", True),
        ("Hier spricht der KI-Assistent von Nora.", True),
        ("Bonjour, je suis l'assistant IA de Nora.", True),
        ("You speak with an A.I. of Nora's.", True),
        ("I am an A.I.", True),
        ("Jag är Noras assistent, en artificiell intelligens.", True),
        ("Jeg er en kunstig intelligens.", True),
        ("Ik ben een artificiële assistent.", True),
        ("Hi, this is Kai from Nora's office.", False),
        ("The plan of A.Irving, kunstig maar van Nora.", False),
        ("I said aim at it; maid, Kiel, ia.", False),
        ("", False),
    ],
)
def test_words_that_tell_of_an_ai(words, is_said):
    assert says_ai(words) == is_said


def line(text: str, *, role: Role = Role.AGENT, source=TranscriptSource.REALTIME) -> WriteLine:
    return WriteLine(role=role, text=text, start_ms=0, end_ms=900, source=source)


async def write(journal: CallJournal, *lines: WriteLine) -> None:
    keeping = asyncio.create_task(journal.keep())
    for each in lines:
        journal.write(each)
    await journal.flushed()
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping


def counted() -> float:
    return REGISTRY.get_sample_value("aloha_disclosures_missing_total") or 0.0


@pytest.fixture
def call(transactional_db, owner) -> Call:
    return make_call(make_number(owner))


INTRODUCED = line("This is Kai, Nora's AI assistant.")
NOT_INTRODUCED = line("Hello, this is Nora's office.")
FILLER = replace(
    line("One moment, please.", source=TranscriptSource.SCRIPTED), in_agents_place=True
)
SOUND = line("", source=TranscriptSource.NONE)
CALLER = line("Is that an AI?", role=Role.CALLER)
PASSED_ON = {"handed_over_at_ms": 9_000}
GREETED = PASSED_ON | {"has_introduced_itself": True}


@pytest.mark.parametrize(
    ("lines", "facts", "missing"),
    [
        pytest.param([INTRODUCED], {}, 0, id="said first"),
        pytest.param([NOT_INTRODUCED, INTRODUCED], {}, 1, id="said late"),
        pytest.param([FILLER, CALLER, INTRODUCED], {}, 0, id="after a sentence of ours"),
        pytest.param([SOUND, NOT_INTRODUCED], {}, 1, id="after a sound without words"),
        pytest.param([CALLER, NOT_INTRODUCED, NOT_INTRODUCED], {}, 1, id="never"),
        pytest.param([NOT_INTRODUCED], GREETED, 0, id="in a stream that goes on"),
        pytest.param([NOT_INTRODUCED], PASSED_ON, 1, id="in one that was passed on before it"),
    ],
)
async def test_a_model_that_leaves_it_out_is_noted_once(call, lines, facts, missing):
    before = counted()
    kept = StreamFacts.going_on(facts)
    await write(CallJournal(call, facts=kept), *lines)
    assert kept.has_introduced_itself
    assert await call.events.filter(kind="disclosure-missing").acount() == missing
    assert counted() - before == missing
    assert await call.transcript.acount() == len(lines)
