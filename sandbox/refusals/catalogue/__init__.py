"""The known refusals, a module for each kind of service."""

from __future__ import annotations

from sandbox.refusals.catalogue.balancing import BALANCING
from sandbox.refusals.catalogue.compute import COMPUTE
from sandbox.refusals.catalogue.data import DATA
from sandbox.refusals.catalogue.delivery import DELIVERY
from sandbox.refusals.catalogue.identity import IDENTITY
from sandbox.refusals.catalogue.network import NETWORK
from sandbox.refusals.catalogue.security_groups import SECURITY_GROUPS
from sandbox.refusals.row import KnownRefusal

KNOWN_REFUSALS: tuple[KnownRefusal, ...] = (
    *SECURITY_GROUPS,
    *NETWORK,
    *COMPUTE,
    *BALANCING,
    *IDENTITY,
    *DATA,
    *DELIVERY,
)
"""Adding one is adding a row."""
