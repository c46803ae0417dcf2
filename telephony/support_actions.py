"""The buttons that staff have on the pages of a number and of a call."""

from typing import Any

from accounts.admin_actions import Done, RowAction
from accounts.audit import Who
from telephony import support
from telephony.errors import TelephonyError
from telephony.models import Call, NumberStatus, UserPhoneNumber
from telephony.support_forms import ClassicForm, end_of

CLASSIC_WARNING = (
    "Callers hear the classic voicemail and leave a message after the tone; no agent talks to "
    "them. Calls that an agent holds now go on with it."
)


def _release(number: UserPhoneNumber, who: Who, given: dict[str, Any]) -> Done:
    number = support.release(number, who)
    if number.status == NumberStatus.RELEASED:
        return Done(text="The number is released.")
    return Done(
        text="Callers no longer reach the number. The provider has not confirmed it yet: "
        "the worker asks again until it has."
    )


def _sync(number: UserPhoneNumber, who: Who, given: dict[str, Any]) -> Done:
    run = support.sync_now(who, number=number)
    if run.error:
        return Done(text=f"The provider could not be asked: {run.error}")
    mine = [found for found in run.steps if number.phone_number in found]
    if mine:
        return Done(text=f"Found of this number: {'; '.join(mine)}")
    return Done(text=f"Nothing differed for this number; {len(run.steps)} steps for all numbers.")


def _classic(number: UserPhoneNumber | None, who: Who, given: dict[str, Any]) -> Done:
    is_new = support.force_classic(number, who, until=end_of(given["hours"]))
    return Done(text="Classic voicemail takes the calls." if is_new else "It does so already.")


def _agent(number: UserPhoneNumber | None, who: Who, given: dict[str, Any]) -> Done:
    is_new = support.back_to_agent(number, who)
    return Done(text="The agent takes the calls again." if is_new else "It does so already.")


def _end(call: Call, who: Who, given: dict[str, Any]) -> Done:
    is_new = support.end_call(call, who)
    return Done(text="The call is being ended." if is_new else "The call is over already.")


# These two also for all numbers at once.
FORCE_CLASSIC = RowAction(
    name="classic",
    label="Force classic voicemail",
    permission="accounts.force_classic",
    warning=CLASSIC_WARNING,
    act=_classic,
    is_offered=lambda number: not support.is_forced_classic(number),
    form=ClassicForm,
)
BACK_TO_AGENT = RowAction(
    name="agent",
    label="Give calls back to the agent",
    permission="accounts.force_classic",
    warning="The agent takes new calls again.",
    act=_agent,
    is_offered=support.is_forced_classic,
)

NUMBER_ACTIONS = (
    RowAction(
        name="sync",
        label="Sync now",
        permission="accounts.sync_numbers",
        warning="Asks the provider which numbers are ours, and settles what differs, as the "
        "worker does every five minutes.",
        act=_sync,
        is_offered=lambda _number: True,
        refusals=(TelephonyError,),
    ),
    FORCE_CLASSIC,
    BACK_TO_AGENT,
    RowAction(
        name="release",
        label="Release number",
        permission="accounts.release_numbers",
        warning="The number is released for good. Callers hear that it is not in service, and "
        "somebody else may get it.",
        act=_release,
        is_offered=lambda number: number.status in {NumberStatus.ACTIVE, NumberStatus.RELEASING},
        refusals=(TelephonyError,),
    ),
)

CALL_ACTIONS = (
    RowAction(
        name="end",
        label="End call",
        permission="accounts.end_calls",
        warning="The caller is cut off. What was said until then is kept.",
        act=_end,
        is_offered=lambda call: not call.is_final,
        refusals=(TelephonyError,),
    ),
)
