"""What replayed code tries to get out of its enclosure, by every way in which a change brings code, and none works.

Every attempt is also made where nothing encloses it, and succeeds there, unless something else of sandtable holds it.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from escape_attempts import ATTEMPTS

import sandbox
from sandbox.errors import ConfigurationError
from sandbox.executors.terraform.binary import find_terraform
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.executor import TerraformExecutor
from sandbox.executors.terraform.process import Finished, run
from sandbox.executors.terraform.run import TerraformFailedError
from sandbox.isolation.choose import backends
from sandbox.isolation.enclosure import Access, Backend, Enclosure, Isolation
from sandbox.isolation.limits import Limits
from sandbox.isolation.none import NoIsolation
from sandbox.ports import SilentProgress
from sandbox.recorder.recorder import Recorder

pytestmark = pytest.mark.terraform

HERE = Path(__file__).parent
PYTHON = "python3"
SOURCE = Path(sandbox.__file__).parents[1]
_MEBIBYTE = 1 << 20
LOCAL_EXEC = """
resource "terraform_data" "escape" {
  provisioner "local-exec" {
    command = "python3 escape_attempts.py targets.json results.json"
  }
}
"""
PROVIDER = """
terraform {
  required_providers {
    escape = { source = "example.com/agent/escape" }
  }
}
resource "escape_thing" "it" {}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The machine around the enclosure, with things worth reaching."""

    folder: Path
    targets: Mapping[str, object]
    recorder: Recorder

    @property
    def canary(self) -> str:
        return str(self.targets["canary"])

    @property
    def mark(self) -> str:
        return str(self.targets["mark"])

    def work(self, name: str) -> Path:
        """A folder for one command, with the attempts in it."""
        folder = self.folder / "scratch" / name
        folder.mkdir(parents=True)
        for file in ("escape_attempts.py", "escape_attempts.sh"):
            shutil.copy(HERE / file, folder)
        (folder / "targets.json").write_text(json.dumps(self.targets))
        (folder / "canary").write_text(self.canary)
        return folder


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **more}


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    # Everybody may come here, or file modes would hold what the enclosure is to hold.
    folder = Path("/tmp") / f"escape-{uuid.uuid4().hex[:8]}"  # noqa: S108 - a short name, for sockets
    folder.mkdir(mode=0o755)
    canary, mark = f"canary-{uuid.uuid4().hex}", f"escape-{uuid.uuid4().hex[:8]}"
    home, original, user, engine = (folder / name for name in ("home", "original", "user", "engine"))
    _write(home / ".aws" / "credentials", canary)
    _write(home / ".ssh" / "id_ed25519", canary)
    _write(original / ".git" / "config", canary)
    _write(engine / "engine.log", canary)
    _write(folder / "agent.txt", canary)
    user.mkdir(mode=0o777)
    shared = _write(Path("/dev/shm") / mark, canary)  # noqa: S108 - what is tried
    victim = subprocess.Popen(
        [sys.executable, str(HERE / "escape_victim.py"), canary, str(folder)],
        cwd=folder,
        env={**os.environ, "ESCAPE_CANARY": canary},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    found = json.loads(victim.stdout.readline())
    with Recorder() as recorder:
        recorder.forward_to(f"http://127.0.0.1:{found['loopback'][1]}")
        targets = {
            **found,
            "canary": canary,
            "mark": mark,
            "home": str(home),
            "home_names": [path.name for path in Path(pwd.getpwuid(os.getuid()).pw_dir).iterdir()],
            "uid": os.getuid(),
            "source": str(SOURCE),
            "original": str(original),
            "outside": str(user),
            "engine": str(engine),
            "recorder": recorder.port,
            "recorder_pid": os.getpid(),
            "parents_variable": _variable_of_ours(),
            "outlive": f"7{os.getpid()}",
        }
        yield Outside(folder=folder, targets=targets, recorder=recorder)
    victim.communicate()
    shared.unlink()
    shutil.rmtree(folder)


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def _variable_of_ours() -> str:
    """A variable that this process was started with, and no command is."""
    given = {name.encode() for name in environment()}
    ours = Path("/proc/self/environ").read_bytes().split(b"\0")
    return next(item for item in ours if item.partition(b"=")[0] not in given | {b""}).decode(errors="replace")


@pytest.fixture(scope="module", params=[backend.name for backend in backends()])
def backend(request: pytest.FixtureRequest) -> Backend:
    found = next(backend for backend in backends() if backend.name == request.param)
    assert found.problem() == ""
    return found


@pytest.fixture(scope="module")
def isolation(backend: Backend, outside: Outside) -> Iterator[Isolation]:
    scratch = outside.folder / "scratch" / f"isolation-{backend.name}"
    with backend.open(scratch, outside.recorder, limits=Limits(), path=os.environ["PATH"]) as opened:
        yield opened


@pytest.fixture(scope="module")
def table(outside: Outside, isolation: Isolation) -> Mapping[str, Mapping[str, str]]:
    """What every attempt got, by the way in which it came in."""
    free, name = NoIsolation(), isolation.name
    return {
        "free": by_python(outside, free, "free"),
        "free-sh": by_shell(outside, free, "free-sh"),
        "python": by_python(outside, isolation, f"{name}-python"),
        "sh": by_shell(outside, isolation, f"{name}-sh"),
        "local-exec": by_terraform(outside, isolation, f"{name}-exec", LOCAL_EXEC),
        "provider": by_terraform(outside, isolation, f"{name}-provider", PROVIDER),
    }


WAYS = ("python", "sh", "local-exec", "provider")


def by_python(outside: Outside, isolation: Isolation, name: str) -> Mapping[str, str]:
    work = outside.work(name)
    finished = command(outside, isolation, work, [_python(), "escape_attempts.py", "targets.json", "results.json"])
    assert finished.code == 0, finished.errors
    return json.loads((work / "results.json").read_text())


def by_shell(outside: Outside, isolation: Isolation, name: str) -> Mapping[str, str]:
    lines: list[str] = []
    work, at = outside.work(name), outside.targets
    places = {
        "AT_HOME": str(at["home"]),
        "AT_ORIGINAL": str(at["original"]),
        "AT_OUTSIDE": str(at["outside"]),
        "AT_MARK": str(at["mark"]),
        "AT_PORT": str(at["loopback"][1]),  # type: ignore[index]
        "AT_RECORDER": str(at["recorder_pid"]),
    }
    finished = command(outside, isolation, work, ["/bin/sh", "escape_attempts.sh"], lines=lines, **places)
    assert finished.code == 0, finished.errors
    return dict(line.split("\t", 1) for line in lines)


def by_terraform(outside: Outside, isolation: Isolation, name: str, text: str) -> Mapping[str, str]:
    source = outside.work(f"{name}-source")
    (source / "main.tf").write_text(text)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    plugin = source / f"terraform.d/plugins/example.com/agent/escape/1.0.0/linux_{machine}/terraform-provider-escape"
    _write(plugin, f"#!/bin/sh\n{PYTHON} escape_attempts.py targets.json results.json\nexit 1\n").chmod(0o755)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    inherited["XDG_CACHE_HOME"] = str(outside.folder / "cache")
    executor = TerraformExecutor(
        binary=find_terraform(None, inherited),
        endpoint=outside.recorder.endpoint,
        account="123456789012",
        region="us-east-1",
        scratch=outside.folder / "scratch" / name,
        environment=inherited,
        progress=SilentProgress(),
        deadline=Deadline.after(300),
        isolation=isolation,
    )
    workspace = executor.prepare("change", source)
    executor.init(workspace)
    # What the change brings as a provider is not kept for others.
    assert not list(outside.folder.glob("cache/sandtable/plugins/example.com"))
    if text is PROVIDER:
        with pytest.raises(TerraformFailedError):
            executor.plan(workspace)
    else:
        outcome = executor.apply_all(workspace)
        assert outcome.succeeded, outcome.diagnostics
    return json.loads((workspace.root / "results.json").read_text())


def command(
    outside: Outside,
    isolation: Isolation,
    work: Path,
    arguments: list[str],
    *,
    lines: list[str] | None = None,
    seconds: float = 60,
    **more: str,
) -> Finished:
    access = Access(writable=(work,), ports=(outside.recorder.port,))
    return run(
        arguments,
        cwd=work,
        environment=environment(**more),
        deadline=Deadline.after(seconds),
        on_line=(lines if lines is not None else []).append,
        within=Enclosure(isolation=isolation, access=access),
    )


def _python() -> str:
    return shutil.which(PYTHON) or sys.executable


def test_no_attempt_succeeds(
    table: Mapping[str, Mapping[str, str]], isolation: Isolation, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(_row(f"\nin {isolation.name}", "uncontained", *WAYS))  # noqa: T201 - the table is the point
        for name, listed in ATTEMPTS.items():
            free = "succeeds" if table["free"][name] else "held"
            cells = ((("GOT OUT" if table[way][name] else "held") if name in table[way] else "") for way in WAYS)
            print(_row(name, free, *cells) + listed.what)  # noqa: T201 - as above
    succeeded = [(way, name, got) for way in WAYS for name, got in table[way].items() if got]
    assert succeeded == []
    assert {*ATTEMPTS} == {*table["python"]} == {*table["local-exec"]} == {*table["provider"]}
    assert len(ATTEMPTS) >= 25


def _row(name: str, *cells: str) -> str:
    return f"{name:<32}" + "".join(f"{cell:<12}" for cell in cells)


def test_uncontained_they_succeed(table: Mapping[str, Mapping[str, str]]) -> None:
    if os.geteuid() != 0:
        pytest.skip("not root: permissions hold some of them already")
    asked = {name: listed.by_itself for name, listed in ATTEMPTS.items() if listed.by_itself is not None}
    assert {name: bool(table["free"][name]) for name in asked} == asked
    assert [name for name, got in table["free-sh"].items() if not got] == []


def test_nothing_was_left_outside(table: Mapping[str, Mapping[str, str]], outside: Outside) -> None:
    assert table["python"]
    outside_of_python = Path(str(outside.targets["outside"])) / outside.mark
    # The uncontained runs wrote these; a contained run would have written them anew.
    written = {outside_of_python, Path(str(outside.targets["original"])) / outside.mark}
    for file in written:
        file.unlink()
    marker = str(outside.targets["outlive"])
    assert [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or ())] == []


BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
FILL = "n = 0\nwhile True:\n    open(f'f{n}', 'wb').write(bytes(8 << 20))\n    n += 1"
CROWD = "n = 0\nwhile True:\n    open(f'f{n}', 'w').close()\n    n += 1"
GROW = (
    "import os\nfor _ in range(3):\n    os.fork()\nx = bytearray(os.urandom(1 << 20)) * 60\nimport time\ntime.sleep(60)"
)
SLEEP = "import time\ntime.sleep(60)"


@pytest.mark.parametrize(
    ("script", "limits", "told"),
    [
        pytest.param(BOMB, Limits(processes=200), "200 processes", id="fork-bomb"),
        pytest.param(FILL, Limits(disk=64 * _MEBIBYTE), "64 MiB of disk", id="fill-the-disk"),
        pytest.param(CROWD, Limits(files=2_000), "2000 files", id="fill-the-disk-with-names"),
        pytest.param(GROW, Limits(memory=256 * _MEBIBYTE), "256 MiB of memory", id="use-up-the-memory"),
    ],
)
def test_what_uses_up_the_machine_is_ended(
    outside: Outside, backend: Backend, script: str, limits: Limits, told: str
) -> None:
    name = f"{backend.name}-{told}".replace(" ", "-")
    scratch = outside.folder / "scratch" / f"isolation-{name}"
    with backend.open(scratch, outside.recorder, limits=limits, path=os.environ["PATH"]) as isolation:
        finished = command(outside, isolation, outside.work(name), [_python(), "-c", script])
    assert told in finished.exceeded
    assert _processes_in(outside) == []


def test_what_does_not_end_is_ended(outside: Outside, isolation: Isolation) -> None:
    work = outside.work(f"{isolation.name}-time")
    finished = command(outside, isolation, work, [_python(), "-c", SLEEP], seconds=1)
    assert finished.expired
    assert _processes_in(outside) == []


def test_private_folders_are_bounded_and_forgotten(outside: Outside, backend: Backend) -> None:
    script = (
        "dd if=/dev/zero of=/tmp/f bs=1M count=64; dd if=/dev/zero of=/dev/shm/f bs=1M count=64; ls -l /tmp /dev/shm"
    )
    limits, lines = Limits(private=8 * _MEBIBYTE), list[str]()
    scratch = outside.folder / "scratch" / f"isolation-{backend.name}-private"
    with backend.open(scratch, outside.recorder, limits=limits, path=os.environ["PATH"]) as isolation:
        work = outside.work(f"{backend.name}-private")
        command(outside, isolation, work, ["/bin/sh", "-c", script], lines=lines)
        sizes = [int(line.split()[4]) for line in lines if line.endswith(" f")]
        assert len(sizes) == 2
        assert max(sizes) <= 8 * _MEBIBYTE
        lines.clear()
        command(outside, isolation, work, ["/bin/sh", "-c", "ls /tmp /dev/shm"], lines=lines)
    assert not {"f"} & set(lines)


def test_a_terraform_that_is_asked_to_stop_can_still_write_its_state(outside: Outside, isolation: Isolation) -> None:
    work = outside.work(f"{isolation.name}-interrupt")
    script = "trap 'echo written > state; exit 7' INT; touch ready; while :; do sleep 0.05; done"
    finished = run(
        ["/bin/sh", "-c", script],
        cwd=work,
        environment=environment(),
        deadline=Deadline.after(60),
        on_line=[].append,
        stop=(work / "ready").exists,
        within=Enclosure(isolation=isolation, access=Access(writable=(work,))),
    )
    assert finished.code == 7
    assert (work / "state").read_text() == "written\n"


def test_the_clone_is_reached_and_its_calls_are_recorded(outside: Outside, isolation: Isolation) -> None:
    work, recorder = outside.work(f"{isolation.name}-clone"), outside.recorder
    before = len(recorder.calls)
    port = int(recorder.endpoint_for(f"phase-{isolation.name}").rpartition(":")[2])
    script = (
        "import urllib.request as u\n"
        f"for port in ({recorder.port}, {port}):\n"
        "    print(u.build_opener(u.ProxyHandler({})).open(f'http://127.0.0.1:{port}/').read().decode())"
    )
    lines: list[str] = []
    finished = run(
        [_python(), "-c", script],
        cwd=work,
        environment=environment(),
        deadline=Deadline.after(60),
        on_line=lines.append,
        within=Enclosure(isolation=isolation, access=Access(writable=(work,), ports=(recorder.port, port))),
    )
    assert (finished.code, lines) == (0, [outside.canary, outside.canary]), finished.errors
    assert [call.phase for call in recorder.calls[before:]] == ["baseline", f"phase-{isolation.name}"]


@pytest.mark.parametrize("kind", ["link", "folder-link", "pipe"])
def test_what_is_left_in_the_place_of_the_state_leads_nowhere(outside: Outside, kind: str) -> None:
    """After its command ended, code has an accomplice: this tool, which reads the state as the user."""
    inherited = environment(HOME=str(outside.targets["home"]))
    executor = TerraformExecutor(
        binary=find_terraform(None, inherited),
        endpoint=outside.recorder.endpoint,
        account="123456789012",
        region="us-east-1",
        scratch=outside.folder / "scratch" / f"accomplice-{kind}",
        environment=inherited,
        progress=SilentProgress(),
        deadline=Deadline.after(300),
        workspace="blue",
    )
    source = outside.work(f"accomplice-{kind}-source")
    (source / "main.tf").write_text("")
    workspace = executor.prepare("change", source)
    folder = workspace.root / "terraform.tfstate.d"
    if kind == "folder-link":
        state = _write(outside.folder / "elsewhere" / "terraform.tfstate", outside.canary)
        folder.mkdir()
        (folder / "blue").symlink_to(state.parent)
    elif kind == "link":
        (folder / "blue").mkdir(parents=True)
        (folder / "blue" / "terraform.tfstate").symlink_to(Path(str(outside.targets["home"])) / ".aws" / "credentials")
    else:
        (folder / "blue").mkdir(parents=True)
        os.mkfifo(folder / "blue" / "terraform.tfstate")
    with pytest.raises(ConfigurationError) as refused:
        executor.state_document(workspace)
    assert outside.canary not in str(refused.value)
    assert not list((outside.folder / "user").glob("*.tfstate"))


def _processes_in(outside: Outside) -> list[str]:
    """What still runs in the folders that commands work in."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(outside.folder / "scratch")):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
