"""Who does not want to be called: by words, and on whose list."""

import pytest

from agent.session import AgentOutcome
from telephony import do_not_call
from telephony.models import Call, DoNotCall
from tests.factories import make_call, make_number

CALLEE = "+15105550147"

pytestmark = pytest.mark.W7


@pytest.mark.parametrize(
    "text",
    [
        "Don't call me again.",
        "do not ever call here",
        "Please never call this number",
        "STOP CALLING!",
        "stop calling me please",
        "Take me off your list.",
        "Could you remove my number from the list?",
        "No more calls.",
        "Don\N{RIGHT SINGLE QUOTATION MARK}t call us",
        "Bitte rufen Sie mich nicht mehr an!",
        "Ruf hier nie wieder an.",
        "Keine Anrufe mehr, danke.",
        "Ne m'appelez plus.",
        "Ne m’appelez plus jamais",
        "Arrêtez de m'appeler !",
        "No me vuelva a llamar.",
        "No nos llamen más, por favor.",
        "Dejen de llamarme",
        "Non mi chiamate più.",
        "Non chiamarmi mai più!",
        "Bel me niet meer.",
        "Belt u ons alstublieft nooit meer.",
    ],
)
def test_a_wish_for_no_more_calls_is_heard(text):
    assert do_not_call.asked_for(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please call me back.",
        "Don't call me before five.",
        "Don't call after eight, I sleep then.",
        "You can stop by, I'm calling my sister.",
        "Why did you call me?",
        "I'll take it off the list of repairs.",
        "Call again tomorrow.",
        "Rufen Sie mich bitte zurück.",
        "Rufen Sie mich nicht vor zehn an.",
        "Appelez-moi demain, je ne peux plus attendre.",
        "Llámeme más tarde.",
        "No me llame antes de las diez.",
        "Mi chiami più tardi.",
        "Non mi chiami prima delle dieci.",
        "Bel me morgen maar, ik kan niet meer wachten.",
    ],
)
def test_other_words_are_no_such_wish(text):
    assert not do_not_call.asked_for(text)


def test_the_first_reason_stays(owner):
    do_not_call.add_number(user=owner, phone_number=CALLEE)
    do_not_call.add_number(user=owner, phone_number=CALLEE)
    assert DoNotCall.objects.get().source == "owner"


def test_an_owner_removes_her_own_entries_and_nobody_elses_wish(owner, stranger):
    mine = DoNotCall.objects.create(owner=owner, phone_number=CALLEE)
    wish = DoNotCall.objects.create(owner=owner, phone_number="+15105550148", source="key")
    foreign = DoNotCall.objects.create(owner=stranger, phone_number=CALLEE)
    removed = [
        do_not_call.remove_number(user=owner, entry_id=entry.pk) for entry in (mine, wish, foreign)
    ]
    assert removed == [True, False, False]
    assert set(DoNotCall.objects.all()) == {wish, foreign}


@pytest.fixture
def call(owner):
    number = make_number(owner)
    return make_call(number, direction="outbound", to_number=CALLEE)


def sources() -> list[str]:
    return list(DoNotCall.objects.values_list("source", flat=True))


def say(call, role: str) -> None:
    words = "Please don't call me again."
    call.transcript.create(position=0, role=role, text=words, start_ms=0, end_ms=900)


def test_words_of_somebody_we_called_are_heeded(call):
    say(call, "caller")
    do_not_call.heed_words(call.id)
    assert sources() == ["voice"]


def test_a_wish_counts_more_than_the_owners_own_entry(call, owner):
    do_not_call.add_number(user=owner, phone_number=CALLEE)
    do_not_call.heed_outcome(call.id, AgentOutcome.OPTED_OUT_BY_KEY)
    entry = DoNotCall.objects.get()
    assert (entry.source, entry.call) == ("key", call)
    assert not do_not_call.remove_number(user=owner, entry_id=entry.pk)


@pytest.mark.parametrize(("role", "direction"), [("agent", "outbound"), ("caller", "inbound")])
def test_the_same_words_of_the_agent_or_of_a_caller_mean_nothing(call, role, direction):
    say(call, role)
    Call.objects.update(direction=direction)
    do_not_call.heed_words(call.id)
    assert sources() == []


@pytest.mark.parametrize(
    ("outcome", "source"),
    [("opted_out", ["voice"]), ("opted_out_by_key", ["key"]), ("finished", [])],
)
def test_the_agents_outcome_says_how_it_was_asked_for(call, outcome, source):
    do_not_call.heed_outcome(call.id, AgentOutcome(outcome))
    assert sources() == source
