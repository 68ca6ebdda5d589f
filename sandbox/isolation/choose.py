"""Which backend encloses a rehearsal: the one that was asked for, or the first that works here."""

from __future__ import annotations

from sandbox.errors import MissingToolError, UsageError
from sandbox.isolation.bubblewrap import Bubblewrap
from sandbox.isolation.enclosure import Backend
from sandbox.isolation.none import NONE, NoIsolation

AUTOMATIC = "auto"
CHOICES = (AUTOMATIC, "bubblewrap", NONE)
INSTALL = (
    "Install bubblewrap (apt-get install bubblewrap; dnf install bubblewrap). `sandtable doctor` shows what works. "
    "For code that you trust there is --no-isolation; the decision is then review at best."
)


def isolation_named(name: str) -> Backend:
    """Find a backend that works here.

    Args:
        name: One of `CHOICES`.

    Raises:
        UsageError: there is none of that name.
        MissingToolError: it does not work here, or none does.
    """
    if name not in CHOICES:
        raise UsageError(f"There is no isolation {name!r}.", hint=f"One of: {', '.join(CHOICES)}.")
    if name == NONE:
        return NoIsolation()
    problems = []
    for backend in backends():
        if name not in {AUTOMATIC, backend.name}:
            continue
        problem = backend.problem()
        if not problem:
            return backend
        problems.append(problem)
    raise MissingToolError(f"What is replayed cannot be contained here: {'; '.join(problems)}.", hint=INSTALL)


def backends() -> tuple[Backend, ...]:
    """Every backend that contains, the preferred one first."""
    return (Bubblewrap(),)
