"""`sandtable`: parse, call, render, exit.

Exit codes: 0 approve, 1 reject, 2 review, 3 the tool failed, 64 the command line is wrong. Only this module knows them.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, SimpleNamespace
from typing import TYPE_CHECKING, NoReturn, TypeAlias, cast

from sandbox.errors import SandtableError, UsageError

if TYPE_CHECKING:
    import argparse

Options: TypeAlias = "argparse.Namespace | SimpleNamespace"

FAILED = 3
USAGE = 64
COLLECTION = (50_000, 20, 50)
"""When garbage is looked for, instead of (700, 10, 10): what a command loads lives to its end."""


class Interrupted(BaseException):
    """A signal asked this process to end; raised so that every context is left in order."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; never a traceback for what a user can cause."""
    gc.set_threshold(*COLLECTION)
    with _ended_by(signal.SIGTERM, signal.SIGHUP):
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    try:
        options = parsed(arguments)
        return _load(options.command)(options)
    except UsageError as error:
        return _complain(error, USAGE)
    except SandtableError as error:
        return _complain(error, FAILED)
    except (KeyboardInterrupt, Interrupted):
        return _say("sandtable: interrupted; everything that was started has been ended, nothing was judged", FAILED)
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        return _say(f"sandtable: {error}\nhint: is there room on the disk, and may this user write there?", FAILED)


def parsed(arguments: Sequence[str]) -> Options:
    """Parse a command line. ``review PLAN`` as such, which hooks and pipelines run, needs no grammar.

    Raises:
        UsageError: it is wrong.
    """
    match arguments:
        case ["review", plan] if plan == "-" or plan[:1] not in {"", "-"}:
            from gate.cli.review import DEFAULTS  # noqa: PLC0415 - one command of many

            return SimpleNamespace(plan=plan, **DEFAULTS)
    from gate.cli.parser import build_parser  # noqa: PLC0415 - takes 15 ms, and the above does without

    return build_parser(next(iter(arguments), "")).parse_args(arguments)


def _load(place: str) -> Callable[[Options], int]:
    """Import a command's code now that it is needed."""
    module, _, name = place.partition(":")
    return cast("Callable[[Options], int]", getattr(importlib.import_module(module), name))


@contextmanager
def _ended_by(*signals: signal.Signals) -> Iterator[None]:
    """Have these signals raise `Interrupted` meanwhile."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        # A second signal must not cut the cleaning up short.
        for item in signals:
            signal.signal(item, signal.SIG_IGN)
        raise Interrupted

    before = {item: signal.signal(item, end) for item in signals}
    try:
        yield
    finally:
        for item, handler in before.items():
            # None is what Python did not set, and cannot set again.
            signal.signal(item, signal.SIG_DFL if handler is None else handler)


def _complain(error: SandtableError, code: int) -> int:
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return _say(f"sandtable: {error.message}{hint}", code)


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - the one place that prints errors
    return code


if __name__ == "__main__":
    main()
