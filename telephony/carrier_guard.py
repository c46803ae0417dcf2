"""The one door for the carrier's webhooks: nobody else gets in, nothing malformed gets through."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.views.decorators.csrf import csrf_exempt

from telephony import metrics, signatures, stand_ins, webhook_runner
from telephony.carrier_requests import SignedForm, signed_form
from telephony.errors import BadCarrierRequest
from telephony.stand_ins import StandIn
from telephony.webhook_runner import Handler, Replay, Webhook

logger = logging.getLogger(__name__)


MAX_BODY_BYTES = 64 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"

CarrierView = Callable[[HttpRequest], Coroutine[Any, Any, HttpResponse]]


def _never(form: SignedForm) -> bool:
    return False


def _always(form: SignedForm) -> bool:
    return True


def twilio_webhook(
    handler: Handler,
    *,
    stand_in: StandIn = stand_ins.take_a_message,
    replay: Replay | None = None,
    waits_in_line: Callable[[SignedForm], bool] = _never,
) -> CarrierView:
    """Make a view of `handler`, which gets the signed form and nothing else.

    Refuses with an empty body: 405 for other methods, 415 for other content types and charsets,
    413 above 64 KiB, 403 without a valid signature, 400 for too many fields and for a field it
    reads that is repeated, holds NUL or makes no sense.

    The handler runs in a thread under a deadline. When it is late or fails, `stand_in` answers
    and the request is kept; the worker then does `replay`, by default the handler again.
    """

    def again(form: SignedForm, came_at: datetime) -> None:
        handler(form)

    return _view(
        Webhook(
            step=handler.__name__,
            work=handler,
            stand_in=stand_in,
            replay=replay or again,
            waits_in_line=waits_in_line,
        )
    )


def twilio_callback(handler: Handler) -> CarrierView:
    """The same for a callback, whose answer nobody hears."""
    return twilio_webhook(handler, stand_in=stand_ins.acknowledge, waits_in_line=_always)


def twilio_stand_in(step: str, *, stand_in: StandIn, replay: Replay) -> CarrierView:
    """A view behind the same door that the stand-in alone answers, so without the database."""
    return _view(
        Webhook(
            step=step,
            work=None,
            stand_in=stand_in,
            replay=replay,
            waits_in_line=_never,
        )
    )


def _view(webhook: Webhook) -> CarrierView:
    @csrf_exempt
    async def view(request: HttpRequest, call_id: UUID | None = None) -> HttpResponse:
        refusal = _refuse_outside(request)
        if refusal is not None:
            return refusal
        try:
            form = request.POST
        except RequestDataTooBig:
            return HttpResponse(status=413)
        except TooManyFieldsSent:
            return HttpResponse(status=400)
        try:
            if not _is_authentic(request, form):
                return HttpResponse(status=403)
            return await webhook_runner.answer(webhook, request, signed_form(request, call_id))
        except BadCarrierRequest as error:
            logger.warning("webhook refused: field", extra={"field": error.field})
            return HttpResponse(status=400)

    view.__name__ = webhook.step
    view.is_carrier_webhook = True  # type: ignore[attr-defined]  # the access matrix looks for it
    view.webhook = webhook  # type: ignore[attr-defined]  # for the worker, which replays
    return view


def _refuse_outside(request: HttpRequest) -> HttpResponse | None:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    # Django ignores a charset it does not know, and its debug page breaks over one it refuses.
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != FORM_TYPE or charset.lower() != "utf-8":
        return HttpResponse(status=415)
    length = request.headers.get("Content-Length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return HttpResponse(status=413)
    return None


def _is_authentic(request: HttpRequest, form: QueryDict) -> bool:
    url = signatures.public_url(request.get_full_path())
    signature = request.headers.get("X-Twilio-Signature", "")
    if signatures.is_authentic(url, form, signature) and _is_our_account(form):
        return True
    metrics.REFUSED_SIGNATURES.inc()
    # Names only: values may be anybody's number.
    logger.warning("webhook refused: signature", extra={"url": url, "fields": sorted(form)[:40]})
    return False


def _is_our_account(form: QueryDict) -> bool:
    return settings.TWILIO_ACCOUNT_SID in {"", SignedForm(form).get("AccountSid")}
