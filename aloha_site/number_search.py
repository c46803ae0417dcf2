"""Looking for a number on the settings page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from accounts.models import User
from telephony.backends.base import Offer
from telephony.errors import (
    AlreadyHasNumber,
    InvalidPhoneNumber,
    ProviderUnclear,
    TelephonyError,
)
from telephony.forms import NumberSearchForm
from telephony.numbers import random_offer, search_offers


@dataclass(slots=True, kw_only=True)
class NumberSearch:
    """What was asked and what was found; `offers` is None until somebody asks."""

    form: NumberSearchForm
    offers: list[Offer] | None = None
    trouble: str = ""
    title: str = ""
    replace: bool = False

    @classmethod
    def from_query(cls, user: User, query: Mapping[str, str]) -> Self:
        """Search as the query says: `find` is `search` or `random`, anything else only shows.

        With `replace` it is about another number in place of the active one.
        """
        replace = query.get("replace") == "on"
        if query.get("find") not in ("search", "random"):
            return cls(form=NumberSearchForm(initial={"country": "US"}), replace=replace)
        search = cls(form=NumberSearchForm(query), replace=replace)
        if search.form.is_valid():
            search.run(user, is_random=query["find"] == "random")
        return search

    def run(self, user: User, *, is_random: bool) -> None:
        """Ask for offers; what goes wrong stands beside the form."""
        country, area_code = (self.form.cleaned_data[name] for name in ("country", "area_code"))
        try:
            if is_random:
                self.offers = [random_offer(user=user, country=country, replace=self.replace)]
            else:
                self.offers = search_offers(
                    user=user, country=country, area_code=area_code, replace=self.replace
                )
        except InvalidPhoneNumber as error:
            self.form.add_error("area_code", str(error))
        except AlreadyHasNumber:
            self.offers = None  # the card shows the number instead of the search
        except TelephonyError as error:
            self.trouble = refusal_of(error)
        self.title = self._title(area_code, is_random=is_random)

    def _title(self, area_code: str | None, *, is_random: bool) -> str:
        if is_random:
            return "A random number"
        count = len(self.offers or [])
        noun = "number" if count == 1 else "numbers"
        return f"{count or 'No'} {noun}" + (f" in area code {area_code}" if area_code else "")


def refusal_of(error: TelephonyError) -> str:
    """Why a search or a purchase came to nothing, in words that promise nothing.

    A purchase whose outcome is unknown is no error: its row comes back `purchasing`.
    """
    if isinstance(error, ProviderUnclear):
        return "The phone provider does not answer just now. Nothing was charged; try again later."
    return str(error)
