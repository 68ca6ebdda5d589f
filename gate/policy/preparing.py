"""What a change does that makes a later loss possible, and whether it still is so when something is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from diffing.change import Action, ResourceChange
from diffing.graph import without_keys
from diffing.values import Marker, Value, path_text, thaw
from gate.policy.contents import Content, Shape, losses_of
from gate.policy.destruction import destroyed, is_destroyed, is_remade
from gate.policy.protections import COPIES
from gate.policy.rule import Evidence
from gate.policy.rules import protection_removed
from gate.policy.stackwords import changes_in_terraform_words
from sandbox.rehearsal import Preparation

BACKUPS = frozenset(
    {
        "AWS::Backup::RecoveryPoint",
        "AWS::DynamoDB::Backup",
        "AWS::EC2::Snapshot",
        "AWS::RDS::DBClusterSnapshot",
        "AWS::RDS::DBSnapshot",
        "aws_ami",
        "aws_backup_plan",
        "aws_backup_selection",
        "aws_backup_vault",
        "aws_backup_vault_lock_configuration",
        "aws_db_cluster_snapshot",
        "aws_db_instance_automated_backups_replication",
        "aws_db_snapshot",
        "aws_dlm_lifecycle_policy",
        "aws_ebs_snapshot",
        "aws_fsx_backup",
        "aws_neptune_cluster_snapshot",
        "aws_redshift_snapshot_schedule_association",
        "aws_s3_bucket_object_lock_configuration",
        "aws_s3_bucket_replication_configuration",
        "aws_s3_bucket_versioning",
    }
)
"""Types that are copies of something else, or make or keep such (documentation of each)."""


def preparations(evidence: Evidence) -> Iterator[Preparation]:
    """Yield what a change prepares, apart from what it destroys itself; day and decision are for whoever remembers."""
    gone = {without_keys(change.address) for change in destroyed(evidence)}
    for change in changes_in_terraform_words(evidence):
        if change.action is Action.UPDATE and not is_destroyed(change):
            yield from _weaker(change)
        elif is_destroyed(change) and not is_remade(change) and change.type in BACKUPS:
            yield Preparation(address=change.address, what="it kept copies, and was deleted", of_backups=True)
    for finding in protection_removed.unguarded(evidence):
        if without_keys(finding.address) not in gone:
            yield Preparation(address=finding.address, what=finding.message)


def still_so(preparation: Preparation, change: ResourceChange) -> bool:
    """Whether what was prepared has not been taken back since, as far as the change shows."""
    if not preparation.attribute:
        return True
    for item in change.attributes:
        if path_text(item.path) == preparation.attribute and not isinstance(item.before, Marker):
            return as_json(item.before) == preparation.left
    return True


def as_json(value: Value) -> str:
    """A value in a form in which it can be remembered."""
    return json.dumps(value.value if isinstance(value, Marker) else thaw(value), sort_keys=True, default=str)


def _weaker(change: ResourceChange) -> Iterator[Preparation]:
    for item in change.attributes:
        for _, text in protection_removed.weakened(replace(change, attributes=(item,))):
            yield Preparation(
                address=change.address, what=text, attribute=path_text(item.path), left=as_json(item.after)
            )
    for copy in COPIES.get(change.type, ()):
        content = Content(path=copy.path, shape=Shape.BLOCKS, what=copy.what, names=copy.names)
        for loss in losses_of(change, (content,)):
            names = ", ".join(filter(None, loss.entries))
            told = f"a {copy.what} was removed{names and f': {names}'}"
            yield Preparation(address=change.address, what=told, of_backups=True)
