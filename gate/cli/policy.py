"""`sandtable policy init|check|schema|explain`: the policy file, before and after it judges."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gate.cli.explain import explanation
from gate.cli.report import read_report
from gate.policy.builtin import FILE_NAME, STRICT
from gate.policy.config import PolicyFile
from gate.policy.rule import Policy
from gate.policy.schemafile import FILE as SCHEMA
from gate.policy.settings import Preset, Whereabouts
from gate.policy_source import read_file
from gate.report.escape import visible
from sandbox.errors import UsageError

_START = """\
# What sandtable judges by: docs/policy.md. Kept beside the configuration; the target's file judges a change.
# Editors complete it with: sandtable policy schema > sandtable.schema.json
# yaml-language-server: $schema=sandtable.schema.json
version: 1
preset: {preset}

# rules:                      # another level for a rule's findings: reject, review, note, off
#   resource-forgotten: reject
# protected:                  # never destroyed by a change, whatever else this file says
#   addresses: ["module.billing.*"]
#   tags: {{tier: critical}}
# scope:                      # outside of this, a change does nothing
#   accounts: ["123456789012"]
#   regions: ["eu-*"]
# caps: {{max_delete: 0, max_replace: 5, max_change: 50}}
# waivers:
#   - rule: access-widened
#     address: aws_security_group.load_test
#     reason: open for the load test of the new checkout
#     author: A. Name
#     expires: 2026-12-31
# environments:
#   production:
#     match: {{workspaces: [prod]}}
#     preset: strict
"""


def init(options: argparse.Namespace) -> int:
    """Print a policy to start from."""
    sys.stdout.write(_START.format(preset=Preset(options.preset).value))
    return 0


def schema(options: argparse.Namespace) -> int:  # noqa: ARG001 - every command has this shape
    """Print the JSON Schema of the file."""
    sys.stdout.write(SCHEMA.read_text(encoding="utf-8"))
    return 0


def check(options: argparse.Namespace) -> int:
    """Read a policy file, and say what it amounts to."""
    file = read_file(options.file)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    sys.stdout.write(f"{visible(file.name)} is valid; its SHA-256 is {file.digest}\n")
    for line in _summary(file, today):
        sys.stdout.write(f"{visible(line)}\n")
    return 0


def explain(options: argparse.Namespace) -> int:
    """Say of one address in a report what was found, and how each finding came to its level."""
    report = read_report(options.report)
    target = report.target
    policy = _policy(options, Whereabouts(account=target.account, region=target.region))
    if not any(options.address in {each.address, each.previous_address} for each in report.diff.changes) and not any(
        options.address == each.address for each in report.verdict.findings
    ):
        known = ", ".join(sorted({each.address for each in report.diff.changes})[:5])
        raise UsageError(
            f"The report says nothing of {visible(options.address)}.", hint=f"Among others it has: {visible(known)}."
        )
    for line in explanation(options.address, report, policy, today=report.created_at[:10]):
        sys.stdout.write(f"{visible(line)}\n")
    return 0


def _policy(options: argparse.Namespace, place: Whereabouts) -> Policy:
    path = options.policy or (Path(FILE_NAME) if Path(FILE_NAME).exists() else None)
    if path is not None:
        return read_file(path).policy_for(place, environment=options.environment)
    if options.environment:
        raise UsageError("The built-in policy has no environments.", hint="Name a policy with --policy.")
    return STRICT


def _summary(file: PolicyFile, today: str) -> Iterator[str]:
    sections = {"everywhere": file.base, **{name: each.section for name, each in file.environments.items()}}
    for name, section in sections.items():
        preset = section.preset or (file.base.preset or Preset.STRICT)
        parts = (
            f"preset {preset.value}",
            f"{len(section.levels)} rules set",
            f"{len(section.rows)} types",
            f"{len(section.protected.addresses) + len(section.protected.tags)} protected",
            f"{len(section.waivers)} waivers",
        )
        yield f"  {name}: {', '.join(parts)}"
        for waiver in section.waivers:
            if not waiver.holds(today):
                yield f"    the waiver of {waiver.rule} for {waiver.address} ran out on {waiver.expires}"
