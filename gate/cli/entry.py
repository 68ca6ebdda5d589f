"""Where `sandtable` starts: hooks go their own short way, everything else through the whole command line.

An agent's hook runs before each of its commands. Building the grammar alone takes longer than answering.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run one command and exit."""
    arguments = sys.argv[1:]
    if len(arguments) in {2, 4} and arguments[0] == "hook":
        from gate.hook.agents import AGENTS  # noqa: PLC0415 - only for hooks

        if arguments[1] in AGENTS and arguments[2:3] in ([], ["--target"]):
            from gate.hook.answer import main as answer  # noqa: PLC0415 - as above

            sys.exit(answer(arguments[1], *arguments[3:]))
    is_review = arguments[:1] == ["review"]
    if is_review:
        # Nothing that it loads or reads becomes garbage before it ends.
        gc.disable()
    from gate.cli.main import run  # noqa: PLC0415 - only where it is needed

    _leave(run(arguments), at_once=is_review)


def _leave(code: int, *, at_once: bool) -> NoReturn:
    """Exit; after a review without freeing a million objects one by one, for nothing else is left to be cleaned up."""
    if at_once:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # nobody reads it any more: Python's own way out knows what to do
        else:
            os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
