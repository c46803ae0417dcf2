"""The carrier's webhooks: what they answer, and to whom they do not."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from telephony import call_events, calls
from telephony.models import (
    Call,
    CallPurpose,
    CallStatus,
    CarrierRecording,
    NumberStatus,
    StreamState,
    VoicemailMode,
)
from telephony.signatures import public_url, sign
from tests.factories import make_call, make_number
from tests.telephony.carrier import FORM, SID, incoming_form, post

INCOMING = "/api/twilio/voice/incoming"
AFTER_STREAM = "/api/twilio/voice/after-stream"
STATUS = "/api/twilio/voice/status"
FALLBACK = "/api/twilio/voice/fallback"
WEBHOOKS = [
    INCOMING,
    AFTER_STREAM,
    STATUS,
    "/api/twilio/voice/stream-status",
    "/api/twilio/voice/recording",
    "/api/twilio/voice/key",
    FALLBACK,
]


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.mark.W1
@pytest.mark.parametrize("path", WEBHOOKS)
class TestRefusals:
    """What every webhook refuses."""

    def test_an_unsigned_request(self, path, number):
        response = post(path, incoming_form(number.phone_number), signature="")
        assert (response.status_code, response.content) == (403, b"")

    def test_a_signature_made_with_another_key(self, path, number):
        form = incoming_form(number.phone_number)
        signature = sign(public_url(path), form, key="another key")
        assert post(path, form, signature=signature).status_code == 403

    def test_a_signature_over_another_address(self, path, number):
        form = incoming_form(number.phone_number)
        signature = sign(f"https://elsewhere.example{path}", form)
        assert post(path, form, signature=signature).status_code == 403

    def test_an_altered_field(self, path, number):
        form = incoming_form(number.phone_number)
        signature = sign(public_url(path), form)
        altered = form | {"From": "+15105550148"}
        assert post(path, altered, signature=signature).status_code == 403

    def test_a_signature_that_is_no_ascii(self, path, number):
        response = post(path, incoming_form(number.phone_number), signature="ü")
        assert response.status_code == 403

    def test_a_get(self, path, db):
        assert Client().get(path).status_code == 405

    def test_another_content_type(self, path, db):
        response = Client().post(path, b"{}", content_type="application/json")
        assert response.status_code == 415

    def test_a_large_body(self, path, db):
        response = Client().post(path, "a=" + "x" * 65_536, content_type=FORM)
        assert response.status_code == 413

    def test_a_field_that_comes_twice(self, path, number):
        form = incoming_form(number.phone_number) | {"CallSid": [SID, SID[:-1] + "b"]}
        assert post(path, form).status_code == 400

    def test_a_call_sid_that_is_none(self, path, number):
        form = incoming_form(number.phone_number, CallSid="../../etc/passwd")
        assert post(path, form).status_code == 400

    def test_a_body_in_another_charset(self, path, db):
        for content_type in (FORM, f"{FORM}; charset=utf-16", f"{FORM}; charset=klingon"):
            response = Client().generic("POST", path, b"From=\xff\xfe%", content_type=content_type)
            assert response.status_code in {403, 415}

    def test_nothing_is_written_by_a_refused_request(self, path, number):
        post(path, incoming_form(number.phone_number), signature="wrong")
        assert not Call.objects.exists()


class TestIncoming:
    """How a call is answered."""

    @pytest.mark.W6
    def test_an_agent_call_opens_a_stream_with_a_way_out(self, number):
        answer = post(INCOMING, incoming_form(number.phone_number))
        assert answer["Content-Type"] == "text/xml"
        twiml = answer.content.decode()
        call = Call.objects.get()
        assert "<Say>You're speaking with an AI assistant." in twiml
        assert f'<Connect action="{public_url(AFTER_STREAM)}" method="POST">' in twiml
        assert f'/api/twilio/voice/stream/{call.stream_token}"' in twiml
        assert "?" not in twiml.split("<Stream", 1)[1].split(">", 1)[0]
        assert '<Parameter name="callType" value="live"' in twiml
        assert str(number.user.pk) not in twiml

    def test_voicemail_only_is_told_to_the_stream(self, number):
        number.voicemail_enabled, number.voicemail_mode = True, VoicemailMode.VOICEMAIL_ONLY
        number.save()
        answer = post(INCOMING, incoming_form(number.phone_number))
        assert b'value="voicemail"' in answer.content
        assert Call.objects.get().call_type == "voicemail"

    @pytest.mark.W5
    def test_a_repeat_gets_the_same_answer_and_no_second_call(self, number):
        first = post(INCOMING, incoming_form(number.phone_number))
        second = post(INCOMING, incoming_form(number.phone_number))
        assert first.content == second.content
        assert Call.objects.count() == 1

    @pytest.mark.W5
    def test_a_repeat_opens_no_second_stream(self, number):
        first = post(INCOMING, incoming_form(number.phone_number))
        call = calls.claim_stream(Call.objects.get().stream_token)
        assert post(INCOMING, incoming_form(number.phone_number)).content == first.content
        assert calls.claim_stream(call.stream_token) is None

    @pytest.mark.N9
    @pytest.mark.W3
    @pytest.mark.parametrize(
        "status", [NumberStatus.RELEASING, NumberStatus.RELEASED, NumberStatus.PURCHASING]
    )
    def test_a_number_out_of_service_is_said_to_be(self, owner, status):
        number = make_number(owner, status=status)
        answer = post(INCOMING, incoming_form(number.phone_number))
        assert b"<Say>The number you called is not in service.</Say><Hangup" in answer.content
        assert not Call.objects.exists()

    @pytest.mark.W3
    def test_an_unknown_number_is_said_to_be_out_of_service_and_logged(self, db, caplog):
        with caplog.at_level(logging.INFO):
            answer = post(INCOMING, incoming_form("+14155550199"))
        assert b"<Say>The number you called is not in service.</Say><Hangup" in answer.content
        assert [record.answer for record in caplog.records if hasattr(record, "answer")] == [
            "NotInService"
        ]

    def test_a_number_calling_itself_is_rejected(self, number):
        form = incoming_form(number.phone_number, From=number.phone_number)
        assert b"<Reject" in post(INCOMING, form).content

    @pytest.mark.W2
    @pytest.mark.parametrize("caller", ["", "anonymous", "Restricted", "+266696687"])
    def test_a_withheld_caller_is_taken(self, number, caller):
        post(INCOMING, incoming_form(number.phone_number, From=caller))
        assert Call.objects.get().caller_withheld

    @pytest.mark.parametrize("caller", ["client:bob", "sip:a@b.example", "12345", "5551234"])
    def test_a_caller_without_a_full_number_is_taken(self, number, caller):
        post(INCOMING, incoming_form(number.phone_number, From=caller))
        assert Call.objects.get().from_number == caller

    def test_unknown_extra_fields_are_welcome(self, number):
        form = incoming_form(number.phone_number) | {"New": ["1", "2"], "Other": ""}
        assert post(INCOMING, form).status_code == 200

    @pytest.mark.parametrize(
        "fields",
        [
            {"To": ""},
            {"To": "x" * 200},
            {"From": "a\nb"},
            {"ForwardedFrom": "\x00"},
        ],
    )
    def test_fields_that_make_no_sense_are_refused(self, number, fields):
        assert post(INCOMING, incoming_form(number.phone_number, **fields)).status_code == 400

    def test_the_log_holds_no_full_number(self, number, caplog):
        with caplog.at_level(logging.INFO):
            post(INCOMING, incoming_form(number.phone_number))
        logged = " ".join(str(record.__dict__) for record in caplog.records)
        assert "call came in" in logged
        assert "5550147" not in logged
        assert number.phone_number not in logged


def test_the_same_call_reported_twice_at_once_is_one_call(transactional_db, owner_number):
    form = incoming_form(owner_number.phone_number)

    def report(_):
        try:
            return post(INCOMING, form).content
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = set(threads.map(report, range(8)))
    assert len(answers) == 1
    assert Call.objects.count() == 1


@pytest.fixture
def owner_number(owner):
    return make_number(owner)


class TestAfterStream:
    """What comes when the agent's part is over."""

    @pytest.mark.parametrize("outcome", ["finished", "time_limit"])
    def test_an_agent_that_said_goodbye_is_followed_by_hanging_up(self, number, outcome):
        make_call(number, call_sid=SID, agent_outcome=outcome)
        answer = post(AFTER_STREAM, incoming_form(number.phone_number))
        assert b"<Response><Hangup /></Response>" in answer.content

    @pytest.mark.parametrize(
        ("state", "outcome"),
        [
            pytest.param(StreamState.ISSUED, "", id="the stream never opened"),
            pytest.param(StreamState.OPEN, "", id="the process died"),
            pytest.param(StreamState.CLOSED, "failed", id="the agent failed"),
            pytest.param(StreamState.CLOSED, "caller_left", id="the socket broke"),
        ],
    )
    def test_without_a_goodbye_the_message_is_taken_by_recording(self, number, state, outcome):
        make_call(number, call_sid=SID, stream_state=state, agent_outcome=outcome)
        answer = post(AFTER_STREAM, incoming_form(number.phone_number)).content.decode()
        assert "<Say>I'm sorry, I can't talk right now.</Say>" in answer
        assert f'<Record action="{public_url("/api/twilio/voice/recording")}"' in answer
        assert answer.endswith("<Hangup /></Response>")

    def test_a_caller_who_is_gone_already_is_not_waited_for(self, number):
        make_call(number, call_sid=SID, stream_state=StreamState.CLOSED)
        form = incoming_form(number.phone_number, CallStatus="completed")
        assert b"<Response><Hangup /></Response>" in post(AFTER_STREAM, form).content
        assert not Call.objects.get().carrier_records

    def test_a_stream_whose_process_died_is_closed_for_it(self, number):
        make_call(number, call_sid=SID, stream_state=StreamState.OPEN)
        post(AFTER_STREAM, incoming_form(number.phone_number))
        call = Call.objects.get()
        assert (call.stream_state, call.agent_outcome) == ("closed", "failed")
        assert call.carrier_records

    @pytest.mark.parametrize(
        ("state", "told"),
        [
            pytest.param(StreamState.OPEN, "process of a stream died", id="killed"),
            pytest.param(StreamState.CLOSED, "caller without agent goes to the tone", id="failed"),
        ],
    )
    def test_the_log_tells_a_process_that_died_from_an_agent_that_failed(
        self, number, caplog, state, told
    ):
        caplog.set_level(logging.INFO, "telephony.webhooks")
        make_call(number, call_sid=SID, stream_state=state)
        post(AFTER_STREAM, incoming_form(number.phone_number))
        [line] = [line for line in caplog.records if line.name == "telephony.webhooks"]
        assert (line.message, line.call_sid) == (told, SID)

    def test_a_call_we_do_not_know_can_leave_a_message_too(self, number):
        answer = post(AFTER_STREAM, incoming_form(number.phone_number))
        assert b"<Record" in answer.content


def test_the_fallback_takes_a_message_without_the_database(settings):
    # No database is unlocked in this test: any query would fail it.
    answer = post(FALLBACK, incoming_form("+14155550111", ErrorCode="11200"))
    assert b"<Record" in answer.content


class TestStatus:
    """The carrier's word on where a call is."""

    def form(self, number, status, **fields):
        return incoming_form(number.phone_number, CallStatus=status, **fields)

    def test_the_end_of_a_call_is_kept_with_its_length(self, number):
        make_call(number, call_sid=SID)
        answer = post(STATUS, self.form(number, "completed", CallDuration="42"))
        call = Call.objects.get()
        assert answer.status_code == 204
        assert (call.status, call.duration_s) == (CallStatus.COMPLETED, 42)
        assert call.ended_at is not None

    def test_a_late_callback_does_not_reopen_a_call(self, number):
        make_call(number, call_sid=SID)
        post(STATUS, self.form(number, "completed", CallDuration="42"))
        post(STATUS, self.form(number, "in-progress"))
        assert Call.objects.get().status == CallStatus.COMPLETED

    def test_a_long_sequence_number_does_no_harm(self, number):
        call = make_call(number, call_sid=SID)
        post(STATUS, self.form(number, "completed", SequenceNumber="9" * 125))
        assert call.events.count() == 1

    def test_a_repeated_callback_is_kept_once(self, number):
        call = make_call(number, call_sid=SID)
        for _ in range(2):
            post(STATUS, self.form(number, "completed", SequenceNumber="0"))
        assert call.events.count() == 1

    def test_a_callback_for_an_unknown_call_changes_nothing(self, number):
        assert post(STATUS, self.form(number, "completed")).status_code == 204
        assert not Call.objects.exists()

    @pytest.mark.parametrize("fields", [{"CallDuration": "-1"}, {"CallDuration": "9" * 20}])
    def test_a_length_that_is_none_is_refused(self, number, fields):
        form = self.form(number, "completed", **fields)
        assert post(STATUS, form).status_code == 400

    def test_a_status_we_do_not_know_is_refused(self, number):
        assert post(STATUS, self.form(number, "levitating")).status_code == 400


class TestRecording:
    """A message after the tone."""

    RECORDING = "SIMULATED_RECORDING_" + "b" * 32
    PATH = "/api/twilio/voice/recording"

    def form(self, number, **fields):
        return incoming_form(number.phone_number, RecordingSid=self.RECORDING, **fields)

    def test_the_caller_who_comes_back_is_thanked(self, number):
        make_call(number, call_sid=SID)
        answer = post(self.PATH, self.form(number, RecordingUrl="https://elsewhere.example/x"))
        assert b"<Say>Thank you for calling. Goodbye.</Say><Hangup" in answer.content

    def test_a_file_that_is_ready_is_remembered_by_its_sid_alone(self, number):
        make_call(number, call_sid=SID)
        url = "https://elsewhere.example/x"
        answer = post(self.PATH, self.form(number, RecordingStatus="completed", RecordingUrl=url))
        assert answer.status_code == 204
        assert CarrierRecording.objects.get().sid == self.RECORDING

    def test_a_file_is_remembered_although_its_callback_never_comes(self, number):
        make_call(number, call_sid=SID)
        post(self.PATH, self.form(number))
        assert CarrierRecording.objects.get().sid == self.RECORDING

    def test_a_file_announced_twice_is_remembered_once(self, number):
        make_call(number, call_sid=SID)
        post(self.PATH, self.form(number))
        post(self.PATH, self.form(number, RecordingStatus="completed"))
        assert CarrierRecording.objects.count() == 1

    def test_a_recording_that_never_was_is_not_expected(self, number):
        make_call(number, call_sid=SID)
        post(self.PATH, self.form(number, RecordingStatus="absent"))
        assert not CarrierRecording.objects.exists()

    def test_a_message_that_the_fallback_took_gets_its_call(self, number):
        post(self.PATH, self.form(number))
        call = Call.objects.get()
        assert (call.number, call.call_sid) == (number, SID)
        assert call.carrier_recordings.get().sid == self.RECORDING

    @pytest.mark.parametrize(
        "fields", [{"RecordingSid": "../x"}, {"RecordingStatus": "levitating"}]
    )
    def test_fields_that_make_no_sense_are_refused(self, number, fields):
        form = self.form(number, RecordingStatus="completed") | fields
        assert post(self.PATH, form).status_code == 400


@pytest.mark.parametrize(
    ("hints", "was_forwarded"),
    [
        pytest.param({"ForwardedFrom": "+14155550178"}, True, id="number named"),
        pytest.param({"StirVerstat": "TN-Validation-Passed-A-Diverted"}, True, id="signed anew"),
        pytest.param({"StirVerstat": "TN-Validation-Passed-A"}, None, id="signed once"),
        pytest.param({"ForwardedFrom": ""}, None, id="no hint"),
    ],
)
def test_a_hint_of_forwarding_is_kept_and_no_hint_says_nothing(owner, hints, was_forwarded):
    post("/api/twilio/voice/incoming", incoming_form(make_number(owner).phone_number, **hints))
    assert Call.objects.get().was_forwarded is was_forwarded


def test_the_end_of_a_probe_that_came_back_is_no_unknown_call(number, caplog):
    probe = make_call(number, purpose=CallPurpose.FORWARDING_CHECK)
    form = incoming_form(number.phone_number, CallStatus="completed")
    post(STATUS, form)
    assert "event of an unknown call" in caplog.text
    caplog.clear()
    call_events.note(probe.id, kind=call_events.EventKind.PROBE_CAME_BACK, key=SID)
    post(STATUS, form)
    assert "event of an unknown call" not in caplog.text
