from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sandbox.errors import SandtableError
from sandbox.executors.terraform.deadline import Deadline
from sandbox.executors.terraform.process import Finished, run

ENVIRONMENT = {"PATH": os.defpath}


def shell(script: str, lines: list[str], tmp_path: Path, *, seconds: float = 30) -> Finished:
    return run(
        ["/bin/sh", "-c", script],
        cwd=tmp_path,
        environment=ENVIRONMENT,
        deadline=Deadline.after(seconds),
        on_line=lines.append,
    )


def processes_with(marker: str) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if marker in " ".join(process.info["cmdline"] or ()) and process.pid != os.getpid()
    ]


def wait_until_gone(marker: str) -> bool:
    for _ in range(100):
        if not processes_with(marker):
            return True
        time.sleep(0.05)
    return False


def test_output_arrives_line_by_line_and_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    lines: list[str] = []
    finished = shell("printf 'one\\ntwo\\r\\nthr'; printf 'ee'; echo oops >&2; exit 7", lines, tmp_path)
    assert lines == ["one", "two", "three"]
    assert finished == Finished(code=7, errors=("oops",))


def test_a_very_long_line_arrives_whole(tmp_path: Path) -> None:
    lines: list[str] = []
    shell("head -c 3000000 /dev/zero | tr '\\0' x", lines, tmp_path)
    assert [len(line) for line in lines] == [3_000_000]


def test_a_command_killed_by_a_signal_says_so(tmp_path: Path) -> None:
    assert shell("kill -9 $$", [], tmp_path).code == 128 + signal.SIGKILL


def test_nothing_is_left_behind_not_even_what_made_a_session_of_its_own(tmp_path: Path) -> None:
    marker = f"86{os.getpid()}1"
    script = f"setsid sleep {marker} & (setsid sh -c 'setsid sleep {marker} & wait' &) ; sleep 0.3; echo done"
    lines: list[str] = []
    assert shell(script, lines, tmp_path).code == 0
    assert lines == ["done"]
    assert processes_with(marker) == []


def test_the_deadline_ends_the_whole_tree_even_if_it_ignores_the_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.executors.terraform.process.INTERRUPT_GRACE", 0.3)
    marker = f"86{os.getpid()}2"
    lines: list[str] = []
    finished = shell(
        f"trap '' INT; echo begun; sleep {marker} & setsid sleep {marker}; wait", lines, tmp_path, seconds=0.5
    )
    assert finished.expired
    assert lines == ["begun"]
    assert processes_with(marker) == []


def test_the_deadline_lets_a_willing_command_finish_its_work(tmp_path: Path) -> None:
    lines: list[str] = []
    finished = shell(
        "trap 'echo state written; exit 1' INT; echo begun; while :; do sleep 0.1; done", lines, tmp_path, seconds=1
    )
    assert finished.expired
    assert lines == ["begun", "state written"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_tree_goes_when_the_caller_is_interrupted_or_killed(number: signal.Signals) -> None:
    marker = f"86{os.getpid()}3{int(number)}"
    program = (
        "from pathlib import Path\n"
        "from sandbox.executors.terraform.deadline import Deadline\n"
        "from sandbox.executors.terraform.process import run\n"
        f"run(['/bin/sh', '-c', 'setsid sleep {marker} & echo begun; sleep {marker}'], cwd=Path('/'),"
        " environment={}, deadline=Deadline.after(60), on_line=lambda line: print(line, flush=True))\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"begun\n"
        caller.send_signal(number)
        caller.wait(timeout=30)
    assert wait_until_gone(marker)


def test_a_program_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    finished = run(
        [str(tmp_path / "missing")],
        cwd=tmp_path,
        environment=ENVIRONMENT,
        deadline=Deadline.after(10),
        on_line=lambda _: None,
    )
    assert finished.code == 127
    assert "missing" in finished.errors[0]


def test_a_working_directory_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandtableError):
        shell("true", [], tmp_path / "missing")


def test_a_command_is_ended_before_its_time_when_somebody_says_so(tmp_path: Path) -> None:
    lines: list[str] = []
    finished = run(
        ["/bin/sh", "-c", "trap 'echo saved; exit 3' INT; echo begun; while :; do sleep 0.05; done"],
        cwd=tmp_path,
        environment=ENVIRONMENT,
        deadline=Deadline.after(60),
        on_line=lines.append,
        stop=lambda: "begun" in lines,
    )
    assert lines == ["begun", "saved"]
    assert finished == Finished(code=3, errors=())
