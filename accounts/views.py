"""Pages about the person that allauth does not have."""

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.forms import ProfileForm
from accounts.requests import OwnerRequest
from accounts.scoped_views import in_own_rows

ACTS_SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@in_own_rows
def profile(request: OwnerRequest) -> HttpResponse:
    """Name and time zone, and what support did with this account."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        notices.success(request, "Saved. Times are shown in your time zone.")
        return redirect("profile")
    context = {"form": form, "acts": audit.acts_about(request.user)[:ACTS_SHOWN]}
    return render(request, "accounts/profile.html", context)
