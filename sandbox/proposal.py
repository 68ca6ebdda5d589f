"""What somebody proposes to do to an environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TerraformProposal:
    """A Terraform or OpenTofu root module, as it would be applied."""

    directory: Path
    variables: tuple[str, ...] = ()
    """``NAME=VALUE``, as `-var` takes them."""
    var_files: tuple[Path, ...] = ()
    workspace: str = "default"
