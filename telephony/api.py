"""The number API: an owner's number for scripts, over the same functions as the pages."""
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telephony import numbers
from telephony.api_errors import NotBought
from telephony.errors import (
    DocumentsNeeded,
    NoneAvailable,
    NumberTaken,
    ProviderRefused,
    TelephonyError,
)
from telephony.models import NumberStatus
from telephony.number_offers import offers_instead
from telephony.serializers import (
    NumberRecord,
    OfferRecord,
    PurchaseRequest,
    RandomQuery,
    ReleaseRequest,
    SearchQuery,
    idempotency_key,
    read,
)

OFFERS_INSTEAD = 3
HINT_HEADER = "Aloha-Hint"
KEY_HEADER = "Idempotency-Key"

_RECORD_OR_NULL = {
    "allOf": [{"$ref": "#/components/schemas/NumberRecord"}],
    "nullable": True,
}
_HAS_NUMBER = OpenApiResponse(description="already_has_number: one number per owner.")
_TOO_OFTEN = OpenApiResponse(description="rate_limited: Retry-After says when it goes on.")
_PROVIDER_DOWN = OpenApiResponse(description="provider_unclear: the provider does not answer.")


class AvailableNumbers(APIView):
    """Numbers for sale."""

    @extend_schema(
        operation_id="listAvailableNumbers",
        parameters=[
            SearchQuery,
            OpenApiParameter(
                HINT_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                response=[HTTPStatus.OK],
                description="Where else to look, when the list is empty.",
            ),
        ],
        responses={
            200: OfferRecord(many=True),
            400: OpenApiResponse(description="The query makes no sense."),
            409: _HAS_NUMBER,
            429: _TOO_OFTEN,
            503: _PROVIDER_DOWN,
        },
    )
    def get(self, request: Request) -> Response:
        """Numbers the owner could take now; nothing is reserved."""
        hint: TelephonyError = NoneAvailable()
        try:
            offers = numbers.search_offers(
                user=request.user, **read(SearchQuery, query_of(request))
            )
        except DocumentsNeeded as error:
            offers, hint = [], error
        headers = {} if offers else {HINT_HEADER: str(hint)}
        return Response(OfferRecord(offers, many=True).data, headers=headers)


class RandomNumber(APIView):
    """One number for sale."""

    @extend_schema(
        operation_id="drawRandomNumber",
        parameters=[RandomQuery],
        responses={
            200: OfferRecord,
            400: OpenApiResponse(description="The query makes no sense."),
            404: OpenApiResponse(description="none_available: no numbers there."),
            409: _HAS_NUMBER,
            429: _TOO_OFTEN,
            503: _PROVIDER_DOWN,
        },
    )
    def get(self, request: Request) -> Response:
        """One number the owner could take now, drawn anew each time."""
        query = read(RandomQuery, query_of(request))
        try:
            offer = numbers.random_offer(user=request.user, **query)
        except DocumentsNeeded as error:
            raise NoneAvailable(str(error)) from error
        return Response(OfferRecord(offer).data)


class PurchaseNumber(APIView):
    """Taking a number."""

    @extend_schema(
        operation_id="purchaseNumber",
        request=PurchaseRequest,
        parameters=[
            OpenApiParameter(
                KEY_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="1 to 255 printable characters that name this purchase for 48 hours.",
            )
        ],
        responses={
            201: NumberRecord,
            202: OpenApiResponse(NumberRecord, "The provider has not confirmed it yet."),
            400: OpenApiResponse(description="A field is missing, unknown or makes no sense."),
            409: OpenApiResponse(
                description="number_taken, documents_needed or provider_refused, with other "
                "offers; "
                "already_has_number or number_changed when another request was faster; "
                "purchase_in_progress; account_closed."
            ),
            422: OpenApiResponse(
                description="number_not_offered: nobody sells it; price_above_cap: it costs more "
                "than this installation allows; "
                "idempotency_key_reused: the key came with another number before."
            ),
            429: _TOO_OFTEN,
            503: _PROVIDER_DOWN,
        },
    )
    def post(self, request: Request) -> Response:
        """Take a number; an active one is given back for it.

        The same number again gives the same answer, and so does the same Idempotency-Key.
        """
        wanted = read(PurchaseRequest, request.data)
        key = idempotency_key(request.headers.get(KEY_HEADER))
        try:
            number = numbers.purchase_number(user=request.user, **wanted, replace=True, key=key)
        except (NumberTaken, ProviderRefused) as error:
            if error.retryable:
                raise
            offers = offers_instead(user=request.user, **wanted, limit=OFFERS_INSTEAD)
            raise NotBought(error, offers=OfferRecord(offers, many=True).data) from error
        is_unclear = number.status == NumberStatus.PURCHASING
        status = HTTPStatus.ACCEPTED if is_unclear else HTTPStatus.CREATED
        return Response(NumberRecord(number).data, status=status)


class ReleaseNumber(APIView):
    """Giving the number back."""

    @extend_schema(
        operation_id="releaseNumber",
        request=None,
        responses={
            200: NumberRecord,
            404: OpenApiResponse(description="no_number: there never was one."),
            409: OpenApiResponse(description="purchase_in_progress: wait for its outcome."),
        },
    )
    def post(self, request: Request) -> Response:
        """Give the number back; again, the same record."""
        read(ReleaseRequest, request.data)
        return Response(NumberRecord(numbers.release_number(user=request.user)).data)


class ActiveNumber(APIView):
    """The number that callers reach."""

    @extend_schema(operation_id="getActiveNumber", responses={200: _RECORD_OR_NULL})
    def get(self, request: Request) -> JsonResponse:
        """The owner's active number, or null."""
        number = numbers.active_number(request.user)
        # The framework's own response would write null as an empty body.
        return JsonResponse(NumberRecord(number).data if number else None, safe=False)


def query_of(request: Request) -> dict[str, Any]:
    """The query as a mapping; a parameter given twice is a list, which no field accepts."""
    lists = request.query_params.lists()
    return {name: values[0] if len(values) == 1 else values for name, values in lists}
