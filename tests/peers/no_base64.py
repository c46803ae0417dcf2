"""What may stand where base64 should: text of which nothing is anybody's voice."""

NO_BASE64 = (
    "",
    "A",
    "AAA",
    "AAAAA",
    "=",
    "====",
    "AA=A",
    "AA==AAAA",
    "AAA\n",
    "AAAA\n",
    " AAA",
    "-_-_",
    "ÄÄÄÄ",
    "AA\0=",
    'AA"A',
    'AA"}}{"event":"clear"}',
    "not base64!",
)
