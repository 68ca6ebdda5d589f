"""Where data live: buckets, tables, databases, caches, file systems, search, streams of a catalogue."""

from __future__ import annotations

from sandbox.inventory.catalogue.rows import row
from sandbox.inventory.kinds import Kind

_BUCKET = "S3::Bucket"
_BUCKET_SKIP = (
    "GetBucketLifecycle GetBucketNotification GetBucketLocation GetBucketPolicyStatus ListObjects ListObjectVersions "
    "ListMultipartUploads"
)
_OBJECTS_AS_RECORDS = 1000
_RUNS = "GetJobRuns GetJobBookmark ListCrawls GetWorkflowRuns GetMLTaskRuns GetCrawlerMetrics"

DATA: dict[str, tuple[Kind, ...]] = {
    "s3": (
        row(_BUCKET, "ListBuckets Buckets", "Bucket=Name", arn="arn:aws:s3:::{Name}", skip=_BUCKET_SKIP),
        row(
            "S3::Object",
            "ListObjectsV2 Contents",
            "Key",
            parent=_BUCKET,
            id="{Bucket}/{Key}",
            arn="arn:aws:s3:::{Bucket}/{Key}",
            names="s3://{Bucket}/{Key}",
            automatic=False,
            limit=_OBJECTS_AS_RECORDS,
        ),
    ),
    "dynamodb": (
        row(
            "DynamoDB::Table",
            "ListTables TableNames",
            "TableName=@",
            born="TableId",
            skip="ListBackups ListContributorInsights ListExports ListImports DescribeTableReplicaAutoScaling",
        ),
        row("DynamoDB::GlobalTable", "ListGlobalTables GlobalTables", "GlobalTableName"),
        row("DynamoDB::Backup", "ListBackups BackupSummaries", "BackupArn", names="{BackupName}"),
    ),
    "rds": (
        row(
            "RDS::DBInstance",
            "DescribeDBInstances DBInstances",
            "DBInstanceIdentifier",
            names="{DbiResourceId}",
            born="DbiResourceId",
            skip="DescribeValidDBInstanceModifications DescribeDBLogFiles",
        ),
        row(
            "RDS::DBCluster",
            "DescribeDBClusters DBClusters",
            "DBClusterIdentifier",
            names="{DbClusterResourceId}",
            born="DbClusterResourceId",
            skip="DescribeDBClusterBacktracks",
        ),
        row(
            "RDS::GlobalCluster",
            "DescribeGlobalClusters GlobalClusters",
            "GlobalClusterIdentifier",
            names="{GlobalClusterResourceId}",
            born="GlobalClusterResourceId",
        ),
        row("RDS::DBSubnetGroup", "DescribeDBSubnetGroups DBSubnetGroups", "DBSubnetGroupName"),
        row("RDS::DBParameterGroup", "DescribeDBParameterGroups DBParameterGroups", "DBParameterGroupName"),
        row(
            "RDS::DBClusterParameterGroup",
            "DescribeDBClusterParameterGroups DBClusterParameterGroups",
            "DBClusterParameterGroupName",
        ),
        row("RDS::OptionGroup", "DescribeOptionGroups OptionGroupsList", "OptionGroupName"),
        row("RDS::DBSnapshot", "DescribeDBSnapshots DBSnapshots", "DBSnapshotIdentifier"),
        row("RDS::DBClusterSnapshot", "DescribeDBClusterSnapshots DBClusterSnapshots", "DBClusterSnapshotIdentifier"),
        row(
            "RDS::EventSubscription",
            "DescribeEventSubscriptions EventSubscriptionsList",
            "SubscriptionName=CustSubscriptionId",
            arn="{EventSubscriptionArn}",
        ),
        row("RDS::DBProxy", "DescribeDBProxies DBProxies", "DBProxyName", skip="DescribeDBProxyTargets"),
        row("RDS::DBProxyEndpoint", "DescribeDBProxyEndpoints DBProxyEndpoints", "DBProxyEndpointName"),
    ),
    "redshift": (
        row(
            "Redshift::Cluster",
            "DescribeClusters Clusters",
            "ClusterIdentifier",
            born="ClusterCreateTime",
            skip="DescribeResize",
        ),
        row("Redshift::ClusterParameterGroup", "DescribeClusterParameterGroups ParameterGroups", "ParameterGroupName"),
        row(
            "Redshift::ClusterSubnetGroup", "DescribeClusterSubnetGroups ClusterSubnetGroups", "ClusterSubnetGroupName"
        ),
        row("Redshift::ClusterSnapshot", "DescribeClusterSnapshots Snapshots", "SnapshotIdentifier"),
    ),
    "elasticache": (
        row("ElastiCache::CacheCluster", "DescribeCacheClusters CacheClusters", "CacheClusterId"),
        row("ElastiCache::ReplicationGroup", "DescribeReplicationGroups ReplicationGroups", "ReplicationGroupId"),
        row(
            "ElastiCache::GlobalReplicationGroup",
            "DescribeGlobalReplicationGroups GlobalReplicationGroups",
            "GlobalReplicationGroupId",
        ),
        row("ElastiCache::SubnetGroup", "DescribeCacheSubnetGroups CacheSubnetGroups", "CacheSubnetGroupName"),
        row(
            "ElastiCache::ParameterGroup",
            "DescribeCacheParameterGroups CacheParameterGroups",
            "CacheParameterGroupName",
        ),
        row("ElastiCache::ServerlessCache", "DescribeServerlessCaches ServerlessCaches", "ServerlessCacheName"),
        row("ElastiCache::Snapshot", "DescribeSnapshots Snapshots", "SnapshotName"),
        row("ElastiCache::User", "DescribeUsers Users", "UserId"),
        row("ElastiCache::UserGroup", "DescribeUserGroups UserGroups", "UserGroupId"),
    ),
    "memorydb": (
        row("MemoryDB::Cluster", "DescribeClusters Clusters", "ClusterName=Name"),
        row("MemoryDB::ACL", "DescribeACLs ACLs", "ACLName=Name"),
        row("MemoryDB::User", "DescribeUsers Users", "UserName=Name"),
        row("MemoryDB::SubnetGroup", "DescribeSubnetGroups SubnetGroups", "SubnetGroupName=Name"),
        row("MemoryDB::ParameterGroup", "DescribeParameterGroups ParameterGroups", "ParameterGroupName=Name"),
    ),
    "dax": (
        row("DAX::Cluster", "DescribeClusters Clusters", "ClusterName"),
        row("DAX::SubnetGroup", "DescribeSubnetGroups SubnetGroups", "SubnetGroupName"),
        row("DAX::ParameterGroup", "DescribeParameterGroups ParameterGroups", "ParameterGroupName"),
    ),
    "efs": (
        row(
            "EFS::FileSystem",
            "DescribeFileSystems FileSystems",
            "FileSystemId ResourceId=FileSystemId",
            skip="DescribeTags DescribeMountTargets DescribeAccessPoints",
        ),
        row("EFS::MountTarget", "DescribeMountTargets MountTargets", "MountTargetId", parent="EFS::FileSystem"),
        row(
            "EFS::AccessPoint",
            "DescribeAccessPoints AccessPoints",
            "AccessPointId ResourceId=AccessPointId",
            within="EFS::FileSystem FileSystemId",
        ),
    ),
    "fsx": (
        row("FSx::FileSystem", "DescribeFileSystems FileSystems", "FileSystemId", arn="{ResourceARN}"),
        row("FSx::Volume", "DescribeVolumes Volumes", "VolumeId", arn="{ResourceARN}"),
    ),
    "opensearch": (
        row(
            "OpenSearchService::Domain",
            "ListDomainNames DomainNames",
            "DomainName",
            names="{DomainId}",
            born="DomainId",
            skip="DescribeDomainChangeProgress DescribeDomainConfig DescribeDomainHealth "
            "DescribeDomainNodes GetUpgradeStatus ListDomainMaintenances DescribeDomainAutoTunes",
        ),
    ),
    "glue": (
        row(
            "Glue::Database",
            "GetDatabases DatabaseList",
            "DatabaseName=Name Name",
            names="{account}:{Name}",
            arn="arn:aws:glue:{region}:{account}:database/{Name}",
        ),
        row(
            "Glue::Table",
            "GetTables TableList",
            "TableName=Name Name",
            parent="Glue::Database",
            id="{DatabaseName}/{Name}",
            names="{account}:{DatabaseName}:{Name}",
            skip="GetTableVersions GetPartitions GetColumnStatisticsTaskRuns ListColumnStatisticsTaskRuns",
            reads=("GetTable(DatabaseName,Name)",),
        ),
        row("Glue::Crawler", "GetCrawlers Crawlers", "Name CrawlerName=Name", skip=_RUNS),
        row("Glue::Job", "GetJobs Jobs", "JobName=Name", skip=_RUNS),
        row("Glue::Trigger", "GetTriggers Triggers", "Name"),
        row("Glue::Connection", "GetConnections ConnectionList", "Name", automatic=False),
        row("Glue::Workflow", "ListWorkflows Workflows", "Name=@", skip=_RUNS),
        row("Glue::SecurityConfiguration", "GetSecurityConfigurations SecurityConfigurations", "Name"),
        row("Glue::Registry", "ListRegistries Registries", "RegistryName", automatic=False),
        row("Glue::Schema", "ListSchemas Schemas", "SchemaArn", names="{SchemaName}", automatic=False),
        row("Glue::DevEndpoint", "GetDevEndpoints DevEndpoints", "EndpointName"),
        row("Glue::MLTransform", "GetMLTransforms Transforms", "TransformId", skip=_RUNS),
    ),
    "athena": (
        row(
            "Athena::WorkGroup",
            "ListWorkGroups WorkGroups",
            "WorkGroup=Name",
            skip="ListQueryExecutions ListSessions ListNotebookMetadata",
        ),
        row("Athena::DataCatalog", "ListDataCatalogs DataCatalogsSummary", "Name=CatalogName", automatic=False),
        row("Athena::NamedQuery", "ListNamedQueries NamedQueryIds", "NamedQueryId=@"),
    ),
    "backup": (
        row(
            "Backup::BackupVault",
            "ListBackupVaults BackupVaultList",
            "BackupVaultName",
            automatic=False,
            reads=("GetBackupVaultAccessPolicy(BackupVaultName)", "ListTags(ResourceArn=BackupVaultArn)"),
        ),
        row(
            "Backup::BackupPlan",
            "ListBackupPlans BackupPlansList",
            "BackupPlanId",
            names="{BackupPlanName}",
            skip="ListBackupPlanVersions",
        ),
    ),
}
