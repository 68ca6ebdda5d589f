"""Shortened waits with the real Terraform, the real AWS provider and a real engine: faster, and the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sandbox.engines.ministack import MiniStackEngine
from sandbox.executors.terraform.waits import (
    DEV_OVERRIDES_WARNING,
    Refused,
    ShortenedProvider,
    cli_configuration,
    installed_providers,
    shorten,
)

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

ACCOUNT = "123456789012"
OTHER_ACCOUNT = "222222222222"
PUBLIC_PORT = 45_679
REGISTRY = "registry.terraform.io"

QUEUE = """
resource "aws_sqs_queue" "orders" {
  name                       = "orders"
  visibility_timeout_seconds = 90
  tags                       = { Team = "post" }
}
"""

STREAM = """
resource "aws_kinesis_stream" "stuck" {
  name        = "stuck"
  shard_count = 1
  timeouts { create = "8s" }
}
"""

PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "us-east-1"
  skip_requesting_account_id  = %s
  skip_credentials_validation = true
}
"""

ALIASES = "".join(
    f"""
provider "aws" {{
  alias      = "{alias}"
  region     = "{region}"
  access_key = "{account}"
  secret_key = "rehearsal"
}}
resource "aws_sqs_queue" "{alias}" {{
  provider = aws.{alias}
  name     = "{alias}"
}}
"""
    for alias, region, account in (
        ("home", "us-east-1", ACCOUNT),
        ("abroad", "eu-west-1", ACCOUNT),
        ("partner", "eu-west-1", OTHER_ACCOUNT),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A working folder that Terraform has initialised."""

    folder: Path
    base: str
    endpoint: str

    def run(self, *arguments: str, providers: tuple[ShortenedProvider, ...] = ()) -> subprocess.CompletedProcess[str]:
        configuration = self.folder / "cli.tfrc"
        configuration.write_text(cli_configuration(self.base, providers))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(configuration),
        }
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def must_run(self, *arguments: str, providers: tuple[ShortenedProvider, ...] = ()) -> str:
        done = self.run(*arguments, providers=providers)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shorten(self, cache: Path) -> ShortenedProvider | Refused:
        (installed,) = installed_providers(self.folder)
        return shorten(
            provider_binary=installed.binary,
            source_address=installed.source_address,
            lock_file=self.folder / ".terraform.lock.hcl",
            package_dir=installed.package_dir,
            cache_dir=cache,
            endpoint=self.endpoint,
        )

    def shortened(self, cache: Path) -> ShortenedProvider:
        result = self.shorten(cache)
        assert isinstance(result, ShortenedProvider), result
        return result

    def attributes(self) -> dict[str, Any]:
        state = json.loads(self.must_run("state", "pull"))
        return {
            f"{resource['type']}.{resource['name']}": resource["instances"][0]["attributes"]
            for resource in state["resources"]
        }


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    """A cache for all tests here; a copy has 700 MB, so it is not left to pytest's kept folders."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "cache"


@contextmanager
def workspace(text: str, endpoint: str) -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory() as folder:
        made = Workspace(folder=Path(folder), base=mirror_configuration(), endpoint=endpoint)
        (made.folder / "main.tf").write_text(text)
        made.must_run("init", "-input=false")
        yield made


@contextmanager
def workspace_with_engine(text: str) -> Iterator[Workspace]:
    with (
        tempfile.TemporaryDirectory() as scratch,
        MiniStackEngine().start(Path(scratch), public_port=PUBLIC_PORT) as engine,
        workspace(text, engine.endpoint) as made,
    ):
        yield made


def mirror_configuration() -> str:
    """Where the provider is installed on this machine: a mirror laid out HOST/NAMESPACE/TYPE/VERSION/OS_ARCH."""
    roots = [
        Path.home() / ".terraform.d/plugins",
        Path("/usr/local/share"),
        Path("/usr/share"),
        Path("/opt"),
        Path("/srv"),
    ]
    for root in roots:
        for pattern in ("", "*/", "*/*/"):
            for found in root.glob(f"{pattern}{REGISTRY}/hashicorp/aws"):
                path = json.dumps(str(found.parents[2]))
                return f"provider_installation {{\n  filesystem_mirror {{\n    path = {path}\n  }}\n}}\n"
    pytest.fail(f"no hashicorp/aws provider in a mirror under any of {', '.join(map(str, roots))}")


def test_queues_are_the_same_as_at_ordinary_speed(cache: Path) -> None:
    with ThreadPoolExecutor() as pool:
        ordinary = pool.submit(applied_queues, None)
        shortened = pool.submit(applied_queues, cache)
    assert shortened.result() == ordinary.result()
    assert set(ordinary.result()[0]) == {"aws_sqs_queue.orders"}


def applied_queues(cache: Path | None) -> tuple[dict[str, Any], list[str]]:
    """The attributes after an apply, and what a second plan still wants."""
    with workspace_with_engine(PROVIDER % "false" + QUEUE) as made:
        providers = (made.shortened(cache),) if cache else ()
        made.must_run("apply", "-auto-approve", providers=providers)
        attributes = made.attributes()
        made.must_run("plan", "-out=second", providers=providers)
        plan = json.loads(made.must_run("show", "-json", "second", providers=providers))
        wanted = [change["address"] for change in plan["resource_changes"] if change["change"]["actions"] != ["no-op"]]
        made.must_run("destroy", "-auto-approve", providers=providers)
        assert made.attributes() == {}
        return attributes, wanted


def test_the_only_other_thing_that_terraform_says_is_the_known_warning(cache: Path) -> None:
    with workspace_with_engine(PROVIDER % "false" + QUEUE) as made:
        providers = (made.shortened(cache),)
        lines = made.must_run("plan", "-json", "-out=saved", providers=providers).splitlines()
        diagnostics = [event["diagnostic"] for event in map(json.loads, lines) if "diagnostic" in event]
        assert [(d["severity"], d["summary"]) for d in diagnostics] == [("warning", DEV_OVERRIDES_WARNING)]
        validated = json.loads(made.must_run("validate", "-json", providers=providers))
        assert [d["summary"] for d in validated["diagnostics"]] == [DEV_OVERRIDES_WARNING]
        made.must_run("apply", "saved", providers=providers)
        assert set(made.attributes()) == {"aws_sqs_queue.orders"}


def test_three_aliases_in_two_regions_and_two_accounts(cache: Path) -> None:
    with workspace_with_engine(PROVIDER % "false" + ALIASES) as made:
        made.must_run("apply", "-auto-approve", providers=(made.shortened(cache),))
        arns = {name: attributes["arn"] for name, attributes in made.attributes().items()}
    assert arns == {
        "aws_sqs_queue.home": f"arn:aws:sqs:us-east-1:{ACCOUNT}:home",
        "aws_sqs_queue.abroad": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:abroad",
        "aws_sqs_queue.partner": f"arn:aws:sqs:eu-west-1:{OTHER_ACCOUNT}:partner",
    }


class StuckKinesis(BaseHTTPRequestHandler):
    """Accepts a stream and never finishes it."""

    protocol_version = "HTTP/1.1"
    calls: Counter[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.calls[operation] += 1
        summary = {
            "StreamName": "stuck",
            "StreamARN": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/stuck",
            "StreamStatus": "CREATING",
            "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1700000000,
            "EnhancedMonitoring": [],
            "OpenShardCount": 1,
        }
        limits = {"ShardLimit": 10, "OpenShardCount": 0, "OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 10}
        body = json.dumps({"StreamDescriptionSummary": summary} | limits).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_what_never_converges_is_still_ended_by_its_own_timeout(cache: Path) -> None:
    handler = type("Handler", (StuckKinesis,), {"calls": Counter()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with workspace(PROVIDER % "true" + STREAM, f"http://127.0.0.1:{server.server_address[1]}") as made:
                done = made.run("apply", "-auto-approve", "-no-color", providers=(made.shortened(cache),))
        finally:
            server.shutdown()
            thread.join()
    assert done.returncode == 1
    error = " ".join(done.stderr.replace("│", " ").split())
    assert "timeout while waiting for state to become 'ACTIVE' (last state: 'CREATING', timeout: 8s)" in error
    assert handler.calls["CreateStream"] == 1
    assert handler.calls["DescribeStreamSummary"] > 8  # the first read would come after 10 seconds


def test_a_damaged_copy_is_made_anew_before_it_runs(cache: Path) -> None:
    with workspace_with_engine(PROVIDER % "false" + QUEUE) as made:
        copy = made.shortened(cache)
        (binary,) = copy.directory.glob("terraform-provider-aws*")
        binary.chmod(0o700)
        with binary.open("r+b") as file:
            file.seek(binary.stat().st_size // 2)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 0xFF]))

        assert made.shortened(cache) == copy

        with binary.open("rb") as file:
            file.seek(binary.stat().st_size // 2)
            assert file.read(1)[0] == byte
        made.must_run("plan", providers=(copy,))


def test_two_rehearsals_at_once() -> None:
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        runs = [pool.submit(applied_queues, Path(folder) / "cache") for _ in range(2)]
        (first, second) = (run.result() for run in runs)
        copies = list((Path(folder) / "cache" / "copies").iterdir())
    assert first == second
    assert len(copies) == 1


@pytest.mark.parametrize("change", ["flip", "truncate", "append"])
def test_a_changed_provider_is_refused(cache: Path, change: str) -> None:
    with workspace(PROVIDER % "true", "http://127.0.0.1:1") as made:
        (installed,) = installed_providers(made.folder)
        root = made.folder / ".terraform/providers"
        package = root / installed.source_address / installed.version / installed.package_dir.name
        package.unlink() if package.is_symlink() else shutil.rmtree(package)
        shutil.copytree(installed.package_dir, package)
        binary = package / installed.binary.name
        size = binary.stat().st_size
        match change:
            case "flip":
                with binary.open("r+b") as file:
                    file.seek(size - 1000)
                    byte = file.read(1)[0]
                    file.seek(size - 1000)
                    file.write(bytes([byte ^ 1]))
            case "truncate":
                os.truncate(binary, size - 1)
            case _:
                os.truncate(binary, size + 1)
        result = made.shorten(cache)
    assert isinstance(result, Refused)
    assert "none of the lock file's checksums" in result.reason


def test_never_for_the_real_cloud(cache: Path) -> None:
    with workspace(PROVIDER % "true", "https://sqs.us-east-1.amazonaws.com") as made:
        assert isinstance(made.shorten(cache), Refused)
        assert isinstance(replace(made, endpoint="http://127.0.0.1:1").shorten(cache), ShortenedProvider)
