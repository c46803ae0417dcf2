"""What pages say about the owner's e-mail address."""

from typing import Any

from django import template

from accounts import addresses

register = template.Library()


@register.inclusion_tag("accounts/_confirm_address.html", takes_context=True)
def address_notice(context: template.Context) -> dict[str, Any]:
    """Asks for the confirmation of an address that waits for it; otherwise nothing."""
    user = context["request"].user
    return {
        "address": "" if addresses.is_confirmed(user) else user.email,
        "csrf_token": context.get("csrf_token"),
        "mails_are_printed": context.get("mails_are_printed"),
        "printed_where": context.get("printed_where"),
    }
