"""How forwarding is switched off at a carrier that the owner has not told us."""

from telephony.models import UserPhoneNumber

# 3GPP TS 22.030: erases all three conditional forwardings.
MOBILE = "##004#"
_VERIZON = "*73"


def how_to_undo(number: UserPhoneNumber) -> str:
    """One sentence for the owner's phone: the code that most carriers of the country take."""
    sentence = f"Your phone forwards missed calls until you dial {MOBILE} on it"
    if number.country == "US":
        return f"{sentence} ({_VERIZON} with Verizon), or switch it off with your carrier."
    return f"{sentence}, or switch it off with your carrier."
