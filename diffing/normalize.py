"""When two values say the same thing, and where they differ leaf by leaf.

Three strengths of sameness are kept apart, because a gate that confuses them either cries wolf or misses one:

* *the same* (`differences`): JSON equality, 1 and 1.0 alike, true and 1 not;
* *the same for Terraform* (`changed_paths`): besides, null and absent are one, as in Terraform's own plans;
* *equivalent* (`equivalent`): the same effect, however written; for subtracting an engine's noise, never for
  deciding that nothing happened to a resource.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from diffing.change import AttributeChange
from diffing.spelling import has_order, spelled
from diffing.values import Marker, Path, Value

MAX_DEPTH = 60
"""Values nested deeper than this are compared whole: each level takes stack frames, several in deepdiff."""

KEY_NAMES = ("id", "arn", "sid", "name", "key", "indexname", "attributename", "ruleid")
"""Fields that name an item among its siblings, best first (lower case, without underscores)."""

VOLATILE_EVERYWHERE = frozenset(
    {
        "last_modified",
        "last_modified_date",
        "last_modified_time",
        "last_modified_timestamp",
        "last_update_date",
        "last_update_timestamp",
        "last_updated_at",
        "last_updated_date",
        "last_updated_date_time",
        "last_updated_time",
        "latest_restorable_time",
        "lock_token",
        "modified_at",
        "update_time",
        "update_token",
        "updated_at",
    }
)
"""Computed attributes of the AWS provider (5.100) that move with every write, or by themselves, on any type."""

_VOLATILE_BY_TYPE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "aws_autoscaling_group": frozenset({"warm_pool_size"}),
        "aws_cloudfront_distribution": frozenset({"etag", "in_progress_validation_batches", "status"}),
        "aws_cloudfront_function": frozenset({"etag", "live_stage_etag", "status"}),
        "aws_cognito_user_pool": frozenset({"estimated_number_of_users"}),
        "aws_ec2_managed_prefix_list": frozenset({"version"}),
        "aws_efs_file_system": frozenset({"size_in_bytes"}),
        "aws_glue_partition": frozenset({"last_accessed_time", "last_analyzed_time"}),
        "aws_kinesis_firehose_delivery_stream": frozenset({"version_id"}),
        "aws_lambda_event_source_mapping": frozenset({"last_processing_result", "state"}),
        "aws_launch_template": frozenset({"latest_version"}),
        "aws_msk_cluster": frozenset({"current_version"}),
        "aws_mwaa_environment": frozenset({"last_updated"}),
        "aws_s3_bucket_object": frozenset({"version_id"}),
        "aws_s3_object": frozenset({"version_id"}),
        "aws_s3_object_copy": frozenset({"version_id"}),
        "aws_secretsmanager_secret_version": frozenset({"version_id"}),
        "aws_sfn_state_machine": frozenset({"revision_id"}),
        "aws_ssm_document": frozenset({"document_version", "latest_version"}),
        "aws_ssm_parameter": frozenset({"version"}),
    }
    | {
        # The concurrency token of CloudFront's API. Of an S3 object, etag is the content, and is not listed.
        f"aws_cloudfront_{kind}": frozenset({"etag"})
        for kind in (
            "cache_policy",
            "continuous_deployment_policy",
            "field_level_encryption_config",
            "field_level_encryption_profile",
            "key_group",
            "key_value_store",
            "origin_access_control",
            "origin_access_identity",
            "origin_request_policy",
            "public_key",
            "response_headers_policy",
        )
    }
)


def volatile_attributes(resource_type: str) -> frozenset[str]:
    """Return the attributes of a Terraform resource type whose change says nothing about the resource."""
    return VOLATILE_EVERYWHERE | _VOLATILE_BY_TYPE.get(resource_type, frozenset())


def equivalent(a: Value, b: Value) -> bool:
    """Tell whether two values have the same effect, however they are written.

    Null, absent and empty values are one; 1 is 1.0 (but not ``true``); the order of a list is ignored unless its name
    says that order has an effect (`diffing.spelling.ORDERED_NAMES`); text that holds a JSON object or list is compared
    as what it holds. A policy document, recognised by its ``Statement``, follows IAM's rules instead: lists are sets, a
    single item may stand without its list, and nothing empty is left out (an empty condition is not a missing one).

    Each marker is equivalent to itself alone. For ``UNKNOWN`` and ``SENSITIVE`` that is no proof that the values
    behind them are equal: whoever needs the proof has to look for markers first.
    """
    return spelled(a) == spelled(b)


_NOTHING = (None, Marker.ABSENT)
SCALARS = frozenset({bool, float, int, str, type(None), Marker})
"""Types of values that hold no others."""
_EXACT = frozenset({bool, int, str})
"""Types whose values are the same as JSON when Python says so."""


def changed_paths(before: Value, after: Value, *, sensitive: bool = False) -> tuple[AttributeChange, ...]:
    """List the leaves in which two Terraform attribute trees differ, in the order of their paths.

    An ``UNKNOWN`` after is a change unless it was unknown before. Null and absent are one. List items are named by
    index; items that only moved because others came or went are not listed, a mere change of order is.

    Args:
        before: The attributes before; null or absent for a create.
        after: The attributes after; null or absent for a delete.
        sensitive: Also list what is ``SENSITIVE`` on both sides, of which nobody can say whether it changed.
    """
    changes = [
        change
        for change in _walked(before, after, nulls=False)
        if not (change.before in _NOTHING and change.after in _NOTHING)
    ]
    if sensitive:
        hidden = (
            AttributeChange(path=path, before=Marker.SENSITIVE, after=Marker.SENSITIVE)
            for path in _sensitive_paths(before, after, ())
        )
        changes = sorted([*changes, *hidden], key=lambda change: path_order(change.path))
    return tuple(changes)


def differences(before: Value, after: Value, *, unordered: bool = True) -> tuple[AttributeChange, ...]:
    """List the leaves in which two values differ, in the order of their paths; swapping the values swaps each change.

    A subtree that exists on one side only is given leaf by leaf, the other side ``ABSENT``; an empty container is a
    leaf. Where the kind of value changed (null to an object, text to a list), that is one change with both values.

    Args:
        before: The value before; ``ABSENT`` or null where there was none.
        after: The value after.
        unordered: Read the lists as an API's answers, in which order rarely says anything. Lists of scalars are
            multisets, and items of a list of objects with a naming field are paired by that field, whose text then
            takes the index's place in the path (``GlobalSecondaryIndexes.by_owner.Projection``); JSON documents in
            text are compared by what they say. Without it, items equal on both sides are paired and the rest is
            compared by index.
    """
    changes: Iterable[AttributeChange]
    if not unordered:
        return _walked(before, after)
    if isinstance(after, Mapping | tuple) and before in (None, Marker.ABSENT):
        changes = appeared(after, (), unordered=True)
    elif isinstance(before, Mapping | tuple) and after in (None, Marker.ABSENT):
        changes = vanished(before, (), unordered=True)
    else:
        # Takes a quarter of a second to load; a plan is compared without it.
        from diffing.deep import deep_changes  # noqa: PLC0415 - see above

        changes = deep_changes(before, after, unordered=True)
    return tuple(sorted(changes, key=lambda change: path_order(change.path)))


def path_order(path: Path) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts paths: names before indices, indices by number."""
    return tuple((True, part, "") if isinstance(part, int) else (False, 0, part) for part in path)


def same(a: Value, b: Value) -> bool:
    """Tell whether two values are equal as JSON: 1 is 1.0, ``true`` is not 1, and order counts."""
    return spelled(a, strict=True) == spelled(b, strict=True)


def _walked(before: Value, after: Value, *, nulls: bool = True) -> tuple[AttributeChange, ...]:
    """Find what `diffing.deep` finds without ``unordered`` (a property test compares them), in the order of paths.

    A plan has hundreds of thousands of leaves: nothing is built in between, and what is walked in order is not sorted.

    Args:
        before: The value before.
        after: The value after.
        nulls: Also list nulls that are there on one side only.
    """
    found: list[AttributeChange] = []
    if before in _NOTHING and isinstance(after, Mapping | tuple):
        before = Marker.ABSENT
    elif after in _NOTHING and isinstance(before, Mapping | tuple):
        after = Marker.ABSENT
    _collect(before, after, (), found, nulls=nulls)
    return tuple(found)


def _collect(before: Value, after: Value, path: Path, found: list[AttributeChange], *, nulls: bool) -> None:
    """Compare two values down to the leaves."""
    kind = type(before)
    if kind is type(after):
        if kind in _EXACT:
            if before != after:
                found.append(AttributeChange(path=path, before=before, after=after))
            return
        if isinstance(before, MappingProxyType) and isinstance(after, MappingProxyType) and len(path) < MAX_DEPTH:
            # Nearly always; the abstract class takes longer to ask.
            _collect_items(before, after, path, found, nulls=nulls)
            return
    match before, after:
        case (Marker.ABSENT, _):
            found += leaf_changes(after, path, appears=True, nulls=nulls)
        case (_, Marker.ABSENT):
            found += leaf_changes(before, path, appears=False, nulls=nulls)
        case (Mapping(), Mapping()) if len(path) < MAX_DEPTH:
            _collect_items(before, after, path, found, nulls=nulls)
        case (tuple(), tuple()) if len(path) < MAX_DEPTH:
            _collect_items(*_in_order(before, after, path), path, found, nulls=nulls)
        case _:
            if not same(before, after):
                found.append(AttributeChange(path=path, before=before, after=after))


def _in_order(
    before: tuple[Value, ...], after: tuple[Value, ...], path: Path
) -> tuple[dict[str | int, Value], dict[str | int, Value]]:
    """Name the items of two lists by their index, as `paired` does; most lists differ in one item."""
    start = _alike_up_to(before, after)
    if len(before) == len(after) <= start + 1:
        return dict(enumerate(before[start:], start)), dict(enumerate(after[start:], start))
    return paired(before, after, path[-1] if path else "", unordered=False)


def _collect_items(
    before: Mapping[Any, Value], after: Mapping[Any, Value], path: Path, found: list[AttributeChange], *, nulls: bool
) -> None:
    if not before or not after:
        if before or after:
            found += leaf_changes(before or after, path, appears=not before, nulls=nulls)
        return
    for name in sorted({*before, *after}):
        a, b = before.get(name, Marker.ABSENT), after.get(name, Marker.ABSENT)
        # Most leaves are as they were: what can be told here is not asked for elsewhere.
        if type(a) is not type(b) or type(a) not in _EXACT:
            _collect(a, b, (*path, name), found, nulls=nulls)
        elif a != b:
            found.append(AttributeChange(path=(*path, name), before=a, after=b))


def leaf_changes(value: Value, path: Path, *, appears: bool, nulls: bool) -> list[AttributeChange]:
    """List the leaves of a value that is there on one side only, in the order of their paths.

    Args:
        value: The value.
        path: Where it is.
        appears: It is there afterwards; otherwise it was there before.
        nulls: Also list nulls.
    """
    found: list[AttributeChange] = []
    _collect_leaves(value, path, found, _appeared if appears else _vanished, (Marker.ABSENT,) if nulls else _NOTHING)
    return found


def _appeared(path: Path, value: Value) -> AttributeChange:
    return AttributeChange(path=path, before=Marker.ABSENT, after=value)


def _vanished(path: Path, value: Value) -> AttributeChange:
    return AttributeChange(path=path, before=value, after=Marker.ABSENT)


def _collect_leaves(
    value: Value,
    path: Path,
    found: list[AttributeChange],
    made: Callable[[Path, Value], AttributeChange],
    left_out: tuple[Value, ...],
) -> None:
    items: Iterable[tuple[Any, Value]] = ()
    if len(path) < MAX_DEPTH:
        if isinstance(value, tuple):
            items = tuple(enumerate(value))
        elif type(value) not in SCALARS and isinstance(value, Mapping):
            # Names differ from each other: what they stand for is never compared.
            items = sorted(value.items())
    if not items and value not in left_out:
        found.append(made(path, value))
    for name, item in items:
        if type(item) not in SCALARS:
            _collect_leaves(item, (*path, name), found, made, left_out)
        elif item not in left_out:
            found.append(made((*path, name), item))


def paired(
    before: tuple[Value, ...], after: tuple[Value, ...], name: str | int, *, unordered: bool
) -> tuple[dict[str | int, Value], dict[str | int, Value]]:
    """Name the items of two lists so that items which belong together have one name; equal items may be left out."""
    if has_order(name):
        return dict(enumerate(before)), dict(enumerate(after))
    if unordered and (field := _naming_field(before, after)):
        return _by_field(before, field), _by_field(after, field)
    left, right = _without_common(before, after)
    scalars = not any(isinstance(item, Mapping | tuple) for item in (*before, *after))
    if left or right or (unordered and scalars):
        return left, right
    return dict(enumerate(before)), dict(enumerate(after))


def _naming_field(before: tuple[Value, ...], after: tuple[Value, ...]) -> str:
    """Return the field that names the items in both lists, or nothing: text in every item, no two alike in a list."""
    items = [item for item in (*before, *after) if isinstance(item, Mapping)]
    if not items or len(items) != len(before) + len(after):
        return ""
    shared = set(items[0]).intersection(*items[1:])
    for field in sorted(shared, key=_naming_rank):
        if _naming_rank(field)[0] <= len(KEY_NAMES) and all(_distinct(side, field) for side in (before, after)):
            return field
    return ""


def _naming_rank(field: str) -> tuple[int, str]:
    plain = field.lower().replace("_", "")
    if plain in KEY_NAMES:
        return KEY_NAMES.index(plain), field
    return len(KEY_NAMES) + (not plain.endswith(("id", "arn", "name", "key"))), field


def _distinct(items: tuple[Value, ...], field: str) -> bool:
    names = [item[field] for item in items if isinstance(item, Mapping)]
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def _by_field(items: tuple[Value, ...], field: str) -> dict[str | int, Value]:
    return {str(item[field]): item for item in items if isinstance(item, Mapping)}


def _without_common(
    before: tuple[Value, ...], after: tuple[Value, ...]
) -> tuple[dict[str | int, Value], dict[str | int, Value]]:
    """Leave out, of each item, as many as both lists have; what remains keeps its index."""
    if start := _alike_up_to(before, after):
        # These are the first of their kind on both sides, and would be left out below.
        left, right = _without_common(before[start:], after[start:])
        return {int(i) + start: item for i, item in left.items()}, {int(i) + start: item for i, item in right.items()}
    texts_before, texts_after = before, after
    if not all(type(item) is str for item in (*before, *after)):
        texts_before = tuple(spelled(item, strict=True) for item in before)
        texts_after = tuple(spelled(item, strict=True) for item in after)
    common = Counter(texts_before) & Counter(texts_after)
    return _rest(before, texts_before, common), _rest(after, texts_after, common)


def _alike_up_to(before: tuple[Value, ...], after: tuple[Value, ...]) -> int:
    """Count the items, from the start, that are written alike: to Python, 1 and true would be the same."""
    number = 0
    for a, b in zip(before, after, strict=False):
        if a != b or (type(a) is not str and repr(a) != repr(b)):
            break
        number += 1
    return number


def _rest(items: tuple[Value, ...], texts: Sequence[Value], common: Counter[Value]) -> dict[str | int, Value]:
    left_out = Counter(common)
    rest: dict[str | int, Value] = {}
    for index, (item, text) in enumerate(zip(items, texts, strict=True)):
        if left_out[text] > 0:
            left_out[text] -= 1
        else:
            rest[index] = item
    return rest


def appeared(value: Value, path: Path, *, unordered: bool) -> Iterator[AttributeChange]:
    """Yield the leaves of a value that is there afterwards only."""
    for leaf, item in _leaves(value, path, unordered=unordered):
        yield AttributeChange(path=leaf, before=Marker.ABSENT, after=item)


def vanished(value: Value, path: Path, *, unordered: bool) -> Iterator[AttributeChange]:
    """Yield the leaves of a value that was there before only."""
    for leaf, item in _leaves(value, path, unordered=unordered):
        yield AttributeChange(path=leaf, before=item, after=Marker.ABSENT)


def _leaves(value: Value, path: Path, *, unordered: bool) -> Iterator[tuple[Path, Value]]:
    """Walk to the leaves; an empty container, and whatever lies too deep, is a leaf."""
    items: Mapping[Any, Value] = {}
    if len(path) < MAX_DEPTH:
        match value:
            case Mapping():
                items = value
            case tuple():
                items = paired(value, (), path[-1] if path else "", unordered=unordered)[0]
    if not items and value is not Marker.ABSENT:
        yield path, value
    for name, item in items.items():
        yield from _leaves(item, (*path, name), unordered=unordered)


def _sensitive_paths(before: Value, after: Value, path: Path) -> Iterator[Path]:
    match before, after:
        case (Marker.SENSITIVE, Marker.SENSITIVE):
            yield path
        case (Mapping() as a, Mapping() as b):
            for name in a.keys() & b.keys():
                yield from _sensitive_paths(a[name], b[name], (*path, name))
        case (tuple() as a, tuple() as b):
            for index, (item_a, item_b) in enumerate(zip(a, b, strict=False)):
                yield from _sensitive_paths(item_a, item_b, (*path, index))
