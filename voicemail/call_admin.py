"""What was said in a call, for staff: only after a reason that the call's owner can read.

The written-down reason is itself what opens the content, so there is no look without one.
"""

import uuid
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin_actions import Done, RowAction
from accounts.admin_site import AlohaAdminSite
from accounts.audit import Who
from accounts.row_security import staff_scope
from telephony.admin import CallAdmin
from telephony.models import Call, Recording
from voicemail import support
from voicemail.audio import audio_response

_WARNING = "You are about to {} somebody's call. Its owner sees that you did, and why."


def _open(call: Call, who: Who, action: str) -> Done:
    look = support.note_look(call, who, action)
    return Done(text="", url=reverse("admin:telephony_call_content", args=[call.pk, look.pk]))


def _read(call: Call, who: Who, given: dict[str, Any]) -> Done:
    return _open(call, who, support.READ_WORDS)


def _listen(call: Call, who: Who, given: dict[str, Any]) -> Done:
    return _open(call, who, support.HEARD_AUDIO)


LOOK_ACTIONS = (
    RowAction(
        name="read",
        label="Read transcript",
        permission="accounts.read_content",
        warning=_WARNING.format("read"),
        act=_read,
        is_offered=lambda call: call.transcript.exists(),
    ),
    RowAction(
        name="listen",
        label="Listen to recording",
        permission="accounts.read_content",
        warning=_WARNING.format("hear"),
        act=_listen,
        is_offered=lambda call: Recording.objects.filter(call=call).exists(),
    ),
)


class CallContentAdmin(CallAdmin):
    """The admin of calls, which knows no content, with the two ways into it."""

    row_actions = (*LOOK_ACTIONS, *CallAdmin.row_actions)

    def get_urls(self) -> list[URLPattern]:
        site = cast("AlohaAdminSite", self.admin_site)
        content = "<uuid:call_id>/content/<int:look_id>/"
        return [
            path(content, site.admin_view(self.content), name="telephony_call_content"),
            path(
                f"{content}audio",
                site.unscoped_view(self.audio),
                name="telephony_call_content_audio",
            ),
            *super().get_urls(),
        ]

    def content(self, request: HttpRequest, call_id: uuid.UUID, look_id: int) -> HttpResponseBase:
        """The transcript or the player, whichever the reason was given for."""
        call, look = _granted(request, call_id, look_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Transcript" if look.action == support.READ_WORDS else "Recording",
            "subtitle": str(call),
            "call": call,
            "look": look,
            "lines": call.transcript.all() if look.action == support.READ_WORDS else None,
        }
        return TemplateResponse(
            request,
            "admin/call_content.html",
            context,
            headers={"Cache-Control": "private, no-store"},
        )

    def audio(self, request: HttpRequest, call_id: uuid.UUID, look_id: int) -> HttpResponseBase:
        """The recording, whole or in part; the storage is asked outside the scope."""
        with staff_scope():
            call, look = _granted(request, call_id, look_id)
            recording = Recording.objects.filter(call=call).first()
        if recording is None or look.action != support.HEARD_AUDIO:
            raise Http404
        return audio_response(request, recording)


def _granted(request: HttpRequest, call_id: uuid.UUID, look_id: int) -> tuple[Call, Any]:
    """The call and the look that opens it. Raises PermissionDenied, Http404."""
    user = request.user
    if not user.is_authenticated or not user.has_perm("accounts.read_content"):
        raise PermissionDenied
    call = Call.objects.filter(pk=call_id).select_related("number", "owner").first()
    look = support.granted_look(call, user, look_id=look_id) if call else None
    if call is None or look is None:
        raise Http404
    return call, look


admin.site.unregister(Call)
admin.site.register(Call, CallContentAdmin)
