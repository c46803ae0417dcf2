"""Views that run in the scope of whoever is logged in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http.response import HttpResponseBase

from accounts.row_security import user_scope

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def in_own_rows(view: V) -> V:
    """Run a page's view or a method of an API view in its owner's scope, rendering included.

    Stands below `login_required`. Not for views that ask the carrier or another service: a scope
    is a transaction, and nothing in it may wait for the network.
    """

    @wraps(view)
    def scoped(*args: Any, **kwargs: Any) -> HttpResponseBase:
        request = next(arg for arg in args if hasattr(arg, "user"))
        with user_scope(request.user.pk):
            return view(*args, **kwargs)

    return scoped  # type: ignore[return-value]  # the same signature, which `wraps` cannot say
