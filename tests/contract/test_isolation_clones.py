"""Terraform on configurations of this tool's own (a clone made from a state, an account that is read) is enclosed too.

A program stands in for Terraform, or for the provider, and ends with an error where it sees what it must not.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from cli_runs import run

from sandbox.cloning.workbench import Toolchain
from sandbox.errors import SandtableError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.pluginprocess import provider_process
from sandbox.isolation.choose import AUTOMATIC, isolation_named
from sandbox.live.installation import InstalledReader
from sandbox.scratch import scratch_folder

pytestmark = pytest.mark.terraform

TERRAFORM = """#!/bin/sh
case "$1" in
  init | version) ;;
  *)
    [ "$(readlink /proc/self/ns/net)" = "{network}" ] && echo "in the network of the machine" >&2 && exit 97
    [ -r "{planted}" ] && echo "reads what is planted" >&2 && exit 98
    ;;
esac
exec "{terraform}" "$@"
"""
PROVIDER = """#!/bin/sh
network=$(readlink /proc/self/ns/net | tr -dc 0-9)
echo "1|5|unix|$TMPDIR/$network-$(cat {planted} 2>&1 | tr -dc a-z)|grpc|"
exec sleep 60
"""
SECRET = "planted"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    file = folder / "credentials"
    file.write_text(SECRET)
    return file


@pytest.fixture
def terraform(tmp_path: Path, planted: Path) -> Path:
    real = shutil.which("terraform")
    assert real is not None
    return program(
        tmp_path / "bin" / "terraform",
        TERRAFORM.format(network=Path("/proc/self/ns/net").readlink(), planted=planted, terraform=real),
    )


def program(path: Path, text: str) -> Path:
    path.parent.mkdir()
    path.write_text(text)
    for each in (path, path.parent):
        each.chmod(0o755)
    return path


def state(path: Path) -> Path:
    parameter = {
        "arn": "arn:aws:ssm:us-east-1:123456789012:parameter/limit",
        "id": "/limit",
        "name": "/limit",
        "type": "String",
        "value": "10",
    }
    document = {
        "version": 4,
        "terraform_version": "1.11.0",
        "serial": 3,
        "lineage": "6d1c5f4e-0000-0000-0000-000000000000",
        "outputs": {},
        "resources": [
            {
                "mode": "managed",
                "type": "aws_ssm_parameter",
                "name": "limit",
                "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
                "instances": [{"schema_version": 0, "attributes": parameter, "sensitive_attributes": []}],
            }
        ],
    }
    path.write_text(json.dumps(document))
    return path


def rehearsed(tmp_path: Path, terraform: Path, *options: str) -> tuple[int, str, str]:
    target = f"tfstate:{state(tmp_path / 'a.tfstate')}"
    (tmp_path / "work").mkdir()
    done = run(
        tmp_path,
        *("rehearse", "command", "--target", target, "--dir", str(tmp_path / "work"), "--format", "json"),
        *("--terraform", str(terraform), "--real-time", *options, "--", "true"),
        # No schemas, and no clone, from before.
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("engine", ["ministack", "moto"])
def test_a_clone_of_a_state_is_made_and_read_back_enclosed(tmp_path: Path, terraform: Path, engine: str) -> None:
    code, told, errors = rehearsed(tmp_path, terraform, "--engine", engine)

    assert code == 0, errors
    (cloned,) = json.loads(told)["clone"]["objects"]
    assert (cloned["address"], cloned["standing"]) == ("aws_ssm_parameter.limit", "cloned")


def test_without_isolation_nothing_encloses_it(tmp_path: Path, terraform: Path) -> None:
    code, _, errors = rehearsed(tmp_path, terraform, "--no-isolation")

    assert code == 3
    assert "in the network of the machine" in errors


@pytest.mark.parametrize(("isolation", "encloses"), [(AUTOMATIC, True), ("none", False)])
def test_the_provider_that_reads_an_account_is_enclosed(
    tmp_path: Path, planted: Path, isolation: str, *, encloses: bool
) -> None:
    outside = "".join(filter(str.isdigit, str(Path("/proc/self/ns/net").readlink())))
    seen = provider_sees(tmp_path, planted, isolation)

    assert (SECRET in seen) is not encloses
    assert (outside in seen) is not encloses


def provider_sees(tmp_path: Path, planted: Path, isolation: str) -> str:
    """The name of the socket that it says it listens on."""
    return Path(listening(tmp_path, PROVIDER.format(planted=planted), isolation)).name


def listening(tmp_path: Path, text: str, isolation: str) -> str:
    """Where a provider says that it listens."""
    provider = program(tmp_path / "package" / "provider", text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    tools = Toolchain(
        binary=find_terraform(None, environment),
        environment=environment,
        deadline=Deadline.after(60),
        isolation=isolation_named(isolation),
    )
    with scratch_folder() as scratch:
        installed = InstalledReader(
            binary=provider, source="", version="", package=provider.parent, scratch=scratch, tools=tools
        )
        with (
            installed.started("http://127.0.0.1:45813", "123456789012", "us-east-1") as start,
            provider_process(start) as address,
        ):
            return address


def test_no_socket_is_talked_to_but_one_in_the_providers_own_folder(tmp_path: Path) -> None:
    with pytest.raises(SandtableError, match="listens outside of its folder"):
        listening(tmp_path, "#!/bin/sh\necho '1|5|unix|/run/docker.sock|grpc|'\nexec sleep 60\n", "none")
