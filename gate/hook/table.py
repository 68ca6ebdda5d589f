"""Writes `aws_reads.txt`: `python -m gate.hook.table`.

One line for each service: botocore's name of it, and the operations that read, in the CLI's spelling.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from botocore import xform_name
from botocore.session import Session

from gate.hook.awscli import TABLE
from sandbox.recorder.kinds import kind_of
from sandbox.rehearsal import CallKind


def lines() -> Iterator[str]:
    """The lines of the table."""
    session = Session()
    for service in session.get_available_services():
        model = session.get_service_model(service)
        reads = (name for name in model.operation_names if _reads(service, model.operation_model(name)))
        yield " ".join([service, *sorted(xform_name(name, "-") for name in reads)])


def _reads(service: str, operation: object) -> bool:
    name = str(getattr(operation, "name", ""))
    http = getattr(operation, "http", {})
    trait = getattr(operation, "_operation_model", {}).get("readonly")
    return kind_of(service, name, method=http.get("method", ""), read_only=trait) is CallKind.READ


if __name__ == "__main__":
    Path(TABLE).write_text("\n".join(lines()) + "\n", encoding="utf-8")
