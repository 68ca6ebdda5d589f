"""Values of parameters: from ``--parameters`` files in every form that AWS's own tools take.

* ``[{"ParameterKey": "Name", "ParameterValue": "x"}, …]`` (``aws cloudformation create-stack --parameters file://…``)
* ``["Name=x", …]`` (``aws cloudformation deploy --parameter-overrides file://…``)
* ``{"Parameters": {"Name": "x"}}`` (CodePipeline's template configuration, taken by ``deploy`` as well)
* ``{"Name": "x"}``, in JSON or YAML

Source: https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.cloudformation.template import scalar_text
from sandbox.cloudformation.text import read_document
from sandbox.errors import ConfigurationError

FORMS = 'Write it as [{"ParameterKey": "Name", "ParameterValue": "x"}], ["Name=x"] or {"Name": "x"}.'


def read_parameters(path: Path) -> Mapping[str, str]:
    """Read a file of parameters; an entry with ``UsePreviousValue`` gives no value.

    Raises:
        ConfigurationError: it cannot be read, or has none of the forms.
    """
    document = read_document(path, "parameters file")
    try:
        pairs = list(_pairs(document))
    except ValueError as error:
        raise ConfigurationError(f"The parameters file {path} is not valid: {error}.", hint=FORMS) from error
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"The parameters file {path} gives {twice} twice.", hint=FORMS)
    return dict(pairs)


def _pairs(document: Any) -> Iterator[tuple[str, str]]:
    match document:
        case list():
            for item in document:
                yield from _entry(item)
        case {"Parameters": dict() as inner}:
            yield from _flat(inner)
        case dict():
            yield from _flat(document)
        case _:
            raise ValueError("it is neither a list nor an object")


def _entry(item: Any) -> Iterator[tuple[str, str]]:
    match item:
        case str() if "=" in item:
            name, _, value = item.partition("=")
            yield name, value
        case {"ParameterKey": str() as name, "UsePreviousValue": previous} if previous and "ParameterValue" not in item:
            del name
        case {"ParameterKey": str() as name, "ParameterValue": value} if not isinstance(value, dict | list | None):
            yield name, scalar_text(value)
        case _:
            raise ValueError("an entry has neither ParameterKey and ParameterValue nor the form Name=value")


def _flat(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict) or value is None:
            raise ValueError(f"the value of {name[:80]} is no text")
        yield name, scalar_text(value)
