"""How some operations must be asked, and which listings show nothing of their own.

Three tables, all keyed by botocore's names. Anything that is not here is asked as its model says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PARAMETERS: Mapping[tuple[str, str], Mapping[str, Any]] = MappingProxyType(
    {
        ("acm", "ListCertificates"): {
            "Includes": {"keyTypes": ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]}
        },
        ("apigateway", "GetResources"): {"embed": ["methods"]},
        ("cloudfront", "ListCachePolicies"): {"Type": "custom"},
        ("cloudfront", "ListOriginRequestPolicies"): {"Type": "custom"},
        ("cloudfront", "ListResponseHeadersPolicies"): {"Type": "custom"},
        ("cloudwatch", "DescribeAlarms"): {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        ("ec2", "DescribeImages"): {"Owners": ["self"]},
        ("ec2", "DescribeSnapshots"): {"OwnerIds": ["self"]},
        ("ecs", "DescribeCapacityProviders"): {"include": ["TAGS"]},
        ("ecs", "DescribeClusters"): {"include": ["ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "TAGS"]},
        ("ecs", "DescribeServices"): {"include": ["TAGS"]},
        ("ecs", "DescribeTaskDefinition"): {"include": ["TAGS"]},
        ("elasticache", "DescribeCacheParameters"): {"Source": "user"},
        ("firehose", "ListDeliveryStreams"): {"Limit": 10000},
        ("glue", "GetConnections"): {"HidePassword": True},
        ("iam", "ListPolicies"): {"Scope": "Local"},
        ("rds", "DescribeDBClusterParameters"): {"Source": "user"},
        ("rds", "DescribeDBParameters"): {"Source": "user"},
        ("redshift", "DescribeClusterParameters"): {"Source": "user"},
        ("secretsmanager", "ListSecretVersionIds"): {"IncludeDeprecated": True},
        ("sqs", "GetQueueAttributes"): {"AttributeNames": ["All"]},
        ("ssm", "DescribePatchBaselines"): {"Filters": [{"Key": "OWNER", "Values": ["Self"]}]},
        ("ssm", "ListDocuments"): {"Filters": [{"Key": "Owner", "Values": ["Self"]}]},
    }
)
"""Parameters that always go with a read: the account's own instead of AWS's, everything instead of a part."""

NOT_LISTINGS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        service: re.compile(rf"^({'|'.join(names.split())})$")
        for service, names in {
            "acm": "GetAccountConfiguration",
            "apigateway": "GetAccount",
            "autoscaling": "DescribeAutoScalingInstances DescribeNotificationConfigurations DescribeTags",
            "cloudfront": "ListDistributionsBy.* ListDistributionTenantsByCustomization GetRealtimeLogConfig",
            "cloudtrail": "ListTrails ListPublicKeys DescribeQuery ListImports GetEventConfiguration "
            "GetInsightSelectors",
            "codebuild": "ListBuild.* ListCurated.* ListReports ListShared.* ListSandboxes",
            "cloudformation": "ListStacks ListHookResults GetHookResult DescribePublisher DescribeType GetTemplate "
            "ListTypeRegistrations ListResourceScans DescribeStackResources DescribeOrganizationsAccess ListExports",
            "dynamodb": "ListContributorInsights ListExports ListImports",
            "ec2": "DescribeInstance(Status|CreditSpecifications|Topology|ImageMetadata|SqlHa.*) "
            "DescribeIamInstanceProfileAssociations DescribeVolumes?(Status|Modifications) "
            "DescribeAddress(esAttribute|Transfers) DescribeVpcClassicLink.* DescribePrefixLists DescribeTags "
            "Describe.*Tasks DescribeSnapshotTierStatus DescribeFast.* GetAwsNetwork.* "
            "DescribeApplicationStatus.* DescribeCapacityBlock.* DescribeCapacityReservationTopology "
            "DescribeCapacityReservation.*Quotes DescribeClassicLinkInstances DescribeElasticGpus "
            "DescribeScheduled.* DescribeMovingAddresses DescribeLaunchTemplateVersions "
            "DescribeTransitGatewayAttachments DescribeReserved.* DescribeImageUsage.* DescribeLockedSnapshots "
            "GetCapacityManager.* List.*RecycleBin DescribeHostReservations DescribeMacHosts "
            "DescribeCapacityManagerDataExports GetVpnConnectionDeviceTypes",
            "ecr": "DescribeRegistry",
            "ecs": "ListTaskDefinitionFamilies ListAccountSettings ListTasks",
            "efs": "DescribeReplicationConfigurations DescribeAccountPreferences",
            "eks": "ListAccessPolicies",
            "elasticache": "DescribeUpdateActions DescribeCacheSecurityGroups ListAllowedNodeTypeModifications",
            "events": "DescribeEventBus ListEventSources ListReplays",
            "glue": "List(Crawlers|DevEndpoints|Jobs|MLTransforms|Triggers|Sessions|ConnectionTypes|Statements) "
            "ListDataQuality(Results|RulesetEvaluationRuns|StatisticAnnotations) GetCrawlerMetrics GetDataflowGraph "
            "GetCatalogImportStatus GetSchemaVersion ListIntegrationTableProperties List(Asset|Form)Types "
            "ListEntities GetResourcePolicies ListGlossaries",
            "iam": "GetAccountAuthorizationDetails GetAccountSummary GetUser GetLoginProfile ListMFADevices "
            "ListSSHPublicKeys ListSigningCertificates ListOrganizationsFeatures ListDelegationRequests "
            "GetAccountProperties GetOutboundWebIdentityFederationInfo",
            "kinesis": "DescribeAccountSettings DescribeStream.* ListShards ListTagsForStream",
            "kms": "ListRetirableGrants",
            "lambda": "GetAccountSettings",
            "logs": "DescribeLogStreams ListLogGroups DescribeQueries DescribeExportTasks DescribeImportTasks "
            "DescribeConfigurationTemplates ListAnomalies GetStorageTierPolicy ListSyslogConfigurations",
            "opensearch": "DescribeReservedInstances GetDefaultApplicationSetting",
            "rds": "DescribeCertificates DescribeDB(Instance|Cluster)AutomatedBackups DescribeDBSnapshotTenant.* "
            "DescribeExportTasks DescribeServerlessV2PlatformVersions DescribeDBSecurityGroups",
            "route53": "Get.*Count ListHostedZonesByName ListTrafficPolicyInstances",
            "s3": "ListDirectoryBuckets",
            "sns": "GetSMS.* ListOriginationNumbers ListPhoneNumbersOptedOut ListSMSSandboxPhoneNumbers",
            "ssm": "DescribeAutomationExecutions DescribeInstance.* DescribeInventoryDeletions DescribePatchGroups "
            "DescribeMaintenanceWindowSchedule GetDefaultPatchBaseline GetInventorySchema GetOpsSummary "
            "ListCommand.* ListCompliance.* ListNodes ListResourceCompliance.* ListOpsItem.* DescribeAssociation",
            "stepfunctions": "ListExecutions",
            "wafv2": "GetRuleGroup GetWebACL ListMobileSdkReleases ListAvailable.* ListAPIKeys",
        }.items()
    }
)
"""Reads without required members that list nothing of their own: twins of another listing, activity, account facts."""

NOT_ASPECTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        service: frozenset(names.split())
        for service, names in {
            "acm": "ListTagsForResource",
            "autoscaling": "DescribeLoadBalancers DescribeLoadBalancerTargetGroups DescribeTrafficSources",
            "cloudwatch": "ListManagedInsightRules GetResourceMetricsConfiguration",
            "cognito-idp": "GetCSVHeader GetSigningCertificate",
            "ecr": "GetLifecyclePolicyPreview",
            "eks": "DescribeInsightsRefresh ListCertificateAuthorities",
            "elbv2": "GetResourcePolicy",
            "opensearch": "DescribeDryRunProgress ListScheduledActions ListVpcEndpointAccess ListVpcEndpointsForDomain",
        }.items()
    }
)
"""Reads that the names of an item could fill, and that say nothing about it."""

DROPPED: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("autoscaling", "DescribeAutoScalingGroups"): frozenset({"Activities"}),
        ("cloudtrail", "GetTrailStatus"): frozenset(
            {"StartLoggingTime", "StopLoggingTime", "TimeLoggingStarted", "TimeLoggingStopped"}
        ),
        ("emr", "GetBlockPublicAccessConfiguration"): frozenset({"BlockPublicAccessConfigurationMetadata"}),
        ("lambda", "GetFunction"): frozenset({"Location"}),
        ("lambda", "GetPolicy"): frozenset({"RevisionId"}),
        ("rds", "DescribeDBInstances"): frozenset({"PendingMaintenanceActions"}),
        ("secretsmanager", "ListSecretVersionIds"): frozenset({"CreatedDate", "LastAccessedDate"}),
        ("dynamodb", "DescribeTable"): frozenset({"ItemCount", "TableSizeBytes", "IndexSizeBytes"}),
        ("ecs", "DescribeServices"): frozenset({"events", "rolloutStateReason"}),
        ("route53", "ListHostedZones"): frozenset({"ResourceRecordSetCount"}),
        ("route53", "GetHostedZone"): frozenset({"ResourceRecordSetCount"}),
        ("wafv2", "GetWebACL"): frozenset({"LockToken"}),
    }
)
"""Members of an answer, at any depth, that move by themselves or are seen better elsewhere."""
