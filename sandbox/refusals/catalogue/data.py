"""Databases, tables, buckets and file systems.

Source: the API references of Amazon RDS, DynamoDB, ElastiCache, S3 and EFS.
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, Test, none_of, one_of, present

_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_{}.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html"


def _rds(name: str, operation: str, when: str, error: tuple[str, str], look: Look) -> KnownRefusal:
    code, message = error
    return KnownRefusal(
        name=name,
        service="rds",
        operations=(operation,),
        when=when,
        looks=(look,),
        code=code,
        message=message,
        documentation=_RDS.format(operation),
    )


def _databases(*where: Test) -> Look:
    """A look at all RDS instances that are not gone."""
    gone = none_of("DBInstanceStatus", "deleted")
    return Look(service="rds", operation="DescribeDBInstances", items="DBInstances", where=(*where, gone))


DATA: tuple[KnownRefusal, ...] = (
    _rds(
        "database-protected",
        "DeleteDBInstance",
        "the instance has deletion protection",
        (
            "InvalidParameterCombination",
            "Cannot delete protected DB Instance, please disable deletion protection and try again.",
        ),
        Look(
            service="rds",
            operation="DescribeDBInstances",
            parameters={"DBInstanceIdentifier": "{DBInstanceIdentifier}"},
            items="DBInstances",
            where=(one_of("DBInstanceIdentifier", "{DBInstanceIdentifier}"), one_of("DeletionProtection", "true")),
        ),
    ),
    _rds(
        "database-cluster-protected",
        "DeleteDBCluster",
        "the cluster has deletion protection",
        (
            "InvalidParameterCombination",
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ),
        Look(
            service="rds",
            operation="DescribeDBClusters",
            parameters={"DBClusterIdentifier": "{DBClusterIdentifier}"},
            items="DBClusters",
            where=(one_of("DBClusterIdentifier", "{DBClusterIdentifier}"), one_of("DeletionProtection", "true")),
        ),
    ),
    _rds(
        "database-cluster-with-instances",
        "DeleteDBCluster",
        "an instance belongs to the cluster",
        (
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ),
        _databases(
            one_of("DBClusterIdentifier", "{DBClusterIdentifier}"),
            none_of("DBInstanceStatus", "deleting"),
        ),
    ),
    _rds(
        "database-subnet-group-in-use",
        "DeleteDBSubnetGroup",
        "an instance uses it",
        (
            "InvalidDBSubnetGroupStateFault",
            (
                "Cannot delete the subnet group '{DBSubnetGroupName}' because at least one database instance: "
                "{found.DBInstanceIdentifier} is still using it."
            ),
        ),
        _databases(one_of("DBSubnetGroup.DBSubnetGroupName", "{DBSubnetGroupName}")),
    ),
    _rds(
        "database-parameter-group-in-use",
        "DeleteDBParameterGroup",
        "an instance uses it",
        (
            "InvalidDBParameterGroupState",
            (
                "One or more database instances are still members of this parameter group {DBParameterGroupName}, "
                "so the group cannot be deleted"
            ),
        ),
        _databases(one_of("DBParameterGroups.DBParameterGroupName", "{DBParameterGroupName}")),
    ),
    _rds(
        "database-option-group-in-use",
        "DeleteOptionGroup",
        "an instance uses it",
        (
            "InvalidOptionGroupStateFault",
            "The option group '{OptionGroupName}' cannot be deleted because it is in use.",
        ),
        _databases(one_of("OptionGroupMemberships.OptionGroupName", "{OptionGroupName}")),
    ),
    KnownRefusal(
        name="table-protected",
        service="dynamodb",
        operations=("DeleteTable",),
        when="the table has deletion protection",
        looks=(
            Look(
                service="dynamodb",
                operation="DescribeTable",
                parameters={"TableName": "{TableName}"},
                items="Table",
                where=(one_of("DeletionProtectionEnabled", "true"),),
            ),
        ),
        code="ValidationException",
        message=(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        ),
        documentation="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",
    ),
    KnownRefusal(
        name="cache-subnet-group-in-use",
        service="elasticache",
        operations=("DeleteCacheSubnetGroup",),
        when="a cache cluster uses it",
        looks=(
            Look(
                service="elasticache",
                operation="DescribeCacheClusters",
                items="CacheClusters",
                where=(
                    one_of("CacheSubnetGroupName", "{CacheSubnetGroupName}"),
                    none_of("CacheClusterStatus", "deleted"),
                ),
            ),
        ),
        code="CacheSubnetGroupInUse",
        message="Cache subnet group {CacheSubnetGroupName} is currently in use by a cache cluster.",
        documentation="https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheSubnetGroup.html",
    ),
    KnownRefusal(
        name="bucket-not-empty",
        service="s3",
        operations=("DeleteBucket",),
        when="an object is in it",
        looks=(
            Look(
                service="s3",
                operation="ListObjectsV2",
                parameters={"Bucket": "{Bucket}", "MaxKeys": 1},
                items="Contents",
                where=(present("Key"),),
            ),
        ),
        code="BucketNotEmpty",
        message="The bucket you tried to delete is not empty",
        status=409,
        documentation=_S3,
    ),
    KnownRefusal(
        name="bucket-with-versions",
        service="s3",
        operations=("DeleteBucket",),
        when="a version of an object or a delete marker is in it",
        looks=(
            Look(
                service="s3",
                operation="ListObjectVersions",
                parameters={"Bucket": "{Bucket}", "MaxKeys": 1},
                items="Versions | DeleteMarkers",
                where=(present("Key"),),
            ),
        ),
        code="BucketNotEmpty",
        message="The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        status=409,
        documentation=_S3,
    ),
    KnownRefusal(
        name="file-system-with-mount-targets",
        service="efs",
        operations=("DeleteFileSystem",),
        when="the file system has a mount target",
        looks=(
            Look(
                service="efs",
                operation="DescribeMountTargets",
                parameters={"FileSystemId": "{FileSystemId}"},
                items="MountTargets",
                where=(one_of("FileSystemId", "{FileSystemId}"), none_of("LifeCycleState", "deleted")),
            ),
        ),
        code="FileSystemInUse",
        message=(
            "The file system '{FileSystemId}' cannot be deleted because it has mount targets. "
            "You must delete the mount targets, and then try again."
        ),
        status=409,
        documentation="https://docs.aws.amazon.com/efs/latest/ug/API_DeleteFileSystem.html",
    ),
)
