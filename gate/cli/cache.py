"""`sandtable cache ls|prune`: the clones that are kept between rehearsals."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime

from sandbox.clones.warm import LARGEST, Kept, WarmClones
from sandbox.executors.terraform.environment import cache_folder

_MEGABYTE = 1_000_000


def ls(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has this shape
    """List the kept clones, the last used first."""
    kept = _clones().kept()
    for each in kept:
        sys.stdout.write(_line(each))
    total = sum(each.size for each in kept) / _MEGABYTE
    sys.stdout.write(f"{len(kept):,} clones, {total:,.1f} MB; {LARGEST / _MEGABYTE:,.0f} MB are kept at most\n")
    return 0


def prune(options: argparse.Namespace) -> int:
    """Remove kept clones, what has not been used for longest first."""
    removed = _clones().prune(largest=int(options.keep * _MEGABYTE))
    freed = sum(each.size for each in removed) / _MEGABYTE
    sys.stdout.write(f"removed {len(removed):,} clones, {freed:,.1f} MB\n")
    return 0


def _clones() -> WarmClones:
    return WarmClones(cache_folder(os.environ))


def _line(kept: Kept) -> str:
    used = datetime.fromtimestamp(kept.used).astimezone().isoformat(sep=" ", timespec="minutes")
    return f"{kept.name}  {kept.size / _MEGABYTE:>8.1f} MB  used {used}\n"
