"""Networks and how traffic reaches them: EC2's networking part and machines, load balancers, DNS, CDN, API gateways."""

from __future__ import annotations

from sandbox.inventory.catalogue.rows import row
from sandbox.inventory.kinds import Kind

_INSTANCE_READS = tuple(
    f"DescribeInstanceAttribute(InstanceId,Attribute='{name}')"
    for name in ("userData", "disableApiTermination", "instanceInitiatedShutdownBehavior")
)
_VPC_READS = tuple(
    f"DescribeVpcAttribute(VpcId,Attribute='{name}')"
    for name in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
)


def _ec2(
    type_name: str,
    listing: str,
    keys: str,
    *,
    reads: tuple[str, ...] = (),
    names: str = "",
    within: str = "",
    state: str = "",
    unless: str = "",
) -> Kind:
    """EC2's listings say nearly all there is, and its other reads ask about something else: only named ones count."""
    return row(
        f"EC2::{type_name}",
        listing,
        keys,
        reads=reads,
        names=names,
        within=within,
        state=state,
        unless=unless,
        automatic=False,
    )


_EC2 = (
    _ec2(
        "Instance", "DescribeInstances Reservations.Instances", "InstanceId", reads=_INSTANCE_READS, state="State.Name"
    ),
    _ec2("Volume", "DescribeVolumes Volumes", "VolumeId"),
    _ec2(
        "Snapshot",
        "DescribeSnapshots Snapshots",
        "SnapshotId",
        unless="Description Auto-created snapshot for AMI",  # moto's own 1,300
        reads=("DescribeSnapshotAttribute(SnapshotId,Attribute='createVolumePermission')",),
    ),
    _ec2(
        "Image",
        "DescribeImages Images",
        "ImageId",
        state="State",
        reads=("DescribeImageAttribute(ImageId,Attribute='launchPermission')",),
    ),
    _ec2("VPC", "DescribeVpcs Vpcs", "VpcId", reads=_VPC_READS),
    _ec2("Subnet", "DescribeSubnets Subnets", "SubnetId", names="{SubnetArn}"),
    _ec2("SecurityGroup", "DescribeSecurityGroups SecurityGroups", "GroupId", names="{SecurityGroupArn}"),
    _ec2(
        "SecurityGroupRule",
        "DescribeSecurityGroupRules SecurityGroupRules",
        "SecurityGroupRuleId",
        names="{SecurityGroupRuleArn}",
        within="EC2::SecurityGroup GroupId",
    ),
    _ec2("RouteTable", "DescribeRouteTables RouteTables", "RouteTableId"),
    _ec2("InternetGateway", "DescribeInternetGateways InternetGateways", "InternetGatewayId"),
    _ec2(
        "EgressOnlyInternetGateway",
        "DescribeEgressOnlyInternetGateways EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
    ),
    _ec2("NatGateway", "DescribeNatGateways NatGateways", "NatGatewayId", state="State"),
    _ec2("EIP", "DescribeAddresses Addresses", "AllocationId", names="{PublicIp}"),
    _ec2("NetworkAcl", "DescribeNetworkAcls NetworkAcls", "NetworkAclId"),
    _ec2("NetworkInterface", "DescribeNetworkInterfaces NetworkInterfaces", "NetworkInterfaceId"),
    _ec2("VPCEndpoint", "DescribeVpcEndpoints VpcEndpoints", "VpcEndpointId", state="State"),
    _ec2(
        "VPCEndpointService",
        "DescribeVpcEndpointServiceConfigurations ServiceConfigurations",
        "ServiceId",
        names="{ServiceName}",
    ),
    _ec2(
        "VPCPeeringConnection",
        "DescribeVpcPeeringConnections VpcPeeringConnections",
        "VpcPeeringConnectionId",
        state="Status.Code",
    ),
    _ec2("DHCPOptions", "DescribeDhcpOptions DhcpOptions", "DhcpOptionsId"),
    _ec2("FlowLog", "DescribeFlowLogs FlowLogs", "FlowLogId"),
    _ec2("KeyPair", "DescribeKeyPairs KeyPairs", "KeyPairId", names="{KeyName}"),
    _ec2(
        "LaunchTemplate",
        "DescribeLaunchTemplates LaunchTemplates",
        "LaunchTemplateId",
        names="{LaunchTemplateName}",
        reads=("DescribeLaunchTemplateVersions(LaunchTemplateId)",),
    ),
    _ec2(
        "PlacementGroup",
        "DescribePlacementGroups PlacementGroups",
        "GroupName",
        names="{GroupArn} {GroupId}",
        state="State",
    ),
    _ec2(
        "PrefixList",
        "DescribeManagedPrefixLists PrefixLists",
        "PrefixListId",
        names="{PrefixListArn}",
        unless="OwnerId AWS",
        reads=("GetManagedPrefixListEntries(PrefixListId)",),
    ),
    _ec2(
        "CapacityReservation",
        "DescribeCapacityReservations CapacityReservations",
        "CapacityReservationId",
        state="State",
    ),
    _ec2("Host", "DescribeHosts Hosts", "HostId", state="State"),
    _ec2("EC2Fleet", "DescribeFleets Fleets", "FleetId", state="FleetState"),
    _ec2("SpotFleet", "DescribeSpotFleetRequests SpotFleetRequestConfigs", "SpotFleetRequestId"),
    _ec2(
        "SpotInstanceRequest",
        "DescribeSpotInstanceRequests SpotInstanceRequests",
        "SpotInstanceRequestId",
        state="State",
    ),
    _ec2("CustomerGateway", "DescribeCustomerGateways CustomerGateways", "CustomerGatewayId", state="State"),
    _ec2("VPNGateway", "DescribeVpnGateways VpnGateways", "VpnGatewayId", state="State"),
    _ec2("VPNConnection", "DescribeVpnConnections VpnConnections", "VpnConnectionId", state="State"),
    _ec2("ClientVpnEndpoint", "DescribeClientVpnEndpoints ClientVpnEndpoints", "ClientVpnEndpointId"),
    _ec2(
        "TransitGateway",
        "DescribeTransitGateways TransitGateways",
        "TransitGatewayId",
        names="{TransitGatewayArn}",
        state="State",
    ),
    _ec2(
        "TransitGatewayVpcAttachment",
        "DescribeTransitGatewayVpcAttachments TransitGatewayVpcAttachments",
        "TransitGatewayAttachmentId",
        within="EC2::TransitGateway TransitGatewayId",
        state="State",
    ),
    _ec2(
        "TransitGatewayPeeringAttachment",
        "DescribeTransitGatewayPeeringAttachments TransitGatewayPeeringAttachments",
        "TransitGatewayAttachmentId",
        state="State",
    ),
    _ec2(
        "TransitGatewayRouteTable",
        "DescribeTransitGatewayRouteTables TransitGatewayRouteTables",
        "TransitGatewayRouteTableId",
        within="EC2::TransitGateway TransitGatewayId",
        state="State",
    ),
    _ec2("IPAM", "DescribeIpams Ipams", "IpamId", names="{IpamArn}"),
    _ec2("IPAMPool", "DescribeIpamPools IpamPools", "IpamPoolId", names="{IpamPoolArn}"),
    _ec2("IPAMScope", "DescribeIpamScopes IpamScopes", "IpamScopeId", names="{IpamScopeArn}"),
)

_REST_API = "ApiGateway::RestApi"
_HTTP_API = "ApiGatewayV2::Api"

NETWORK: dict[str, tuple[Kind, ...]] = {
    "ec2": _EC2,
    "elb": (
        row(
            "ElasticLoadBalancing::LoadBalancer",
            "DescribeLoadBalancers LoadBalancerDescriptions",
            "LoadBalancerName LoadBalancerNames=[LoadBalancerName]",
            names="{DNSName}",
        ),
    ),
    "elbv2": (
        row(
            "ElasticLoadBalancingV2::LoadBalancer",
            "DescribeLoadBalancers LoadBalancers",
            "LoadBalancerArn",
            names="{LoadBalancerName} {DNSName}",
            skip="DescribeCapacityReservation DescribeTargetHealth",
        ),
        row(
            "ElasticLoadBalancingV2::Listener",
            "DescribeListeners Listeners",
            "ListenerArn",
            parent="ElasticLoadBalancingV2::LoadBalancer",
        ),
        row(
            "ElasticLoadBalancingV2::ListenerRule",
            "DescribeRules Rules",
            "RuleArn",
            arn="{RuleArn}",
            parent="ElasticLoadBalancingV2::Listener",
        ),
        row(
            "ElasticLoadBalancingV2::TargetGroup",
            "DescribeTargetGroups TargetGroups",
            "TargetGroupArn",
            names="{TargetGroupName}",
        ),
        row(
            "ElasticLoadBalancingV2::TrustStore",
            "DescribeTrustStores TrustStores",
            "TrustStoreArn",
            names="{Name}",
            automatic=False,
        ),
    ),
    "autoscaling": (
        row(
            "AutoScaling::AutoScalingGroup",
            "DescribeAutoScalingGroups AutoScalingGroups",
            "AutoScalingGroupName",
            skip="DescribeInstanceRefreshes DescribeScalingActivities DescribeWarmPool",
            reads=("DescribeNotificationConfigurations(AutoScalingGroupNames=[AutoScalingGroupName])",),
        ),
        row(
            "AutoScaling::LaunchConfiguration",
            "DescribeLaunchConfigurations LaunchConfigurations",
            "LaunchConfigurationName",
        ),
        row(
            "AutoScaling::ScalingPolicy",
            "DescribePolicies ScalingPolicies",
            "PolicyARN",
            names="{PolicyName}",
            within="AutoScaling::AutoScalingGroup AutoScalingGroupName",
            automatic=False,
        ),
        row(
            "AutoScaling::ScheduledAction",
            "DescribeScheduledActions ScheduledUpdateGroupActions",
            "ScheduledActionARN",
            names="{ScheduledActionName}",
            automatic=False,
            within="AutoScaling::AutoScalingGroup AutoScalingGroupName",
        ),
    ),
    "route53": (
        row(
            "Route53::HostedZone",
            "ListHostedZones HostedZones",
            "Id=Id|base HostedZoneId=Id|base ResourceId=Id|base ResourceType='hostedzone'",
            names="{Id}",
            born="CallerReference",
            arn="arn:aws:route53:::hostedzone/{Id|base}",
            skip="GetHostedZoneLimit ListTrafficPolicyInstancesByHostedZone",
        ),
        row(
            "Route53::RecordSet",
            "ListResourceRecordSets ResourceRecordSets",
            "StartRecordName=Name",
            parent="Route53::HostedZone",
            id="{HostedZoneId}_{Name}_{Type}_{SetIdentifier?}",
            automatic=False,
        ),
        row(
            "Route53::HealthCheck",
            "ListHealthChecks HealthChecks",
            "HealthCheckId=Id ResourceId=Id ResourceType='healthcheck'",
            born="CallerReference",
            skip="GetHealthCheckStatus GetHealthCheckLastFailureReason",
        ),
    ),
    "cloudfront": (
        row(
            "CloudFront::Distribution",
            "ListDistributions DistributionList.Items",
            "Id DistributionId=Id",
            names="{ARN} {DomainName}",
            skip="GetDistributionConfig ListInvalidations",
            arn="{ARN}",
            reads=("ListTagsForResource(Resource=ARN)",),
        ),
        row(
            "CloudFront::CachePolicy",
            "ListCachePolicies CachePolicyList.Items",
            "Id=CachePolicy.Id",
            skip="GetCachePolicyConfig",
        ),
        row(
            "CloudFront::OriginRequestPolicy",
            "ListOriginRequestPolicies OriginRequestPolicyList.Items",
            "Id=OriginRequestPolicy.Id",
            skip="GetOriginRequestPolicyConfig",
        ),
        row(
            "CloudFront::ResponseHeadersPolicy",
            "ListResponseHeadersPolicies ResponseHeadersPolicyList.Items",
            "Id=ResponseHeadersPolicy.Id",
            skip="GetResponseHeadersPolicyConfig",
        ),
        row(
            "CloudFront::CloudFrontOriginAccessIdentity",
            "ListCloudFrontOriginAccessIdentities CloudFrontOriginAccessIdentityList.Items",
            "Id",
            skip="GetCloudFrontOriginAccessIdentityConfig",
        ),
        row(
            "CloudFront::OriginAccessControl",
            "ListOriginAccessControls OriginAccessControlList.Items",
            "Id",
            skip="GetOriginAccessControlConfig",
        ),
        row("CloudFront::Function", "ListFunctions FunctionList.Items", "Name", skip="GetFunction"),
        row("CloudFront::KeyGroup", "ListKeyGroups KeyGroupList.Items", "Id=KeyGroup.Id", skip="GetKeyGroupConfig"),
        row("CloudFront::PublicKey", "ListPublicKeys PublicKeyList.Items", "Id", skip="GetPublicKeyConfig"),
    ),
    "apigateway": (
        row(
            _REST_API,
            "GetRestApis items",
            "restApiId=id",
            skip="GetUsage GetGatewayResponses",
            arn="arn:aws:apigateway:{region}::/restapis/{id}",
        ),
        row(
            "ApiGateway::Resource",
            "GetResources items",
            "resourceId=id",
            parent=_REST_API,
            id="{restApiId}/{resourceId}",
            names="{id}",
        ),
        row(
            "ApiGateway::Deployment",
            "GetDeployments items",
            "deploymentId=id",
            parent=_REST_API,
            id="{restApiId}/{deploymentId}",
            names="{id}",
        ),
        row(
            "ApiGateway::Stage",
            "GetStages item",
            "stageName",
            parent=_REST_API,
            id="{restApiId}/{stageName}",
            arn="arn:aws:apigateway:{region}::/restapis/{restApiId}/stages/{stageName}",
        ),
        row(
            "ApiGateway::Authorizer",
            "GetAuthorizers items",
            "authorizerId=id",
            parent=_REST_API,
            id="{restApiId}/{authorizerId}",
            names="{id}",
        ),
        row(
            "ApiGateway::Model",
            "GetModels items",
            "modelName=name",
            parent=_REST_API,
            id="{restApiId}/{modelName}",
            names="{id}",
            skip="GetModelTemplate",
        ),
        row(
            "ApiGateway::RequestValidator",
            "GetRequestValidators items",
            "requestValidatorId=id",
            parent=_REST_API,
            id="{restApiId}/{requestValidatorId}",
            names="{id}",
        ),
        row("ApiGateway::ApiKey", "GetApiKeys items", "apiKey=id", names="{name}"),
        row("ApiGateway::UsagePlan", "GetUsagePlans items", "usagePlanId=id", names="{name}", skip="GetUsage"),
        row("ApiGateway::DomainName", "GetDomainNames items", "domainName"),
        row("ApiGateway::VpcLink", "GetVpcLinks items", "vpcLinkId=id", names="{name}"),
        row("ApiGateway::ClientCertificate", "GetClientCertificates items", "clientCertificateId"),
    ),
    "apigatewayv2": (
        row(_HTTP_API, "GetApis Items", "ApiId", arn="arn:aws:apigateway:{region}::/apis/{ApiId}", skip="ExportApi"),
        row(
            "ApiGatewayV2::Stage",
            "GetStages Items",
            "StageName",
            parent=_HTTP_API,
            id="{ApiId}/{StageName}",
            arn="arn:aws:apigateway:{region}::/apis/{ApiId}/stages/{StageName}",
        ),
        row(
            "ApiGatewayV2::Route",
            "GetRoutes Items",
            "RouteId",
            parent=_HTTP_API,
            id="{ApiId}/{RouteId}",
            names="{RouteId}",
        ),
        row(
            "ApiGatewayV2::Integration",
            "GetIntegrations Items",
            "IntegrationId",
            parent=_HTTP_API,
            id="{ApiId}/{IntegrationId}",
            names="{IntegrationId}",
        ),
        row(
            "ApiGatewayV2::Deployment",
            "GetDeployments Items",
            "DeploymentId",
            parent=_HTTP_API,
            id="{ApiId}/{DeploymentId}",
            names="{DeploymentId}",
        ),
        row(
            "ApiGatewayV2::Authorizer",
            "GetAuthorizers Items",
            "AuthorizerId",
            parent=_HTTP_API,
            id="{ApiId}/{AuthorizerId}",
            names="{AuthorizerId}",
        ),
        row(
            "ApiGatewayV2::Model",
            "GetModels Items",
            "ModelId",
            parent=_HTTP_API,
            id="{ApiId}/{ModelId}",
            names="{ModelId}",
            skip="GetModelTemplate",
        ),
        row("ApiGatewayV2::DomainName", "GetDomainNames Items", "DomainName"),
        row("ApiGatewayV2::VpcLink", "GetVpcLinks Items", "VpcLinkId", names="{Name}"),
    ),
    "globalaccelerator": (
        row("GlobalAccelerator::Accelerator", "ListAccelerators Accelerators", "AcceleratorArn", names="{Name}"),
    ),
}
