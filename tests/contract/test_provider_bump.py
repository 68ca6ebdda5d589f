"""A change that brings another version of the provider with it: the replacement that comes along is told with that.

Two versions of the AWS provider are not to be had everywhere, so a mirror of the installed one offers it under a second
number. What the number would change about a plan is not shown here; that it is noticed is.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cli_runs import run, write
from tool_cache import own_cache

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

QUEUE = """
terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{version}"
    }}
  }}
}}
provider "aws" {{
  region = "eu-west-1"
}}
resource "aws_sqs_queue" "orders" {{
  name = "{name}"
}}
"""
NEXT = "99.0.0"


def installed(tmp_path: Path) -> Path:
    """The package of the provider as Terraform installs it: ``…/VERSION/OS_ARCH``."""
    module = write(tmp_path / "installed", QUEUE.format(version=">= 5.0", name="x"))
    subprocess.run(["terraform", "init", "-input=false"], cwd=module, capture_output=True, check=True)
    [package] = (module / ".terraform" / "providers" / "registry.terraform.io" / "hashicorp" / "aws").glob("*/*")
    return package.resolve()


def test_a_replacement_that_comes_with_another_provider_says_so(tmp_path: Path) -> None:
    package = installed(tmp_path)
    version = next(part for part in reversed(package.parts[:-1]) if part[0].isdigit())
    mirror = tmp_path / "home" / ".terraform.d" / "plugins" / "registry.terraform.io" / "hashicorp" / "aws"
    for each in (version, NEXT):
        (mirror / each).mkdir(parents=True)
        (mirror / each / package.name).symlink_to(package)
    before = write(tmp_path / "before", QUEUE.format(version=version, name="orders"))
    change = write(tmp_path / "change", QUEUE.format(version=NEXT, name="orders-v2"))

    for warm in (False, True):
        done = run(
            tmp_path,
            *("rehearse", "terraform", str(change), "--target", f"config:{before}", "--format", "json", "--quiet"),
            HOME=str(tmp_path / "home"),
            XDG_CACHE_HOME=own_cache(tmp_path / "cache"),
        )
        assert done.returncode == 1, done.stderr
        report = json.loads(done.stdout)
        assert report["clone"]["warm"] is warm
        [message] = [each["message"] for each in report["verdict"]["findings"] if each["rule"] == "resource-replaced"]
        assert f"The AWS provider goes from {version} to {NEXT} in the same change" in message
