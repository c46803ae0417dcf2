"""The admin's site: everything in it runs in the staff's scope, behind a second factor."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import reverse

from accounts.row_security import staff_scope

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


class AlohaAdminSite(AdminSite):
    """Django's own, with a look at everybody's rows for those who may log in here."""

    def admin_view(self, view: V, cacheable: bool = False) -> V:
        """Run the view in one transaction; templates are rendered before it ends."""

        @wraps(view)
        def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with staff_scope():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response

        return self.unscoped_view(cast("V", scoped), cacheable)

    def unscoped_view(self, view: V, cacheable: bool = False) -> V:
        """Guard a view as the admin does and leave scopes to it.

        For views that ask the provider: it must not be waited for inside a transaction.
        """

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if lacks_second_factor(request):
                return render(request, "admin/second_factor.html", status=403)
            if any("\0" in value for _, values in request.GET.lists() for value in values):
                # Filters and searches go into queries as they are, and PostgreSQL takes no NUL.
                raise BadRequest("NUL in the address")
            return view(request, *args, **kwargs)

        return super().admin_view(cast("V", guarded), cacheable)


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether somebody of the staff must set a second factor up before going on.

    Whoever has one gave it at log-in: allauth asks for it. Logging out is always possible.
    """
    if not settings.STAFF_SECOND_FACTOR or request.path == reverse("admin:logout"):
        return False
    return not is_mfa_enabled(request.user)
