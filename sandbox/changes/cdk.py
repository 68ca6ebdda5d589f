"""What an app of the AWS CDK presupposes: an account that was made ready for it by ``cdk bootstrap``.

No target tells of that: its stack (``CDKToolkit``) is another one's. A deployment asks for its version in the parameter
store, and puts templates and assets into its bucket; both stand in the clone, where it has none, before it is looked
at. Roles are not made: engines let any role be assumed. Source:
https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from sandbox.place import Place
from sandbox.seed import SeedCall, plant
from sandbox.servicemodels import engine_session

QUIET = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CDK_NOTICES": "false",
    "NO_UPDATE_NOTIFIER": "1",
    "npm_config_update_notifier": "false",
}
"""Keeps the CDK and npm from calling home, which is no part of a change and would count as a call that leads out
(https://docs.aws.amazon.com/cdk/v2/guide/cli-telemetry.html; `npm help config`)."""
_QUALIFIER = "hnb659fds"
"""The default (https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html)."""
_QUALIFIED = "@aws-cdk/core:bootstrapQualifier"
_VERSION = "30"
"""Of the template that the CDK of 2026 deploys with ``cdk bootstrap``; apps ask for a lower one at least."""
_SETTINGS = "cdk.json"
_FIRST_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What ``cdk bootstrap`` makes in one account and region, as far as a deployment asks for it."""

    qualifier: str
    place: Place

    @property
    def parameter(self) -> str:
        """Where its version is told."""
        return f"/cdk-bootstrap/{self.qualifier}/version"

    def stand_in(self, endpoint: str, recorded: str) -> bool:
        """Make it, where it is not there; return whether that was done.

        Args:
            endpoint: The engine's own.
            recorded: The recorder's: what is made has to be looked at.

        Raises:
            ConfigurationError: the engine refuses.
        """
        client = engine_session().create_client(
            "ssm",
            region_name=self.place.region,
            endpoint_url=endpoint,
            aws_access_key_id=self.place.account,
            aws_secret_access_key="clone",  # noqa: S106 - engines accept any
        )
        try:
            client.get_parameter(Name=self.parameter)
        except ClientError:
            plant(self._calls(), endpoint=recorded, account=self.place.account)
            return True
        return False

    def _calls(self) -> tuple[SeedCall, ...]:
        region = self.place.region
        bucket = {"Bucket": f"cdk-{self.qualifier}-assets-{self.place.account}-{region}"}
        there = {} if region == _FIRST_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        version = {"Name": self.parameter, "Type": "String", "Value": _VERSION}
        return (
            SeedCall(service="s3", operation="CreateBucket", parameters=bucket | there, region=region),
            SeedCall(service="ssm", operation="PutParameter", parameters=version, region=region),
        )


def bootstrap_for(folder: Path, place: Place) -> Bootstrap | None:
    """Return what an app in a folder presupposes; None where there is no app of the CDK."""
    file = folder / _SETTINGS
    if not file.is_file():
        return None
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        qualifier = settings["context"][_QUALIFIED]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        qualifier = _QUALIFIER
    return Bootstrap(qualifier=qualifier if isinstance(qualifier, str) and qualifier else _QUALIFIER, place=place)
