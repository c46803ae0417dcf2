"""Looking for a number on the settings page, and the one that was chosen from what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from accounts.models import User
from telephony.backends.base import NumberType, Offer
from telephony.errors import (
    AlreadyHasNumber,
    DocumentsNeeded,
    InvalidPhoneNumber,
    ProviderUnclear,
    TelephonyError,
)
from telephony.forms import ChosenNumberForm, NumberSearchForm
from telephony.number_offers import offer_to_confirm, offers_instead
from telephony.numbers import OFFERS_PER_SEARCH, random_offer, search_offers
from telephony.phone_numbers import national

# What the buttons ask for: several numbers, one drawn at random, toll-free ones, a chosen one.
FINDS = ("search", "random", "toll_free", "chosen")


@dataclass(slots=True, kw_only=True)
class NumberSearch:
    """What was asked and what was found; `offers` is None until somebody asks.

    `chosen` is the offer that waits for the owner's word. `refused` names the number that was not
    to be had, and `trouble` says why it was not, or why there are no offers.
    """

    form: NumberSearchForm
    offers: list[Offer] | None = None
    chosen: Offer | None = None
    refused: str = ""
    trouble: str = ""
    needs_documents: bool = False
    title: str = ""
    replace: bool = False

    @classmethod
    def from_query(cls, user: User, query: Mapping[str, str]) -> Self:
        """Search as the query says with `find`, one of FINDS; anything else only shows the form.

        With `replace` it is about another number in place of the active one.
        """
        replace = query.get("replace") == "on"
        if query.get("find") not in FINDS:
            return cls(form=NumberSearchForm(), replace=replace)
        search = cls(form=NumberSearchForm(query), replace=replace)
        if query["find"] == "chosen":
            search.choose(user, query)
        elif search.form.is_valid():
            search.run(user, find=query["find"])
        return search

    def run(self, user: User, *, find: str) -> None:
        """Ask for offers; what goes wrong stands beside the form."""
        country, area_code = (self.form.cleaned_data[name] for name in ("country", "area_code"))
        try:
            match find:
                case "random":
                    self.offers = [random_offer(user=user, country=country, replace=self.replace)]
                case _:
                    is_local = find == "search"
                    self.offers = search_offers(
                        user=user,
                        country=country,
                        area_code=area_code if is_local else None,
                        number_type=NumberType.LOCAL if is_local else NumberType.TOLL_FREE,
                        replace=self.replace,
                    )
        except InvalidPhoneNumber as error:
            self.form.add_error("area_code", str(error))
        except AlreadyHasNumber:
            self.offers = None  # the card shows the number instead of the search
        except DocumentsNeeded as error:
            self.needs_documents, self.trouble = True, str(error)
        except TelephonyError as error:
            self.trouble = refusal_of(error)
        self.title = self._title(area_code, find=find)

    def choose(self, user: User, query: Mapping[str, str]) -> None:
        """Look the chosen number up: what the owner confirms is what the provider says now."""
        form = ChosenNumberForm(query)
        if not form.is_valid():
            self.trouble = "This is not a number that can be taken; choose one from the list."
            return
        try:
            self.chosen = offer_to_confirm(user=user, **form.cleaned_data)
        except TelephonyError as error:
            self.refuse(user, error, **form.cleaned_data)

    def refuse(self, user: User, error: TelephonyError, *, phone_number: str, country: str) -> None:
        """Say why a number was not to be had, with others where it is lost for good."""
        self.refused = f"{national(phone_number)} was not taken"
        self.trouble = refusal_of(error)
        if error.field == "phone_number":
            self.offers = offers_instead(
                user=user, phone_number=phone_number, country=country, limit=OFFERS_PER_SEARCH
            )
            self.title = "Other numbers" if self.offers else "No other numbers"

    def _title(self, area_code: str | None, *, find: str) -> str:
        if find == "random":
            return "A random number"
        count = len(self.offers or [])
        noun = "number" if count == 1 else "numbers"
        if find == "toll_free":
            return f"{count or 'No'} toll-free {noun}"
        return f"{count or 'No'} {noun}" + (f" in area code {area_code}" if area_code else "")


def refusal_of(error: TelephonyError) -> str:
    """Why a search or a purchase came to nothing, in words that promise nothing.

    A purchase whose outcome is unknown is no error: its row comes back `purchasing`.
    """
    if isinstance(error, ProviderUnclear):
        return "The phone provider does not answer just now. Nothing was charged; try again later."
    return str(error)
