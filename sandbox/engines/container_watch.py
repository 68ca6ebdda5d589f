"""Removes a container when the process that started it has died: a small program of its own.

    python -m sandbox.engines.container_watch NAME < PIPE

It reads a pipe whose write end only that process holds. A line says that the container has been removed already; an
end without a line says that the process was killed. The Docker client is loaded only then: until then this costs a bare
interpreter. What outlives even this one is removed by the next run, see `sandbox.engines.leftovers`.
"""

from __future__ import annotations

import contextlib
import sys
import time

_TRIES = 10
_PAUSE = 0.5


def main(name: str) -> None:
    """Wait for the end of the other process, and clean up after it."""
    if sys.stdin.readline():
        return
    import docker  # noqa: PLC0415 - see above

    from sandbox.engines.leftovers import remove  # noqa: PLC0415 - it imports docker

    for _ in range(_TRIES):
        # More than once: a request that was under way when the process died may still make something.
        with (
            contextlib.suppress(docker.errors.DockerException, OSError),
            contextlib.closing(docker.from_env()) as client,
        ):
            remove(client, name)
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main(sys.argv[1])
