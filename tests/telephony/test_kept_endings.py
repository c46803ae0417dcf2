"""What a database that is away does not take at a call's end is written down once it is back."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from agent.session import AgentOutcome, AgentReport
from telephony import kept_endings
from telephony.agent_reports import keep_report
from telephony.erasing import erase_words
from telephony.kept_endings import KeptEnding, write_down_endings
from telephony.models import Call, DoNotCall, StreamState, TranscriptLine
from telephony.simulator import twiml
from tests.factories import make_call, make_number
from tests.telephony.carrier import incoming_form, post
from voicemail import processing
from voicemail.models import Message, Stage

pytestmark = pytest.mark.A5


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def call(number):
    return make_call(number, stream_state=StreamState.OPEN)


def line_of(call, text: str, *, position: int = 3, role: str = "caller") -> TranscriptLine:
    return TranscriptLine(
        call=call,
        position=position,
        role=role,
        text=text,
        start_ms=1_000,
        end_ms=2_500,
        source="realtime",
        heard_chars=None,
    )


def ending_of(
    call, *lines: TranscriptLine, outcome=AgentOutcome.CALLER_LEFT, **fields
) -> KeptEnding:
    defaults = {"generation": 0, "facts": {"barge_ins": 2}}
    return KeptEnding(call_id=call.id, outcome=outcome, lines=lines, **(defaults | fields))


def files(settings) -> list[Path]:
    return sorted((settings.SPOOL_DIR / "endings").glob("*.json"))


def test_the_end_of_a_stream_is_written_down(call, settings):
    kept_endings.keep(ending_of(call, line_of(call, "The boiler leaks — «again».")))
    assert kept_endings.holds(call.id)
    assert write_down_endings() == 1
    call.refresh_from_db()
    [line] = call.transcript.all()
    assert (line.text, line.position, line.end_ms) == ("The boiler leaks — «again».", 3, 2_500)
    assert (call.stream_state, call.agent_outcome) == ("closed", "caller_left")
    assert call.stream_facts["barge_ins"] == 2
    assert not kept_endings.holds(call.id)
    assert files(settings) == []


def test_an_ending_that_is_written_down_twice_changes_nothing(call, settings):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    [file] = files(settings)
    content = file.read_bytes()
    write_down_endings()
    events = call.events.count()
    file.write_bytes(content)
    write_down_endings()
    assert (call.transcript.count(), call.events.count()) == (1, events)


@pytest.mark.V4
@pytest.mark.parametrize("news", ["a line", "a report", "an outcome"])
def test_an_ending_that_the_disk_does_not_let_go_is_news_once(call, settings, news):
    lines = [line_of(call, "Hello.")] if news == "a line" else []
    report = AgentReport(reason="The boiler leaks.") if news == "a report" else None
    outcome = AgentOutcome.FINISHED if news == "an outcome" else None
    kept_endings.keep(ending_of(call, *lines, outcome=outcome, report=report))
    [file] = files(settings)
    content = file.read_bytes()
    told: list[UUID] = []
    for _ in range(3):
        file.write_bytes(content)
        assert write_down_endings(also=told.append) == 1
    assert told == [call.id]


def test_a_line_that_had_arrived_stays_as_it_is(call):
    line_of(call, "As it arrived.").save()
    kept_endings.keep(
        ending_of(call, line_of(call, "As it arrived."), line_of(call, "b", position=4))
    )
    write_down_endings()
    assert [line.text for line in call.transcript.all()] == ["As it arrived.", "b"]


def test_an_ending_of_a_stream_that_went_on_elsewhere_closes_nothing(call):
    kept_endings.keep(ending_of(call, line_of(call, "Hello."), outcome=None))
    write_down_endings()
    call.refresh_from_db()
    assert (call.stream_state, call.agent_outcome) == (StreamState.OPEN, "")
    assert call.transcript.count() == 1


def test_who_wants_no_more_calls_is_heard_late(owner):
    call = make_call(make_number(owner), direction="outbound", to_number="+14155550199")
    kept_endings.keep(ending_of(call, line_of(call, "Please don't call me again.")))
    write_down_endings()
    assert DoNotCall.objects.filter(owner=owner, phone_number="+14155550199").exists()


REPORT = AgentReport(
    usage={"responses": 3},
    cost_usd=Decimal("0.0123"),
    reason="The boiler leaks.",
    urgency="high",
    wants_no_calls=True,
)


@pytest.mark.W7
def test_what_the_agent_noted_is_written_down(owner):
    call = make_call(make_number(owner), direction="outbound", to_number="+14155550199")
    kept_endings.keep(ending_of(call, report=REPORT))
    write_down_endings()
    call.refresh_from_db()
    assert (call.agent_usage, call.cost_usd) == ({"responses": 3}, Decimal("0.0123"))
    assert call.events.get(kind="message_noted").payload["urgency"] == "high"
    assert DoNotCall.objects.filter(owner=owner, phone_number="+14155550199").exists()


def test_figures_that_had_arrived_are_not_added_again(call):
    type(call).objects.update(stream_generation=1)
    keep_report(call.id, REPORT)
    for _ in range(2):
        keep_report(call.id, REPORT, generation=1)
        kept_endings.keep(ending_of(call, report=REPORT, generation=1))
        write_down_endings()
    call.refresh_from_db()
    assert (call.agent_usage, call.cost_usd) == ({"responses": 6}, Decimal("0.0246"))


@pytest.mark.A4
def test_an_earlier_stream_does_not_speak_for_a_later_one(call):
    type(call).objects.update(stream_generation=1, stream_facts={"barge_ins": 5})
    kept_endings.keep(ending_of(call, line_of(call, "Hello."), outcome=AgentOutcome.FAILED))
    write_down_endings()
    call.refresh_from_db()
    assert (call.stream_state, call.agent_outcome) == (StreamState.OPEN, "")
    assert call.stream_facts == {"barge_ins": 5}
    assert call.transcript.count() == 1


@pytest.mark.M10
def test_a_model_that_hid_that_it_is_one_is_noted_late(call):
    kept_endings.keep(ending_of(call, line_of(call, "Nora's office."), hides_ai=True))
    write_down_endings()
    assert call.events.filter(kind="disclosure-missing").exists()


def test_what_is_kept_twice_of_a_stream_is_one_ending(call, settings):
    kept_endings.keep(ending_of(call, facts={"barge_ins": 1}))
    kept_endings.keep(ending_of(call, line_of(call, "Hello."), report=REPORT))
    assert kept_endings.count() == 1
    write_down_endings()
    call.refresh_from_db()
    assert (call.transcript.count(), call.stream_facts["barge_ins"]) == (1, 2)
    assert call.agent_usage == {"responses": 3}
    assert files(settings) == []


@pytest.mark.M5
def test_a_goodbye_kept_on_the_disk_is_not_followed_by_an_apology(number):
    post("/api/twilio/voice/incoming", incoming_form(number.phone_number))
    call = Call.objects.get()
    type(call).objects.update(stream_state=StreamState.OPEN)
    kept_endings.keep(ending_of(call, outcome=AgentOutcome.FINISHED))
    form = incoming_form(number.phone_number, CallStatus="in-progress")
    response = post("/api/twilio/voice/after-stream", form)
    assert [type(verb).__name__ for verb in twiml.parse(response.content)] == ["Hangup"]


def test_a_file_that_the_disk_does_not_give_stays(call, settings):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    [file] = files(settings)
    hidden = file.rename(file.with_suffix(".away"))
    file.mkdir()  # reading it is an OSError
    assert write_down_endings() == 0
    file.rmdir()
    hidden.rename(file)
    assert write_down_endings() == 1


def test_a_disk_that_gives_nothing_is_told_of_once_a_round(call, number, settings, caplog):
    for each in (call, make_call(number)):
        kept_endings.keep(ending_of(each))
    for file in files(settings):
        file.unlink()
        file.symlink_to(file)  # reading it is an OSError
    assert write_down_endings() == 0
    (record,) = (r for r in caplog.records if "wait for the disk" in r.message)
    assert record.count == 2
    for file in files(settings):
        file.unlink()


def test_endings_wait_for_the_database(call, settings):
    def refuse(*_):
        raise OperationalError("gone away")

    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    with connection.execute_wrapper(refuse):
        assert write_down_endings() == 0
    assert len(files(settings)) == 1
    assert write_down_endings() == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda fields: fields.pop("lines"), id="no lines"),
        pytest.param(lambda fields: fields.update(outcome="bored"), id="unknown outcome"),
        pytest.param(lambda fields: fields.update(lines="[{]"), id="torn lines"),
        pytest.param(lambda fields: fields.update(lines='[{"model": "x.y"}]'), id="no model"),
        pytest.param(lambda fields: fields.update(facts=[]), id="facts of another kind"),
    ],
)
def test_what_cannot_be_read_is_set_aside_and_the_others_go_on(call, owner, settings, change):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    [file] = files(settings)
    fields = json.loads(file.read_bytes())
    change(fields)
    file.write_text(json.dumps(fields))
    other = make_call(make_number(owner, phone_number="+14155550134", status="released"))
    kept_endings.keep(ending_of(other, line_of(other, "Hello too.")))
    assert write_down_endings() == 2
    assert other.transcript.count() == 1
    assert not kept_endings.holds(call.id)
    assert (file.parent / "unreadable" / file.name).exists()
    kept_endings.forget_old(now=timezone.now() + timedelta(days=29))
    assert (file.parent / "unreadable" / file.name).exists()
    kept_endings.forget_old(now=timezone.now() + timedelta(days=31))
    assert not (file.parent / "unreadable" / file.name).exists()


@pytest.mark.V6
def test_erasing_takes_what_nobody_could_read_too(call, settings):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    [file] = files(settings)
    file.write_text("{")
    write_down_endings()
    aside = file.parent / "unreadable" / file.name
    assert aside.exists()
    erase_words(call)
    assert not aside.exists()


@pytest.mark.V6
def test_what_is_erased_does_not_come_back(call):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    erase_words(call)
    write_down_endings()
    assert call.transcript.count() == 0


def begun(work: Callable[[], object]) -> threading.Thread:
    """A thread that does this, and has got as far as it may by now."""

    def work_and_close() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work_and_close)
    thread.start()
    thread.join(0.5)
    return thread


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
def test_what_is_erased_after_it_was_read_does_not_come_back(call):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    with transaction.atomic():
        Call.objects.select_for_update().get()
        writing_down = begun(write_down_endings)
        kept_endings.drop(call.id)
    writing_down.join()
    assert call.transcript.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_while_an_earlier_part_is_written_down_is_not_lost(call, settings):
    kept_endings.keep(ending_of(call))
    with transaction.atomic():
        Call.objects.select_for_update().get()
        writing_down = begun(write_down_endings)
        kept_endings.keep(ending_of(call, line_of(call, "Before five."), report=REPORT))
    writing_down.join()
    write_down_endings()
    call.refresh_from_db()
    assert [line.text for line in call.transcript.all()] == ["Before five."]
    assert call.agent_usage == {"responses": 3}
    assert files(settings) == []


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
def test_what_is_written_down_while_it_is_erased_goes_too(call):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    erasing: list[threading.Thread] = []
    write_down_endings(also=lambda _: erasing.append(begun(lambda: erase_words(call))))
    erasing[0].join()
    assert call.transcript.count() == 0


def test_an_ending_of_a_deleted_call_is_forgotten(call, settings):
    kept_endings.keep(ending_of(call, line_of(call, "Hello.")))
    call.delete()
    write_down_endings()
    assert files(settings) == []


@pytest.mark.V4
def test_a_message_waits_for_what_was_said_last(call):
    type(call).objects.update(status="completed", ended_at=timezone.now(), stream_state="none")
    last = line_of(call, "Call me back before five.")
    kept_endings.keep(ending_of(call, last, outcome=None))
    processing.work_once(all_time=False)
    assert Message.objects.get(call=call).stage == Stage.COLLECTED
    write_down_endings()
    Message.objects.update(next_step_at=timezone.now())
    processing.work_once(all_time=False)
    message = Message.objects.get(call=call)
    assert message.stage == Stage.NOTIFIED
    assert "before five" in message.summary
