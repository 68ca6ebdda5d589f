"""Mutants of a Terraform configuration: one literal changed, one block taken out, or one protection turned off.

Works on the text of configurations that are written as `terraform fmt` writes them, which all of `fixtures/` are: a
block's end stands alone, at its beginning's indent. A mutant that does not plan is no mutant; the one who plans it
finds out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Kind: TypeAlias = tuple[str, str, str]
"""Operator, type of the resource, attribute or block."""


class Operator(StrEnum):
    """What was done."""

    VALUE = "value"
    """A literal of a resource is another one: a mutant only where Terraform then makes the resource anew."""
    BLOCK = "block"
    """A block is gone, the resource itself or one inside it."""
    PROTECTION = "protection"
    """A protection is off, a period cut, a way out opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One edit of one file."""

    operator: Operator
    file: str
    where: str
    """``aws_s3_bucket.assets: force_destroy = true``; of a block that is no resource, its first line."""
    start: int
    """The first line that goes, from zero."""
    end: int
    """The line after the last that goes."""
    lines: tuple[str, ...] = ()
    """What comes in their place."""

    def applied_to(self, text: str) -> str:
        """Return the file's text, mutated."""
        lines = text.splitlines()
        return "\n".join([*lines[: self.start], *self.lines, *lines[self.end :]]) + "\n"

    @property
    def address(self) -> str:
        """Of the resource that it is in."""
        return self.where.partition(":")[0]

    @property
    def kind(self) -> Kind:
        """The operator, the type of the resource, and the attribute or block: what it has in common with others."""
        return self.operator.value, self.address.partition(".")[0], self.where.partition(": ")[2].partition(" =")[0]

    @property
    def attribute(self) -> str:
        """The attribute that is another one, of that operator."""
        return self.where.partition(": ")[2].partition(" ")[0]


_TOP = re.compile(r'^(resource|moved|removed)\b(?: "(?P<type>[\w-]+)" "(?P<name>[\w-]+)")? ?\{$')
_NESTED = re.compile(r'^(?P<indent> +)(?P<name>[\w-]+)(?: "[\w-]+")? \{$')
_ATTRIBUTE = re.compile(r'^(?P<indent> +)(?P<name>\w+)(?P<sign> += )(?P<value>"[^"$]*"|true|false|-?\d+)$')
_CIDR = re.compile(r"(\d+)\.(\d+)\.(\d+\.\d+/\d+)")

_OFF: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "block_public_acls": {"true": "false"},
        "block_public_policy": {"true": "false"},
        "deletion_protection": {"true": "false"},
        "deletion_protection_enabled": {"true": "false"},
        "enable_deletion_protection": {"true": "false"},
        "enabled": {"true": "false"},
        "ignore_public_acls": {"true": "false"},
        "is_enabled": {"true": "false"},
        "prevent_destroy": {"true": "false"},
        "restrict_public_buckets": {"true": "false"},
        "skip_final_snapshot": {"false": "true"},
        "status": {'"Enabled"': '"Suspended"', '"ENABLED"': '"DISABLED"'},
    }
)
"""Attributes that protect, the values with which they do, and those with which they do not."""
_CUT: Mapping[str, str] = MappingProxyType(
    {
        "backup_retention_period": "0",
        "desired_count": "0",
        "message_retention_seconds": "60",
        "recovery_window_in_days": "0",
        "reserved_concurrent_executions": "0",
        "retention_in_days": "1",
    }
)
"""Periods and capacities, and the least of each."""
_WAYS_OUT: Mapping[str, str] = MappingProxyType(
    {
        "aws_cloudwatch_log_group": "retention_in_days = 1",
        "aws_ecr_repository": "force_delete = true",
        "aws_ecs_service": "desired_count = 0",
        "aws_kms_key": "is_enabled = false",
        "aws_lambda_function": "reserved_concurrent_executions = 0",
        "aws_s3_bucket": "force_destroy = true",
        "aws_secretsmanager_secret": "recovery_window_in_days = 0",
    }
)
"""What can be written into a resource that does not have it, and takes a protection away."""


_LOCAL = ("terraform_data.", "null_resource.")
_RENEWS = re.compile(r" *(lifecycle \{|\}|replace_triggered_by += \[.*\])?")


def mutants_of(file: str, text: str) -> Iterator[Mutant]:
    """Yield every mutant of one file."""
    lines = text.splitlines()
    for start, end, address in _blocks(lines):
        if address.startswith(_LOCAL):
            continue
        where = address or lines[start]
        yield Mutant(operator=Operator.BLOCK, file=file, where=where, start=start, end=end + 1)
        if address:
            yield from _inside(file, lines, start, end, address)


def is_of_the_change(mutant: Mutant, before: str, change: str) -> bool:
    """Whether a mutant leaves out, or alters, what the change itself adds: without it nothing is lost that was there.

    Args:
        mutant: One of the change's.
        before: The text of all files of the configuration as it was.
        change: The same of the change.
    """
    if mutant.start == mutant.end or not mutant.address.count("."):
        return False
    if mutant.address in re.findall(r"^ +to += ([\w.]+)", change, re.MULTILINE):
        return False
    lines = before.splitlines()
    own = next((lines[start:end] for start, end, address in _blocks(lines) if address == mutant.address), None)
    if own is None:
        return True
    name = mutant.kind[2].partition(" ")[0]
    return bool(name) and not any(re.match(rf" +{re.escape(name)}\b", line) for line in own)


def _blocks(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """First line, last line and address (empty for what is no resource) of every top-level block that can go."""
    for start, line in enumerate(lines):
        if match := _TOP.match(line):
            address = f"{match['type']}.{match['name']}" if match["type"] else ""
            yield start, lines.index("}", start), address


def _inside(file: str, lines: list[str], start: int, end: int, address: str) -> Iterator[Mutant]:
    present = set()
    expires = False
    for number in range(start + 1, end):
        expires = expires and lines[number].strip() != "}"
        if match := _NESTED.match(lines[number]):
            # What no longer expires is kept.
            expires = match["name"] == "ttl"
            last = lines.index(f"{match['indent']}}}", number)
            if match["name"] == "lifecycle" and all(_RENEWS.fullmatch(line) for line in lines[number : last + 1]):
                continue
            where = f"{address}: {match['name']}"
            yield Mutant(operator=Operator.BLOCK, file=file, where=where, start=number, end=last + 1)
        elif (match := _ATTRIBUTE.match(lines[number])) and not (expires and match["name"] == "enabled"):
            present.add(match["name"])
            yield from _changed(file, number, match, address)
    extra = _WAYS_OUT.get(address.partition(".")[0])
    if extra is not None and extra.partition(" ")[0] not in present:
        yield Mutant(
            operator=Operator.PROTECTION,
            file=file,
            where=f"{address}: {extra}",
            start=start + 1,
            end=start + 1,
            lines=(f"  {extra}",),
        )


def _changed(file: str, number: int, match: re.Match[str], address: str) -> Iterator[Mutant]:
    name, value = match["name"], match["value"]
    weaker = _OFF.get(name, {}).get(value) or (_CUT.get(name) if value != _CUT.get(name) else None)
    if weaker is None and len(match["indent"]) != len("  "):
        return
    other = weaker or _another(value)
    yield Mutant(
        operator=Operator.VALUE if weaker is None else Operator.PROTECTION,
        file=file,
        where=f"{address}: {name} = {other}",
        start=number,
        end=number + 1,
        lines=(f"{match['indent']}{name}{match['sign']}{other}",),
    )


def _another(value: str) -> str:
    if value in {"true", "false"}:
        return "false" if value == "true" else "true"
    if not value.startswith('"'):
        return str(int(value) + 1)
    if _CIDR.search(value):
        return _CIDR.sub(r"\1.199.\3", value)
    return f'{value[:-1]}x"'
