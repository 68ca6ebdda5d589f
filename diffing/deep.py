"""What differs between two versions of a resource as an API describes it, found by deepdiff.

Part of `diffing.normalize`, apart from it because deepdiff takes a quarter of a second to load: what compares nothing
but plans does without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deepdiff import DeepDiff
from deepdiff.operator import BaseOperator

from diffing.change import AttributeChange
from diffing.normalize import MAX_DEPTH, appeared, equivalent, paired, same, vanished
from diffing.spelling import may_hold_document
from diffing.values import Marker, Path, Value

_CHANGED = "changed"


def deep_changes(before: Value, after: Value, *, unordered: bool) -> Iterator[AttributeChange]:
    """Yield the leaves in which two values differ, in no particular order; as `diffing.normalize.differences`."""
    left, right = _aligned({"": before}, {"": after}, unordered=unordered)
    if not left and not right:
        return
    diff = DeepDiff(
        left,
        right,
        view="tree",
        custom_operators=[_LeafOperator(unordered=unordered)],
        ignore_private_variables=False,  # by default deepdiff ignores keys that begin with two underscores
        threshold_to_diff_deeper=0,  # by default objects with few keys in common are reported whole
    )
    for kind in (_CHANGED, "dictionary_item_added", "dictionary_item_removed"):
        for level in diff.tree.get(kind, ()):
            path = tuple(level.path(output_format="list"))[1:]
            yield from _leaf_changes(path, level, kind, unordered=unordered)


class _LeafOperator(BaseOperator):
    """Keeps deepdiff to walking objects: whatever is not an object on both sides is a leaf, and compared here.

    Left to itself deepdiff takes markers apart as Python objects and computes text diffs of long strings.
    """

    def __init__(self, *, unordered: bool) -> None:
        super().__init__()
        self._documents = unordered

    def match(self, level: Any) -> bool:
        """Whether this pair is a leaf."""
        return not (isinstance(level.t1, dict) and isinstance(level.t2, dict))

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
        """Report the pair if it differs, and tell deepdiff to go no deeper."""
        if not self._equal(level.t1, level.t2):
            diff_instance.custom_report_result(_CHANGED, level)
        return True

    def _equal(self, a: Value, b: Value) -> bool:
        if self._documents and may_hold_document(a) and may_hold_document(b):
            return equivalent(a, b)
        return same(a, b)


def _aligned(
    before: Mapping[Any, Value], after: Mapping[Any, Value], *, unordered: bool, depth: int = 0
) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Turn two objects into dicts for deepdiff, and lists into dicts by path part; what is equal is left out."""
    left: dict[Any, Any] = {name: item for name, item in before.items() if item is not Marker.ABSENT}
    right: dict[Any, Any] = {name: item for name, item in after.items() if item is not Marker.ABSENT}
    if depth >= MAX_DEPTH:
        # Frozen objects are no dicts: below this depth they are leaves.
        return left, right
    for name in left.keys() & right.keys():
        match left[name], right[name]:
            case Mapping() as a, Mapping() as b:
                aligned = _aligned(a, b, unordered=unordered, depth=depth + 1)
            case tuple() as a, tuple() as b:
                items_a, items_b = paired(a, b, name, unordered=unordered)
                aligned = _aligned(items_a, items_b, unordered=unordered, depth=depth + 1)
            case a, b:
                if type(a) is not type(b) or a != b:
                    continue
                aligned = {}, {}
        left[name], right[name] = aligned
        if not any(aligned):
            del left[name], right[name]
    return left, right


def _leaf_changes(path: Path, level: Any, kind: str, *, unordered: bool) -> Iterator[AttributeChange]:
    """Turn one of deepdiff's findings into changes of leaves."""
    if kind == "dictionary_item_added":
        yield from appeared(level.t2, path, unordered=unordered)
    elif kind == "dictionary_item_removed":
        yield from vanished(level.t1, path, unordered=unordered)
    else:
        yield AttributeChange(path=path, before=level.t1, after=level.t2)
