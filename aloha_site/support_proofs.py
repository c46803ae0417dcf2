"""Which carriers forwarded today's test calls to us, and which did not."""

from collections import defaultdict
from dataclasses import dataclass

from aloha_site.support_figures import Tile, midnight
from voicemail.carriers import CARRIERS
from voicemail.models import CheckOutcome, ForwardingCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """One carrier's tests of today that are over."""

    carrier: str
    proven: int
    total: int

    @property
    def is_well(self) -> bool:
        """Every call came through."""
        return self.proven == self.total


def proofs_by_carrier() -> list[Proofs]:
    """Today's tests, the carrier with the most of them first."""
    over = ForwardingCheck.objects.filter(started_at__gte=midnight(), finished_at__isnull=False)
    outcomes: dict[str, list[str]] = defaultdict(list)
    names = {carrier.key: carrier.name for carrier in CARRIERS}
    for key, outcome in over.values_list("number__user__own_phone__carrier", "outcome"):
        outcomes[names.get(key or "", "Carrier not known")].append(outcome)
    found = [
        Proofs(carrier=name, proven=each.count(CheckOutcome.PROVEN), total=len(each))
        for name, each in outcomes.items()
    ]
    return sorted(found, key=lambda proofs: (-proofs.total, proofs.carrier))


def proof_tile(proofs: list[Proofs]) -> Tile:
    """All carriers' tests in one figure."""
    total = sum(each.total for each in proofs)
    proven = sum(each.proven for each in proofs)
    return Tile(name="Proofs", figure=str(total), note=f"{total - proven} not proven")
