"""Carriers of Europe: all of them mobile networks that speak the standard codes."""

from voicemail.carriers.carrier import Carrier, Certainty
from voicemail.carriers.codes import GSM

_CHARGED = "Some plans charge for forwarded calls; they count like calls you make yourself."
_STANDARD = "3GPP TS 22.030"
_BRITISH = "3GPP TS 22.030, and the operators' help pages"
_RESELLER = "A reseller: the codes of the network it uses, where the plan allows them."


def _carriers(
    country: str,
    *names: tuple[str, str, tuple[str, ...]],
    source: str = _STANDARD,
    certainty: Certainty = Certainty.STANDARD,
) -> tuple[Carrier, ...]:
    """Carriers with the standard codes: key, name, and what the number plan's data calls them."""
    return tuple(
        Carrier(
            key=f"{country.lower()}-{key}",
            country=country,
            name=name,
            codes=GSM,
            certainty=certainty,
            source=source,
            notes=(_CHARGED,),
            also_known_as=known_as,
        )
        for key, name, known_as in names
    )


UNITED_KINGDOM = (
    *_carriers(
        "GB",
        ("ee", "EE", ("EE", "Orange", "T-Mobile")),
        ("three", "Three", ("Three", "3")),
        certainty=Certainty.DOCUMENTED,
        source=_BRITISH,
    ),
    Carrier(
        key="gb-o2",
        country="GB",
        name="O2",
        codes=GSM,
        certainty=Certainty.DOCUMENTED,
        source=_BRITISH,
        notes=(_CHARGED, "O2's own voicemail comes back by dialling 1750."),
        also_known_as=("O2",),
    ),
    Carrier(
        key="gb-vodafone",
        country="GB",
        name="Vodafone",
        codes=GSM,
        certainty=Certainty.DOCUMENTED,
        source=_BRITISH,
        notes=(_CHARGED, "Vodafone's own voicemail comes back by dialling 1210."),
        also_known_as=("Vodafone",),
    ),
    *(
        Carrier(
            key=f"gb-{key}",
            country="GB",
            name=name,
            codes=GSM,
            certainty=Certainty.REPORTED,
            source="The host network's codes",
            notes=(_RESELLER, _CHARGED),
            also_known_as=known_as,
        )
        for key, name, known_as in (
            ("giffgaff", "giffgaff", ()),
            ("tesco", "Tesco Mobile", ("Tesco Mobile",)),
            ("sky", "Sky Mobile", ("Sky",)),
            ("lyca", "Lycamobile", ("Lycamobile",)),
        )
    ),
)

IRELAND = _carriers(
    "IE",
    ("vodafone", "Vodafone", ("Vodafone",)),
    ("three", "Three", ("3", "O2")),
    ("eir", "eir", ("Meteor", "eMobile", "Eircom")),
    ("tesco", "Tesco Mobile", ("Tesco Mobile",)),
)

FRANCE = _carriers(
    "FR",
    ("orange", "Orange", ("Orange France",)),
    ("sfr", "SFR", ("SFR",)),
    ("bouygues", "Bouygues Telecom", ("Bouygues",)),
    ("free", "Free Mobile", ("Free Mobile",)),
)

GERMANY = _carriers(
    "DE",
    ("telekom", "Telekom", ("T-Mobile",)),
    ("vodafone", "Vodafone", ("Vodafone",)),
    ("o2", "O2", ("O2", "Eplus")),
    ("1und1", "1&1", ("1&1 Mobilfunk",)),
)

SPAIN = _carriers(
    "ES",
    ("movistar", "Movistar", ("Movistar",)),
    ("orange", "Orange", ("Orange",)),
    ("vodafone", "Vodafone", ("Vodafone",)),
    ("yoigo", "Yoigo", ("Yoigo", "MasMovil")),
    ("digi", "Digi", ("DigiMobil",)),
)

ITALY = _carriers(
    "IT",
    ("tim", "TIM", ("TIM",)),
    ("vodafone", "Vodafone", ("Vodafone",)),
    ("windtre", "WindTre", ("WIND", "3 Italia")),
    ("iliad", "Iliad", ()),
)

NETHERLANDS = _carriers(
    "NL",
    ("kpn", "KPN", ("KPN", "Telfort")),
    ("vodafone", "Vodafone", ("Vodafone Libertel B.V.",)),
    ("odido", "Odido", ("T-Mobile", "T-Mobile Thuis", "Tele2")),
    ("lebara", "Lebara", ("Lebara",)),
)
