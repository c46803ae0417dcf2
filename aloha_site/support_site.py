"""The admin of Aloha: Django's, with the day's figures in front, a search, and the live calls."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone

from accounts.admin_actions import RowAction, confirmed
from accounts.admin_site import AlohaAdminSite
from accounts.models import AuditEvent
from aloha_site import (
    support_figures,
    support_health,
    support_live,
    support_proofs,
    support_search,
)
from telephony import support
from telephony.support_actions import BACK_TO_AGENT, FORCE_CLASSIC

MY_ACTS_SHOWN = 8


class SupportSite(AlohaAdminSite):
    """What support staff open in the morning."""

    enable_nav_sidebar = False

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[URLResolver | URLPattern] = [
            path("find/", self.admin_view(self.find), name="find"),
            path("live/", self.admin_view(self.live), name="live"),
            path("live/news/", self.unscoped_view(support_live.news), name="live_news"),
            path("classic/", self.unscoped_view(self.classic), name="classic"),
            path("agent-again/", self.unscoped_view(self.agent_again), name="agent_again"),
            # Django's own fails for rows whose keys are UUIDs; no row of ours has a public page.
            path(
                "r/<path:content_type_id>/<path:object_id>/",
                self.admin_view(_not_there),
                name="view_on_site",
            ),
        ]
        return own + super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With a line that tells real numbers from simulated ones on every page."""
        is_real = not settings.TELEPHONY["BACKEND"].endswith("MockBackend")
        where = "Development" if settings.DEBUG else "Production"
        calls = "real numbers, real calls" if is_real else "simulated numbers"
        return {**super().each_context(request), "environment": f"{where}: {calls}"}

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The front page."""
        context: dict[str, Any] = {
            "now": timezone.localtime(),
            "classic_for_all": support.is_forced_classic(None),
            "health": support_health.health(),
            "my_acts": AuditEvent.objects.filter(actor_id=request.user.pk)[:MY_ACTS_SHOWN],
        }
        if request.user.has_perm("telephony.view_call"):
            proofs = support_proofs.proofs_by_carrier()
            context |= {
                "tiles": [*support_figures.tiles(), support_proofs.proof_tile(proofs)],
                "proofs": proofs,
                "reasons": (reasons := support_figures.reasons()),
                "most": max((reason.count for reason in reasons), default=0),
                "fallbacks": support_figures.latest_fallbacks(),
                "stuck": support_health.stuck_rows(),
            }
        return super().index(request, {**context, **(extra_context or {})})

    def find(self, request: HttpRequest) -> HttpResponse:
        """Owners, numbers, calls and messages by whatever support was told."""
        typed = request.GET.get("q", "").strip()
        context = {
            **self.each_context(request),
            "title": "Find",
            "typed": typed,
            "found": support_search.find(typed, user=request.user) if typed else None,
        }
        return TemplateResponse(request, "admin/find.html", context)

    def live(self, request: HttpRequest) -> HttpResponse:
        """Who is on the line now; what is said is read on the call's own page, with a reason."""
        may_look = request.user.has_perm("telephony.view_call")
        context = {
            **self.each_context(request),
            "title": "Live calls",
            "calls": support_figures.live_calls() if may_look else None,
        }
        return TemplateResponse(request, "admin/live.html", context)

    def classic(self, request: HttpRequest) -> HttpResponseBase:
        """Classic voicemail for everybody: the switch for an outage."""
        return self._for_all(request, FORCE_CLASSIC)

    def agent_again(self, request: HttpRequest) -> HttpResponseBase:
        """The end of the outage."""
        return self._for_all(request, BACK_TO_AGENT)

    def _for_all(self, request: HttpRequest, action: RowAction) -> HttpResponseBase:
        back = reverse("admin:index")
        return confirmed(request, self, action=action, row=None, subject="All numbers", back=back)


def _not_there(request: HttpRequest, **key: str) -> HttpResponseBase:
    raise Http404
