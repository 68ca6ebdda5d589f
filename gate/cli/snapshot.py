"""`sandtable snapshot show|diff`: what is in a snapshot, and what differs between two."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diffing.codec import from_json
from diffing.compare import Comparison, PhysicalChange, compare
from diffing.snapshot import Snapshot
from diffing.values import path_text
from gate.report.escape import visible
from gate.report.jsonfmt import encode_value
from gate.report.valuetext import clip, value_text
from sandbox.clones.image import Image
from sandbox.clones.snapshotfile import read_snapshot
from sandbox.errors import ConfigurationError

SAME, DIFFERENT = 0, 1
_ATTRIBUTES = 8
_WIDTH = 100


def show(options: argparse.Namespace) -> int:
    """Show what is in a snapshot."""
    image = read_snapshot(options.file)
    found = _inventory(image, options.file)
    if options.format == "json":
        _print_json(_described(image, found))
    else:
        _print_lines(_overview(image, found))
    return SAME


def diff(options: argparse.Namespace) -> int:
    """Compare two snapshots, and exit with 1 where they differ."""
    before, after = (_inventory(read_snapshot(file), file) for file in (options.before, options.after))
    comparison = compare(before, after)
    if options.format == "json":
        _print_json([_change(each) for each in comparison.changes])
    else:
        _print_lines(_differences(comparison))
    return DIFFERENT if comparison.changes or comparison.unreadable else SAME


def _inventory(image: Image, file: Path) -> Snapshot:
    try:
        return from_json(image.inventory.decode())
    except ValueError as error:
        raise ConfigurationError(
            f"The snapshot {file} has no inventory that can be read: {error}.", hint="Make it anew: sandtable clone"
        ) from error


def _described(image: Image, found: Snapshot) -> dict[str, Any]:
    return {
        "engine": {"name": image.engine, "version": image.engine_version},
        "lineage": image.lineage.lineage if image.lineage else "",
        "serial": image.lineage.serial if image.lineage else 0,
        "resources": [
            {
                "type": identity.type,
                "id": identity.id,
                "account": identity.account,
                "region": identity.region,
                "stakes": dict(resource.stakes),
            }
            for identity, resource in found.resources.items()
        ],
        "gaps": [{"subject": gap.subject, "reason": gap.reason} for gap in image.gaps],
    }


def _overview(image: Image, found: Snapshot) -> Iterator[str]:
    yield f"{len(found.resources):,} resources, {image.engine} {image.engine_version}"
    if image.lineage:
        yield f"from the state of lineage {image.lineage.lineage}, serial {image.lineage.serial:,}"
    kinds = Counter((identity.account, identity.region, identity.type) for identity in found.resources)
    for (account, region, kind), number in sorted(kinds.items()):
        yield f"{number:>6,}  {kind}  {account} {region}"
    for gap in image.gaps:
        yield f"     !  {gap.subject}: {gap.reason}"


def _differences(comparison: Comparison) -> Iterator[str]:
    if not comparison.changes and not comparison.unreadable:
        yield "No differences."
    signs = {"create": "+", "delete": "-", "replace": "-/+", "update": "~"}
    for change in comparison.changes:
        yield f"{signs.get(change.action.value, '?'):>3} {change.identity}  {change.action.value}"
        for item in change.attributes[:_ATTRIBUTES] if change.action.value == "update" else ():
            before, after = (clip(value_text(value), _WIDTH) for value in (item.before, item.after))
            yield f"      {path_text(item.path)}: {before} → {after}"
    for identity in comparison.unreadable:
        yield f"  ? {identity}  could not be read in one of them"


def _change(change: PhysicalChange) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "type": change.identity.type,
        "id": change.identity.id,
        "account": change.identity.account,
        "region": change.identity.region,
        "attributes": [
            {"path": list(item.path), "before": encode_value(item.before), "after": encode_value(item.after)}
            for item in change.attributes
        ],
    }


def _print_json(content: object) -> None:
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=True) + "\n")


def _print_lines(lines: Iterator[str]) -> None:
    for line in lines:
        sys.stdout.write(visible(line) + "\n")
