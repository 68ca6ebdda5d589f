"""What protects data, as rows: switches, periods, copies, and what is told in advance about a delete.

Every name is an attribute of the AWS provider (documentation of the resource types that have it,
https://registry.terraform.io/providers/hashicorp/aws/latest/docs). Names are written without indices.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diffing.record import dataclass

SWITCHES: Mapping[str, tuple[object, ...]] = MappingProxyType(
    {
        "backup_policy.status": ("ENABLED",),
        "backup_retention_enabled": (True,),
        "delete_protection": (True,),
        "deletion_policy": ("Retain", "RetainExceptOnCreate", "Snapshot"),  # of a stack's resource
        "deletion_protection": (True, "ACTIVE"),
        "deletion_protection_enabled": (True,),
        "disable_api_stop": (True,),
        "disable_api_termination": (True,),
        "enable_deletion_protection": (True,),
        "point_in_time_recovery": (True,),
        "point_in_time_recovery.enabled": (True,),
        "point_in_time_recovery.status": ("ENABLED",),
        "protect_from_scale_in": (True,),
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
)
"""Attributes that protect whatever has them, and the values with which they do."""

SWITCHES_BY_TYPE: Mapping[str, Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        # Nothing that a key encrypted can be read without it.
        "aws_kms_external_key": {"enabled": (True,)},
        "aws_kms_key": {"is_enabled": (True,)},
        "aws_kms_replica_external_key": {"enabled": (True,)},
        "aws_kms_replica_key": {"enabled": (True,)},
        # No snapshot and no copy is made any more.
        "aws_dlm_lifecycle_policy": {"state": ("ENABLED",)},
        "aws_s3_bucket": {"replication_configuration.rules.status": ("Enabled",)},
        "aws_s3_bucket_replication_configuration": {"rule.status": ("Enabled",)},
    }
)
"""The same, where another type has something else under that name."""

WATCHERS: Mapping[str, Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "aws_cloudtrail": {
            "enable_logging": (True,),
            "enable_log_file_validation": (True,),
            "include_global_service_events": (True,),
            "is_multi_region_trail": (True,),
        },
        "aws_cloudwatch_composite_alarm": {"actions_enabled": (True,)},
        "aws_cloudwatch_metric_alarm": {"actions_enabled": (True,)},
        "aws_config_configuration_recorder_status": {"is_enabled": (True,)},
        "aws_db_instance": {"multi_az": (True,)},
        "aws_ecr_repository": {"image_tag_mutability": ("IMMUTABLE",)},
        "aws_elasticache_replication_group": {"automatic_failover_enabled": (True,), "multi_az_enabled": (True,)},
        "aws_guardduty_detector": {"enable": (True,)},
        "aws_macie2_account": {"status": ("ENABLED",)},
    }
)
"""What watches, or stands by, and would be missed on a bad day: nothing is lost with it by itself."""

PERIODS = frozenset(
    {
        "automated_snapshot_retention_period",
        "automatic_backup_retention_days",
        "backtrack_window",
        "backup_retention_period",
        "data_retention_in_hours",
        "message_retention_seconds",
        "point_in_time_recovery.recovery_period_in_days",
        "policy_details.schedule.retain_rule.count",
        "policy_details.schedule.retain_rule.interval",
        "retention_days",
        "retention_in_days",
        "retention_period",
        "retention_period_in_days",
        "retention_properties.magnetic_store_retention_period_in_days",
        "rule.default_retention.days",
        "rule.default_retention.years",
        "rule.lifecycle.delete_after",
        "snapshot_retention_limit",
    }
)
"""Attributes that say how long something is kept; cut short, what is older is deleted."""

FOR_EVER: Mapping[str, int] = MappingProxyType(
    {"retention_in_days": 0, "retention_days": 0, "rule.lifecycle.delete_after": 0}
)
"""Log groups, event archives and recovery points keep everything with this value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Blocks that each stand for a copy, or for what makes copies."""

    path: tuple[str, ...]
    what: str
    names: tuple[str, ...]
    """Attributes that tell one from another."""


COPIES: Mapping[str, tuple[Copy, ...]] = MappingProxyType(
    {
        "aws_backup_plan": (
            Copy(path=("rule",), what="backup rule", names=("rule_name",)),
            Copy(path=("rule", "copy_action"), what="copy of backups", names=("destination_vault_arn",)),
        ),
        "aws_dynamodb_table": (Copy(path=("replica",), what="replica", names=("region_name",)),),
        "aws_ecr_replication_configuration": (
            Copy(path=("replication_configuration", "rule"), what="replication rule", names=()),
        ),
        "aws_s3_bucket": (Copy(path=("replication_configuration", "rules"), what="replication rule", names=("id",)),),
        "aws_s3_bucket_replication_configuration": (Copy(path=("rule",), what="replication rule", names=("id",)),),
        "aws_secretsmanager_secret": (Copy(path=("replica",), what="replica", names=("region",)),),
    }
)

PREPARATIONS: Mapping[str, object] = MappingProxyType(
    {
        "delete_automated_backups": True,
        "ebs_block_device.delete_on_termination": True,
        "force_delete": True,
        "force_destroy": True,
        "instance_initiated_shutdown_behavior": "terminate",
        "recovery_window_in_days": 0,
        "root_block_device.delete_on_termination": True,
        "skip_final_backup": True,
        "skip_final_snapshot": True,
    }
)
"""What is told in advance about a later delete: nothing is lost yet."""

CALLED_OFF = frozenset(
    {"deletionprotection", "deletionprotectionenabled", "deleteprotection", "disableapitermination"}
    | {"enableterminationprotection", "terminationprotected", "terminationprotectionenabled"}
)
"""Parameters of API calls (lower case) that take a protection off with the value false."""
