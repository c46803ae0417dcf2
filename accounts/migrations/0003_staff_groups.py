"""The groups of the support staff: Support, Support lead, Auditor.

Permissions are otherwise made after all migrations, too late for this one: those that a group
needs are made here under the names that Django gives them, and found again then.
"""

from typing import Any

from django.db import migrations

from accounts.row_security import service_scope

LOOK = (
    ("accounts", "user"),
    ("agent", "agentprofile", "agent profile"),
    ("telephony", "call"),
    ("telephony", "callevent", "call event"),
    ("telephony", "campaign"),
    ("telephony", "donotcall", "do not call"),
    ("telephony", "numberevent", "number event"),
    ("telephony", "switch"),
    ("telephony", "syncrun", "sync run"),
    ("telephony", "userphonenumber", "user phone number"),
    ("voicemail", "forwardingcheck", "forwarding check"),
    ("voicemail", "message"),
)
VIEW = [("view", *model) for model in LOOK]
VIEW_AUDIT = [("view", "accounts", "auditevent", "audit event")]
ACTS = {
    "read_content": "Can read and hear what was said in calls, with a reason",
    "release_numbers": "Can give numbers back",
    "sync_numbers": "Can compare numbers with the provider",
    "retry_messages": "Can run the steps of messages again",
    "force_classic": "Can take calls from agents",
    "end_calls": "Can end calls",
    "export_rows": "Can export lists",
}
SWITCHES = [("add", "telephony", "switch"), ("delete", "telephony", "switch")]
BLOCK = [("change", "accounts", "user")]
EVERYDAY = ("read_content", "sync_numbers", "retry_messages", "force_classic", "end_calls")

GROUPS = {
    "Support": (VIEW + SWITCHES, EVERYDAY),
    "Support lead": (VIEW + VIEW_AUDIT + SWITCHES + BLOCK, tuple(ACTS)),
    "Auditor": (VIEW + VIEW_AUDIT, ()),
}


def make_groups(apps: Any, schema_editor: Any) -> None:
    """Make the groups with their permissions; one that is there already keeps what it has."""
    group_model = apps.get_model("auth", "Group")
    with service_scope():
        for name, (on_models, acts) in GROUPS.items():
            group, _ = group_model.objects.get_or_create(name=name)
            for verb, app, model, *words in on_models:
                said = words[0] if words else model
                codename, label = f"{verb}_{model}", f"Can {verb} {said}"
                group.permissions.add(_permission(apps, app, model, codename, label))
            for act in acts:
                audit = ("accounts", "auditevent")
                group.permissions.add(_permission(apps, *audit, act, ACTS[act]))


def _permission(apps: Any, app: str, model: str, codename: str, name: str) -> Any:
    types = apps.get_model("contenttypes", "ContentType")
    content_type, _ = types.objects.get_or_create(app_label=app, model=model)
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    return permission


class Migration(migrations.Migration):
    """Going back leaves the groups: people may be in them."""

    dependencies = [
        ("accounts", "0002_audit_events"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
