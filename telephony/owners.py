"""What an owner's numbers mean for her account."""

from accounts.models import User
from accounts.row_security import user_scope
from telephony.errors import HasLiveNumber
from telephony.models import LIVE_STATUSES, UserPhoneNumber
from telephony.phone_numbers import national


def refuse_deletion(user: User) -> None:
    """Raise HasLiveNumber while the provider is paid for a number of hers, or may be.

    To be asked before an account is deleted. The database refuses too, as it does while there is
    any number row of hers: what was paid for stays on record.
    """
    live = UserPhoneNumber.objects.for_user(user).filter(status__in=LIVE_STATUSES)
    with user_scope(user.pk):
        number = live.order_by("created_at").first()
    if number:
        raise HasLiveNumber(
            f"This account cannot be deleted: {national(number.phone_number)} is "
            f"{number.get_status_display().lower()}. Release the number first."
        )
