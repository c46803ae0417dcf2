"""Valid signed requests of the carrier, and every way we know to spoil one."""

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from django.http import QueryDict
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from telephony.carrier_guard import MAX_BODY_BYTES
from telephony.signatures import public_url, sign
from tests.telephony.carrier import FORM, SID, incoming_form

ACCOUNT = "AC" + "5e" * 16
TOKEN = "0f" * 16
RECORDING = "SIMULATED_RECORDING_" + "c" * 32
BASE = "/api/twilio/voice/"
PROBE = "00000000-0000-4000-8000-000000000000"
# What each webhook reads beside CallSid, as the carrier sends it.
READ_FIELDS = {
    f"{BASE}incoming": {"From": "+15105550147", "ForwardedFrom": "+14155550999"},
    f"{BASE}after-stream": {},
    f"{BASE}status": {"CallStatus": "completed", "CallDuration": "42", "SequenceNumber": "0"},
    f"{BASE}stream-status": {"StreamEvent": "stream-started", "StreamSid": "MZ" + "1" * 32},
    f"{BASE}recording": {"RecordingSid": RECORDING, "RecordingStatus": "completed"},
    f"{BASE}fallback": {},
    f"{BASE}key": {"Digits": "9"},
    f"{BASE}probe/{PROBE}": {},
    f"{BASE}probe/{PROBE}/key": {"Digits": "1"},
    f"{BASE}probe/{PROBE}/status": {"CallStatus": "ringing", "SequenceNumber": "1"},
}
JUNK = [
    "%",
    "%%",
    "%z",
    "%zz",
    "%0",
    "%ff",
    "%00",
    "%u0041",
    "%c3%28",
    "&",
    "=",
    ";",
    "+",
    "\0",
    "é",
]
CONTENT_TYPES = [
    "",
    "application/json",
    "application/x-www-form-urlencoded2",
    "application/x-www-form-urlencode",
    "application/x-www-form-urlencoded, text/plain",
    "application/xml",
    "multipart/form-data",
    "text/plain",
    "text/plain; application/x-www-form-urlencoded",
]
CHARSETS = ["utf-16", "utf-7", "latin-1", "cp037", "utf8mb4", "klingon", "utf-8 klingon"]
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it goes over the wire; `fields` is what `body` was made of."""

    path: str
    fields: dict[str, str]
    body: bytes
    signature: str | None
    method: str = "POST"
    content_type: str = FORM
    query: str = ""

    def send(self) -> int:
        headers = {} if self.signature is None else {"X-Twilio-Signature": self.signature}
        client = Client(raise_request_exception=False)
        url = self.path + self.query
        return client.generic(
            self.method, url, self.body, self.content_type, headers=headers
        ).status_code

    def means_the_same_as(self, other: "Sent") -> bool:
        """Another spelling of the same request, such as %2b for %2B, is no change."""
        return dataclasses.replace(self, body=b"", fields={}) == dataclasses.replace(
            other, body=b"", fields={}
        ) and _values(self.body) == _values(other.body)


def _form(body: bytes) -> QueryDict:
    form = QueryDict(mutable=True)
    for name, value in parse_qsl(body.decode("latin-1"), keep_blank_values=True):
        form.appendlist(name, value)
    return form


def _values(body: bytes) -> dict[str, set[str]]:
    """What the signature covers; it cannot see a nameless blank field, and nobody reads it."""
    values = {name: set(values) for name, values in _form(body).lists()}
    return {name: value for name, value in values.items() if (name, value) != ("", {""})}


def _signature(url: str, body: bytes, key: str | None = None) -> str:
    return sign(url, _form(body), key=key)


def signed(path: str, fields: dict[str, str], body: str | None = None) -> Sent:
    """A request that the carrier could have sent."""
    encoded = (urlencode(fields) if body is None else body).encode()
    signature = _signature(public_url(path), encoded)
    return Sent(path=path, fields=fields, body=encoded, signature=signature)


def valid(path: str, to: str = "+14155550123") -> Sent:
    fields = incoming_form(to, AccountSid=ACCOUNT, ForwardedFrom="") | READ_FIELDS[path]
    return signed(path, fields)


Mutation = Callable[[random.Random, Sent], Sent]


def altered_byte(rng: random.Random, sent: Sent) -> Sent:
    body = bytearray(sent.body)
    body[rng.randrange(len(body))] = rng.randrange(256)
    return dataclasses.replace(sent, body=bytes(body))


def altered_value(rng: random.Random, sent: Sent) -> Sent:
    name = rng.choice(list(sent.fields))
    fields = sent.fields | {name: sent.fields[name] + rng.choice(["x", "0", " ", "\n", "\0"])}
    return dataclasses.replace(sent, body=urlencode(fields).encode())


def added_field(rng: random.Random, sent: Sent) -> Sent:
    extra = urlencode({rng.choice(["Digits", "Extra", "From", "CallSid", "", "\0"]): rng.random()})
    return dataclasses.replace(sent, body=sent.body + b"&" + extra.encode())


def removed_field(rng: random.Random, sent: Sent) -> Sent:
    gone = rng.choice(list(sent.fields))
    fields = {name: value for name, value in sent.fields.items() if name != gone}
    return dataclasses.replace(sent, body=urlencode(fields).encode())


def swapped_values(rng: random.Random, sent: Sent) -> Sent:
    one, other = rng.sample(list(sent.fields), 2)
    fields = sent.fields | {one: sent.fields[other], other: sent.fields[one]}
    return dataclasses.replace(sent, body=urlencode(fields).encode())


def junk_in_the_body(rng: random.Random, sent: Sent) -> Sent:
    at = rng.randrange(len(sent.body) + 1)
    junk = "".join(rng.choices(JUNK, k=rng.randint(1, 4))).encode()
    return dataclasses.replace(sent, body=sent.body[:at] + junk + sent.body[at:])


def cut_off_body(rng: random.Random, sent: Sent) -> Sent:
    return dataclasses.replace(sent, body=sent.body[: rng.randrange(len(sent.body))])


def another_path(rng: random.Random, sent: Sent) -> Sent:
    others = [path for path in READ_FIELDS if path != sent.path]
    spellings = [sent.path + "/", sent.path.upper(), "/" + sent.path, f"{sent.path}/../status", "/"]
    return dataclasses.replace(sent, path=rng.choice(others + spellings))


def added_query(rng: random.Random, sent: Sent) -> Sent:
    query = "?" + rng.choice(["a=1", "CallSid=" + SID, "bodySHA256=00", "%", "\0", "?", "a=é"])
    return dataclasses.replace(sent, query=quote(query, safe="?%=&"))


def signature_of_another_address(rng: random.Random, sent: Sent) -> Sent:
    url = public_url(sent.path)
    host = url.split("/")[2]
    other = rng.choice(
        [
            sent.path,
            url.replace(host, "elsewhere.example"),
            url.replace(host, host + ":8443"),
            url.replace("http", "ws", 1),
            url + "/",
            url + "?a=1",
            url + "#",
        ]
    )
    return dataclasses.replace(sent, signature=_signature(other, sent.body))


def another_key(rng: random.Random, sent: Sent) -> Sent:
    keys = [TOKEN.upper(), TOKEN[:-1], f"{TOKEN} ", "0" * 32, ACCOUNT, "x" * rng.randint(1, 64)]
    return dataclasses.replace(
        sent, signature=_signature(public_url(sent.path), sent.body, rng.choice(keys))
    )


def broken_signature(rng: random.Random, sent: Sent) -> Sent:
    whole = sent.signature or ""
    at = rng.randrange(len(whole))
    variants = [
        None,
        "",
        whole[:at],
        whole[:at] + ("A" if whole[at] != "A" else "B") + whole[at + 1 :],
        whole + "=",
        whole.rstrip("="),
        whole.swapcase(),
        f"{whole}, {whole}",
        f"sha1={whole}",
        f'"{whole}"',
        whole.replace("=", "\0"),
        "ü" * len(whole),
        "=" * rng.randint(1, 5_000),
    ]
    return dataclasses.replace(sent, signature=rng.choice(variants))


def another_method(rng: random.Random, sent: Sent) -> Sent:
    return dataclasses.replace(sent, method=rng.choice(METHODS))


def another_content_type(rng: random.Random, sent: Sent) -> Sent:
    return dataclasses.replace(sent, content_type=rng.choice(CONTENT_TYPES))


def another_charset(rng: random.Random, sent: Sent) -> Sent:
    return dataclasses.replace(sent, content_type=f"{FORM}; charset={rng.choice(CHARSETS)}")


def multipart(rng: random.Random, sent: Sent) -> Sent:
    body = encode_multipart(BOUNDARY, sent.fields)
    return dataclasses.replace(sent, content_type=MULTIPART_CONTENT, body=body)


def too_large(rng: random.Random, sent: Sent) -> Sent:
    padding = "x" * (MAX_BODY_BYTES + rng.randint(1, 4_096) - len(sent.body))
    return signed(sent.path, sent.fields | {"Padding": padding})


def a_thousand_fields(rng: random.Random, sent: Sent) -> Sent:
    extra = {f"Extra{number}": "" for number in range(rng.randint(300, 1_000))}
    return signed(sent.path, sent.fields | extra)


def _read_field(rng: random.Random, sent: Sent) -> str:
    return rng.choice(["CallSid", *READ_FIELDS[sent.path]])


def signed_but_repeated(rng: random.Random, sent: Sent) -> Sent:
    name = _read_field(rng, sent)
    value = rng.choice([sent.fields[name], "", "another"])
    return signed(sent.path, sent.fields, f"{urlencode(sent.fields)}&{urlencode({name: value})}")


def signed_but_with_nul(rng: random.Random, sent: Sent) -> Sent:
    name = _read_field(rng, sent)
    value = sent.fields[name]
    at = rng.randrange(len(value) + 1)
    return signed(sent.path, sent.fields | {name: f"{value[:at]}\0{value[at:]}"})


def signed_but_no_call_sid(rng: random.Random, sent: Sent) -> Sent:
    sids = [
        "",
        SID[:-1],
        SID + "a",
        SID.upper(),
        "CA" + "g" * 32,
        "../" + SID,
        f"{SID}\n",
        "é" * 34,
    ]
    return signed(sent.path, sent.fields | {"CallSid": rng.choice(sids)})


BROKEN: tuple[Mutation, ...] = (
    altered_byte,
    altered_value,
    added_field,
    removed_field,
    swapped_values,
    junk_in_the_body,
    cut_off_body,
    another_path,
    added_query,
    signature_of_another_address,
    another_key,
    broken_signature,
    another_method,
    another_content_type,
    another_charset,
    multipart,
    too_large,
    a_thousand_fields,
)
SIGNED: tuple[Mutation, ...] = (
    signed_but_repeated,
    signed_but_with_nul,
    signed_but_no_call_sid,
)
