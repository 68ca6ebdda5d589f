"""What people do instead of a forced replacement, by type and forcing attribute, each row with its source.

A type or an attribute that is not in the table gets general advice and no source: nothing here is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffing.change import ResourceChange
from diffing.record import dataclass

_PROVIDER = "AWS provider documentation,"
_LIFECYCLE = "Terraform documentation, the lifecycle meta-argument"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One row."""

    types: tuple[str, ...]
    attributes: tuple[str, ...]
    """Names at the top level; empty for any of the type."""
    text: str
    source: str


ALTERNATIVES: tuple[Alternative, ...] = (
    Alternative(
        types=("aws_acm_certificate",),
        attributes=(),
        text="Issue the new certificate first (`lifecycle { create_before_destroy = true }`), so that what "
        "uses the old one is moved before it goes.",
        source=f"{_PROVIDER} aws_acm_certificate",
    ),
    Alternative(
        types=("aws_cloudwatch_log_group",),
        attributes=("name", "name_prefix"),
        text="Let the old group live until its retention has passed: take it out of the state with "
        "`skip_destroy = true`, and write to the new one.",
        source=f"{_PROVIDER} aws_cloudwatch_log_group",
    ),
    Alternative(
        types=("aws_cognito_user_pool",),
        attributes=("alias_attributes", "username_attributes", "schema"),
        text="What users sign in with is fixed when the pool is made. Make a second pool and bring the users "
        "over as they sign in (migrate-user trigger).",
        source="Amazon Cognito Developer Guide, importing users with a user migration Lambda trigger",
    ),
    Alternative(
        types=("aws_db_instance", "aws_rds_cluster"),
        attributes=("storage_encrypted", "kms_key_id"),
        text="Encryption is set when storage is made. Copy a snapshot with the key, restore it beside the old "
        "database, and switch over.",
        source="Amazon RDS User Guide, encrypting Amazon RDS resources",
    ),
    Alternative(
        types=("aws_rds_cluster",),
        attributes=("availability_zones",),
        text="RDS assigns three zones by itself, and fewer in the configuration read as a change: name three, "
        "or `ignore_changes = [availability_zones]`.",
        source=f"{_PROVIDER} aws_rds_cluster",
    ),
    Alternative(
        types=("aws_db_instance", "aws_rds_cluster"),
        attributes=(),
        text="Make the change on a copy that RDS keeps in step (blue/green deployment), and switch over.",
        source="Amazon RDS User Guide, Blue/Green Deployments",
    ),
    Alternative(
        types=("aws_dynamodb_table",),
        attributes=("name", "hash_key", "range_key"),
        text="Name and keys of a table are fixed. Make the new table beside it, export the items to S3 and "
        "import them, let writers write to both, then switch the readers.",
        source="Amazon DynamoDB Developer Guide, import from and export to Amazon S3",
    ),
    Alternative(
        types=("aws_ebs_volume",),
        attributes=("encrypted", "kms_key_id", "availability_zone"),
        text="Make a volume from a snapshot of this one, in the zone and with the key that is wanted, and "
        "attach it in its place.",
        source="Amazon EBS User Guide, Amazon EBS encryption",
    ),
    Alternative(
        types=("aws_efs_file_system",),
        attributes=(),
        text="Replicate to a second file system (`aws_efs_replication_configuration`), and fail over to it.",
        source="Amazon EFS User Guide, replicating file systems",
    ),
    Alternative(
        types=("aws_eks_cluster",),
        attributes=(),
        text="Make a second cluster beside it and move the workloads (blue/green).",
        source="Amazon EKS Best Practices Guide, cluster upgrades",
    ),
    Alternative(
        types=("aws_eks_node_group",),
        attributes=(),
        text="Make a second node group, drain the old one, then remove it.",
        source="Amazon EKS User Guide, migrating to a new node group",
    ),
    Alternative(
        types=("aws_elasticache_replication_group",),
        attributes=("auth_token",),
        text="The token can be rotated and removed in place (`auth_token_update_strategy`).",
        source=f"{_PROVIDER} aws_elasticache_replication_group",
    ),
    Alternative(
        types=("aws_elasticache_replication_group",),
        attributes=("transit_encryption_enabled", "transit_encryption_mode"),
        text="From engine 7 on it is switched in place and in two steps (`transit_encryption_mode` preferred, "
        "then required).",
        source="Amazon ElastiCache User Guide, enabling in-transit encryption",
    ),
    Alternative(
        types=("aws_iam_role", "aws_iam_instance_profile", "aws_launch_configuration"),
        attributes=("name", "name_prefix", "path"),
        text="Use `name_prefix` with `lifecycle { create_before_destroy = true }`, move what uses the old one, "
        "and remove it in a later change.",
        source=_LIFECYCLE,
    ),
    Alternative(
        types=("aws_instance",),
        attributes=("ami", "user_data", "user_data_base64"),
        text="If it changed only because what it refers to moved on (the newest image), fix the value, or "
        "`ignore_changes` it: that is meant for data that should not affect the resource after its "
        "creation.",
        source=_LIFECYCLE,
    ),
    Alternative(
        types=("aws_kms_key",),
        attributes=(),
        text="Make a second key and let the alias point to it; keep the old one for what it has encrypted.",
        source="AWS KMS Developer Guide, rotating keys manually",
    ),
    Alternative(
        types=("aws_lb", "aws_alb"),
        attributes=(),
        text="Make a second load balancer, shift traffic with weighted records, and remove the old one when "
        "nothing reaches it any more.",
        source="Amazon Route 53 Developer Guide, weighted routing",
    ),
    Alternative(
        types=("aws_lb_target_group", "aws_alb_target_group"),
        attributes=(),
        text="Make a second target group and shift traffic between the two (a forward action with weights).",
        source="User Guide for Application Load Balancers, forward actions to several target groups",
    ),
    Alternative(
        types=("aws_s3_bucket",),
        attributes=("bucket", "bucket_prefix"),
        text="A bucket cannot be renamed. Make the new one, replicate the objects that exist (batch "
        "replication), switch over, and keep the old one until nobody reads it.",
        source="Amazon S3 User Guide, replicating existing objects with Batch Replication",
    ),
    Alternative(
        types=("aws_security_group",),
        attributes=("description",),
        text="AWS has no call to edit a description: put what should be editable into tags.",
        source=f"{_PROVIDER} aws_security_group",
    ),
    Alternative(
        types=("aws_security_group",),
        attributes=("name", "name_prefix", "vpc_id"),
        text="Make the new group first (`create_before_destroy`, and a name that differs), attach it where the "
        "old one is, then remove the old one: AWS refuses to delete a group in use.",
        source=f"{_PROVIDER} aws_security_group",
    ),
    Alternative(
        types=("aws_sqs_queue",),
        attributes=("fifo_queue",),
        text="A queue cannot be converted. Make the new one, send there, and drain the old one before it goes.",
        source="Amazon SQS Developer Guide, moving from a standard queue to a FIFO queue",
    ),
    Alternative(
        types=("aws_vpc", "aws_subnet"),
        attributes=("cidr_block",),
        text="A range that exists cannot be resized: add a second one to the VPC "
        "(`aws_vpc_ipv4_cidr_block_association`), and subnets in it.",
        source="Amazon VPC User Guide, VPC CIDR blocks",
    ),
)


def alternatives(change: ResourceChange) -> Iterator[Alternative]:
    """Yield what people do instead of this replacement, the most special row for each forcing attribute."""
    forcing = [str(path[0]) for path in change.replace_paths if path]
    rows = [row for row in ALTERNATIVES if change.type in row.types]
    yield from dict.fromkeys(row for name in forcing for row in _for(rows, name))


def _for(rows: Iterable[Alternative], name: str) -> list[Alternative]:
    known = list(rows)
    named = [row for row in known if name in row.attributes]
    return (named or [row for row in known if not row.attributes])[:1]
