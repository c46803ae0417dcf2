"""Plain functions that make the things tests talk about."""

import itertools
import uuid
from typing import Any

from accounts.models import User
from agent.brief import CallType
from telephony.models import Call, NumberStatus, UserPhoneNumber

PASSWORD = "correct horse battery"
# An area code that no test names: a number made here is never one spelt out in a test.
_lines = itertools.count(100)


def make_user(email: str, **fields: Any) -> User:
    return User.objects.create_user(email, PASSWORD, **fields)


def make_number(user: User, **fields: Any) -> UserPhoneNumber:
    defaults: dict[str, Any] = {
        "phone_number": f"+162855501{next(_lines) % 100:02d}",
        "twilio_phone_sid": f"SIMULATED_SID_{uuid.uuid4().hex}",
        "area_code": "628",
        "status": NumberStatus.ACTIVE,
    }
    number = UserPhoneNumber.objects.create(user=user, **(defaults | fields))
    number.refresh_from_db()
    return number


def make_call(number: UserPhoneNumber, **fields: Any) -> Call:
    defaults: dict[str, Any] = {
        "call_sid": f"SIMULATED_CALL_{uuid.uuid4().hex}",
        "owner": number.user,
        "call_type": CallType.VOICEMAIL,
        "from_number": "+15105550147",
        "to_number": number.phone_number,
        "simulated": True,
    }
    return Call.objects.create(number=number, **(defaults | fields))
