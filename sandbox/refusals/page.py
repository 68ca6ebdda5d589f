"""The page of the known refusals, made from the rows: `python -m sandbox.refusals.page docs/refusals.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox.refusals.catalogue import KNOWN_REFUSALS
from sandbox.refusals.row import KnownRefusal

_HEAD = """\
# Known refusals

Made from the rows in `sandbox/refusals/catalogue/`; do not edit. A test compares this page with them.

Engines consent to things that AWS refuses: they delete a security group in use, accept overlapping subnets, forget
deletion protection. So the recorder asks the rows below before a call of the change reaches the engine, and where one
applies it answers as AWS would: with its error code, its status and its words. A report marks such a call with the
row's name (`refused_by`); the engine never saw it. [ADR 0008](adr/0008-known-refusals.md) says why it is done this way.

- **When.** While the change is planned and applied. The baseline and seeds are let through: the clone must come up.
- **How the condition is found out.** By reads of the engine itself, with the caller's account and region, past the
  recorder; only when such a call arrives. Where a read fails, or the engine does not know it, nothing is claimed and
  the call goes its way. What the engine itself refuses, with whatever words, it may go on refusing.
- **What is not looked at.** Calls whose body is streamed or larger than 64 KB. What AWS refuses and no row says.
- **Terraform's patience.** The provider repeats some refused calls for up to a quarter of an hour, in case that
  something is still on its way out. If everything under way has come to the same refusal three times, and nothing was
  begun or finished for three seconds, the apply is ended with AWS's error. In production Terraform would give up later,
  at the same place.
- **Not a complete list.** A change that no row refuses may be refused by AWS all the same: permissions, quotas, names
  that are taken, images that do not exist.

Adding one is adding a row, and a sample of a request and two states in `tests/unit/refusal_samples.py`.
"""


def main(arguments: Sequence[str]) -> None:
    """Write the page to the file that is named, or to stdout."""
    if arguments:
        Path(arguments[0]).write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())


def page(rows: Sequence[KnownRefusal] = KNOWN_REFUSALS) -> str:
    """The whole page: a table for each service, in the order of the rows."""
    services = dict.fromkeys(row.service for row in rows)
    sections = [_section(service, [row for row in rows if row.service == service]) for service in services]
    return "\n".join([_HEAD, f"There are {len(rows)} rows.", *sections])


def _section(service: str, rows: Sequence[KnownRefusal]) -> str:
    return "\n".join(["", f"## {service}", "", *_table(rows), ""]).rstrip("\n") + "\n"


def _table(rows: Sequence[KnownRefusal]) -> Iterator[str]:
    yield "| row | call | refused when | answer |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        calls = ", ".join(f"`{operation}`" for operation in row.operations)
        error = f"[`{row.code}`]({row.documentation}): {row.message}"
        yield f'| <a id="{row.name}"></a>`{row.name}` | {calls} | {row.when} | {error} |'


if __name__ == "__main__":
    main(sys.argv[1:])
