"""Whatever happens to a run: no process, no scratch folder stays, and the user's folders are as they were."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from cli_runs import (
    PARAMETER,
    PROVIDER,
    TOPIC,
    command,
    leftovers,
    processes_below,
    run_anew,
    scratch_of,
    surroundings,
    write,
)

FAILED = 3
SECURE = """
resource "aws_ssm_parameter" "limit" {
  name  = "/shop/limit"
  type  = "SecureString"
  value = var.password
}
"""
SLOW = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "sleep 300"\n  }\n}\n'


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path / "base", PROVIDER + PARAMETER % "10" + TOPIC % "orders")


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(str(path).encode() + path.read_bytes() for path in files)).hexdigest()


@pytest.mark.terraform
def test_success_leaves_nothing_and_prints_one_document(tmp_path: Path, base: Path) -> None:
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "20" + TOPIC % "orders")
    before = digest(base), digest(change)

    done = run_anew(tmp_path, "rehearse", "terraform", str(change), "--target", f"config:{base}", "--format", "json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"]["decision"] == "approve"
    assert [(item["address"], item["action"]) for item in report["diff"]["changes"]] == [
        ("aws_ssm_parameter.limit", "update")
    ]
    assert (digest(base), digest(change)) == before
    assert leftovers(tmp_path) == []
    assert processes_below(scratch_of(tmp_path)) == []


@pytest.mark.terraform
def test_secrets_reach_no_output(tmp_path: Path, base: Path) -> None:
    secret = "hunter2-planted"
    change = write(
        tmp_path / "change",
        PROVIDER
        + 'variable "password" {\n  sensitive = true\n}\n'
        + SECURE
        + 'resource "terraform_data" "show" {\n  provisioner "local-exec" {\n    command = "env; exit 1"\n  }\n}\n',
    )
    out = tmp_path / "out"

    done = run_anew(
        tmp_path,
        *("rehearse", "terraform", str(change), "--target", f"config:{base}", "--format", "json", "--out", str(out)),
        TF_VAR_password=secret,
        AWS_SECRET_ACCESS_KEY=f"{secret}-key",
        AWS_SESSION_TOKEN=f"{secret}-token",
        GITHUB_TOKEN=f"{secret}-github",
    )

    assert done.returncode == 1, done.stderr
    assert "TF_VAR_password=(sensitive)" in done.stdout
    assert secret not in done.stdout + done.stderr
    assert not any(secret in path.read_text() for path in out.iterdir())


@pytest.mark.terraform
def test_a_long_name_of_the_folder_for_temporary_files_does_no_harm(tmp_path: Path, base: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()

    done = run_anew(tmp_path, "rehearse", "terraform", str(base), "--target", f"config:{base}", TMPDIR=str(long))

    assert done.returncode == 0, done.stderr
    assert list(long.iterdir()) == []


@pytest.mark.terraform
def test_a_change_that_never_converges_is_ended(tmp_path: Path, base: Path) -> None:
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "20" + SLOW)

    done = run_anew(
        tmp_path, "rehearse", "terraform", str(change), "--target", f"config:{base}", "--timeout", "40", timeout=300
    )

    assert done.returncode == FAILED, done.stderr
    assert "did not end in the time allowed" in done.stderr
    # On a slow machine the time may be over before the change is applied.
    assert "terraform_data.slow" in done.stderr or "Rehearsing the change" not in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers(tmp_path) == []
    assert processes_below(scratch_of(tmp_path)) == []


@pytest.mark.terraform
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_a_signal_ends_everything(tmp_path: Path, base: Path, number: signal.Signals) -> None:
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "20" + TOPIC % "orders" + SLOW)
    running = _started(tmp_path, change, base)
    _wait_for_provisioner(running)

    running.send_signal(number)
    _, stderr = running.communicate(timeout=240)

    assert running.returncode == FAILED
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert leftovers(tmp_path) == []
    assert processes_below(scratch_of(tmp_path)) == []


@pytest.mark.terraform
def test_an_engine_that_dies_is_an_error_and_no_verdict(tmp_path: Path, base: Path) -> None:
    slow = SLOW.replace("sleep 300", "sleep 8")
    topic = 'resource "aws_sns_topic" "late" {\n  name = "late"\n  depends_on = [terraform_data.slow]\n}\n'
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "20" + TOPIC % "orders" + slow + topic)
    running = _started(tmp_path, change, base)
    _wait_for_provisioner(running)

    engines = [
        child for child in psutil.Process(running.pid).children(recursive=True) if "ministack" in str(child.cmdline())
    ]
    for engine in engines:
        engine.kill()
    stdout, stderr = running.communicate(timeout=120)

    assert len(engines) == 1
    assert running.returncode == FAILED
    assert "died" in stderr
    assert "hint: " in stderr
    assert stdout == ""
    assert leftovers(tmp_path) == []


@pytest.mark.terraform
def test_a_full_scratch_disk_is_an_error(tmp_path: Path, base: Path) -> None:
    change = write(tmp_path / "change", PROVIDER + PARAMETER % "20")
    (change / "large.bin").write_bytes(os.urandom(4_000_000))
    small = scratch_of(tmp_path)
    mount = f'mount -t tmpfs -o size=1m tmpfs "{small}" && TMPDIR="{small}" exec "$@"'

    done = subprocess.run(
        [
            *("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh"),
            *command("rehearse", "terraform", str(change), "--target", f"config:{base}"),
        ],
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )

    assert done.returncode == FAILED, done.stderr
    assert "space" in done.stderr.lower()
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


def _started(tmp_path: Path, change: Path, base: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("rehearse", "terraform", str(change), "--target", f"config:{base}"),
        env=surroundings(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal, also where the tests run in the background of a shell, which ignores Ctrl-C for them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )


def _wait_for_provisioner(running: subprocess.Popen[str]) -> None:
    """Wait until the change is being applied: its provisioner sleeps."""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        children = psutil.Process(running.pid).children(recursive=True)
        for child in children:
            try:
                if child.cmdline()[:1] == ["sleep"]:
                    return
            except psutil.NoSuchProcess:
                continue
        assert running.poll() is None, running.communicate()
        time.sleep(0.2)
    raise AssertionError("the provisioner did not start")
