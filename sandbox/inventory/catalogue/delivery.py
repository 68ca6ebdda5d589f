"""Messages, events, streams, workflows, logs, metrics, mail."""

from __future__ import annotations

from sandbox.inventory.catalogue.rows import row
from sandbox.inventory.kinds import Kind

_LOG_GROUP = "Logs::LogGroup"
_BUS = "Events::EventBus"

DELIVERY: dict[str, tuple[Kind, ...]] = {
    "sqs": (
        row(
            "SQS::Queue",
            "ListQueues QueueUrls",
            "QueueUrl=@",
            id="{@|base}",
            arn="{QueueArn}",
            born="CreatedTimestamp",
            skip="ListDeadLetterSourceQueues",
        ),
    ),
    "sns": (
        row(
            "SNS::Topic",
            "ListTopics Topics",
            "TopicArn",
            names="{TopicArn}",
            skip="ListSubscriptionsByTopic GetDataProtectionPolicy",
        ),
        row(
            "SNS::Subscription",
            "ListSubscriptions Subscriptions",
            "SubscriptionArn",
            within="SNS::Topic TopicArn",
            skip="ListTagsForResource GetDataProtectionPolicy",
        ),
        row(
            "SNS::PlatformApplication",
            "ListPlatformApplications PlatformApplications",
            "PlatformApplicationArn",
            skip="ListEndpointsByPlatformApplication",
        ),
    ),
    "events": (
        row(_BUS, "ListEventBuses EventBuses", "EventBusName=Name Name", skip="ListRules ListRuleNamesByTarget"),
        row(
            "Events::Rule",
            "ListRules Rules",
            "Rule=Name Name",
            parent=_BUS,
            id="{Arn}",
            names="{Name} {EventBusName}/{Name}",
            automatic=False,
            reads=(
                "DescribeRule(Name,EventBusName)",
                "ListTargetsByRule(Rule,EventBusName)",
                "ListTagsForResource(ResourceARN=Arn)",
            ),
        ),
        row("Events::Archive", "ListArchives Archives", "ArchiveName"),
        row("Events::ApiDestination", "ListApiDestinations ApiDestinations", "Name"),
        row("Events::Connection", "ListConnections Connections", "Name"),
        row("Events::Endpoint", "ListEndpoints Endpoints", "Name"),
    ),
    "scheduler": (
        row("Scheduler::ScheduleGroup", "ListScheduleGroups ScheduleGroups", "Name"),
        row(
            "Scheduler::Schedule",
            "ListSchedules Schedules",
            "Name",
            id="{GroupName}/{Name}",
            within="Scheduler::ScheduleGroup GroupName",
            automatic=False,
            reads=("GetSchedule(Name,GroupName)",),
        ),
    ),
    "pipes": (row("Pipes::Pipe", "ListPipes Pipes", "Name"),),
    "stepfunctions": (
        row(
            "StepFunctions::StateMachine",
            "ListStateMachines stateMachines",
            "stateMachineArn",
            names="{name}",
            state="status",
            skip="ListExecutions",
        ),
        row("StepFunctions::Activity", "ListActivities activities", "activityArn", names="{name}"),
    ),
    "kinesis": (
        row(
            "Kinesis::Stream",
            "ListStreams StreamNames",
            "StreamName=@",
            arn="{StreamARN}",
            reads=("DescribeStreamSummary(StreamName)", "ListShards(StreamName)", "ListTagsForStream(StreamName)"),
            skip="ListStreamConsumers ListTagsForResource DescribeStreamConsumer",
        ),
        row(
            "Kinesis::StreamConsumer",
            "ListStreamConsumers Consumers",
            "ConsumerARN",
            parent="Kinesis::Stream",
            names="{ConsumerName}",
            automatic=False,
        ),
    ),
    "firehose": (
        row(
            "KinesisFirehose::DeliveryStream",
            "ListDeliveryStreams DeliveryStreamNames",
            "DeliveryStreamName=@",
            arn="{DeliveryStreamARN}",
        ),
    ),
    "kafka": (
        row("MSK::Cluster", "ListClustersV2 ClusterInfoList", "ClusterArn", names="{ClusterName}", automatic=False),
        row("MSK::Configuration", "ListConfigurations Configurations", "Arn", names="{Name}", automatic=False),
    ),
    "mq": (
        row("AmazonMQ::Broker", "ListBrokers BrokerSummaries", "BrokerId", names="{BrokerArn} {BrokerName}"),
        row(
            "AmazonMQ::Configuration",
            "ListConfigurations Configurations",
            "ConfigurationId=Id",
            names="{Arn} {Name}",
            automatic=False,
        ),
    ),
    "logs": (
        row(
            _LOG_GROUP,
            "DescribeLogGroups logGroups",
            "logGroupName logGroupIdentifier=logGroupName",
            arn="{logGroupArn}",
            names="{arn}",
            automatic=False,
            reads=(
                "ListTagsForResource(resourceArn=logGroupArn)",
                "ListTagsLogGroup(logGroupName)",
                "GetDataProtectionPolicy(logGroupIdentifier)",
            ),
        ),
        row(
            "Logs::MetricFilter",
            "DescribeMetricFilters metricFilters",
            "filterName",
            id="{logGroupName}:{filterName}",
            within="Logs::LogGroup logGroupName",
            automatic=False,
        ),
        row(
            "Logs::SubscriptionFilter",
            "DescribeSubscriptionFilters subscriptionFilters",
            "filterName",
            id="{logGroupName}|{filterName}",
            parent=_LOG_GROUP,
            automatic=False,
        ),
        row("Logs::ResourcePolicy", "DescribeResourcePolicies resourcePolicies", "policyName", automatic=False),
        row(
            "Logs::QueryDefinition",
            "DescribeQueryDefinitions queryDefinitions",
            "queryDefinitionId",
            names="{name}",
            automatic=False,
        ),
        row("Logs::Destination", "DescribeDestinations destinations", "destinationName", automatic=False),
        row("Logs::Delivery", "DescribeDeliveries deliveries", "id", automatic=False),
        row("Logs::DeliverySource", "DescribeDeliverySources deliverySources", "name", automatic=False),
        row("Logs::DeliveryDestination", "DescribeDeliveryDestinations deliveryDestinations", "name", automatic=False),
    ),
    "cloudwatch": (
        row("CloudWatch::Alarm", "DescribeAlarms MetricAlarms", "AlarmName", skip="DescribeAlarmContributors"),
        row(
            "CloudWatch::CompositeAlarm",
            "DescribeAlarms CompositeAlarms",
            "AlarmName",
            arn="{AlarmArn}",
            skip="DescribeAlarmContributors",
        ),
        row("CloudWatch::Dashboard", "ListDashboards DashboardEntries", "DashboardName"),
        row("CloudWatch::MetricStream", "ListMetricStreams Entries", "Name"),
        row("CloudWatch::InsightRule", "DescribeInsightRules InsightRules", "RuleName=Name", automatic=False),
    ),
    "cloudtrail": (
        row(
            "CloudTrail::Trail",
            "DescribeTrails trailList",
            "Name=TrailARN TrailName=TrailARN",
            id="{Name}",
            arn="{TrailARN}",
            reads=("ListTags(ResourceIdList=[TrailARN])",),
            skip="GetInsightSelectors GetEventConfiguration GetResourcePolicy",
        ),
        row(
            "CloudTrail::EventDataStore",
            "ListEventDataStores EventDataStores",
            "EventDataStore=EventDataStoreArn",
            names="{Name}",
            automatic=False,
            reads=("GetEventDataStore(EventDataStore)",),
        ),
    ),
    "config": (
        row(
            "Config::ConfigRule",
            "DescribeConfigRules ConfigRules",
            "ConfigRuleName",
            names="{ConfigRuleId}",
            skip="GetComplianceDetailsByConfigRule GetCustomRulePolicy",
        ),
        row(
            "Config::ConfigurationRecorder",
            "DescribeConfigurationRecorders ConfigurationRecorders",
            "name",
            automatic=False,
        ),
        row("Config::DeliveryChannel", "DescribeDeliveryChannels DeliveryChannels", "name", automatic=False),
        row(
            "Config::ConfigurationAggregator",
            "DescribeConfigurationAggregators ConfigurationAggregators",
            "ConfigurationAggregatorName",
            automatic=False,
        ),
        row(
            "Config::ConformancePack",
            "DescribeConformancePacks ConformancePackDetails",
            "ConformancePackName",
            automatic=False,
        ),
    ),
    "ses": (
        row(
            "SES::EmailIdentity",
            "ListIdentities Identities",
            "Identities=[@] Identity=@",
            id="{@}",
            skip="ListIdentityPolicies",
        ),
        row("SES::ConfigurationSet", "ListConfigurationSets ConfigurationSets", "ConfigurationSetName=Name"),
        row("SES::Template", "ListTemplates TemplatesMetadata", "TemplateName=Name"),
        row("SES::ReceiptRuleSet", "ListReceiptRuleSets RuleSets", "RuleSetName=Name"),
        row("SES::ReceiptFilter", "ListReceiptFilters Filters", "FilterName=Name"),
    ),
    "servicediscovery": (
        row(
            "ServiceDiscovery::PrivateDnsNamespace",
            "ListNamespaces Namespaces",
            "Id",
            names="{Name}",
            reads=("GetNamespace(Id)",),
        ),
        row(
            "ServiceDiscovery::Service",
            "ListServices Services",
            "Id ServiceId=Id",
            names="{Name}",
            skip="ListInstances GetInstancesHealthStatus",
        ),
    ),
    "appsync": (
        row(
            "AppSync::GraphQLApi",
            "ListGraphqlApis graphqlApis",
            "apiId",
            names="{name}",
            skip="GetIntrospectionSchema GetGraphqlApiEnvironmentVariables ListApiKeys GetApiCache",
        ),
    ),
    "transfer": (row("Transfer::Server", "ListServers Servers", "ServerId", skip="ListExecutions"),),
}
