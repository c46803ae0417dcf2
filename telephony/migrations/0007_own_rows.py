"""Row level security over everything that belongs to an owner of numbers and calls."""

from django.db import migrations

from accounts.row_policies import ProtectRows

NUMBERS, CALLS = "user_phone_numbers", "telephony_call"


class Migration(migrations.Migration):
    """Has no effect on SQLite."""

    dependencies = [("telephony", "0006_was_forwarded_from_its_number")]

    operations = [
        ProtectRows(NUMBERS, owner="user_id"),
        ProtectRows("telephony_numberevent", owner="number_id", through=NUMBERS),
        ProtectRows("telephony_switch", owner="number_id", through=NUMBERS),
        ProtectRows(CALLS, owner="owner_id"),
        ProtectRows("telephony_callevent", owner="call_id", through=CALLS),
        ProtectRows("telephony_transcriptline", owner="call_id", through=CALLS),
        ProtectRows("telephony_recording", owner="call_id", through=CALLS),
        ProtectRows("telephony_carrierrecording", owner="call_id", through=CALLS),
        ProtectRows("telephony_simulatedcall", owner="call_id", through=CALLS),
        ProtectRows("telephony_campaign", owner="owner_id"),
        ProtectRows("telephony_donotcall", owner="owner_id"),
        ProtectRows("telephony_outboundterms", owner="owner_id"),
        ProtectRows("telephony_idempotencykey", owner="owner_id"),
    ]
