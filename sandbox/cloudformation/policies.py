"""What CloudFormation does with a resource that leaves its stack or is replaced.

``DeletionPolicy`` speaks when a resource is removed from the template or its stack is deleted, ``UpdateReplacePolicy``
(default: Delete) when it is replaced; neither speaks for the other. Sources:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html
"""

from __future__ import annotations

from sandbox.cloudformation.impact import Fate
from sandbox.cloudformation.resolve import Resource

SNAPSHOT_TYPES = frozenset(
    {
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    }
)
"""Types that support ``Snapshot`` (the pages named above)."""

_DATABASES = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})


def fate_when_removed(resource: Resource) -> Fate:
    """Return what becomes of a resource that is removed from its template, or whose stack is deleted."""
    policy = resource.deletion_policy or _default(resource)
    # RetainExceptOnCreate deletes only what the failed operation itself had created.
    if policy in {"Retain", "RetainExceptOnCreate"}:
        return Fate.RETAINED
    return Fate.SNAPSHOT if policy == "Snapshot" and resource.type in SNAPSHOT_TYPES else Fate.DELETED


def fate_when_replaced(resource: Resource) -> Fate:
    """Return what becomes of the old physical resource; ``resource`` is as the new template has it."""
    if resource.update_replace_policy == "Retain":
        return Fate.RETAINED
    snapshot = resource.update_replace_policy == "Snapshot" and resource.type in SNAPSHOT_TYPES
    return Fate.SNAPSHOT if snapshot else Fate.DELETED


def _default(resource: Resource) -> str:
    """Databases are snapshotted by default, those that belong to a cluster are not."""
    single = resource.type in _DATABASES and "DBClusterIdentifier" not in resource.properties
    return "Snapshot" if single or resource.type == "AWS::RDS::DBCluster" else "Delete"
