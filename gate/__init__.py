"""Judge and tell: policy, verdict, reports, and the front doors (command line, Python API).

from pathlib import Path
from gate import ReviewRequest, review

report = review(ReviewRequest(change=Path("infra"), target="git:main"))
print(report.verdict.decision)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.reviewer import ReviewRequest, review

__all__ = ["ReviewRequest", "review"]


def __getattr__(name: str) -> Any:
    """Import the use case when it is first asked for: commands that do not rehearse start without it (PEP 562)."""
    if name not in __all__:
        raise AttributeError(name)
    from gate import reviewer  # noqa: PLC0415 - see above

    return getattr(reviewer, name)
