"""Carriers of Australia."""

from voicemail.carriers.carrier import Carrier, Certainty
from voicemail.carriers.codes import GSM

AUSTRALIA = tuple(
    Carrier(
        key=f"au-{key}",
        country="AU",
        name=name,
        codes=GSM,
        certainty=Certainty.STANDARD,
        source="3GPP TS 22.030",
        notes=("Some plans charge for forwarded calls.",),
        also_known_as=(name,),
    )
    for key, name in (("telstra", "Telstra"), ("optus", "Optus"), ("vodafone", "Vodafone"))
)
