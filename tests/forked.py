"""The command line in a process of its own, forked from one that has imported the program.

A new interpreter imports for more than a second before it does anything, and the tests run some hundred commands. Here
Python's fork server imports once; each command gets from its test what a new process would have: arguments,
environment, working directory, and where its output goes. The program reads none of them while it is imported.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NoReturn

_PRELOADED = ("gate.cli.demo", "gate.cli.parser", "pytest")
"""All that a rehearsal imports; pytest, since a forked process imports the main module of the one that asked for it."""
_WRITTEN = os.O_WRONLY | os.O_CREAT


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end.

    Args:
        arguments: What follows the program's name.
        environment: All of it.
        timeout: Seconds until it is killed.

    Raises:
        subprocess.TimeoutExpired: it did not end by then.
        AssertionError: a variable is given that an interpreter heeds when it starts, and never again.
    """
    for name in {*environment, *os.environ}:
        heeded_once = name.startswith(("PYTHON", "LC_", "LANG"))
        assert not heeded_once or environment.get(name) == os.environ.get(name), f"{name} needs a new interpreter"
    with tempfile.TemporaryDirectory() as folder:
        stdout, stderr = Path(folder) / "stdout", Path(folder) / "stderr"
        stdout.touch()
        stderr.touch()
        given = (tuple(arguments), dict(environment), str(Path.cwd()), str(stdout), str(stderr))
        process = _forks().Process(target=_become, args=given)
        process.start()
        process.join(timeout)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["sandtable", *arguments], timeout)
        return subprocess.CompletedProcess(["sandtable", *arguments], code, stdout.read_text(), stderr.read_text())


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    return context


def _become(
    arguments: Sequence[str], environment: Mapping[str, str], folder: str, stdout: str, stderr: str
) -> NoReturn:
    """Run the command in this process, and end it with the command's exit code."""
    from gate.cli.main import main  # noqa: PLC0415 - is there already where this runs

    os.environ.clear()
    os.environ.update(environment)
    # A process asks for the folder for temporary files once.
    tempfile.tempdir = None
    os.chdir(folder)
    for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, stdout, _WRITTEN), (2, stderr, _WRITTEN)):
        opened = os.open(name, flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv[1:] = arguments
    main(arguments)
