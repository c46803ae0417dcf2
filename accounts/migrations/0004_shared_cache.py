"""The table of the cache that every process shares; log-in limits are counted there.

The columns are those of `createcachetable`. It belongs to no model, holds no rows of owners, and has
no policy: nobody is known yet while log-ins are counted.
"""

from django.db import migrations, models

MAKE_TABLE = migrations.CreateModel(
    name="SharedCacheEntry",
    fields=[
        ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
        ("value", models.TextField()),
        ("expires", models.DateTimeField(db_index=True)),
    ],
    options={"db_table": "accounts_cache"},
)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_staff_groups")]

    operations = [migrations.SeparateDatabaseAndState(database_operations=[MAKE_TABLE])]
