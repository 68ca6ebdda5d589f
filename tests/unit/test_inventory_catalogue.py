"""The catalogue against botocore's models and CloudFormation's schemas: a misspelt row would silently show nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import cfnlint.data.schemas as cloudformation
import pytest
from botocore.model import ServiceModel

from sandbox.inventory.catalogue import CATALOGUE
from sandbox.inventory.catalogue.questions import DROPPED, NOT_ASPECTS, NOT_LISTINGS, PARAMETERS
from sandbox.inventory.expression import parse_read
from sandbox.inventory.inference import kinds_of, listing_parameters
from sandbox.inventory.kinds import Kind, normal
from sandbox.inventory.operations import available_services, load_service
from sandbox.inventory.stakes import STAKES, Contained, Listed
from sandbox.inventory.terraform_services import service_of
from sandbox.inventory.terraform_types import OWN, PART

ROWS = [(service, kind) for service, kinds in CATALOGUE.items() for kind in kinds]
MODELS = botocore.session.Session()

NOT_IN_CLOUDFORMATION = {
    "AWS::EC2::Image",
    "AWS::EC2::SecurityGroupRule",
    "AWS::EC2::Snapshot",
    "AWS::EC2::SpotInstanceRequest",
    "AWS::ECS::ContainerInstance",
    "AWS::KMS::CustomKeyStore",
    "AWS::RDS::DBClusterSnapshot",
    "AWS::Redshift::ClusterSnapshot",
    "AWS::S3::Object",
    "AWS::SNS::PlatformApplication",
    "AWS::SecretsManager::SecretVersion",
}
"""Things that CloudFormation cannot make, named in its manner."""


def model(service: str) -> ServiceModel:
    return MODELS.get_service_model(service)


def ids(rows: list[tuple[str, Kind]]) -> list[str]:
    return [f"{service}:{kind.type}" for service, kind in rows]


@pytest.mark.parametrize("service", sorted(CATALOGUE))
def test_every_listing_and_read_may_be_called(service: str) -> None:
    loaded = load_service(service)
    assert loaded is not None
    named = {kind.listing for kind in CATALOGUE[service]}
    named |= {parse_read(read)[0] for kind in CATALOGUE[service] for read in kind.reads}
    assert named <= loaded.operations.keys()


@pytest.mark.parametrize(("service", "kind"), ROWS, ids=ids(ROWS))
def test_items_and_keys_are_members_of_the_models(service: str, kind: Kind) -> None:
    shape: Any = model(service).operation_model(kind.listing).output_shape
    for name in kind.items.split("."):
        shape = shape.members[name]
        shape = shape.member if shape.type_name == "list" else shape
    for _, expression in kind.keys:
        for path in expression_paths(expression):
            assert reaches(shape, path), f"{path} is no member of {shape.name}"


@pytest.mark.parametrize(("service", "kind"), ROWS, ids=ids(ROWS))
def test_reads_to_avoid_exist(service: str, kind: Kind) -> None:
    assert kind.skip <= set(model(service).operation_names)


@pytest.mark.parametrize(("service", "kind"), ROWS, ids=ids(ROWS))
def test_the_reads_of_a_row_can_be_filled(service: str, kind: Kind) -> None:
    for read in kind.reads:
        name, keys = parse_read(read)
        request = model(service).operation_model(name).input_shape
        given = {member for member, _ in keys} | set(PARAMETERS.get((service, name), {}))
        assert {member for member, _ in keys} <= set(request.members)
        assert set(request.required_members) <= given


def test_every_container_is_a_row_of_the_same_service() -> None:
    for service, kinds in CATALOGUE.items():
        types = {kind.type for kind in kinds}
        for kind in kinds:
            assert not kind.parent or kind.parent in types, f"{service}: {kind.type} is in unknown {kind.parent}"
            assert kind.within is None or kind.within[0] in types


def test_every_listing_of_what_is_contained_can_be_filled_from_its_container() -> None:
    for service, kinds in CATALOGUE.items():
        loaded = load_service(service)
        assert loaded is not None
        for kind in kinds:
            names = {member for ancestor in ancestors(kinds, kind) for member, _ in ancestor.keys}
            names |= {m for m in loaded.operations[kind.listing].required if normal(m) in arn_names(kinds, kind)}
            required = set(loaded.operations[kind.listing].required)
            fixed = set(PARAMETERS.get((service, kind.listing), {}))
            if kind.parent:
                assert required <= names | fixed, f"{service}: {kind.listing} cannot be asked"
                assert names & set(loaded.operations[kind.listing].members)
            else:
                assert listing_parameters(service, loaded.operations[kind.listing])


def test_types_are_unique_and_in_cloudformations_vocabulary() -> None:
    types = [kind.type for _, kind in ROWS]
    assert len(types) == len(set(types))
    schemas = Path(cloudformation.__file__).parent.glob("resources/*.json")
    known = {json.loads(schema.read_text())["typeName"] for schema in schemas}
    unknown = {type_name for type_name in types if type_name not in known}
    assert unknown == NOT_IN_CLOUDFORMATION


def test_the_tables_of_questions_name_what_exists() -> None:
    for service, operation in [*PARAMETERS, *DROPPED]:
        assert operation in model(service).operation_names
    for service, names in NOT_ASPECTS.items():
        assert names <= set(model(service).operation_names)
    for (service, operation), parameters in PARAMETERS.items():
        assert set(parameters) <= set(model(service).operation_model(operation).input_shape.members)


def test_every_pattern_of_no_listings_matches_an_operation() -> None:
    for service, pattern in NOT_LISTINGS.items():
        for part in split_alternatives(pattern.pattern):
            assert any(re.fullmatch(part, name) for name in model(service).operation_names), f"{service}: {part}"


def test_stakes_name_types_and_operations_of_the_catalogue() -> None:
    services = {kind.type: service for service, kind in ROWS}
    for type_name, stakes in STAKES.items():
        for stake in stakes.values():
            if isinstance(stake, Contained):
                assert stake.type in services
            if isinstance(stake, Listed):
                operation = model(services[type_name]).operation_model(stake.operation)
                assert set(stake.keys) <= set(operation.input_shape.members)
                assert set(stake.lists) <= set(operation.output_shape.members)


def test_terraform_tables_name_types_of_the_catalogue_or_of_cloudformation() -> None:
    types = {kind.type for _, kind in ROWS}
    later = {"AWS::AccessAnalyzer::Analyzer"}
    assert {row[0] for row in (OWN | PART).values()} <= types | later
    assert not OWN.keys() & PART.keys()


def test_terraform_types_belong_to_the_service_of_their_row() -> None:
    services = {kind.type: service for service, kind in ROWS}
    by_another_name = {"aws_autoscaling_attachment", "aws_main_route_table_association"}
    for terraform_type, (type_name, _) in (OWN | PART).items():
        if terraform_type in by_another_name or type_name not in services:
            continue
        assert service_of(terraform_type) == services[type_name], terraform_type


def test_every_service_with_a_model_gives_kinds_without_an_error() -> None:
    assert len(available_services()) > 300
    for service in ("sagemaker", "quicksight", "iot", "workspaces", "medialive", "networkmanager"):
        kinds = kinds_of(service)
        assert kinds
        assert all(kind.inferred and kind.type.startswith("AWS::") for kind in kinds)


def test_an_unknown_service_has_no_kinds() -> None:
    assert kinds_of("no-such-service") == ()


def ancestors(kinds: tuple[Kind, ...], kind: Kind) -> Iterator[Kind]:
    for candidate in kinds:
        if candidate.type == kind.parent:
            yield candidate
            yield from ancestors(kinds, candidate)


def arn_names(kinds: tuple[Kind, ...], kind: Kind) -> set[str]:
    return {noun + "arn" for candidate in kinds if candidate.type == kind.parent for noun in candidate.nouns}


def expression_paths(expression: str) -> list[str]:
    inner = expression.strip("[]").partition("|")[0]
    return [] if inner == "@" or inner.startswith("'") else [inner]


def reaches(shape: Any, path: str) -> bool:
    for name in path.split("."):
        if shape.type_name != "structure" or name not in shape.members:
            return False
        shape = shape.members[name]
    return True


def split_alternatives(pattern: str) -> list[str]:
    body, parts, depth = pattern.removeprefix("^(").removesuffix(")$"), [""], 0
    for character in body:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
