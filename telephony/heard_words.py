"""Which words of an interrupted sentence the caller heard. Pure.

Nobody says when each word was spoken, so words are taken to be spread evenly over the audio.
"""


def heard_chars(text: str, *, heard_ms: int, spoken_ms: int) -> int | None:
    """How many characters of `text` were heard; None when it was all of it.

    `spoken_ms` is the length of the audio for the whole text. A word cut in two was not heard.
    """
    if heard_ms >= spoken_ms:
        return None
    estimate = len(text) * heard_ms // spoken_ms
    if estimate < len(text) and text[estimate].isspace():
        return estimate
    return max(text.rfind(" ", 0, estimate), 0)
