"""Functions, containers, batch, and what is built and deployed to them."""

from __future__ import annotations

from sandbox.inventory.catalogue.rows import row
from sandbox.inventory.kinds import Kind

_CLUSTER = "ECS::Cluster"
_EKS = "EKS::Cluster"
_FUNCTION_SKIP = (
    "GetFunctionConfiguration ListDurableExecutionsByFunction GetFunctionUrlConfig GetFunctionEventInvokeConfig "
    "GetFunctionScalingConfig GetProvisionedConcurrencyConfig GetResourcePolicy ListFunctionVersionsByCapacityProvider"
)

COMPUTE: dict[str, tuple[Kind, ...]] = {
    "lambda": (
        row("Lambda::Function", "ListFunctions Functions", "FunctionName", arn="{FunctionArn}", skip=_FUNCTION_SKIP),
        row(
            "Lambda::Version",
            "ListVersionsByFunction Versions",
            "Qualifier=Version",
            parent="Lambda::Function",
            id="{FunctionArn}",
            unless="Version $LATEST",
            automatic=False,
        ),
        row(
            "Lambda::Alias",
            "ListAliases Aliases",
            "Name",
            parent="Lambda::Function",
            id="{AliasArn}",
            arn="{AliasArn}",
            automatic=False,
            names="{FunctionName}/{Name}",
        ),
        row(
            "Lambda::EventSourceMapping",
            "ListEventSourceMappings EventSourceMappings",
            "UUID",
            within="Lambda::Function FunctionArn",
            arn="{EventSourceMappingArn}",
        ),
        row(
            "Lambda::LayerVersion",
            "ListLayers Layers",
            "LayerName",
            id="{LatestMatchingVersion.LayerVersionArn}",
            names="{LayerArn}",
            automatic=False,
            reads=("ListLayerVersions(LayerName)",),
        ),
        row(
            "Lambda::CodeSigningConfig",
            "ListCodeSigningConfigs CodeSigningConfigs",
            "CodeSigningConfigArn",
            skip="ListFunctionsByCodeSigningConfig",
        ),
    ),
    "ecs": (
        row(
            _CLUSTER,
            "ListClusters clusterArns",
            "cluster=@ clusters=[@]",
            names="{clusterName}",
            state="status",
            reads=("DescribeClusters(clusters)",),
            skip="GetTaskProtection ListTasks ListServices ListDaemons ListContainerInstances ListServiceDeployments",
        ),
        row(
            "ECS::Service",
            "ListServices serviceArns",
            "service=@ services=[@]",
            parent=_CLUSTER,
            state="status",
            names="{cluster|base}/{serviceName} {serviceName}",
            reads=("DescribeServices(cluster,services)",),
            skip="ListServiceDeployments DescribeTaskSets",
        ),
        row(
            "ECS::ContainerInstance",
            "ListContainerInstances containerInstanceArns",
            "containerInstances=[@]",
            id="{@}",
            parent=_CLUSTER,
            automatic=False,
            reads=("DescribeContainerInstances(cluster,containerInstances)",),
        ),
        row(
            "ECS::TaskDefinition",
            "ListTaskDefinitions taskDefinitionArns",
            "taskDefinition=@",
            names="{@|base}",
            state="status",
        ),
        row(
            "ECS::CapacityProvider",
            "DescribeCapacityProviders capacityProviders",
            "capacityProviderArn",
            names="{name}",
        ),
    ),
    "ecr": (
        row(
            "ECR::Repository",
            "DescribeRepositories repositories",
            "repositoryName",
            names="{repositoryUri}",
            skip="ListImages DescribeImages DescribeImageReplicationStatus",
        ),
        row(
            "ECR::PullThroughCacheRule",
            "DescribePullThroughCacheRules pullThroughCacheRules",
            "ecrRepositoryPrefix",
            automatic=False,
        ),
    ),
    "eks": (
        row(
            _EKS,
            "ListClusters clusters",
            "clusterName=@ name=@",
            skip="ListUpdates ListIdentityProviderConfigs ListInsights",
        ),
        row(
            "EKS::Nodegroup",
            "ListNodegroups nodegroups",
            "nodegroupName=@",
            parent=_EKS,
            id="{clusterName}/{nodegroupName}",
            names="{clusterName}:{nodegroupName}",
        ),
        row(
            "EKS::FargateProfile",
            "ListFargateProfiles fargateProfileNames",
            "fargateProfileName=@",
            parent=_EKS,
            id="{clusterName}/{fargateProfileName}",
            names="{clusterName}:{fargateProfileName}",
        ),
        row(
            "EKS::Addon",
            "ListAddons addons",
            "addonName=@",
            parent=_EKS,
            id="{clusterName}/{addonName}",
            names="{clusterName}:{addonName}",
        ),
        row(
            "EKS::AccessEntry",
            "ListAccessEntries accessEntries",
            "principalArn=@",
            parent=_EKS,
            id="{clusterName}/{principalArn}",
            names="{clusterName}:{principalArn}",
        ),
        row("EKS::PodIdentityAssociation", "ListPodIdentityAssociations associations", "associationId", parent=_EKS),
    ),
    "batch": (
        row(
            "Batch::ComputeEnvironment",
            "DescribeComputeEnvironments computeEnvironments",
            "computeEnvironmentArn",
            names="{computeEnvironmentName}",
            state="status",
        ),
        row("Batch::JobQueue", "DescribeJobQueues jobQueues", "jobQueueArn", names="{jobQueueName}", state="status"),
        row(
            "Batch::JobDefinition",
            "DescribeJobDefinitions jobDefinitions",
            "jobDefinitionArn",
            names="{jobDefinitionName}:{revision}",
            state="status",
        ),
        row("Batch::SchedulingPolicy", "ListSchedulingPolicies schedulingPolicies", "arn"),
    ),
    "codebuild": (
        row(
            "CodeBuild::Project",
            "ListProjects projects",
            "names=[@]",
            id="{@}",
            automatic=False,
            reads=("BatchGetProjects(names)",),
        ),
        row(
            "CodeBuild::ReportGroup",
            "ListReportGroups reportGroups",
            "reportGroupArns=[@]",
            id="{@}",
            automatic=False,
            reads=("BatchGetReportGroups(reportGroupArns)",),
        ),
    ),
    "codecommit": (
        row(
            "CodeCommit::Repository",
            "ListRepositories repositories",
            "repositoryName",
            names="{repositoryId}",
            skip="ListPullRequests ListFileCommitHistory",
        ),
    ),
    "codepipeline": (
        row(
            "CodePipeline::Pipeline",
            "ListPipelines pipelines",
            "name pipelineName=name",
            skip="ListPipelineExecutions GetPipelineState ListActionExecutions",
        ),
    ),
    "cloudformation": (
        row(
            "CloudFormation::Stack",
            "DescribeStacks Stacks",
            "StackName",
            names="{StackId}",
            born="StackId",
            state="StackStatus",
            skip="DescribeStackEvents DescribeStackResources ListChangeSets GetTemplateSummary",
        ),
        row(
            "CloudFormation::StackSet",
            "ListStackSets Summaries",
            "StackSetName",
            names="{StackSetId}",
            state="Status",
            skip="ListStackSetOperations ListStackSetAutoDeploymentTargets",
        ),
    ),
    "elasticbeanstalk": (
        row("ElasticBeanstalk::Application", "DescribeApplications Applications", "ApplicationName"),
        row(
            "ElasticBeanstalk::Environment",
            "DescribeEnvironments Environments",
            "EnvironmentId",
            names="{EnvironmentName}",
            state="Status",
            automatic=False,
        ),
    ),
    "emr": (
        row(
            "EMR::Cluster",
            "ListClusters Clusters",
            "ClusterId=Id",
            state="Status.State",
            skip="ListSteps ListBootstrapActions ListInstances GetOnClusterAppUIPresignedURL",
        ),
        row("EMR::SecurityConfiguration", "ListSecurityConfigurations SecurityConfigurations", "Name"),
    ),
}
