"""The admin's site: everything in it runs in the staff's scope."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

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

        return super().admin_view(cast("V", scoped), cacheable)
