"""Play, Gather, and the keys and silence of Record, on whole calls over loopback."""

import pytest

from agent.speech import wav
from telephony.simulator import sounds
from telephony.simulator.events import DigitsGathered, SoundPlayed
from telephony.simulator.result import AnsweredBy
from tests.peers import answering_app
from tests.telephony.simulator.calling import LOUD, QUIET, Caller, place, place_pressing

NEXT = "/next"
MENU = f"""<Response>
  <Gather numDigits="2" timeout="1" action="{NEXT}"><Say>One moment, please.</Say></Gather>
  <Redirect>/nobody-pressed</Redirect>
</Response>"""


def loud_file(tmp_path, frames: int) -> bytes:
    path = tmp_path / "sound.wav"
    wav.write_mulaw(path, LOUD * frames)
    return path.read_bytes()


class TestPlay:
    """What <Play> lets the caller hear."""

    async def test_a_file_of_this_machine_is_heard(self, app, tmp_path):
        app.files["/sound.wav"] = loud_file(tmp_path, 10)
        app.answers[answering_app.INCOMING] = "<Response><Play>/sound.wav</Play></Response>"
        events = []
        result = await place(app, tmp_path, events=events)
        assert result.heard == LOUD * 10
        assert SoundPlayed(source=f"{app.base_url}/sound.wav") in events
        assert result.warnings == ()

    async def test_a_loop_plays_it_again(self, app, tmp_path):
        app.files["/sound.wav"] = loud_file(tmp_path, 5)
        app.answers[answering_app.INCOMING] = (
            "<Response><Play loop='3'>/sound.wav</Play></Response>"
        )
        assert (await place(app, tmp_path)).heard == LOUD * 15

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            pytest.param("https://example.com/a.wav", "this machine only", id="another machine"),
            pytest.param("/nowhere.wav", "the answer was 404", id="not there"),
            pytest.param("/words.txt", "is not a WAV file", id="no WAV"),
        ],
    )
    async def test_a_file_that_cannot_be_had_is_a_warning_and_the_call_goes_on(
        self, app, tmp_path, url, why
    ):
        app.files["/words.txt"] = b"words"
        app.answers[answering_app.INCOMING] = (
            f"<Response><Play loop='0'>{url}</Play><Redirect>{NEXT}</Redirect></Response>"
        )
        app.answers[NEXT] = answering_app.HANG_UP
        result = await place(app, tmp_path)
        assert result.warnings[0].startswith("11200 The file ")
        assert why in result.warnings[0]
        assert len(app.posted(NEXT)) == 1

    async def test_digits_sound_as_keys_and_pauses(self, app, tmp_path):
        app.answers[answering_app.INCOMING] = "<Response><Play digits='5w'/></Response>"
        result = await place(app, tmp_path)
        assert (result.heard_ms, result.duration_ms) == (100, 700)

    def test_every_key_sounds_different(self):
        assert len({sounds.key_tones(key) for key in "0123456789*#"}) == 12


class TestGather:
    """How keys reach the server."""

    async def test_enough_digits_are_posted_at_once(self, app, tmp_path):
        app.answers |= {answering_app.INCOMING: MENU, NEXT: answering_app.HANG_UP}
        result = await place_pressing(app, tmp_path, {50: "4", 100: "2"})
        (form,) = app.posted(NEXT)
        assert (form["Digits"], form["CallStatus"]) == ("42", "in-progress")
        assert result.duration_ms < len(sounds.spoken("One moment, please.")) / 8

    async def test_a_key_cuts_the_prompt_short_but_more_are_waited_for(self, app, tmp_path):
        app.answers |= {answering_app.INCOMING: MENU, NEXT: answering_app.HANG_UP}
        result = await place_pressing(app, tmp_path, {50: "4"})
        assert app.posted(NEXT)[0]["Digits"] == "4"
        assert 1000 <= result.duration_ms < 1400

    async def test_the_finishing_key_ends_and_is_not_told(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: MENU.replace('numDigits="2"', 'finishOnKey="*"'),
            NEXT: answering_app.HANG_UP,
        }
        await place_pressing(app, tmp_path, {50: "4", 70: "#", 90: "*"})
        assert app.posted(NEXT)[0]["Digits"] == "4#"

    @pytest.mark.parametrize("keys", [{}, {50: "#"}], ids=["no key", "only the finishing key"])
    async def test_without_digits_the_next_verb_follows(self, app, tmp_path, keys):
        app.answers |= {
            answering_app.INCOMING: MENU,
            "/nobody-pressed": answering_app.HANG_UP,
        }
        await place_pressing(app, tmp_path, keys)
        assert len(app.posted("/nobody-pressed")) == 1
        assert app.posted(NEXT) == []

    async def test_an_empty_result_is_posted_when_asked_for(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: MENU.replace("timeout", "actionOnEmptyResult='true' timeout"),
            NEXT: answering_app.HANG_UP,
        }
        events = []
        await place(app, tmp_path, events=events)
        assert app.posted(NEXT)[0]["Digits"] == ""
        assert DigitsGathered(digits="") in events

    async def test_without_an_action_the_document_itself_is_asked_again(self, app, tmp_path):
        menu = "<Response><Gather numDigits='1' timeout='1'><Say>Press.</Say></Gather></Response>"
        app.answers[answering_app.INCOMING] = lambda form: (
            answering_app.HANG_UP if form.get("Digits") else menu
        )
        await place_pressing(app, tmp_path, {50: "7"})
        assert [form.get("Digits") for form in app.posted(answering_app.INCOMING)] == [None, "7"]

    async def test_a_key_that_no_keypad_has_is_refused(self, app, tmp_path):
        app.answers[answering_app.INCOMING] = MENU
        with pytest.raises(ValueError, match="no keypad"):
            await place_pressing(app, tmp_path, {50: "x"}, caller=Caller(hang_up_at_ms=300))


class TestRecord:
    """What ends a recording, and what is left of it."""

    DOCUMENT = (
        '<Response><Say>Ten chars.</Say><Record action="/next" playBeep="false" timeout="2" {}/>'
        "<Redirect>/nothing-said</Redirect></Response>"
    )

    async def test_a_key_ends_it_and_is_told(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: self.DOCUMENT.format('finishOnKey="#"'),
            NEXT: answering_app.HANG_UP,
        }
        caller = Caller(LOUD * 300, speak_at_ms=600)
        # The 5 is not a finishing key; the # comes 400 ms after the recording began.
        result = await place_pressing(app, tmp_path, {800: "5", 1000: "#"}, caller=caller)
        assert app.posted(NEXT)[0]["Digits"] == "#"
        assert 900 < result.duration_ms < 1300

    async def test_silence_around_the_words_is_trimmed_when_asked_for(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: self.DOCUMENT.format('trim="trim-silence" maxLength="1"'),
            NEXT: answering_app.HANG_UP,
        }
        spoken = LOUD * 10 + QUIET * 5 + LOUD * 10
        result = await place(app, tmp_path, Caller(spoken, speak_at_ms=800))
        assert wav.read_mulaw(result.recordings[0]) == spoken
        assert result.answered_by is AnsweredBy.CLASSIC

    async def test_a_key_without_a_word_is_a_silent_caller(self, app, tmp_path):
        app.answers |= {
            answering_app.INCOMING: self.DOCUMENT.format(""),
            "/nothing-said": answering_app.HANG_UP,
        }
        await place_pressing(app, tmp_path, {800: "1"})
        assert len(app.posted("/nothing-said")) == 1
