"""Where the API's description is read."""
# mypy: disallow-subclassing-any=False, disallow-untyped-calls=False

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class SchemaView(APIView):
    """The description; the same for everybody, and it holds nobody's data.

    The framework's own view reads the query too, and copies it into a header.
    """

    permission_classes = (AllowAny,)
    renderer_classes = (OpenApiYamlRenderer, OpenApiJsonRenderer)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """YAML, or JSON for whoever asks for it."""
        return Response(_schema())


@cache
def _schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)
