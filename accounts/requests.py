"""The request of somebody who is logged in."""

from django.http import HttpRequest

from accounts.models import User


class OwnerRequest(HttpRequest):
    """What a view behind `login_required` gets: `user` is never anonymous. A type only."""

    user: User
