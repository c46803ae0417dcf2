"""What an owner's simulated phone and its carrier do with a call that we place to it."""

from enum import StrEnum


class SimulatedPhone(StrEnum):
    """The behaviours; the value stands in the row of the simulated call."""

    FORWARDS = "forwards"
    HIDES_FORWARDING = "hides_forwarding"
    REWRITES_CALLER = "rewrites_caller"
    OWN_VOICEMAIL = "own_voicemail"
    PICKED_UP = "picked_up"
    DECLINED = "declined"
    RINGS_OUT = "rings_out"


IN_WORDS = {
    SimulatedPhone.FORWARDS: "forwards the call, and says from where",
    SimulatedPhone.HIDES_FORWARDING: "forwards the call without saying so",
    SimulatedPhone.REWRITES_CALLER: "forwards the call as one of your own",
    SimulatedPhone.OWN_VOICEMAIL: "answers with the carrier's voicemail",
    SimulatedPhone.PICKED_UP: "is picked up by you",
    SimulatedPhone.DECLINED: "is declined by you",
    SimulatedPhone.RINGS_OUT: "rings until we give up",
}
FORWARDING = {
    SimulatedPhone.FORWARDS,
    SimulatedPhone.HIDES_FORWARDING,
    SimulatedPhone.REWRITES_CALLER,
}
