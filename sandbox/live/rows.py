"""How things of the inventory are called in Terraform, and by which id the provider imports them: as data.

A row is: Terraform type, CloudFormation type, import id; then clauses. ``each:PATH`` makes one object for every item
there (``.*`` follows a map, whose keys are ``_key``); ``if:`` names a condition (``if:A`` has a value, ``if:!A`` has
none, ``if:A=x``, ``if:A!=x``, ``if:A^=x`` begins with, ``if:A!^=x`` does not). With ``set:NAME=TEMPLATE`` the
object is written here and not read by the provider, which cannot import it or would have to read a secret. A row may go
on in indented lines.

Templates are those of `sandbox.inventory.expression` over the item, the resource's attributes, and ``_id``,
``_parent`` (the containing resource's id), ``_account``, ``_region``, ``_url`` and ``_arn``.

Sources: the section "Import" of each resource's page in the AWS provider's documentation (5.100), and the AWS API
references for the attributes.
"""

from __future__ import annotations

ROWS = """
# --- networks
vpc                                EC2::VPC                     {_id}
vpc_ipv4_cidr_block_association    EC2::VPC                     {AssociationId}  each:_moreCidrBlocks
subnet                             EC2::Subnet                  {_id}
internet_gateway                   EC2::InternetGateway         {_id}
egress_only_internet_gateway       EC2::EgressOnlyInternetGateway {_id}
nat_gateway                        EC2::NatGateway              {_id}
eip                                EC2::EIP                     {_id}
route_table                        EC2::RouteTable              {_id}  if:!_isMain
route                              EC2::RouteTable              {_id}_{DestinationCidrBlock}
    if:_isMain each:_ownRoutes if:DestinationCidrBlock
route                              EC2::RouteTable              {_id}_{DestinationIpv6CidrBlock}
    if:_isMain each:_ownRoutes if:DestinationIpv6CidrBlock
route                              EC2::RouteTable              {_id}_{DestinationPrefixListId}
    if:_isMain each:_ownRoutes if:DestinationPrefixListId
route_table_association            EC2::RouteTable              {SubnetId}/{_id}  each:Associations if:SubnetId
route_table_association            EC2::RouteTable              {GatewayId}/{_id}  each:Associations if:GatewayId
network_acl                        EC2::NetworkAcl              {_id}  if:!IsDefault
security_group                     EC2::SecurityGroup           {_id}  if:GroupName!=default
vpc_security_group_ingress_rule    EC2::SecurityGroupRule       {_id}  if:!IsEgress if:!_isDefaultRule
vpc_security_group_egress_rule     EC2::SecurityGroupRule       {_id}  if:IsEgress if:!_isDefaultRule
network_interface                  EC2::NetworkInterface        {_id}
    if:InterfaceType=interface if:!RequesterManaged if:!Attachment.AttachmentId
vpc_endpoint                       EC2::VPCEndpoint             {_id}
vpc_endpoint_service               EC2::VPCEndpointService      {_id}
vpc_peering_connection             EC2::VPCPeeringConnection    {_id}
vpc_dhcp_options                   EC2::DHCPOptions             {_id}  if:!_isDefault
vpn_gateway                        EC2::VPNGateway              {_id}
vpn_connection                     EC2::VPNConnection           {_id}
customer_gateway                   EC2::CustomerGateway         {_id}
flow_log                           EC2::FlowLog                 {_id}
ec2_managed_prefix_list            EC2::PrefixList              {_id}  if:OwnerId!=AWS
ec2_transit_gateway                EC2::TransitGateway          {_id}
ec2_transit_gateway_vpc_attachment EC2::TransitGatewayVpcAttachment {_id}
ec2_transit_gateway_route_table    EC2::TransitGatewayRouteTable {_id}  if:!DefaultAssociationRouteTable
# --- machines
instance                           EC2::Instance                {_id}
key_pair                           EC2::KeyPair                 {KeyName}
ebs_volume                         EC2::Volume                  {_id}  if:!_isRoot
volume_attachment                  EC2::Volume                  {Device}:{_id}:{InstanceId}
    if:!_isRoot each:Attachments
ebs_snapshot                       EC2::Snapshot                {_id}
launch_template                    EC2::LaunchTemplate          {_id}
placement_group                    EC2::PlacementGroup          {GroupName}
ec2_capacity_reservation           EC2::CapacityReservation     {_id}
ec2_client_vpn_endpoint            EC2::ClientVpnEndpoint       {_id}
ec2_host                           EC2::Host                    {_id}
autoscaling_group                  AutoScaling::AutoScalingGroup {_id}
autoscaling_policy                 AutoScaling::ScalingPolicy   {AutoScalingGroupName}/{PolicyName}
autoscaling_schedule               AutoScaling::ScheduledAction {AutoScalingGroupName}/{ScheduledActionName}
autoscaling_lifecycle_hook         AutoScaling::AutoScalingGroup {_id}/{LifecycleHookName}  each:LifecycleHooks
launch_configuration               AutoScaling::LaunchConfiguration {LaunchConfigurationName}
# --- load balancing
lb                                 ElasticLoadBalancingV2::LoadBalancer {_id}
lb_target_group                    ElasticLoadBalancingV2::TargetGroup {_id}
lb_listener                        ElasticLoadBalancingV2::Listener {_id}
lb_listener_rule                   ElasticLoadBalancingV2::ListenerRule {_id}  if:!IsDefault
lb_target_group_attachment         ElasticLoadBalancingV2::TargetGroup {_id}-{Target.Id}
    each:TargetHealth set:target_group_arn={_id} set:target_id={Target.Id} set:port=Target.Port
elb                                ElasticLoadBalancing::LoadBalancer {_id}
# --- names and edges
route53_zone                       Route53::HostedZone          {_id}
route53_record                     Route53::RecordSet           {_parent}_{_recordName}_{Type}
    if:!SetIdentifier if:!_isApex
route53_record                     Route53::RecordSet           {_parent}_{_recordName}_{Type}_{SetIdentifier}
    if:SetIdentifier
route53_health_check               Route53::HealthCheck         {_id}
cloudfront_distribution            CloudFront::Distribution     {_id}
cloudfront_function                CloudFront::Function         {Name}
cloudfront_origin_access_control   CloudFront::OriginAccessControl {_id}
cloudfront_origin_access_identity  CloudFront::CloudFrontOriginAccessIdentity {_id}
cloudfront_cache_policy            CloudFront::CachePolicy      {_id}
cloudfront_origin_request_policy   CloudFront::OriginRequestPolicy {_id}
cloudfront_response_headers_policy CloudFront::ResponseHeadersPolicy {_id}
cloudfront_public_key              CloudFront::PublicKey        {_id}
cloudfront_key_group               CloudFront::KeyGroup         {_id}
acm_certificate                    CertificateManager::Certificate {_id}  if:Type!=IMPORTED
wafv2_web_acl                      WAFv2::WebACL                {_id}/{Name}/{_wafScope}
wafv2_ip_set                       WAFv2::IPSet                 {_wafId}/{Name}/{_wafScope}
wafv2_regex_pattern_set            WAFv2::RegexPatternSet       {_wafId}/{Name}/{_wafScope}
wafv2_rule_group                   WAFv2::RuleGroup             {_wafId}/{Name}/{_wafScope}
service_discovery_http_namespace   ServiceDiscovery::PrivateDnsNamespace {_id}  if:Type=HTTP
service_discovery_public_dns_namespace ServiceDiscovery::PrivateDnsNamespace {_id}  if:Type=DNS_PUBLIC
service_discovery_service          ServiceDiscovery::Service    {_id}
# --- APIs
api_gateway_rest_api               ApiGateway::RestApi          {_id}
api_gateway_resource               ApiGateway::Resource         {_parent}/{id}  if:path!=/
api_gateway_method                 ApiGateway::Resource         {_parent}/{_resource}/{_key}  each:resourceMethods.*
api_gateway_integration            ApiGateway::Resource         {_parent}/{_resource}/{_key}
    each:resourceMethods.* if:methodIntegration
api_gateway_method_response        ApiGateway::Resource         {_parent}/{_resource}/{_key1}/{_key}
    each:resourceMethods.*.methodResponses.*
api_gateway_integration_response   ApiGateway::Resource         {_parent}/{_resource}/{_key1}/{_key}
    each:resourceMethods.*.methodIntegration.integrationResponses.*
api_gateway_deployment             ApiGateway::Deployment       {_parent}/{id}
api_gateway_stage                  ApiGateway::Stage            {_parent}/{stageName}
api_gateway_authorizer             ApiGateway::Authorizer       {_parent}/{id}
api_gateway_model                  ApiGateway::Model            {_parent}/{name}  if:name!=Empty if:name!=Error
api_gateway_request_validator      ApiGateway::RequestValidator {_parent}/{id}
api_gateway_api_key                ApiGateway::ApiKey           {_id}
api_gateway_usage_plan             ApiGateway::UsagePlan        {_id}
api_gateway_domain_name            ApiGateway::DomainName       {domainName}
api_gateway_vpc_link               ApiGateway::VpcLink          {_id}
api_gateway_client_certificate     ApiGateway::ClientCertificate {_id}
apigatewayv2_api                   ApiGatewayV2::Api            {_id}
apigatewayv2_integration           ApiGatewayV2::Integration    {_parent}/{IntegrationId}
apigatewayv2_route                 ApiGatewayV2::Route          {_parent}/{RouteId}
apigatewayv2_stage                 ApiGatewayV2::Stage          {_parent}/{StageName}
apigatewayv2_authorizer            ApiGatewayV2::Authorizer     {_parent}/{AuthorizerId}
apigatewayv2_model                 ApiGatewayV2::Model          {_parent}/{ModelId}
apigatewayv2_domain_name           ApiGatewayV2::DomainName     {DomainName}
apigatewayv2_deployment            ApiGatewayV2::Deployment     {_parent}/{DeploymentId}  if:!AutoDeployed
apigatewayv2_vpc_link              ApiGatewayV2::VpcLink        {_id}
appsync_graphql_api                AppSync::GraphQLApi          {apiId}
# --- identity
iam_role                           IAM::Role                    {RoleName}  if:Path!^=/aws-service-role/
iam_service_linked_role            IAM::Role                    {Arn}  if:Path^=/aws-service-role/
iam_role_policy                    IAM::RolePolicy              {RoleName}:{PolicyName}
iam_role_policy_attachment         IAM::Role                    {RoleName}/{PolicyArn}
    if:Path!^=/aws-service-role/ each:AttachedRolePolicies
iam_policy                         IAM::ManagedPolicy           {_id}
iam_user                           IAM::User                    {UserName}
iam_user_policy                    IAM::UserPolicy              {UserName}:{PolicyName}
iam_user_policy_attachment         IAM::User                    {UserName}/{PolicyArn}  each:AttachedUserPolicies
iam_user_group_membership          IAM::User                    {UserName}/{GroupName}  each:GroupsForUser
iam_access_key                     IAM::AccessKey               {_id}
iam_group                          IAM::Group                   {GroupName}
iam_group_policy                   IAM::GroupPolicy             {GroupName}:{PolicyName}
iam_group_policy_attachment        IAM::Group                   {GroupName}/{PolicyArn}  each:AttachedGroupPolicies
iam_instance_profile               IAM::InstanceProfile         {InstanceProfileName}
iam_openid_connect_provider        IAM::OIDCProvider            {_id}
iam_saml_provider                  IAM::SAMLProvider            {_id}
iam_account_alias                  IAM::AccountAlias            {_id}
kms_key                            KMS::Key                     {_id}
    if:KeyManager=CUSTOMER if:KeyState!=PendingDeletion
kms_alias                          KMS::Alias                   {AliasName}  if:AliasName!^=alias/aws/ if:TargetKeyId
secretsmanager_secret              SecretsManager::Secret       {_id}
secretsmanager_secret_policy       SecretsManager::Secret       {_id}  if:ResourcePolicy.ResourcePolicy
secretsmanager_secret_version      SecretsManager::SecretVersion {_parent}|{VersionId}
    if:_isCurrent set:secret_id={_parent} set:arn={_parent} set:version_id={VersionId}
    set:version_stages=VersionStages
cognito_user_pool                  Cognito::UserPool            {_id}
cognito_user_pool_client           Cognito::UserPoolClient      {_parent}/{ClientId}
cognito_user_pool_domain           Cognito::UserPool            {Domain}  if:Domain
cognito_user_group                 Cognito::UserPoolGroup       {_parent}/{GroupName}
cognito_identity_provider          Cognito::UserPoolIdentityProvider {_parent}:{ProviderName}
cognito_resource_server            Cognito::UserPoolResourceServer {_parent}|{Identifier}
cognito_identity_pool              Cognito::IdentityPool        {_id}
# --- objects, tables, databases
s3_bucket                          S3::Bucket                   {_id}
s3_bucket_versioning               S3::Bucket                   {_id}  if:Versioning.Status
s3_bucket_server_side_encryption_configuration S3::Bucket       {_id}  if:Encryption
s3_bucket_public_access_block      S3::Bucket                   {_id}  if:PublicAccessBlock
s3_bucket_ownership_controls       S3::Bucket                   {_id}  if:OwnershipControls
s3_bucket_policy                   S3::Bucket                   {_id}  if:Policy
s3_bucket_cors_configuration       S3::Bucket                   {_id}  if:Cors
s3_bucket_lifecycle_configuration  S3::Bucket                   {_id}  if:LifecycleConfiguration
s3_bucket_notification             S3::Bucket                   {_id}  if:NotificationConfiguration
s3_bucket_logging                  S3::Bucket                   {_id}  if:Logging
s3_bucket_website_configuration    S3::Bucket                   {_id}  if:Website
s3_bucket_replication_configuration S3::Bucket                  {_id}  if:Replication
s3_bucket_accelerate_configuration S3::Bucket                   {_id}  if:AccelerateConfiguration.Status
s3_bucket_object_lock_configuration S3::Bucket                  {_id}  if:ObjectLockConfiguration
dynamodb_table                     DynamoDB::Table              {TableName}
db_instance                        RDS::DBInstance              {DBInstanceIdentifier}  if:!DBClusterIdentifier
rds_cluster_instance               RDS::DBInstance              {DBInstanceIdentifier}
    if:DBClusterIdentifier if:Engine^=aurora
docdb_cluster_instance             RDS::DBInstance              {DBInstanceIdentifier}
    if:DBClusterIdentifier if:Engine=docdb
neptune_cluster_instance           RDS::DBInstance              {DBInstanceIdentifier}
    if:DBClusterIdentifier if:Engine=neptune
rds_cluster                        RDS::DBCluster               {DBClusterIdentifier}
    if:Engine!=docdb if:Engine!=neptune
docdb_cluster                      RDS::DBCluster               {DBClusterIdentifier}  if:Engine=docdb
neptune_cluster                    RDS::DBCluster               {DBClusterIdentifier}  if:Engine=neptune
db_subnet_group                    RDS::DBSubnetGroup           {DBSubnetGroupName}  if:DBSubnetGroupName!=default
db_parameter_group                 RDS::DBParameterGroup        {DBParameterGroupName}
    if:DBParameterGroupName!^=default.
rds_cluster_parameter_group        RDS::DBClusterParameterGroup {DBClusterParameterGroupName}
    if:DBClusterParameterGroupName!^=default.
db_option_group                    RDS::OptionGroup             {OptionGroupName}  if:OptionGroupName!^=default:
db_proxy                           RDS::DBProxy                 {DBProxyName}
rds_global_cluster                 RDS::GlobalCluster           {GlobalClusterIdentifier}
db_event_subscription              RDS::EventSubscription       {CustSubscriptionId}
elasticache_cluster                ElastiCache::CacheCluster    {_id}  if:!ReplicationGroupId
elasticache_replication_group      ElastiCache::ReplicationGroup {_id}
elasticache_subnet_group           ElastiCache::SubnetGroup     {CacheSubnetGroupName}
    if:CacheSubnetGroupName!=default
elasticache_parameter_group        ElastiCache::ParameterGroup  {CacheParameterGroupName}
    if:CacheParameterGroupName!^=default.
elasticache_user                   ElastiCache::User            {UserId}  if:UserId!=default
elasticache_user_group             ElastiCache::UserGroup       {UserGroupId}
elasticache_serverless_cache       ElastiCache::ServerlessCache {ServerlessCacheName}
memorydb_cluster                   MemoryDB::Cluster            {Name}
memorydb_subnet_group              MemoryDB::SubnetGroup        {Name}
memorydb_acl                       MemoryDB::ACL                {Name}  if:Name!=open-access
memorydb_parameter_group           MemoryDB::ParameterGroup     {Name}  if:Name!^=default.
memorydb_user                      MemoryDB::User               {Name}  if:Name!=default
efs_file_system                    EFS::FileSystem              {_id}
efs_mount_target                   EFS::MountTarget             {_id}
efs_access_point                   EFS::AccessPoint             {_id}
efs_file_system_policy             EFS::FileSystem              {_id}  if:FileSystemPolicy
efs_backup_policy                  EFS::FileSystem              {_id}  if:BackupPolicy.Status=ENABLED
fsx_lustre_file_system             FSx::FileSystem              {_id}  if:FileSystemType=LUSTRE
opensearch_domain                  OpenSearchService::Domain    {DomainName}
redshift_cluster                   Redshift::Cluster            {ClusterIdentifier}
redshift_subnet_group              Redshift::ClusterSubnetGroup {ClusterSubnetGroupName}
    if:ClusterSubnetGroupName!=default
redshift_parameter_group           Redshift::ClusterParameterGroup {ParameterGroupName}
    if:ParameterGroupName!^=default.
glue_catalog_database              Glue::Database               {CatalogId}:{Name}
glue_catalog_table                 Glue::Table                  {CatalogId}:{DatabaseName}:{Name}
glue_job                           Glue::Job                    {Name}
glue_crawler                       Glue::Crawler                {Name}
glue_trigger                       Glue::Trigger                {Name}
glue_workflow                      Glue::Workflow               {Name}
glue_connection                    Glue::Connection             {_account}:{Name}
glue_registry                      Glue::Registry               {RegistryArn}
glue_schema                        Glue::Schema                 {SchemaArn}
glue_security_configuration        Glue::SecurityConfiguration  {Name}
athena_workgroup                   Athena::WorkGroup            {Name}  if:Name!=primary
athena_named_query                 Athena::NamedQuery           {NamedQueryId}
athena_data_catalog                Athena::DataCatalog          {CatalogName}  if:CatalogName!=AwsDataCatalog
backup_vault                       Backup::BackupVault          {BackupVaultName}  if:BackupVaultName!=Default
backup_plan                        Backup::BackupPlan           {BackupPlanId}
# --- functions and containers
lambda_function                    Lambda::Function             {FunctionName}
lambda_permission                  Lambda::Function             {FunctionName}/{Sid}  each:Policy.Statement if:Sid
lambda_function_url                Lambda::Function             {FunctionName}  each:UrlConfigs
lambda_function_event_invoke_config Lambda::Function            {FunctionName}  each:EventInvokeConfigs
lambda_alias                       Lambda::Alias                {_parent}/{Name}
lambda_event_source_mapping        Lambda::EventSourceMapping   {_id}
lambda_layer_version               Lambda::LayerVersion         {LayerVersionArn}
lambda_code_signing_config         Lambda::CodeSigningConfig    {_id}
ecr_repository                     ECR::Repository              {repositoryName}
ecr_lifecycle_policy               ECR::Repository              {repositoryName}  if:LifecyclePolicy
ecr_repository_policy              ECR::Repository              {repositoryName}  if:RepositoryPolicy
ecr_pull_through_cache_rule        ECR::PullThroughCacheRule    {ecrRepositoryPrefix}
ecs_cluster                        ECS::Cluster                 {clusterName}
ecs_cluster_capacity_providers     ECS::Cluster                 {clusterName}  if:capacityProviders
ecs_service                        ECS::Service                 {_parent|base}/{serviceName}
ecs_task_definition                ECS::TaskDefinition          {_id}
ecs_capacity_provider              ECS::CapacityProvider        {_id}  if:name!=FARGATE if:name!=FARGATE_SPOT
eks_cluster                        EKS::Cluster                 {name}
eks_node_group                     EKS::Nodegroup               {clusterName}:{nodegroupName}
eks_addon                          EKS::Addon                   {clusterName}:{addonName}
eks_fargate_profile                EKS::FargateProfile          {clusterName}:{fargateProfileName}
eks_pod_identity_association       EKS::PodIdentityAssociation  {clusterName},{associationId}
eks_access_entry                   EKS::AccessEntry             {clusterName}:{principalArn}  if:!_isCreator
batch_compute_environment          Batch::ComputeEnvironment    {computeEnvironmentName}
batch_job_queue                    Batch::JobQueue              {jobQueueArn}
batch_job_definition               Batch::JobDefinition         {jobDefinitionArn}
batch_scheduling_policy            Batch::SchedulingPolicy      {_id}
# --- messages and events
sns_topic                          SNS::Topic                   {_id}
sns_topic_subscription             SNS::Subscription            {_id}  if:_id^=arn:
sqs_queue                          SQS::Queue                   {_url}
kinesis_stream                     Kinesis::Stream              {StreamName}
kinesis_stream_consumer            Kinesis::StreamConsumer      {_id}
kinesis_firehose_delivery_stream   KinesisFirehose::DeliveryStream {DeliveryStreamARN}
cloudwatch_event_bus               Events::EventBus             {Name}  if:Name!=default
cloudwatch_event_rule              Events::Rule                 {Name}  if:!ManagedBy if:EventBusName=default
cloudwatch_event_rule              Events::Rule                 {EventBusName}/{Name}
    if:!ManagedBy if:EventBusName!=default
cloudwatch_event_target            Events::Rule                 {Name}/{Id}
    if:!ManagedBy if:EventBusName=default each:TargetsByRule
cloudwatch_event_target            Events::Rule                 {EventBusName}/{Name}/{Id}
    if:!ManagedBy if:EventBusName!=default each:TargetsByRule
cloudwatch_event_archive           Events::Archive              {ArchiveName}
cloudwatch_event_connection        Events::Connection           {Name}
cloudwatch_event_api_destination   Events::ApiDestination       {Name}
scheduler_schedule                 Scheduler::Schedule          {GroupName}/{Name}
scheduler_schedule_group           Scheduler::ScheduleGroup     {Name}  if:Name!=default
pipes_pipe                         Pipes::Pipe                  {Name}
sfn_state_machine                  StepFunctions::StateMachine  {_id}
sfn_activity                       StepFunctions::Activity      {_id}
mq_broker                          AmazonMQ::Broker             {BrokerId}
mq_configuration                   AmazonMQ::Configuration      {_id}
msk_cluster                        MSK::Cluster                 {_id}
msk_configuration                  MSK::Configuration           {_id}
# --- watching and running
cloudwatch_log_group               Logs::LogGroup               {logGroupName}
cloudwatch_log_metric_filter       Logs::MetricFilter           {logGroupName}:{filterName}
cloudwatch_log_subscription_filter Logs::SubscriptionFilter     {logGroupName}|{filterName}
cloudwatch_log_destination         Logs::Destination            {destinationName}
cloudwatch_log_resource_policy     Logs::ResourcePolicy         {policyName}
cloudwatch_query_definition        Logs::QueryDefinition
    arn:aws:logs:{_region}:{_account}:query-definition:{queryDefinitionId}
cloudwatch_metric_alarm            CloudWatch::Alarm            {AlarmName}
    if:AlarmName!^=TargetTracking- if:!AlarmRule
cloudwatch_composite_alarm         CloudWatch::Alarm            {AlarmName}  if:AlarmRule
cloudwatch_composite_alarm         CloudWatch::CompositeAlarm   {AlarmName}
cloudwatch_dashboard               CloudWatch::Dashboard        {DashboardName}
cloudwatch_metric_stream           CloudWatch::MetricStream     {Name}
cloudtrail                         CloudTrail::Trail            {TrailARN}
config_config_rule                 Config::ConfigRule           {ConfigRuleName}
config_configuration_recorder      Config::ConfigurationRecorder {name}
config_delivery_channel            Config::DeliveryChannel      {name}
config_configuration_aggregator    Config::ConfigurationAggregator {ConfigurationAggregatorName}
ssm_parameter                      SSM::Parameter               {Name}
ssm_document                       SSM::Document                {Name}
ssm_maintenance_window             SSM::MaintenanceWindow       {_id}
ssm_patch_baseline                 SSM::PatchBaseline           {_id}
ssm_association                    SSM::Association             {AssociationId}
codebuild_project                  CodeBuild::Project           {_id}
codecommit_repository              CodeCommit::Repository       {repositoryName}
codepipeline                       CodePipeline::Pipeline       {_id}
transfer_server                    Transfer::Server             {_id}
sesv2_configuration_set            SES::ConfigurationSet        {_id}
sesv2_email_identity               SES::EmailIdentity           {_id}
ses_template                       SES::Template                {_id}
"""

SETTLED = """
EC2::RouteTable              if:_isMain                       made with its network, and takes its id
EC2::NetworkAcl              if:IsDefault                     made with its network, and takes its id
EC2::SecurityGroup           if:GroupName=default             made with its network, and takes its id
EC2::SecurityGroupRule       if:_isDefaultRule                made with the default group of a network
EC2::DHCPOptions             if:_isDefault                    made with the account
EC2::Volume                  if:_isRoot                       made with its instance
EC2::NetworkInterface        if:Attachment.AttachmentId       made with what it is attached to
EC2::NetworkInterface        if:RequesterManaged              made by the service that uses it
EC2::NetworkInterface        if:InterfaceType!=interface      made by the service that uses it
EC2::PrefixList              if:OwnerId=AWS                   is AWS's own
ElasticLoadBalancingV2::ListenerRule if:IsDefault             made with its listener
Route53::RecordSet           if:_isApex                       made with its zone
ApiGateway::Resource         if:path=/                        made with its API
ApiGateway::Model            if:name=Empty                    made with its API
ApiGateway::Model            if:name=Error                    made with its API
KMS::Key                     if:KeyManager!=CUSTOMER          is AWS's own
KMS::Alias                   if:AliasName^=alias/aws/         is AWS's own
RDS::DBSubnetGroup           if:DBSubnetGroupName=default     AWS makes it by itself
RDS::DBParameterGroup        if:DBParameterGroupName^=default. AWS makes it by itself
RDS::DBClusterParameterGroup if:DBClusterParameterGroupName^=default. AWS makes it by itself
RDS::OptionGroup             if:OptionGroupName^=default:     AWS makes it by itself
ElastiCache::CacheCluster    if:ReplicationGroupId            made with its replication group
ElastiCache::SubnetGroup     if:CacheSubnetGroupName=default  AWS makes it by itself
ElastiCache::ParameterGroup  if:CacheParameterGroupName^=default. AWS makes it by itself
ElastiCache::User            if:UserId=default                AWS makes it by itself
Redshift::ClusterParameterGroup if:ParameterGroupName^=default. AWS makes it by itself
Athena::WorkGroup            if:Name=primary                  made with the account
Athena::DataCatalog          if:CatalogName=AwsDataCatalog    made with the account
Backup::BackupVault          if:BackupVaultName=Default       made with the account
Events::EventBus             if:Name=default                  made with the account
Scheduler::ScheduleGroup     if:Name=default                  made with the account
MemoryDB::ACL                if:Name=open-access              AWS makes it by itself
MemoryDB::ParameterGroup     if:Name^=default.                AWS makes it by itself
MemoryDB::User               if:Name=default                  AWS makes it by itself
ApiGatewayV2::Deployment     if:AutoDeployed                  made by its stage
EC2::Image                   if:ImageId                       stands in the clone where something runs it
ECS::CapacityProvider        if:name^=FARGATE                 is AWS's own
EKS::AccessEntry             if:_isCreator                    made with its cluster
CloudWatch::Alarm            if:AlarmName^=TargetTracking-    made by the scaling policy that needs it
Events::Rule                 if:ManagedBy                     made by the service that uses it
SecretsManager::SecretVersion if:!_isCurrent                  an older version of a secret
"""
"""CloudFormation type, conditions as above, and why nothing is to be made for it."""

TRIMMED = """
iam_role        inline_policy managed_policy_arns
security_group  ingress egress
instance        ebs_block_device
"""
"""Terraform type, and parts of it that the provider reports and that are objects of their own here."""

STAND_INS = """
db_instance                   password         if:!manage_master_user_password if:!replicate_source_db
rds_cluster                   master_password  if:!manage_master_user_password if:!replication_source_identifier
docdb_cluster                 master_password  if:!manage_master_user_password
redshift_cluster              master_password  if:!manage_master_password
secretsmanager_secret_version secret_string
ssm_parameter                 value            if:type=SecureString
key_pair                      public_key       if:!public_key
api_gateway_api_key           value
"""
"""Terraform type, an argument that no read gives, or that none may give, and when something stands in for it."""

AMENDED = """
ecs_service  task_definition                {taskDefinition}
eks_cluster  bootstrap_self_managed_addons  true
"""
"""Terraform type, an argument that an import does not get right, and what it is: a template, or a constant.

The provider tells a task definition by family and revision where it did not write the ARN itself; and it leaves what
only counts when a cluster is made at false, which is not the default.
"""

AFTER = """
api_gateway_integration          api_gateway_method               rest_api_id resource_id http_method
api_gateway_method_response      api_gateway_method               rest_api_id resource_id http_method
api_gateway_integration_response api_gateway_integration          rest_api_id resource_id http_method
api_gateway_integration_response api_gateway_method_response      rest_api_id resource_id http_method status_code
api_gateway_deployment           api_gateway_integration          rest_api_id
api_gateway_deployment           api_gateway_method               rest_api_id
s3_bucket_policy                 s3_bucket_public_access_block    bucket
s3_bucket_notification           lambda_permission
cloudtrail                       s3_bucket_policy
ecs_service                      lb_listener
ecs_service                      lb_listener_rule
eks_node_group                   iam_role_policy_attachment
eks_cluster                      iam_role_policy_attachment
lambda_event_source_mapping      iam_role_policy
lambda_event_source_mapping      iam_role_policy_attachment
kinesis_firehose_delivery_stream iam_role_policy
"""
"""What must be there before something else although nothing in it says so, and the attributes in which both agree."""
