"""Every resource type with create-only properties: a generated pair of templates, and the verdict of its schema."""

from __future__ import annotations

import importlib.resources
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diffing.values import freeze
from sandbox.cloudformation.compare import compare_stacks
from sandbox.cloudformation.resolve import Resource, Stack

DECIDED_BY_THE_TEMPLATE = {"AWS::AutoScaling::AutoScalingGroup"}
"""Its conditional properties replace it if its update policy says so."""
CUSTOM = {"AWS::CloudFormation::CustomResource"}


@dataclass(frozen=True, slots=True)
class Case:
    type: str
    pointer: str
    expected: str


def _schemas() -> Iterator[Mapping[str, Any]]:
    folder = importlib.resources.files("cfnlint") / "data" / "schemas"
    index = json.loads((folder / "providers" / "us-east-1.json").read_text())
    for name in index.values():
        yield json.loads((folder / "resources" / f"{name}.json").read_text())


def _cases(schema: Mapping[str, Any]) -> Iterator[Case]:
    """One for each create-only property, and one for a property that is none."""
    type_ = schema["typeName"]
    forcing = schema.get("createOnlyProperties", [])
    perhaps = schema.get("conditionalCreateOnlyProperties", [])
    for pointer in forcing:
        yield Case(type_, pointer, "will replace")
    if type_ not in DECIDED_BY_THE_TEMPLATE:
        for pointer in perhaps:
            covered = any(
                pointer.startswith((f"{other}/", other)) or other.startswith(f"{pointer}/") for other in forcing
            )
            if not covered:
                yield Case(type_, pointer, "may replace")
    if not forcing or type_ in CUSTOM:
        return
    special = [*forcing, *perhaps, *schema.get("readOnlyProperties", [])]
    for name in schema["properties"]:
        if not any(pointer.split("/")[2] == name for pointer in special):
            yield Case(type_, f"/properties/{name}", "will update")
            return


def _with(pointer: str, value: str) -> Mapping[str, Any]:
    built: Any = value
    for part in reversed(pointer.split("/")[2:]):
        built = [built] if part == "*" else {part: built}
    return built


def _stack(case: Case, value: str) -> Mapping[str, Stack]:
    resource = Resource(
        logical_id="R",
        type=case.type,
        properties=freeze(_with(case.pointer, value)),  # type: ignore[arg-type]
        deletion_policy="",
        update_replace_policy="",
    )
    return {"s": Stack(name="s", resources={"R": resource})}


def test_every_create_only_property_of_every_type_means_what_its_schema_says() -> None:
    wrong: list[str] = []
    verdicts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for schema in _schemas():
        for case in _cases(schema):
            (change,) = compare_stacks(_stack(case, "before"), _stack(case, "after")).changes
            service = case.type.split("::")[1]
            verdicts[service][case.expected] += 1
            types[service].add(case.type)
            if change.impact.value != case.expected:
                wrong.append(f"{case.type} {case.pointer}: {change.impact.value}, by the schema {case.expected}")
    print(_table(verdicts, types))  # noqa: T201 - shown with pytest -s
    assert not wrong
    assert sum(len(found) for found in types.values()) > 1_500
    assert sum(found["will replace"] for found in verdicts.values()) > 4_000


def _table(verdicts: Mapping[str, Counter[str]], types: Mapping[str, set[str]]) -> str:
    lines = ["service                        types  will replace  may replace  will update"]
    for service, found in sorted(verdicts.items()):
        counts = [len(types[service]), found["will replace"], found["may replace"], found["will update"]]
        lines.append(f"{service:<30} {counts[0]:>5}  {counts[1]:>12}  {counts[2]:>11}  {counts[3]:>11}")
    total = sum(verdicts.values(), Counter())
    lines.append(
        f"{'all':<30} {sum(map(len, types.values())):>5}  {total['will replace']:>12}  {total['may replace']:>11}  "
        f"{total['will update']:>11}"
    )
    return "\n".join(lines)
