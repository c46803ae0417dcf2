"""Empties the tables, as `flush` does, but those that every migration fills with the same again.

Kinds of content and permissions follow from the models. To make them anew, app by app, took longer
than everything else between two tests.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import no_style
from django.core.management.commands import flush
from django.db import connections

KEPT = {model._meta.db_table for model in (ContentType, Permission)}


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        emptied = connection.ops.sql_flush(
            no_style(),
            sorted(set(names) - KEPT),
            reset_sequences=options.get("reset_sequences", True),
            allow_cascade=options.get("allow_cascade", False),
        )
        connection.ops.execute_sql_flush(emptied)
