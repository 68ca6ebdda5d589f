"""The published document: its schema, the way back, and what becomes of a document that is not one."""

from __future__ import annotations

import copy
import json
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import SAMPLES, attribute, change, reject, report

from diffing.change import (
    Action,
    AttributeChange,
    Lifespan,
    Proof,
    Replacement,
    ResourceChange,
    Reversibility,
    StateDiff,
    Witness,
)
from diffing.snapshot import Identity
from diffing.values import Marker, freeze
from gate.opinion import Disagreement, SecondOpinion, Topic
from gate.report import jsonfmt
from gate.report.model import Proposal, Report, Target
from gate.verdict import Decision, Finding, Level, Verdict
from sandbox.errors import ConfigurationError
from sandbox.rehearsal import (
    ApiCall,
    ApplyOutcome,
    CallKind,
    ClonedObject,
    Cloning,
    Diagnostic,
    EngineInfo,
    Gap,
    GapKind,
    SourceLine,
    Step,
    Timing,
)

VALIDATOR = jsonschema.Draft202012Validator(jsonfmt.schema())

texts = st.text(max_size=8)
paths = st.lists(texts | st.integers(0, 99), max_size=3).map(tuple)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | st.just("marker"),
    lambda inner: (
        st.sampled_from(Marker)
        | st.lists(inner, max_size=2)
        | st.dictionaries(texts | st.sampled_from(["marker", "value"]), inner, max_size=2)
    ),
    max_leaves=5,
).map(freeze)


def several(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2).map(tuple)


seconds = st.floats(allow_nan=False, allow_infinity=False)
stakes = st.dictionaries(texts, st.integers(0, 2**40), max_size=2)
entries = st.dictionaries(texts, values, max_size=2).map(freeze)
BY_ANNOTATION: dict[str, st.SearchStrategy[Any]] = {
    "str": texts,
    "bool": st.booleans(),
    "int": st.integers(),
    "float": seconds,
    "Path": paths,
    "Value": values,
    "tuple[str, ...]": several(texts),
    "tuple[int, ...]": several(st.integers()),
    "tuple[Path, ...]": several(paths),
    "Mapping[str, int]": stakes,
    "Mapping[str, Value]": entries,
    "frozenset[Witness]": st.frozensets(st.sampled_from(Witness)),
    "Reversibility | None": st.none() | st.sampled_from(Reversibility),
}


def filled(kind: type) -> st.SearchStrategy[Any]:
    """Every field of a dataclass drawn by its annotation; what is drawn is then known by the class's name."""
    strategy = st.builds(kind, **{field.name: BY_ANNOTATION[str(field.type)] for field in fields(kind)})
    BY_ANNOTATION[kind.__name__] = strategy
    BY_ANNOTATION[f"{kind.__name__} | None"] = st.none() | strategy
    BY_ANNOTATION[f"tuple[{kind.__name__}, ...]"] = several(strategy)
    BY_ANNOTATION[f"Sequence[{kind.__name__}]"] = several(strategy)
    return strategy


for enumeration in (Action, Replacement, Lifespan, Proof, Decision, Level, CallKind, GapKind, Topic):
    BY_ANNOTATION[enumeration.__name__] = st.sampled_from(enumeration)
for record in (Identity, AttributeChange, ResourceChange, StateDiff, Finding, Verdict):
    filled(record)
BY_ANNOTATION["int | None"] = st.none() | st.integers()
for record in (ApiCall, Gap, Diagnostic, ApplyOutcome, Timing, EngineInfo, Proposal, ClonedObject, Cloning, Step):
    filled(record)
BY_ANNOTATION["Mapping[str, tuple[str, ...]]"] = st.dictionaries(texts, several(texts), max_size=3)
BY_ANNOTATION["Mapping[str, SourceLine]"] = st.dictionaries(
    texts, st.builds(SourceLine, file=texts, line=st.integers(0, 2**40)), max_size=3
)
BY_ANNOTATION["Target"] = st.builds(
    Target, kind=texts, source=texts, account=texts, region=texts, resources=st.integers(0, 2**40)
)
BY_ANNOTATION["Decision | None"] = st.none() | st.sampled_from(Decision)
for record in (Disagreement, SecondOpinion):
    filled(record)
reports = filled(Report).map(lambda drawn: replace(drawn, schema_version="1.0"))


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_fit_the_schema_and_come_back_unchanged(name: str) -> None:
    sample = SAMPLES[name]()
    VALIDATOR.validate(jsonfmt.to_document(sample))
    assert jsonfmt.loads(jsonfmt.dumps(sample)) == sample


@settings(deadline=None, max_examples=60)
@given(reports)
def test_every_report_fits_the_schema_and_comes_back_unchanged(sample: Report) -> None:
    VALIDATOR.validate(jsonfmt.to_document(sample))
    assert jsonfmt.loads(jsonfmt.dumps(sample)) == sample


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(jsonfmt.schema())


def test_every_object_of_the_schema_is_closed_or_says_what_its_entries_are() -> None:
    def objects(node: Any) -> list[dict[str, Any]]:
        if isinstance(node, list):
            return [found for item in node for found in objects(item)]
        if not isinstance(node, dict):
            return []
        here = [node] if node.get("type") == "object" else []
        return here + [found for item in node.values() for found in objects(item)]

    found = objects(jsonfmt.schema())
    assert len(found) > 15
    assert [node for node in found if "additionalProperties" not in node] == []


def test_the_document_says_what_the_contract_promises() -> None:
    document = jsonfmt.to_document(reject())
    assert document["schema_version"] == "1.0"
    assert document["verdict"]["decision"] == "reject"
    assert document["verdict"]["findings"][0]["rule"] == "resource-replaced"
    first = document["diff"]["changes"][0]
    assert (first["address"], first["action"]) == ("aws_dynamodb_table.cost_records", "replace")
    assert first["replace_paths"] == [["name"]]
    assert first["stakes"] == {"before": {"items": 3}, "after": {"items": 0}}
    assert first["witnesses"] == ["calls", "clone", "plan"]
    assert document["diff"]["changes"][1]["replace_paths"] == [["network_configuration", 0, "subnets", 1]]


def test_markers_cannot_be_confused_with_values() -> None:
    impostor = attribute("x", {"marker": "sensitive"}, Marker.SENSITIVE)
    document = jsonfmt.to_document(
        report(diff=StateDiff(changes=(change("a.b", Action.UPDATE, attributes=(impostor,)),)))
    )
    written = document["diff"]["changes"][0]["attributes"][0]
    assert written["before"] == {"marker": "object", "value": {"marker": "sensitive"}}
    assert written["after"] == {"marker": "sensitive"}


def test_numbers_that_json_has_no_word_for_are_written_as_text() -> None:
    sample = report(
        diff=StateDiff(
            changes=(change("a.b", Action.UPDATE, attributes=(attribute("x", float("nan"), float("inf")),)),)
        )
    )
    written = jsonfmt.to_document(sample)["diff"]["changes"][0]["attributes"][0]
    assert (written["before"], written["after"]) == ("nan", "inf")
    jsonfmt.dumps(sample)


def test_the_text_is_printable_ascii() -> None:
    text = jsonfmt.dumps(SAMPLES["hostile"]())
    assert {char for char in text if not " " <= char <= "~"} == {"\n"}


SUBSTITUTES = st.sampled_from(
    [None, True, -1, 1.5, "create", "1.0", [], [1], {}, {"marker": "sensitive"}, {"marker": 1}]
)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_reader_and_schema_agree_on_damaged_documents(data: st.DataObject) -> None:
    document = jsonfmt.to_document(reject())
    node: Any = document
    while True:
        keys = sorted(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    match data.draw(st.sampled_from(["drop", "add", "substitute"])):
        case "drop":
            del node[key]
        case "add" if isinstance(node, dict):
            node["surprise"] = 1
        case _:
            node[key] = copy.deepcopy(data.draw(SUBSTITUTES))
    assert _readable(document) == VALIDATOR.is_valid(document)


def _readable(document: Any) -> bool:
    try:
        jsonfmt.from_document(document)
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "NaN",
        '{"schema_version": "2.0"}',
        '{"schema_version": "1.0"}',
        "[" * 100_000,
        "\ud800",
    ],
)
def test_what_is_not_a_report_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Not a sandtable report") as caught:
        jsonfmt.loads(text)
    assert caught.value.hint


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x80", b"\x00"])
def test_bytes_that_are_not_text_are_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        jsonfmt.loads(data)


def test_the_error_names_the_place() -> None:
    document = jsonfmt.to_document(reject())
    document["diff"]["changes"][3]["action"] = "explode"
    with pytest.raises(ConfigurationError, match=r"\$\.diff\.changes\[3\]\.action, 'create' or 'update'"):
        jsonfmt.from_document(document)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" + "0" * 400])
def test_numbers_beyond_measure_are_refused(number: str) -> None:
    text = jsonfmt.dumps(report()).replace("21.43", number)
    assert number in text
    with pytest.raises(ConfigurationError, match=r"timings\[0\]"):
        jsonfmt.loads(text)


def test_values_nested_beyond_measure_are_refused() -> None:
    document = json.loads(jsonfmt.dumps(reject()))
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    document["diff"]["changes"][0]["attributes"][0]["before"] = deep
    with pytest.raises(ConfigurationError, match="too deeply"):
        jsonfmt.from_document(document)
