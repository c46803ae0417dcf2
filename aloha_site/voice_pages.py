"""The sound of a voice, for the settings page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.requests import OwnerRequest
from agent import voice_samples


@login_required
@require_safe
def voice_sample(request: OwnerRequest, voice: str) -> HttpResponse:
    """The greeting in this voice; nobody's in particular, so it may be kept by the browser."""
    sound = voice_samples.sample_of(voice)
    if sound is None:
        raise Http404
    headers = {"Cache-Control": "private, max-age=3600"}
    return HttpResponse(sound, content_type="audio/wav", headers=headers)
