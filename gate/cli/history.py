"""`sandtable history [TARGET]`: what earlier rehearsals are remembered for."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gate.report.escape import visible
from sandbox.executors.terraform.environment import cache_folder
from sandbox.history import KEPT_FOR, History, Remembered


def history(options: argparse.Namespace) -> int:
    """List the rehearsals of a target, the last first, with what each of them saw prepared."""
    known = History(cache_folder(os.environ)).rehearsals(options.target)
    if options.format == "json":
        json.dump([_document(each) for each in known], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    for each in known:
        for line in _lines(each):
            sys.stdout.write(f"{visible(line)}\n")
    days = int(KEPT_FOR // 86_400)
    sys.stdout.write(f"{len(known):,} rehearsals; they are remembered for {days} days\n")
    return 0


def _lines(each: Remembered) -> Iterator[str]:
    when = datetime.fromtimestamp(each.at).astimezone().isoformat(sep=" ", timespec="minutes")
    yield f"{when}  {each.decision:<7}  {each.target}  {each.change}"
    for prepared in each.preparations:
        yield f"    {prepared.address}: {prepared.what}"


def _document(each: Remembered) -> dict[str, Any]:
    return {
        "at": datetime.fromtimestamp(each.at, UTC).isoformat(timespec="seconds"),
        "target": each.target,
        "change": each.change,
        "decision": each.decision,
        "preparations": [asdict(prepared) for prepared in each.preparations],
    }
