"""The provider's waits, shortened in a patched copy: a rehearsal in seconds instead of minutes."""

from sandbox.executors.terraform.waits.cli_config import is_quotable
from sandbox.executors.terraform.waits.provider import (
    DEV_OVERRIDES_WARNING,
    InstalledProvider,
    ShortenedProvider,
    aws_version,
    cli_configuration,
    installed_providers,
    shorten,
)
from sandbox.executors.terraform.waits.refused import Refused

__all__ = [
    "DEV_OVERRIDES_WARNING",
    "InstalledProvider",
    "Refused",
    "ShortenedProvider",
    "aws_version",
    "cli_configuration",
    "installed_providers",
    "is_quotable",
    "shorten",
]
