"""`protection-removed`: what keeps data from being lost is switched off or cut short, with no delete in sight."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from diffing.change import Action, AttributeChange, ResourceChange
from diffing.values import Marker, Path, Value, path_text
from gate.policy.carriers import Created, created, is_about_new
from gate.policy.rule import Evidence, Policy
from gate.policy.stackwords import in_terraform_words
from gate.verdict import Finding, Level

NAME = "protection-removed"

SWITCHES: Mapping[str, tuple[object, ...]] = {
    "backup_policy.status": ("ENABLED",),
    "backup_retention_enabled": (True,),
    "delete_protection": (True,),
    "deletion_policy": ("Retain", "RetainExceptOnCreate", "Snapshot"),  # of a stack's resource
    "deletion_protection": (True, "ACTIVE"),
    "deletion_protection_enabled": (True,),
    "disable_api_termination": (True,),
    "enable_deletion_protection": (True,),
    "is_enabled": (True,),  # of a KMS key: nothing that it encrypted can be read without it
    "point_in_time_recovery": (True,),
    "point_in_time_recovery.enabled": (True,),
    "point_in_time_recovery.status": ("ENABLED",),
    "replica.point_in_time_recovery": (True,),
    "rule.enable_continuous_backup": (True,),
    "termination_protection": (True,),
    "termination_protection_enabled": (True,),
    "update_replace_policy": ("Retain", "Snapshot"),  # of a stack's resource
    "versioning.enabled": (True,),
    "versioning.mfa_delete": (True,),
    "versioning_configuration.mfa_delete": ("Enabled",),
    "versioning_configuration.status": ("Enabled",),
}
"""Attributes that protect, and the values with which they do (AWS provider documentation of each)."""

PERIODS = frozenset(
    {
        "automated_snapshot_retention_period",
        "automatic_backup_retention_days",
        "backup_retention_period",
        "data_retention_in_hours",
        "message_retention_seconds",
        "point_in_time_recovery.recovery_period_in_days",
        "retention_days",
        "retention_in_days",
        "retention_period",
        "retention_period_in_days",
        "retention_properties.magnetic_store_retention_period_in_days",
        "snapshot_retention_limit",
    }
)
"""Attributes that say how long something is kept; cut short, what is older is deleted."""
_FOR_EVER = {"retention_in_days": 0, "retention_days": 0}
"""Log groups and event archives keep everything with this value."""

PREPARATIONS: Mapping[str, object] = {
    "delete_automated_backups": True,
    "force_delete": True,
    "force_destroy": True,
    "recovery_window_in_days": 0,
    "skip_final_backup": True,
    "skip_final_snapshot": True,
}
"""What Terraform is told about a later delete: nothing is lost yet."""

_TELLING = SWITCHES.keys() | PERIODS | PREPARATIONS.keys()
_KEEPING = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})
_LIFECYCLES = frozenset({"aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration"})
_EXPIRY = re.compile(
    r"(lifecycle_)?rule\.(noncurrent_version_)?expiration\.(days|date|noncurrent_days|newer_noncurrent_versions)"
)
_SCOPE = re.compile(r"(lifecycle_)?rule\.(status|enabled|prefix|filter(\..*)?)")


def check(evidence: Evidence, policy: Policy) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Yield a rejection where data lose their protection or their time, a review where a later delete is prepared."""
    changes = in_terraform_words(evidence.diff.changes)
    new = created(changes)
    for change in changes:
        found = (*_expiring(change, new), *_weakened(change)) if change.action in _KEEPING else ()
        for level, text in found:
            yield Finding(
                rule=NAME,
                level=level,
                address=change.address,
                message=text,
                proof=change.proof,
                remediation=(
                    "Leave it as it is. If it must go, a person removes it in a change of its own, after a backup that "
                    "outlives it."
                ),
                causes=change.causes,
            )


def _weakened(change: ResourceChange) -> Iterator[tuple[Level, str]]:
    if change.action is Action.CREATE:
        return
    for item in change.attributes:
        name = _dotted(item.path)
        if name not in _TELLING:
            continue
        where = path_text(item.path)
        if name == "is_enabled" and not change.type.startswith("aws_kms_"):
            continue
        if name in SWITCHES and item.before in SWITCHES[name] and item.after not in SWITCHES[name]:
            yield Level.REJECT, f"{where} is switched off: {_word(item.before)} → {_word(item.after)}"
        elif name in PERIODS and _is_cut(name, item):
            yield (
                Level.REJECT,
                f"{where} is cut from {_word(item.before)} to {_word(item.after)}: what is older is lost",
            )
        elif name in PREPARATIONS and item.after == PREPARATIONS[name] and item.before != item.after:
            yield Level.REVIEW, f"{where} = {_word(item.after)} prepares a delete that keeps nothing"


def _is_cut(name: str, item: AttributeChange) -> bool:
    before, after = item.before, item.after
    if not _is_number(before):
        # Nothing was said before, or nobody knows; what is kept by default differs by type.
        return before is Marker.UNKNOWN
    for_ever = _FOR_EVER.get(name)
    if for_ever is not None and after in {for_ever, None, Marker.ABSENT}:
        return False
    return before == for_ever or not _is_number(after) or float(str(after)) < float(str(before))


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _expiring(change: ResourceChange, new: Created) -> Iterator[tuple[Level, str]]:
    """Rules that delete what is in a bucket, a repository or a table after a time."""
    if is_about_new(change, new):
        return
    if change.type == "aws_ecr_lifecycle_policy" and any(item.path == ("policy",) for item in change.attributes):
        yield Level.REJECT, "images expire by rules that did not hold before"
    for item in change.attributes:
        if change.type in _LIFECYCLES:
            yield from _lifecycle(change, item)
        ttl = change.type == "aws_dynamodb_table" and _dotted(item.path) == "ttl.enabled"
        if ttl and item.after is True and change.action is not Action.CREATE:
            yield Level.REVIEW, "items whose time to live has passed are deleted from now on"


def _lifecycle(change: ResourceChange, item: AttributeChange) -> Iterator[tuple[Level, str]]:
    name, where = _dotted(item.path), path_text(item.path)
    if _EXPIRY.fullmatch(name) and item.after not in (None, Marker.ABSENT, 0) and not _is_later(item):
        yield Level.REJECT, f"objects expire: {where} = {_word(item.after)}, before: {_word(item.before)}"
    narrowed = item.after in ("Disabled", False, Marker.ABSENT)
    if _SCOPE.fullmatch(name) and change.action is not Action.CREATE and not narrowed:
        yield Level.REVIEW, f"{where} changes, and with it which objects expire"


def _is_later(item: AttributeChange) -> bool:
    if _is_number(item.before) and _is_number(item.after):
        return float(str(item.after)) > float(str(item.before))
    return False


def _dotted(path: Path) -> str:
    return ".".join(part for part in path if isinstance(part, str))


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
