"""What service models cannot say, as data: one row per kind of resource, and how some operations must be asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sandbox.inventory.catalogue.compute import COMPUTE
from sandbox.inventory.catalogue.data import DATA
from sandbox.inventory.catalogue.delivery import DELIVERY
from sandbox.inventory.catalogue.network import NETWORK
from sandbox.inventory.catalogue.security import SECURITY
from sandbox.inventory.kinds import Kind

CATALOGUE: Mapping[str, tuple[Kind, ...]] = MappingProxyType({**COMPUTE, **DATA, **DELIVERY, **NETWORK, **SECURITY})
"""Kinds by botocore service."""
