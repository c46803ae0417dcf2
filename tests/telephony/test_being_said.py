"""What the agent is saying at the moment, for whoever reads along; nothing stays of it."""

from agent.session import TranscriptSource, UtteranceEnd
from telephony import call_events
from telephony.models import CallEvent
from telephony.playback import Played
from telephony.said import Said
from tests.factories import make_call, make_number


def words(name: str, text: str) -> UtteranceEnd:
    return UtteranceEnd(utterance_id=name, text=text, source=TranscriptSource.SCRIPTED)


def played(name: str) -> Played:
    return Played(utterance_id=name, start_ms=0, heard_ms=900, sent_ms=900)


def test_sentences_are_being_said_one_after_the_other():
    said = Said()
    said.finished(words("a", "I'll pass it on."))
    said.finished(words("b", "Goodbye."))
    assert said.being_said == "I'll pass it on."
    list(said.heard(played("a")))
    assert said.being_said == "Goodbye."
    list(said.heard(played("b")))
    assert said.being_said == ""


def test_an_interrupted_sentence_is_not_being_said():
    said = Said()
    said.finished(words("a", "I'll pass it on."))
    said.cut([played("a")])
    assert said.being_said == ""


def test_only_the_latest_is_kept_and_only_while_it_is_said(owner):
    call = make_call(make_number(owner), status="in-progress")
    for text in ("One moment, please.", "Hi, I'm Aloha."):
        call_events.show_being_said(call.id, text)
    assert call_events.being_said(call.id) == "Hi, I'm Aloha."
    call_events.show_being_said(call.id, "")
    assert call_events.being_said(call.id) == ""
    assert not CallEvent.objects.exists()
