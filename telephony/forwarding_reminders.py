"""Noting before a release that the owner's phone may go on forwarding to the number."""

from accounts.row_security import user_scope
from telephony.models import Call, ForwardingReminder, UserPhoneNumber


def note_forwarding(number: UserPhoneNumber) -> None:
    """Ask for a reminder if forwarding was ever set up, said to be, or seen.

    It is sent once the number is released; asked for again, there is still one.
    """
    with user_scope(number.user_id):
        was_forwarded = (
            number.forwarding_enabled
            or number.forwarding_verified_at is not None
            or Call.objects.filter(number=number, was_forwarded=True).exists()
        )
        if was_forwarded:
            ForwardingReminder.objects.get_or_create(number=number)
