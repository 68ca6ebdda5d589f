"""`sandtable`: parse, call, render, exit.

Exit codes: 0 approve, 1 reject, 2 review, 3 the tool failed, 64 the command line is wrong. Only this module knows them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from gate.cli import demo, doctor, rehearse, report
from gate.cli.arguments import Parser
from gate.wiring import tool_version
from sandbox.errors import SandtableError, UsageError

FAILED = 3
USAGE = 64

EPILOG = """\
examples:
  sandtable demo kiro                                      rehearse a bundled incident
  sandtable rehearse terraform infra --target git:main     what would this branch do to what main describes?
  sandtable rehearse terraform new --target config:old --out report/
  sandtable report report/report.json --format markdown
  sandtable doctor                                         what is installed, what is missing

exit codes: 0 approve, 1 reject, 2 review (a person must decide), 3 the tool failed, 64 wrong usage
"""


class Interrupted(BaseException):
    """A signal asked this process to end; raised so that every context is left in order."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; never a traceback for what a user can cause."""
    _end_on(signal.SIGTERM, signal.SIGHUP)
    try:
        options = _parser().parse_args(arguments)
        command: Callable[..., int] = options.command
        return command(options)
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


def _parser() -> Parser:
    parser = Parser(
        prog="sandtable",
        description="Rehearse an infrastructure change in a clone, and judge what really happened.",
        epilog=EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"sandtable {tool_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (demo, rehearse, report, doctor):
        module.add_to(commands)
    return parser


def _end_on(*signals: signal.Signals) -> None:
    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        # A second signal must not cut the cleaning up short.
        for item in signals:
            signal.signal(item, signal.SIG_IGN)
        raise Interrupted

    for item in signals:
        signal.signal(item, end)


def _complain(error: SandtableError, code: int) -> int:
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return _say(f"sandtable: {error.message}{hint}", code)


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)  # noqa: T201 - the one place that prints errors
    return code


if __name__ == "__main__":
    main()
