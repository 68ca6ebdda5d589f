"""Terraform's first question to the AWS provider, answered from what the provider answered before: its schemas.

Every command starts the provider once only to ask for the schemas of its two thousand types, and takes more than a
second of processor time to digest the answer. The answer is a constant of the executable, and a configuration needs a
handful of it. See docs/adr/0022-schemas-that-are-named.md.
"""

from sandbox.executors.terraform.schemas.keeping import schemas_of
from sandbox.executors.terraform.schemas.naming import NamedTypes
from sandbox.executors.terraform.schemas.standin import StandIn, stand_in

__all__ = ["NamedTypes", "StandIn", "schemas_of", "stand_in"]
