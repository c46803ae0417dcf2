"""What Twilio's peer sells beside its local numbers, and its countries and prices."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

# Parameter names of Twilio's OpenAPI file, version 2010-04-01.
_SEARCH_NAMES = """
AreaCode Contains SmsEnabled MmsEnabled VoiceEnabled ExcludeAllAddressRequired
ExcludeLocalAddressRequired ExcludeForeignAddressRequired Beta NearNumber NearLatLong Distance
InPostalCode InRegion InRateCenter InLata InLocality FaxEnabled PageSize Page PageToken
"""
SEARCH_PARAMETERS = set(_SEARCH_NAMES.split())
_REGIONS = {"+1415": "CA", "+1212": "NY"}


@dataclass
class Market:
    """Numbers with their place, which of them need an address, and prices by country and type."""

    toll_free: dict[str, str] = field(default_factory=lambda: {"+18885550142": ""})
    abroad: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"GB": {f"+44207946012{line}": "London" for line in range(3)}}
    )
    need_address: set[str] = field(
        default_factory=lambda: {f"+44207946012{line}" for line in range(3)}
    )
    listed: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"GB": ("local", "mobile"), "US": ("local", "toll_free")}
    )
    prices: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"US": {"local": "1.15", "toll free": "2.15"}}
    )
    currency: str = "USD"
    dialled: dict[str, bool] = field(default_factory=lambda: {"US": True, "CA": True, "FR": False})

    def found(self, numbers: dict[str, str], country: str, query: dict[str, str]) -> dict[str, Any]:
        """The page that a search answers."""
        only_free = query.get("ExcludeAllAddressRequired") == "true"
        found = [
            number
            for number in numbers
            if number[2:5] == query.get("AreaCode", number[2:5])
            and number.startswith(query.get("Contains", ""))
            and not (only_free and number in self.need_address)
        ][: int(query.get("PageSize", "50"))]
        return {
            "uri": "/available",
            "available_phone_numbers": [
                {
                    "phone_number": number,
                    "friendly_name": number,
                    "locality": numbers[number],
                    "region": _REGIONS.get(number[:5], ""),
                    "iso_country": country,
                    "address_requirements": "any" if number in self.need_address else "none",
                    "beta": False,
                    "capabilities": {"voice": True, "SMS": True, "MMS": False},
                }
                for number in found
            ],
        }

    def countries(self) -> dict[str, Any]:
        """The list of countries, each with the types of number there are."""
        names = {"GB": "United Kingdom", "US": "United States"}
        return {
            "uri": "/available",
            "countries": [
                {
                    "country_code": code,
                    "country": names[code],
                    "uri": f"/available/{code}",
                    "beta": False,
                    "subresource_uris": {kind: f"/available/{code}/{kind}" for kind in kinds},
                }
                for code, kinds in self.listed.items()
            ],
        }

    def priced(self, country: str) -> tuple[int, dict[str, Any] | None]:
        """What the Pricing API says of one country."""
        if country not in self.prices:
            return HTTPStatus.NOT_FOUND, {"code": 20404, "message": "no prices", "status": 404}
        return HTTPStatus.OK, {
            "country": country,
            "iso_country": country,
            "price_unit": self.currency,
            "phone_number_prices": [
                {"number_type": kind, "base_price": price, "current_price": price}
                for kind, price in self.prices[country].items()
            ],
            "url": f"https://pricing.twilio.com/v1/PhoneNumbers/Countries/{country}",
        }

    def dialing(self, country: str) -> tuple[int, dict[str, Any] | None]:
        """What the Voice API says of calls to one country; those of `dialled` may be called."""
        if country not in self.dialled:
            return HTTPStatus.NOT_FOUND, {"code": 20404, "message": "no country", "status": 404}
        url = f"https://voice.twilio.com/v1/DialingPermissions/Countries/{country}"
        return HTTPStatus.OK, {
            "iso_code": country,
            "name": country,
            "continent": "",
            "country_codes": [],
            "low_risk_numbers_enabled": self.dialled[country],
            "high_risk_special_numbers_enabled": False,
            "high_risk_tollfraud_numbers_enabled": False,
            "url": url,
            "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
        }
