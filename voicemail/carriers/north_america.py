"""Carriers of the United States and Canada.

American carriers' pages disagree with one another, so every entry says how sure it is.
"""

from voicemail.carriers.carrier import Carrier, Certainty
from voicemail.carriers.codes import GSM_NORTH_AMERICA, STAR_71, STAR_90, STAR_90_HASH

_HOST = "A reseller: the codes of the network it uses, where the plan allows them."
_PREPAID = "Prepaid plans often refuse forwarding; the phone then says so at once."
_NOT_OFF = "Calls that come while your phone is switched off are not covered by this code."
_TONE = "Wait for the tone or the spoken confirmation before you hang up."


def _united_states(**fields: object) -> Carrier:
    return Carrier(country="US", **fields)  # type: ignore[arg-type]


UNITED_STATES = (
    _united_states(
        key="us-att",
        name="AT&T",
        codes=GSM_NORTH_AMERICA,
        second_try=STAR_90_HASH,
        certainty=Certainty.REPORTED,
        source="AT&T support pages, 2025-26, which list both kinds of code",
        notes=(_PREPAID,),
        also_known_as=("AT&T",),
    ),
    _united_states(
        key="us-verizon",
        name="Verizon",
        codes=STAR_71,
        certainty=Certainty.REPORTED,
        source="Verizon support pages; some list *90 and *92 instead",
        second_try=STAR_90,
        notes=(_TONE, _NOT_OFF),
        also_known_as=("Verizon",),
    ),
    _united_states(
        key="us-tmobile",
        name="T-Mobile",
        codes=GSM_NORTH_AMERICA,
        certainty=Certainty.DOCUMENTED,
        source="T-Mobile support pages; also lines that were Sprint",
        notes=("The undo code brings T-Mobile's own voicemail back.", _PREPAID),
        also_known_as=("T-Mobile", "Sprint"),
    ),
    _united_states(
        key="us-uscellular",
        name="UScellular",
        codes=STAR_90,
        second_try=GSM_NORTH_AMERICA,
        certainty=Certainty.REPORTED,
        source="UScellular support pages before the move to T-Mobile",
        notes=(_TONE, _NOT_OFF, "Lines that moved to T-Mobile use T-Mobile's code."),
        also_known_as=("UScellular", "U.S. Cellular"),
    ),
    _united_states(
        key="us-googlefi",
        name="Google Fi",
        codes=None,
        certainty=Certainty.REPORTED,
        source="Google Fi help pages",
        notes=(
            "Google Fi has no codes. In its app open Phone settings, then Call forwarding, and "
            "add your Aloha number.",
        ),
    ),
    _united_states(
        key="us-visible",
        name="Visible",
        codes=None,
        certainty=Certainty.REPORTED,
        source="Visible help pages",
        notes=("Visible usually does not forward missed calls. Ask its support before you try.",),
    ),
    *(
        _united_states(
            key=f"us-{key}",
            name=name,
            codes=codes,
            certainty=Certainty.REPORTED,
            source="The host network's codes, sometimes blocked",
            notes=(_HOST, _PREPAID),
        )
        for key, name, codes in (
            ("mint", "Mint Mobile", GSM_NORTH_AMERICA),
            ("metro", "Metro by T-Mobile", GSM_NORTH_AMERICA),
            ("cricket", "Cricket", GSM_NORTH_AMERICA),
            ("xfinity", "Xfinity Mobile", STAR_71),
            ("spectrum", "Spectrum Mobile", STAR_71),
        )
    ),
    _united_states(
        key="us-landline",
        name="Landline, cable or internet phone",
        codes=STAR_90,
        certainty=Certainty.REPORTED,
        source="Feature codes of North American exchanges",
        notes=(_TONE, "Business phone systems are set up in their own administration page."),
    ),
)

CANADA = tuple(
    Carrier(
        key=f"ca-{key}",
        country="CA",
        name=name,
        codes=GSM_NORTH_AMERICA,
        certainty=Certainty.STANDARD,
        source="3GPP TS 22.030",
        notes=(_PREPAID,),
    )
    for key, name in (
        ("rogers", "Rogers"),
        ("bell", "Bell"),
        ("telus", "Telus"),
        ("freedom", "Freedom Mobile"),
        ("videotron", "Vidéotron"),
        ("fido", "Fido"),
        ("koodo", "Koodo"),
        ("virginplus", "Virgin Plus"),
    )
)
