"""A binary plan turned into JSON by Terraform, which loads the providers of the change for that, and so is enclosed.

Nothing of the root module is seen but its lock file and the packages of its providers; there is no network.
Source: https://developer.hashicorp.com/terraform/cli/commands/show
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from sandbox.errors import MissingToolError, UsageError
from sandbox.executors.terraform.binary import TerraformBinary, needed_by
from sandbox.executors.terraform.command import show_plan
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.environment import DEFAULT_PATH
from sandbox.executors.terraform.run import capture
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.isolation.enclosure import Access, Enclosure, NoDoors
from sandbox.isolation.limits import Limits
from sandbox.scratch import scratch_folder

_LOCK = ".terraform.lock.hcl"
_PROVIDERS = Path(".terraform", "providers")
_PACKAGES = "*/*/*/*/*"
"""Host, namespace, type, version, platform: https://developer.hashicorp.com/terraform/cli/config/config-file"""
_BY_HAND = "Where you trust its providers, run `terraform show -json` on the plan yourself and review what it prints."


def plan_as_json(
    content: bytes,
    *,
    name: str,
    directory: Path,
    binary: TerraformBinary,
    environment: Mapping[str, str],
    timeout: float,
) -> str:
    """Return what ``terraform show -json`` says of a plan.

    Args:
        content: The binary plan.
        name: What to call it in messages.
        directory: The root module that it was made in, initialised.
        binary: The Terraform to use.
        environment: The user's; of it, only the ``PATH`` counts.
        timeout: Seconds.

    Raises:
        UsageError: there is no such directory.
        MissingToolError: nothing encloses here.
        ConfigurationError: Terraform cannot read the plan.
        SandtableError: it could not be run, or took too long.
    """
    if not directory.is_dir():
        raise UsageError(f"There is no directory {directory}.", hint="Name the initialised root module with --dir.")
    try:
        backend = isolation_named(AUTOMATIC)
    except MissingToolError as error:
        raise MissingToolError(error.message, hint=_BY_HAND) from error
    path = environment.get("PATH", DEFAULT_PATH)
    with scratch_folder() as scratch:
        root, home, temporary = (scratch / part for part in ("plan", "home", "tmp"))
        packages = _laid_out(root, content, directory)
        with backend.open(scratch / "isolation", NoDoors(), limits=Limits(), path=path) as isolation:
            access = Access(
                readable=(*needed_by(binary), *packages), writable=(root,), private=(home, temporary), ports=()
            )
            return capture(
                show_plan(binary, str(root / "tfplan")),
                title=f"terraform show of {name}",
                cwd=root,
                environment={
                    "PATH": path,
                    "HOME": str(home),
                    "TMPDIR": str(temporary),
                    "CHECKPOINT_DISABLE": "1",
                    "TF_IN_AUTOMATION": "1",
                },
                deadline=Deadline.after(timeout),
                within=Enclosure(isolation=isolation, access=access),
            )


def _laid_out(root: Path, content: bytes, directory: Path) -> list[Path]:
    """Make a folder in which Terraform finds the plan and the providers; return where these really are."""
    root.mkdir()
    (root / "tfplan").write_bytes(content)
    if (directory / _LOCK).is_file():
        shutil.copyfile(directory / _LOCK, root / _LOCK)
    packages = []
    for package in sorted((directory / _PROVIDERS).glob(_PACKAGES)):
        place = root / _PROVIDERS / package.relative_to(directory / _PROVIDERS)
        place.parent.mkdir(parents=True, exist_ok=True)
        packages.append(package.resolve())
        place.symlink_to(packages[-1])
    return packages
