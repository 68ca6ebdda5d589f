"""The conditions of an IAM statement, in one way of writing, and which of two sets of conditions lets less through.

Source: AWS IAM User Guide, "IAM JSON policy elements: Condition" and "Conditions with multiple context keys or values":
operators and keys are joined by AND, the values of one key by OR (by NOR under a negated operator); names of keys are
compared without case.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Conditions: TypeAlias = "tuple[tuple[str, str, tuple[str, ...]], ...]"
"""Operator, key (lower case) and values (sorted); empty where there is no condition."""

_CALLERS = (
    "aws:principal",
    "aws:source",
    "aws:userid",
    "aws:username",
    "aws:vpcsourceip",
    "kms:calleraccount",
    "s3:dataaccesspoint",
    "lambda:eventsourcetoken",
)
"""Beginnings of the keys that say who calls or from where; a statement for everybody that fixes one is not public."""


def conditions(element: Any) -> Conditions:
    """Read a ``Condition`` element.

    Raises:
        ValueError: it is none.
    """
    if element is None:
        return ()
    if not isinstance(element, dict) or not all(isinstance(keys, dict) for keys in element.values()):
        raise ValueError("a condition is not an object of objects")
    found = [
        (operator, key.lower(), _values(values))
        for operator, keys in element.items()
        # An operator without keys is kept: an empty condition is not a missing one.
        for key, values in (keys or {"": []}).items()
    ]
    return tuple(sorted(found))


def narrower(conditions_: Conditions, than: Conditions) -> bool:
    """Whether whatever satisfies `conditions_` satisfies `than` as well. Errs on the side of no."""
    return all(any(_implies(own, other) for own in conditions_) for other in than)


def names_callers(conditions_: Conditions) -> bool:
    """Whether some condition fixes who calls, or from where."""
    return any(
        key.startswith(_CALLERS) and "Not" not in operator and _fixed(values) and not operator.endswith("IfExists")
        for operator, key, values in conditions_
        if operator != "Null"
    )


def _implies(own: tuple[str, str, tuple[str, ...]], other: tuple[str, str, tuple[str, ...]]) -> bool:
    if own == other:
        return True
    if own[:2] != other[:2] or not own[2] or not other[2] or own[0] == "Null":
        return False
    few, many = (set(other[2]), set(own[2])) if "Not" in own[0] else (set(own[2]), set(other[2]))
    return few <= many


def _fixed(values: tuple[str, ...]) -> bool:
    return bool(values) and not any(value in {"*", "0.0.0.0/0", "::/0"} or not value.strip("*?") for value in values)


def _values(values: Any) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    return tuple(sorted({item if isinstance(item, str) else json.dumps(item, sort_keys=True) for item in listed}))
