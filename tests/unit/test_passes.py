"""Passes: what fits, once, for an hour, unchanged."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate import passes
from gate.hook.answer import respond
from gate.passes import COMMAND, TERRAFORM, Pass, Wanted
from sandbox.executors.terraform.fingerprint import UnfitError, fingerprint
from sandbox.executors.terraform.workspace import copy_folder, extent_of, folder_extent, prepare

NOW = 1_000_000.0
NAMES = st.sampled_from(["a.tf", "b.txt", "x.tfstate", "sub/c.tf", "sub/deep/d.json", "venv/e.py", ".git/f", "g.sh"])


@pytest.fixture
def module(tmp_path: Path) -> Path:
    module = tmp_path / "infra"
    module.mkdir()
    (module / "main.tf").write_text('resource "aws_s3_bucket" "b" {}\n')
    return module


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def grant(module: Path, environment: dict[str, str], wanted: Wanted, **changed: object) -> str:
    folder = passes.folder_of(environment) or ""
    key = passes.make_key(folder) or b""
    extent = extent_of(module, var_files=tuple(map(Path, wanted.var_files)))
    granted = Pass(
        kind=wanted.kind,
        program=wanted.program,
        directory=wanted.directory,
        digest="d",
        files=fingerprint(extent),
        extent=extent,
        inputs=passes.inputs_of(wanted, environment, key),
        workspace=wanted.workspace,
        watched={},
        target="empty",
        policy="p",
        expires=NOW + 60,
    )
    return passes.write(granted._replace(**changed), folder, key)


def apply(module: Path, **more: object) -> Wanted:
    return Wanted(kind=TERRAFORM, program="terraform", directory=str(module))._replace(**more)


def take(wanted: Wanted, environment: dict[str, str], at: float = NOW) -> bool:
    return passes.take(wanted, environment, now=lambda: at)


def test_a_pass_fits_once(module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module))
    assert take(apply(module), environment)
    assert not take(apply(module), environment)


def test_without_a_pass_nothing_fits(module: Path, environment: dict[str, str]) -> None:
    assert not take(apply(module), environment)
    assert not take(apply(module), {})


def test_an_edited_change_has_no_pass_and_the_original_has_it_again(module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module))
    text = (module / "main.tf").read_text()
    (module / "main.tf").write_text(text + "# edited\n")
    assert not take(apply(module), environment)
    (module / "main.tf").write_text(text)
    (module / "new.tf").write_text("")
    assert not take(apply(module), environment)
    (module / "new.tf").unlink()
    assert take(apply(module), environment)


def test_a_pass_ends(module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module))
    assert not take(apply(module), environment, at=NOW + 61)


@pytest.mark.parametrize(
    "other",
    [
        {"program": "tofu"},
        {"directory": "/elsewhere"},
        {"variables": ("a=2",)},
        {"var_files": ("/other.tfvars",)},
        {"workspace": "prod"},
        {"kind": COMMAND, "words": ("terraform", "apply")},
    ],
)
def test_a_pass_is_for_nothing_else(module: Path, environment: dict[str, str], other: dict[str, object]) -> None:
    grant(module, environment, apply(module, variables=("a=1",)))
    assert not take(apply(module, variables=("a=1",))._replace(**other), environment)
    assert take(apply(module, variables=("a=1",)), environment)


def test_a_variable_in_the_environment_counts(module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module))
    assert not take(apply(module), environment | {"TF_VAR_name": "other"})


def test_a_watched_file_that_changes_ends_the_pass(module: Path, environment: dict[str, str], tmp_path: Path) -> None:
    state = tmp_path / "prod.tfstate"
    state.write_text("{}")
    grant(module, environment, apply(module), watched={str(state): passes.file_digest(str(state))})
    state.write_text('{"serial": 2}')
    assert not take(apply(module), environment)


def test_a_pass_that_was_altered_is_none(module: Path, environment: dict[str, str]) -> None:
    path = Path(grant(module, environment, apply(module), expires=NOW - 1))
    document = json.loads(path.read_text())
    document["pass"] = document["pass"].replace(f'"expires": {NOW - 1}', f'"expires": {NOW + 9999}')
    assert str(NOW + 9999) in document["pass"]
    path.write_text(json.dumps(document))
    assert not take(apply(module), environment)


def test_a_key_that_others_can_read_opens_nothing(module: Path, environment: dict[str, str]) -> None:
    key = Path(grant(module, environment, apply(module))).with_name("key")
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    assert not take(apply(module), environment)


def test_a_pass_holds_no_variable_and_no_word_of_a_command(module: Path, environment: dict[str, str]) -> None:
    wanted = apply(module, kind=COMMAND, program="", words=("aws", "--password", "hunter2"), variables=("p=hunter2",))
    assert "hunter2" not in Path(grant(module, environment, wanted)).read_text()


def test_rubbish_beside_passes_is_passed_over(module: Path, environment: dict[str, str]) -> None:
    folder = Path(grant(module, environment, apply(module))).parent
    (folder / "0.json").write_text("{")
    (folder / "1.json").write_text('{"pass": "{}", "seal": "0"}')
    (folder / "2.json").symlink_to("/dev/null")
    assert take(apply(module), environment)


@settings(max_examples=40, deadline=None)
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=30), max_size=6), links=st.sets(st.sampled_from("lmn"), max_size=3)
)
def test_the_digest_is_the_copys(
    files: dict[str, bytes], links: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    top = tmp_path_factory.mktemp("print")
    source = top / "source"
    for name, content in {"main.tf": b"", **files}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    if (source / "g.sh").exists():
        (source / "g.sh").chmod(0o755)
    for link, to in zip(sorted(links), ("main.tf", "nowhere", "sub"), strict=False):
        (source / link).symlink_to(to)
    variables = top / "v.tfvars"
    variables.write_text("a = 1\n")
    copied = prepare(source, top / "copy", var_files=(variables,))
    assert fingerprint(extent_of(source, var_files=(variables,))) == copied.digest
    folder = copy_folder(source, top / "folder", largest=1 << 20)
    assert fingerprint(folder_extent(source)) == folder.digest


def test_modules_and_neighbours_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("root", "modules/m", "policies"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "root" / "main.tf").write_text(
        'module "m" {\n  source = "../modules/m"\n}\nlocals {\n  p = file("../policies/p.json")\n}\n'
    )
    (tmp_path / "modules/m/m.tf").write_text("")
    (tmp_path / "policies/p.json").write_text("{}")
    extent = extent_of(tmp_path / "root")
    before = fingerprint(extent)
    assert before == prepare(tmp_path / "root", tmp_path / "copy").digest
    (tmp_path / "policies/p.json").write_text('{"a": 1}')
    assert fingerprint(extent) != before


def test_a_link_that_leads_out_fits_nothing(module: Path) -> None:
    extent = extent_of(module)
    (module / "out").symlink_to("/etc/hostname")
    with pytest.raises(UnfitError):
        fingerprint(extent)


LET_THROUGH = [
    "terraform apply -auto-approve",
    "terraform -chdir=. apply -input=false -lock-timeout=60s -parallelism=4",
    "cd . && terraform init -input=false && terraform apply -auto-approve",
    "TF_IN_AUTOMATION=1 terraform apply -auto-approve -no-color 2>&1 | tail -n 20",
]
NOT_LET_THROUGH = [
    "TF_VAR_a=2; terraform apply",
    "terraform apply -auto-approve -target=aws_s3_bucket.b",
    "terraform apply -destroy",
    "terraform apply -replace aws_s3_bucket.b",
    "terraform apply tfplan",
    "terraform apply -var a=b",
    "terraform apply -state=other.tfstate",
    "terraform destroy",
    "tofu apply",
    "./terraform apply",
    "sudo terraform apply",
    "TF_VAR_a=1 terraform apply",
    "TF_CLI_ARGS_apply=-destroy terraform apply",
    "PATH=.:$PATH terraform apply",
    "export TF_VAR_a=1; terraform apply",
    "sed -i s/a/b/ main.tf && terraform apply",
    "terraform apply; terraform apply",
    "terraform apply && aws s3 rb s3://b",
    "(cd elsewhere); terraform apply",
    "terraform apply > main.tf",
    "yes | terraform apply",
    "terraform() { aws s3 rb s3://b; }; terraform apply",
    "for i in 1 2; do terraform apply; done",
    "terraform init -upgrade && terraform apply",
]


def claude(command: str, cwd: Path, environment: dict[str, str]) -> str:
    event = {"tool_name": "Bash", "tool_input": {"command": command}, "cwd": str(cwd)}
    return respond("claude-code", json.dumps(event), environment).stdout


@pytest.mark.parametrize("command", LET_THROUGH)
def test_the_apply_that_was_rehearsed_goes_through_once(
    command: str, module: Path, environment: dict[str, str]
) -> None:
    grant(module, environment, apply(module), expires=4e9)
    assert claude(command, module, environment) == ""
    assert "deny" in claude(command, module, environment)


@pytest.mark.parametrize("command", NOT_LET_THROUGH)
def test_anything_beside_it_does_not(command: str, module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module), expires=4e9)
    assert "deny" in claude(command, module, environment)
    assert claude("terraform apply", module, environment) == "", "and the pass is not used up"


def test_variables_must_be_those_of_the_rehearsal(module: Path, environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "prod.tfvars"
    file.write_text("b = 2\n")
    grant(module, environment, apply(module, variables=("a=1",), var_files=(str(file),)), expires=4e9)
    assert "deny" in claude("terraform apply -var a=2 -var-file ../prod.tfvars", module, environment)
    assert claude("terraform apply -var a=1 -var-file=../prod.tfvars", module, environment) == ""


def test_the_selected_workspace_counts(module: Path, environment: dict[str, str]) -> None:
    grant(module, environment, apply(module), expires=4e9)
    (module / ".terraform").mkdir()
    (module / ".terraform" / "environment").write_text("prod")
    assert "--workspace prod" in claude("terraform apply", module, environment)
    assert "deny" in claude("terraform apply", module, environment | {"TF_CLI_ARGS": "-destroy"})
    assert claude("terraform apply", module, environment | {"TF_WORKSPACE": "default"}) == ""


def test_a_command_that_was_rehearsed_goes_through_once(module: Path, environment: dict[str, str]) -> None:
    words = ("aws", "dynamodb", "delete-table", "--table-name", "old orders")
    wanted = Wanted(kind=COMMAND, program="", directory=os.path.realpath(module), words=words)
    grant(module, environment, wanted, expires=4e9)
    assert "deny" in claude("aws dynamodb delete-table --table-name orders", module, environment)
    assert claude("aws dynamodb delete-table --table-name 'old orders'", module, environment) == ""
    assert "deny" in claude("aws dynamodb delete-table --table-name 'old orders'", module, environment)
