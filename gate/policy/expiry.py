"""Rules that delete what is inside after a time: of a bucket, a repository, a table.

Sources: Amazon S3 User Guide, "Managing the lifecycle of objects"; Amazon ECR User Guide, "Automate the cleanup of
images by using lifecycle policies"; Amazon DynamoDB Developer Guide, "Using time to live (TTL)".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from diffing.attributes import below
from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import Marker, Value, path_text
from gate.policy.destruction import data
from gate.verdict import Level

_LIFECYCLES = frozenset({"aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration"})
_IMAGES, _TABLE = "aws_ecr_lifecycle_policy", "aws_dynamodb_table"
EXPIRING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**dict.fromkeys(_LIFECYCLES, ("lifecycle_rule", "rule")), _IMAGES: ("policy",), _TABLE: ("ttl",)}
)
"""Types with such rules, and the attributes that hold them."""
# Compiled when a change of one of these types is met: most have none.
_EXPIRY = r"(lifecycle_)?rule\.(noncurrent_version_)?expiration\.(days|date|noncurrent_days|newer_noncurrent_versions)"
_SCOPE = r"(lifecycle_)?rule\.(status|enabled|prefix|filter(\..*)?)"
_WORDS_ONLY = frozenset({"description", "rulePriority"})


def expiring(change: ResourceChange) -> Iterator[tuple[Level, str]]:
    """Yield what expires from now on and did not before."""
    for item in (item for name in EXPIRING.get(change.type, ()) for item in below(change.attributes, name)):
        name = ".".join(part for part in item.path if isinstance(part, str))
        if change.type == _IMAGES and name == "policy" and _further_images(item):
            yield Level.REJECT, "images expire by rules that did not hold before"
        if change.type in _LIFECYCLES:
            yield from _lifecycle(change, name, item)
        if change.type == _TABLE and name == "ttl.enabled" and item.after is True:
            yield from _time_to_live(change)


def _time_to_live(change: ResourceChange) -> Iterator[tuple[Level, str]]:
    if change.action is Action.CREATE:
        return
    inside = ", ".join(f"{name}: {count}" for name, count in data(change.stakes_before).items())
    if inside:
        yield Level.REJECT, f"items whose time to live has passed are deleted from now on; {inside} are in it"
    else:
        yield Level.REVIEW, "items whose time to live has passed are deleted from now on"


def _lifecycle(change: ResourceChange, name: str, item: AttributeChange) -> Iterator[tuple[Level, str]]:
    where = path_text(item.path)
    if re.fullmatch(_EXPIRY, name) and item.after not in (None, Marker.ABSENT, 0) and not _is_later(item):
        yield Level.REJECT, f"objects expire: {where} = {_word(item.after)}, before: {_word(item.before)}"
    narrowed = item.after in ("Disabled", False, Marker.ABSENT)
    if re.fullmatch(_SCOPE, name) and change.action is not Action.CREATE and not narrowed:
        yield Level.REVIEW, f"{where} changes, and with it which objects expire"


def _is_later(item: AttributeChange) -> bool:
    if _is_number(item.before) and _is_number(item.after):
        return float(str(item.after)) > float(str(item.before))
    return False


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _further_images(item: AttributeChange) -> bool:
    """Whether some rule holds that did not before; one that cannot be read is a further one."""
    before, after = _selections(item.before), _selections(item.after)
    return after is None or before is None or not after <= before


def _selections(text: Value) -> frozenset[str] | None:
    if text in (None, "", Marker.ABSENT):
        return frozenset()
    try:
        if not isinstance(text, str):
            return None
        rules = json.loads(text)["rules"]
        return frozenset(
            json.dumps({key: value for key, value in rule.items() if key not in _WORDS_ONLY}, sort_keys=True)
            for rule in rules
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _word(value: Value) -> str:
    match value:
        case None | Marker.ABSENT:
            return "nothing"
        case Marker():
            return f"({value.value})"
        case bool():
            return str(value).lower()
        case _:
            return str(value)
