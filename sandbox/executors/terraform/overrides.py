"""The override file that turns a copied configuration towards the clone.

Terraform merges override files over the configuration, argument by argument and nested block type by nested block type
(https://developer.hashicorp.com/terraform/language/files/override). What decides *which account and region* a provider
works in is kept (region, alias, assume_role, default_tags); what would let it find real credentials or another endpoint
is taken away. The endpoint itself comes from the environment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.executors.terraform.configuration import (
    TERRAFORM_SUFFIXES,
    Expression,
    ModuleFacts,
    ProviderBlock,
    configuration_files,
)

DUMMY_SECRET = "sandtable"  # noqa: S105 - the clone's secret key is public by design
OVERRIDE_NAME = "zzzz_sandtable_override.tf.json"
MAX_RETRIES = 3
"""At the provider's default of 25, a call that the engine lacks hangs for minutes."""

_NULLED = frozenset(
    {
        "profile",
        "shared_config_files",
        "shared_credentials_file",
        "shared_credentials_files",
        "access_key",
        "secret_key",
        "token",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "custom_ca_bundle",
        "ec2_metadata_service_endpoint",
        "ec2_metadata_service_endpoint_mode",
        "sts_region",
        "use_fips_endpoint",
        "use_dualstack_endpoint",
        "retry_mode",
    }
)
"""Set to null where the user's block has them; not elsewhere, since not every provider version knows them all."""

_ENDPOINTS = frozenset({"endpoints", "dynamic"})
"""Overridden by an empty block where the user's block has any, written out or generated. Not elsewhere: the provider
checks a block of 300 attributes, even an empty one, in quadratic time, a second and more for each of its processes."""

_ALWAYS: Mapping[str, Expression] = {
    "max_retries": MAX_RETRIES,
    "s3_use_path_style": True,
    "skip_metadata_api_check": "true",
    "skip_region_validation": True,
    "skip_requesting_account_id": False,
}


def write_override(directory: Path, override: Mapping[str, Any], suffixes: Sequence[str] = TERRAFORM_SUFFIXES) -> Path:
    """Write an override file into a copied module, under a name that Terraform reads after every other override."""
    path = directory / _last_name([file.name for file in configuration_files(directory, suffixes)])
    path.write_text(json.dumps(override, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def root_override(facts: ModuleFacts, *, uses_aws: bool, account: str) -> dict[str, Any]:
    """The override of the root module: a local backend (in place of ``cloud`` too) and every AWS provider.

    Args:
        facts: What was read of the root module.
        uses_aws: Whether anything in the configuration uses the AWS provider, so that its default configuration exists
            even where no block declares it.
        account: The clone's default account.
    """
    override: dict[str, Any] = {"terraform": {"backend": {"local": {}}}}
    blocks = list(facts.aws_blocks())
    name = facts.aws_name()
    if uses_aws and not any(block.local_name == name and not block.alias for block in blocks):
        blocks.append(ProviderBlock(local_name=name, alias="", arguments={}))
    return override | _providers(blocks, account)


def child_override(facts: ModuleFacts, *, account: str) -> dict[str, Any]:
    """The override of a called module: only for provider blocks that configure something; empty if there are none.

    An empty block in a child is a placeholder for a configuration passed in by the caller; filling it would cut it off.
    """
    return _providers([block for block in facts.aws_blocks() if block.arguments.keys() - {"alias", "version"}], account)


def _providers(blocks: Sequence[ProviderBlock], account: str) -> dict[str, Any]:
    by_name: dict[str, list[dict[str, Expression]]] = {}
    for block in blocks:
        by_name.setdefault(block.local_name, []).append(_provider(block, account))
    return {"provider": by_name} if by_name else {}


def _provider(block: ProviderBlock, account: str) -> dict[str, Expression]:
    override: dict[str, Expression] = {"alias": block.alias} if block.alias else {}
    override |= _ALWAYS
    override |= dict.fromkeys(_NULLED & block.arguments.keys())
    if _ENDPOINTS & block.arguments.keys():
        override["endpoints"] = [{}]
    if "assume_role_with_web_identity" in block.arguments:
        override["assume_role_with_web_identity"] = _web_identity(block.arguments["assume_role_with_web_identity"])
    elif "assume_role" not in block.arguments:
        override |= _credentials(block.arguments, account)
    return override


def _web_identity(raw: Expression) -> Expression:
    """Keep the role (its ARN names the account), replace the identity: the clone's STS takes any token."""
    bodies = raw if isinstance(raw, list) else [raw]
    return [
        {
            **{key: item for key, item in body.items() if key != "web_identity_token_file"},
            "web_identity_token": DUMMY_SECRET,
        }
        for body in bodies
    ]


def _credentials(arguments: Mapping[str, Expression], account: str) -> dict[str, Expression]:
    """Credentials of the account that the block insists on: a clone reads the account from the access key id.

    (Where a role is assumed, the account is the role's.)
    """
    allowed = _first(arguments.get("allowed_account_ids"))
    if allowed is not None:
        return {"access_key": allowed, "secret_key": DUMMY_SECRET}
    forbidden = arguments.get("forbidden_account_ids")
    if isinstance(forbidden, list) and account in forbidden:
        candidates = (f"{int(account) + step:012d}" for step in range(1, len(forbidden) + 2))
        other = next(candidate for candidate in candidates if candidate not in forbidden)
        return {"access_key": other, "secret_key": DUMMY_SECRET}
    return {}


def _first(accounts: Expression) -> Expression | None:
    match accounts:
        case [str() | int() as first, *_]:
            return str(first)
        case str() if accounts.startswith("${") and accounts.endswith("}"):
            return f"${{tolist({accounts[2:-1]})[0]}}"
        case _:
            return None


def _last_name(names: Sequence[str]) -> str:
    """Override files are merged in the order of their names; the last one wins."""
    last = max(names, default="")
    return OVERRIDE_NAME if last < OVERRIDE_NAME else last.split(".", maxsplit=1)[0] + OVERRIDE_NAME
