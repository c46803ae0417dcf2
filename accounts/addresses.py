"""Whether an account's e-mail address was confirmed by whoever reads its mail."""

from allauth.account.models import EmailAddress

from accounts.models import User


def is_confirmed(user: User) -> bool:
    """Whether mails to `user.email` may hold what callers said.

    False while an address of the account waits for its link and the log-in address itself is not
    verified. An account without any rows was made by the operator, who stands for its address.
    """
    rows = dict(EmailAddress.objects.filter(user=user).values_list("email", "verified"))
    verified = {email.lower() for email, is_verified in rows.items() if is_verified}
    return user.email.lower() in verified or all(rows.values())


def vouch_for_operators_account(user: User) -> None:
    """Note the address of an account that nobody signed up for as confirmed.

    Signing up always leaves a row; without one, `createsuperuser` or a script made the account.
    """
    if not EmailAddress.objects.filter(user=user).exists():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
