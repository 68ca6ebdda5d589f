"""The executor with the real Terraform, the real AWS provider and a real engine."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from diffing.change import Action
from diffing.values import Marker
from sandbox.engines.ministack import MiniStackEngine
from sandbox.errors import ConfigurationError, MissingToolError
from sandbox.executors.terraform.binary import TerraformBinary, find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.installation import Installer
from sandbox.executors.terraform.providers import MEMORY
from sandbox.executors.terraform.run import TerraformFailedError, TerraformTimeoutError
from sandbox.executors.terraform.workspace import Workspace
from sandbox.ports import SilentProgress
from sandbox.rehearsal import ApplyOutcome

pytestmark = [pytest.mark.terraform, pytest.mark.engine]

ACCOUNT = "123456789012"
PLANTED = "planted-secret"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with MiniStackEngine().start(tmp_path_factory.mktemp("engine"), public_port=45_701) as engine:
        yield engine.endpoint


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, so that mirrors are looked for once."""
    return tmp_path_factory.mktemp("cache")


@dataclass
class Log(SilentProgress):
    counts: list[tuple[int, int | None, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def resources(self, done: int, total: int | None, current: str = "") -> None:
        self.counts.append((done, total, current))

    def notice(self, text: str) -> None:
        self.notices.append(text)


def adopt(executor: TerraformExecutor, change: Workspace, baseline: Workspace) -> None:
    document = executor.state_document(baseline)
    executor.adopt_state(change, document, made_in=(str(baseline.root), str(baseline.top)))


def environment(cache: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "XDG_CACHE_HOME": str(cache), **more}


Make = Callable[..., TerraformExecutor]


@pytest.fixture
def make(endpoint: str, cache: Path, tmp_path: Path) -> Make:
    def executor(
        *, seconds: float = 300, more: Mapping[str, str] | None = None, **options: object
    ) -> TerraformExecutor:
        inherited = environment(cache, **(more or {}))
        settings: dict[str, object] = {
            "binary": find_terraform(None, inherited),
            "endpoint": endpoint,
            "account": ACCOUNT,
            "region": "us-east-1",
            "scratch": tmp_path / "scratch",
            "environment": inherited,
            "progress": SilentProgress(),
            "deadline": Deadline.after(seconds),
        }
        return TerraformExecutor(**(settings | options))  # type: ignore[arg-type] - settings of many types by name

    return executor


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name + ".tf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def fingerprint(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        total.update(f"{path} {info.st_mode} {info.st_mtime_ns}".encode())
        total.update(path.read_bytes() if path.is_file() else b"")
    return total.hexdigest()


EVERYTHING = """
terraform {
  required_version = ">= 1.1"
  backend "s3" {
    bucket = "states-of-production"
    key    = "x"
    region = "eu-west-1"
  }
  required_providers {
    amazon = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}
provider "amazon" {
  region                   = "eu-west-1"
  profile                  = "no-such-profile"
  shared_credentials_files = ["/nowhere/credentials"]
  default_tags {
    tags = { Team = "post" }
  }
  endpoints {
    ssm = "http://192.0.2.1:1"
  }
}
provider "amazon" {
  alias  = "other"
  region = "us-west-2"
  assume_role {
    role_arn = "arn:aws:iam::222222222222:role/deploy"
  }
}
provider "amazon" {
  alias               = "guarded"
  region              = "us-east-1"
  allowed_account_ids = [var.account]
}
provider "amazon" {
  alias  = "ci"
  region = "us-east-1"
  assume_role_with_web_identity {
    role_arn                = "arn:aws:iam::444444444444:role/ci"
    web_identity_token_file = "/nowhere/token"
  }
}
variable "account" {
  default = "333333333333"
}
variable "secret" {
  default   = "hush-hush"
  sensitive = true
}
module "names" {
  source = "../../modules/names"
}
resource "aws_ssm_parameter" "here" {
  provider = amazon
  name     = "/${terraform.workspace}/${module.names.here}"
  type     = "SecureString"
  value    = var.secret
}
resource "aws_ssm_parameter" "there" {
  provider = amazon.other
  name     = "/there"
  type     = "String"
  value    = var.there
}
variable "there" {}
resource "aws_ssm_parameter" "guarded" {
  provider = amazon.guarded
  name     = "/guarded"
  type     = "String"
  value    = "x"
}
data "aws_caller_identity" "ci" {
  provider = amazon.ci
}
output "ci" {
  value = data.aws_caller_identity.ci.account_id
}
"""


def test_a_configuration_made_for_production_runs_against_the_clone(make: Make, tmp_path: Path) -> None:
    user = tmp_path / "user"
    write(user, live__prod__main=EVERYTHING, modules__names__main='output "here" {\n  value = "here"\n}\n')
    (user / "live/prod/prod.tfvars").write_text('there = "1"\n')
    (user / "live/prod/override.tf").write_text('provider "amazon" {\n  profile = "another"\n}\n')
    before = fingerprint(user)
    log = Log()
    executor = make(progress=log, workspace="prod", var_files=(Path("prod.tfvars"),))

    baseline = executor.prepare("baseline", user / "live/prod")
    executor.init(baseline)
    outcome = executor.apply_all(baseline)

    assert outcome.succeeded, outcome.diagnostics
    assert set(outcome.applied) == {f"aws_ssm_parameter.{name}" for name in ("here", "there", "guarded")}
    assert log.counts[-1][:2] == (3, 3)
    state = {instance.address: instance for instance in executor.state(baseline)}
    here = state["aws_ssm_parameter.here"].attributes
    assert here["arn"] == f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/prod/here"
    assert here["tags_all"] == {"Team": "post"}
    assert here["value"] is Marker.SENSITIVE
    assert state["aws_ssm_parameter.there"].attributes["arn"] == "arn:aws:ssm:us-west-2:222222222222:parameter/there"
    assert state["aws_ssm_parameter.guarded"].attributes["arn"] == (
        "arn:aws:ssm:us-east-1:333333333333:parameter/guarded"
    )
    assert state["data.aws_caller_identity.ci"].attributes["account_id"] == "444444444444"
    assert "hush-hush" not in repr((state, outcome))
    assert executor.plan(baseline, quick_no_op=True).changes == ()
    assert fingerprint(user) == before


CHANGED = """
terraform {
  cloud {
    organization = "o"
    workspaces {
      name = "w"
    }
  }
}
resource "aws_ssm_parameter" "kept" {
  name  = "/change/kept"
  type  = "String"
  value = "%(value)s"
}
resource "aws_ssm_parameter" "%(moved)s" {
  name  = "/change/%(name)s"
  type  = "SecureString"
  value = "hush-hush"
}
resource "aws_dynamodb_table" "orders" {
  name         = "%(table)s"
  hash_key     = "id"
  billing_mode = "PAY_PER_REQUEST"
  attribute {
    name = "id"
    type = "S"
  }
}
"""


def test_a_change_starts_from_the_baseline_and_its_plan_tells_everything(make: Make, tmp_path: Path) -> None:
    old = write(tmp_path / "old", main=CHANGED % {"value": "1", "moved": "a", "name": "a", "table": "orders"})
    write(old, gone='resource "aws_sns_topic" "gone" {\n  name = "gone"\n}\n')
    write(old, left='resource "aws_iam_user" "left" {\n  name = "left"\n}\n')
    new = write(tmp_path / "new", main=CHANGED % {"value": "2", "moved": "b", "name": "a", "table": "orders-v2"})
    write(
        new,
        moves="moved {\n  from = aws_ssm_parameter.a\n  to   = aws_ssm_parameter.b\n}\n"
        "removed {\n  from = aws_iam_user.left\n  lifecycle {\n    destroy = false\n  }\n}\n",
    )
    executor = make()
    baseline, change = executor.prepare("baseline", old), executor.prepare("change", new)
    executor.init(baseline)
    executor.init(change)
    assert executor.apply_all(baseline).succeeded
    adopt(executor, change, baseline)

    plan = executor.plan(change)

    changes = {item.address: item for item in plan.changes}
    assert {address: item.action for address, item in changes.items()} == {
        "aws_ssm_parameter.kept": Action.UPDATE,
        "aws_ssm_parameter.b": Action.NO_OP,
        "aws_dynamodb_table.orders": Action.REPLACE,
        "aws_sns_topic.gone": Action.DELETE,
        "aws_iam_user.left": Action.FORGET,
    }
    assert changes["aws_ssm_parameter.b"].previous_address == "aws_ssm_parameter.a"
    assert changes["aws_dynamodb_table.orders"].replace_paths == (("name",),)
    assert changes["aws_dynamodb_table.orders"].reason == "replace_because_cannot_update"
    assert changes["aws_dynamodb_table.orders"].provider.endswith("/hashicorp/aws")
    assert isinstance(changes["aws_dynamodb_table.orders"].after, Mapping)
    assert changes["aws_dynamodb_table.orders"].after["arn"] is Marker.UNKNOWN
    assert changes["aws_sns_topic.gone"].after is None
    assert changes["aws_sns_topic.gone"].reason == "delete_because_no_resource_config"
    assert "hush-hush" not in repr(plan)

    outcome = executor.apply_plan(change)

    assert outcome.succeeded, outcome.diagnostics
    assert set(outcome.applied) == {"aws_ssm_parameter.kept", "aws_dynamodb_table.orders", "aws_sns_topic.gone"}
    assert {item.address for item in executor.state(change)} == {
        "aws_ssm_parameter.kept",
        "aws_ssm_parameter.b",
        "aws_dynamodb_table.orders",
    }


def test_an_apply_that_half_fails_is_data(make: Make, tmp_path: Path) -> None:
    write(
        tmp_path / "half",
        main='resource "aws_sns_topic" "good" {\n  name = "good"\n}\n'
        'resource "terraform_data" "bad" {\n  provisioner "local-exec" {\n    command = "env; exit 9"\n  }\n}\n'
        'resource "aws_sns_topic" "never" {\n  name = "never"\n  depends_on = [terraform_data.bad]\n}\n',
    )
    executor = make(more={"AWS_SECRET_ACCESS_KEY": PLANTED, "GITHUB_TOKEN": PLANTED, "SSH_AUTH_SOCK": PLANTED})
    workspace = executor.prepare("change", tmp_path / "half")
    executor.init(workspace)

    outcome = executor.apply_all(workspace)

    assert not outcome.succeeded
    assert outcome.applied == ("aws_sns_topic.good",)
    assert outcome.failed == ("terraform_data.bad",)
    [error] = [diagnostic for diagnostic in outcome.diagnostics if diagnostic.severity == "error"]
    assert error.address == "terraform_data.bad"
    assert "exit status 9" in error.detail
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:" in error.detail
    assert PLANTED not in error.detail
    assert "aws_sns_topic.good" in {instance.address for instance in executor.state(workspace)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('resource "aws_sns_topic" "t" {\n  name = \n}\n', "main.tf:2"),
        ('provider "aws" {\n  region = "eu-west-1"\n', "main.tf:1"),
        ('module "m" {\n  source = "./missing"\n}\n', "missing"),
    ],
)
def test_a_configuration_that_terraform_refuses_is_told_in_terraforms_words(
    make: Make, tmp_path: Path, text: str, told: str
) -> None:
    executor = make()
    workspace = executor.prepare("change", write(tmp_path / "broken", main=text))
    with pytest.raises(TerraformFailedError, match=told) as caught:
        executor.init(workspace)
    assert caught.value.diagnostics
    assert caught.value.hint


def test_a_plan_error_names_file_and_line(make: Make, tmp_path: Path) -> None:
    text = '\nresource "aws_sns_topic" "t" {\n  name = local.missing\n}\n'
    executor = make()
    workspace = executor.prepare("change", write(tmp_path / "wrong", main=text))
    executor.init(workspace)
    with pytest.raises(ConfigurationError, match=r"main\.tf:3: Reference to undeclared local value"):
        executor.plan(workspace)


def test_a_provider_that_cannot_be_had_is_named(make: Make, tmp_path: Path) -> None:
    text = 'terraform {\n  required_providers {\n    x = { source = "localhost/acme/nothing" }\n  }\n}\n'
    missing = str(tmp_path / "missing.tfrc")
    log = Log()
    executor = make(more={"TF_CLI_CONFIG_FILE": missing}, progress=log)
    workspace = executor.prepare("change", write(tmp_path / "unknown", main=text))
    with pytest.raises(MissingToolError, match="localhost/acme/nothing") as caught:
        executor.init(workspace)
    assert "mirror" in caught.value.hint
    assert any(missing in notice for notice in log.notices)


def test_a_pinned_version_that_does_not_exist_is_named(make: Make, tmp_path: Path) -> None:
    text = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = "0.0.1" }\n  }\n}\n'
    executor = make()
    workspace = executor.prepare("change", write(tmp_path / "pinned", main=text))
    with pytest.raises(MissingToolError, match="hashicorp/aws"):
        executor.init(workspace)


def test_a_mirror_in_a_system_place_is_found_and_remembered(
    endpoint: str, cache: Path, tmp_path: Path, make: Make
) -> None:
    text = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'
    warm = make()
    installed = warm.prepare("warm", write(tmp_path / "conf", main=text))
    warm.init(installed)
    [package] = (installed.root / ".terraform/providers").glob("*/hashicorp/aws/*/*")
    host = package.parents[3].name
    place = tmp_path / "srv/mirrors"
    link = place / host / package.relative_to(package.parents[3])
    link.parent.mkdir(parents=True)
    link.symlink_to(package.resolve())
    home = tmp_path / "home"
    home.mkdir()
    fresh = environment(tmp_path / "fresh-cache", HOME=str(home), HTTPS_PROXY="http://127.0.0.1:9")

    workspace = make(scratch=tmp_path / "scratch-2").prepare("change", tmp_path / "conf")
    installer = Installer(
        binary=find_terraform(None, fresh),
        inherited=fresh,
        child=environment(cache, CHECKPOINT_DISABLE="1", AWS_ENDPOINT_URL=endpoint),
        scratch=tmp_path,
        account=ACCOUNT,
        deadline=Deadline.after(120),
        progress=SilentProgress(),
        places=(tmp_path / "srv",),
    )
    installer.install(workspace)

    assert list((workspace.root / ".terraform/providers" / host).glob("hashicorp/aws/*/*"))
    assert str(place) in (tmp_path / "fresh-cache/sandtable" / MEMORY).read_text()


def test_the_deadline_ends_every_process_and_tells_what_was_under_way(make: Make, tmp_path: Path) -> None:
    marker = f"87{os.getpid()}"
    provisioner = f'provisioner "local-exec" {{\n    command = "setsid sleep {marker} & sleep {marker}"\n  }}'
    write(tmp_path / "slow", main=f'resource "terraform_data" "slow" {{\n  {provisioner}\n}}\n')
    executor = make(seconds=300)
    workspace = executor.prepare("change", tmp_path / "slow")
    executor.init(workspace)
    hurried = make(seconds=300, deadline=(deadline := _Movable()))
    threading.Thread(target=_when_running, args=(marker, deadline.expire)).start()

    with pytest.raises(TerraformTimeoutError, match=r"under way: terraform_data\.slow|time allowed") as caught:
        hurried.apply_all(workspace)

    assert "terraform_data.slow" in caught.value.outcome.failed
    assert not _running(marker)
    assert not _running(str(workspace.root))


class _Movable(Deadline):
    """A deadline that passes when the test says so, so that no test depends on how fast this machine is."""

    __slots__ = ("_passed",)

    def __init__(self) -> None:
        super().__init__(end=time.monotonic() + 300)
        object.__setattr__(self, "_passed", threading.Event())

    def expire(self) -> None:
        self._passed.set()  # type: ignore[attr-defined] - set in the constructor of a frozen class

    def remaining(self) -> float:
        return 0.0 if self._passed.is_set() else super().remaining()  # type: ignore[attr-defined] - as above


def _running(marker: str) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "cwd"])
        if marker in " ".join([*(process.info["cmdline"] or ()), process.info["cwd"] or ""])
        and process.pid != os.getpid()
    ]


def _when_running(marker: str, act: Callable[[], None]) -> None:
    while len(_running(marker)) < 2:
        time.sleep(0.1)
    act()


def test_what_terraform_can_read_and_sandtable_cannot_is_refused(make: Make, tmp_path: Path) -> None:
    text = 'provider "aws" {\n  profile = local.größe\n}\nlocals {\n  größe = "real"\n}\n'
    executor = make()
    workspace = executor.prepare("change", write(tmp_path / "unread", main=text))
    with pytest.raises(ConfigurationError, match=r"could not read main\.tf"):
        executor.init(workspace)


def test_waits_are_shortened_on_request(make: Make, tmp_path: Path) -> None:
    own_cache = tmp_path / "cache"
    own_cache.mkdir()
    text = 'resource "aws_sqs_queue" "q" {\n  name = "quick"\n}\n'
    try:
        executor = make(shorten_waits=True, more={"XDG_CACHE_HOME": str(own_cache)})
        workspace = executor.prepare("change", write(tmp_path / "conf", main=text))
        executor.init(workspace)
        assert executor.waits_shortened
        assert len(executor.plan(workspace).changes) == 1
        outcome = executor.apply_plan(workspace)
    finally:
        shutil.rmtree(own_cache)  # the copy has 700 MB
    assert outcome == ApplyOutcome(succeeded=True, applied=("aws_sqs_queue.q",))


def test_a_reference_by_absolute_path_is_not_a_change(make: Make, tmp_path: Path) -> None:
    text = 'resource "terraform_data" "d" {\n  input = "${path.cwd} ${abspath("${path.module}/../x")}"\n}\n'
    write(tmp_path / "conf", main=text)
    executor = make()
    baseline, change = (executor.prepare(name, tmp_path / "conf") for name in ("baseline", "change"))
    executor.init(baseline)
    executor.init(change)
    assert executor.apply_all(baseline).succeeded
    adopt(executor, change, baseline)
    assert executor.plan(change, quick_no_op=True).changes == ()


def test_a_crash_is_an_outcome_and_not_a_traceback(make: Make, tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\necho '{\"type\": \"version\"}'\necho 'panic: runtime error' >&2\nexit 2\n")
    program.chmod(0o755)
    executor = make(binary=TerraformBinary(path=program, version="1.11.4", flavour="terraform"))
    workspace = executor.prepare("change", write(tmp_path / "conf", main="locals {}\n"))
    outcome = executor.apply_all(workspace)
    assert not outcome.succeeded
    assert outcome.diagnostics[0].summary == "Terraform crashed"
    assert "runtime error" in outcome.diagnostics[0].detail


def test_an_engine_that_does_not_answer_fails_the_apply_in_finite_time(make: Make, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        executor = make(endpoint=f"http://127.0.0.1:{closed.getsockname()[1]}")
        text = 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'
        workspace = executor.prepare("change", write(tmp_path / "conf", main=text))
        executor.init(workspace)
        outcome = executor.apply_all(workspace)
    assert not outcome.succeeded
    assert executor.state(workspace) == ()
