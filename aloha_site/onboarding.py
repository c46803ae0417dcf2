"""What an owner has set up and what comes next, and the sentence that says how things stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse

from telephony import phone_numbers
from telephony.models import UserPhoneNumber

_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


class StepState(StrEnum):
    """How a step looks on the thread."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to_come"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of setting up; `action` is done at `address`."""

    title: str
    text: str
    state: StepState
    action: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What decides the home page."""

    number: UserPhoneNumber | None
    people_waiting: int
    urgent_waiting: int = 0
    has_messages: bool

    @property
    def is_set_up(self) -> bool:
        """Every step is done."""
        return all(step.state == StepState.DONE for step in steps(self))


def _how_to_call(number: UserPhoneNumber | None) -> str:
    if number is None:
        return "Call your number."
    if number.is_simulated:
        return "Call your number from here, with your microphone or as somebody else."
    return f"Call {phone_numbers.national(number.phone_number)} from any phone, or from here."


def steps(situation: Situation) -> list[Step]:
    """The four steps, in order; the first one that is not done is the current one."""
    number = situation.number
    national = phone_numbers.national(number.phone_number) if number else ""
    settings, forwarding = reverse("settings"), reverse("forwarding")
    answers = bool(number and number.voicemail_enabled)
    is_proven = bool(answers and number and number.forwarding_verified_at)
    is_marked = bool(answers and number and number.forwarding_confirmed)
    texts = (
        (
            "Your number",
            "Choose a number that Aloha answers.",
            "Choose a number",
            f"{settings}#number",
        ),
        (
            "Call forwarding",
            "Switch Aloha on as your voicemail, then send the calls you miss to it.",
            "Set it up",
            f"{forwarding}?step=code" if answers else f"{settings}#voicemail",
        ),
        (
            "Proof that it works",
            "A call to your own phone, which you let ring, shows that it comes round to Aloha.",
            "Prove it",
            f"{forwarding}?step=proof",
        ),
        (
            "Your first message",
            f"{_how_to_call(number)} The message is in your inbox seconds later.",
            "Talk to Aloha",
            reverse("phone"),
        ),
    )
    states = _states(number is not None, is_marked or is_proven, is_proven, situation.has_messages)
    done_texts = (
        f"{national} is answering.",
        "The calls you miss go to Aloha.",
        "A call came round to Aloha.",
        "It is in your inbox.",
    )
    return [
        Step(
            title=title,
            text=done_text if state == StepState.DONE else text,
            state=state,
            action=action if state == StepState.NOW else "",
            address=address,
        )
        for (title, text, action, address), done_text, state in zip(
            texts, done_texts, states, strict=True
        )
    ]


def headline(situation: Situation) -> str:
    """One sentence about the owner's situation."""
    if situation.people_waiting:
        verb = "waits" if situation.people_waiting == 1 else "wait"
        return f"{_people(situation.people_waiting)} {verb} for you{_urgently(situation)}"
    if situation.number is None:
        return "Choose a number, and Aloha answers it"
    if situation.has_messages:
        return "Nobody waits for you"
    left = sum(step.state != StepState.DONE for step in steps(situation))
    if left > 1:
        return f"{_WORDS[left].capitalize()} steps left until Aloha takes your missed calls"
    return "Aloha is ready for your first caller"


def calls_today(count: int) -> str:
    """How many calls came in today, as a sentence; blank for none."""
    if not count:
        return ""
    word = _WORDS[count] if count < len(_WORDS) else str(count)
    return f"Aloha took {word} call{'' if count == 1 else 's'} today."


def steps_done(situation: Situation) -> str:
    """How far setting up has come."""
    states = [step.state for step in steps(situation)]
    return f"{states.count(StepState.DONE)} of {len(states)} done"


def _states(*done: bool) -> Iterator[StepState]:
    current_found = False
    for is_done in done:
        if is_done:
            yield StepState.DONE
        elif current_found:
            yield StepState.TO_COME
        else:
            current_found = True
            yield StepState.NOW


def _people(count: int) -> str:
    word = _WORDS[count] if count < len(_WORDS) else str(count)
    return f"{word.capitalize()} {'person' if count == 1 else 'people'}"


def _urgently(situation: Situation) -> str:
    urgent = situation.urgent_waiting
    if not urgent:
        return ""
    if urgent == situation.people_waiting:
        return ", urgently" if urgent == 1 else ", all of them urgently"
    count = _WORDS[urgent] if urgent < len(_WORDS) else str(urgent)
    return f", {count} of them urgently"
