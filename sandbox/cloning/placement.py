"""Which account and region each resource of a state is in.

A state does not say. It names the provider configuration of each resource, and the ARNs of the resources of one
configuration agree about account and region, whatever single resources (a global one, one without an ARN) leave open.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from sandbox.cloning.tfstate import Instance, ProviderReference
from sandbox.place import Place

_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:(?P<region>[a-z0-9-]*):(?P<account>\d{12})?:")
_ZONE = re.compile(r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)[a-z]")


def places(instances: Iterable[Instance], default: Place) -> Mapping[ProviderReference, Place]:
    """The place of each provider configuration: what most of its ARNs say, and the default where none says anything."""
    accounts: defaultdict[ProviderReference, Counter[str]] = defaultdict(Counter)
    regions: defaultdict[ProviderReference, Counter[str]] = defaultdict(Counter)
    for instance in instances:
        accounts[instance.provider].update(_accounts(instance))
        regions[instance.provider].update(_regions(instance))
    return {
        provider: Place(
            account=_most_common(votes, default.account), region=_most_common(regions[provider], default.region)
        )
        for provider, votes in accounts.items()
    }


def _accounts(instance: Instance) -> list[str]:
    found = [match["account"] for match in _arns(instance) if match["account"]]
    own = (instance.text(name) for name in ("owner_id", "account_id"))
    return found + [text for text in own if re.fullmatch(r"\d{12}", text) and instance.managed]


def _regions(instance: Instance) -> list[str]:
    found = [match["region"] for match in _arns(instance) if match["region"]]
    zone = _ZONE.fullmatch(instance.text("availability_zone"))
    return [*found, zone["region"]] if zone else found


def _arns(instance: Instance) -> list[re.Match[str]]:
    """Its own only: others in it name what it refers to, maybe elsewhere. A data source is often about elsewhere."""
    if not instance.managed:
        return []
    matches = (_ARN.match(instance.text(name)) for name in ("arn", "id"))
    return [match for match in matches if match]


def _most_common(votes: Counter[str], default: str) -> str:
    # Sorted first, so that a draw is decided the same way each time.
    return max(sorted(votes), key=lambda vote: votes[vote], default=default)
