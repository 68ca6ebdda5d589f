"""Which resource a Terraform resource is, or is a part of: by the AWS provider's type names, as data.

A template names the resource by the instance's attributes, in the language of ``expression``. Types that are not here
are looked up by ARN and id within the service that their prefix names (``terraform_services``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OWN_NAMES = ("{arn}", "{id}")
"""How an instance names itself, unless its row says more."""


def _table(text: str) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Rows of Terraform type, CloudFormation type, and templates, without their prefixes ``aws_`` and ``AWS::``."""
    rows = (line.split() for line in text.strip().splitlines())
    return MappingProxyType({f"aws_{tf}": (f"AWS::{kind}", tuple(templates)) for tf, kind, *templates in rows})


OWN = _table("""
accessanalyzer_analyzer           AccessAnalyzer::Analyzer
acm_certificate                   CertificateManager::Certificate
acmpca_certificate_authority      ACMPCA::CertificateAuthority
alb                               ElasticLoadBalancingV2::LoadBalancer
alb_listener                      ElasticLoadBalancingV2::Listener
alb_listener_rule                 ElasticLoadBalancingV2::ListenerRule
alb_target_group                  ElasticLoadBalancingV2::TargetGroup
ami                               EC2::Image
ami_copy                          EC2::Image
api_gateway_api_key               ApiGateway::ApiKey
api_gateway_authorizer            ApiGateway::Authorizer {rest_api_id}/{id}
api_gateway_client_certificate    ApiGateway::ClientCertificate
api_gateway_deployment            ApiGateway::Deployment {rest_api_id}/{id}
api_gateway_domain_name           ApiGateway::DomainName {domain_name}
api_gateway_model                 ApiGateway::Model {rest_api_id}/{name}
api_gateway_request_validator     ApiGateway::RequestValidator {rest_api_id}/{id}
api_gateway_resource              ApiGateway::Resource {rest_api_id}/{id}
api_gateway_rest_api              ApiGateway::RestApi {id}
api_gateway_stage                 ApiGateway::Stage {rest_api_id}/{stage_name}
api_gateway_usage_plan            ApiGateway::UsagePlan {id}
api_gateway_vpc_link              ApiGateway::VpcLink {id}
apigatewayv2_api                  ApiGatewayV2::Api {id}
apigatewayv2_authorizer           ApiGatewayV2::Authorizer {api_id}/{id}
apigatewayv2_deployment           ApiGatewayV2::Deployment {api_id}/{id}
apigatewayv2_domain_name          ApiGatewayV2::DomainName {domain_name}
apigatewayv2_integration          ApiGatewayV2::Integration {api_id}/{id}
apigatewayv2_model                ApiGatewayV2::Model {api_id}/{id}
apigatewayv2_route                ApiGatewayV2::Route {api_id}/{id}
apigatewayv2_stage                ApiGatewayV2::Stage {api_id}/{name}
apigatewayv2_vpc_link             ApiGatewayV2::VpcLink {id}
appsync_graphql_api               AppSync::GraphQLApi
athena_data_catalog               Athena::DataCatalog {name}
athena_named_query                Athena::NamedQuery
athena_workgroup                  Athena::WorkGroup {name}
autoscaling_group                 AutoScaling::AutoScalingGroup {name}
autoscaling_policy                AutoScaling::ScalingPolicy
autoscaling_schedule              AutoScaling::ScheduledAction
backup_plan                       Backup::BackupPlan
backup_vault                      Backup::BackupVault {name}
batch_compute_environment         Batch::ComputeEnvironment
batch_job_definition              Batch::JobDefinition
batch_job_queue                   Batch::JobQueue
cloudformation_stack              CloudFormation::Stack {id} {name}
cloudformation_stack_set          CloudFormation::StackSet {name}
cloudfront_cache_policy           CloudFront::CachePolicy {id}
cloudfront_distribution           CloudFront::Distribution {id}
cloudfront_function               CloudFront::Function {name}
cloudfront_key_group              CloudFront::KeyGroup {id}
cloudfront_origin_access_control  CloudFront::OriginAccessControl {id}
cloudfront_origin_access_identity CloudFront::CloudFrontOriginAccessIdentity {id}
cloudfront_origin_request_policy  CloudFront::OriginRequestPolicy {id}
cloudfront_public_key             CloudFront::PublicKey {id}
cloudfront_response_headers_policy CloudFront::ResponseHeadersPolicy {id}
cloudtrail                        CloudTrail::Trail {arn} {name}
cloudtrail_event_data_store       CloudTrail::EventDataStore
cloudwatch_composite_alarm        CloudWatch::CompositeAlarm {arn} {alarm_name}
cloudwatch_dashboard              CloudWatch::Dashboard {dashboard_name}
cloudwatch_event_api_destination  Events::ApiDestination
cloudwatch_event_archive          Events::Archive {arn} {name}
cloudwatch_event_bus              Events::EventBus {arn} {name}
cloudwatch_event_connection       Events::Connection {arn} {name}
cloudwatch_event_rule             Events::Rule {arn} {event_bus_name}/{name}
cloudwatch_log_destination        Logs::Destination {arn} {name}
cloudwatch_log_group              Logs::LogGroup {arn} {name}
cloudwatch_log_metric_filter      Logs::MetricFilter {log_group_name}:{name}
cloudwatch_log_resource_policy    Logs::ResourcePolicy {policy_name}
cloudwatch_log_subscription_filter Logs::SubscriptionFilter {log_group_name}|{name}
cloudwatch_metric_alarm           CloudWatch::Alarm {arn} {alarm_name}
cloudwatch_metric_stream          CloudWatch::MetricStream {arn} {name}
cloudwatch_query_definition       Logs::QueryDefinition {query_definition_id}
codebuild_project                 CodeBuild::Project {name}
codecommit_repository             CodeCommit::Repository {repository_name}
codepipeline                      CodePipeline::Pipeline {name} {arn}
cognito_identity_pool             Cognito::IdentityPool
cognito_identity_provider         Cognito::UserPoolIdentityProvider {user_pool_id}:{provider_name}
cognito_resource_server           Cognito::UserPoolResourceServer {user_pool_id}|{identifier}
cognito_user_group                Cognito::UserPoolGroup {user_pool_id}/{name}
cognito_user_pool                 Cognito::UserPool
cognito_user_pool_client          Cognito::UserPoolClient {user_pool_id}/{id}
config_config_rule                Config::ConfigRule {arn} {name}
config_configuration_recorder     Config::ConfigurationRecorder {name}
config_delivery_channel           Config::DeliveryChannel {name}
customer_gateway                  EC2::CustomerGateway
dax_cluster                       DAX::Cluster {arn} {cluster_name}
db_event_subscription             RDS::EventSubscription {arn} {name}
db_instance                       RDS::DBInstance {arn} {identifier}
db_option_group                   RDS::OptionGroup {arn} {name}
db_parameter_group                RDS::DBParameterGroup {arn} {name}
db_proxy                          RDS::DBProxy {arn} {name}
db_snapshot                       RDS::DBSnapshot {db_snapshot_arn} {db_snapshot_identifier}
db_subnet_group                   RDS::DBSubnetGroup {arn} {name}
db_cluster_snapshot               RDS::DBClusterSnapshot {db_cluster_snapshot_arn} {db_cluster_snapshot_identifier}
default_network_acl               EC2::NetworkAcl
default_route_table               EC2::RouteTable
default_security_group            EC2::SecurityGroup
default_subnet                    EC2::Subnet
default_vpc                       EC2::VPC
default_vpc_dhcp_options          EC2::DHCPOptions
dynamodb_global_table             DynamoDB::GlobalTable {name}
dynamodb_table                    DynamoDB::Table {arn} {name}
ebs_snapshot                      EC2::Snapshot {id}
ebs_volume                        EC2::Volume {id}
ec2_fleet                         EC2::EC2Fleet {id}
ec2_managed_prefix_list           EC2::PrefixList
ec2_transit_gateway               EC2::TransitGateway
ec2_transit_gateway_route_table   EC2::TransitGatewayRouteTable {id}
ec2_transit_gateway_vpc_attachment EC2::TransitGatewayVpcAttachment {id}
ecr_pull_through_cache_rule       ECR::PullThroughCacheRule {ecr_repository_prefix}
ecr_repository                    ECR::Repository {arn} {name}
ecs_capacity_provider             ECS::CapacityProvider
ecs_cluster                       ECS::Cluster {arn} {id} {name}
ecs_service                       ECS::Service {id} {cluster|base}/{name}
ecs_task_definition               ECS::TaskDefinition {arn} {family}:{revision}
efs_access_point                  EFS::AccessPoint
efs_file_system                   EFS::FileSystem
efs_mount_target                  EFS::MountTarget {id}
egress_only_internet_gateway      EC2::EgressOnlyInternetGateway
eip                               EC2::EIP {allocation_id} {id}
eks_access_entry                  EKS::AccessEntry {cluster_name}:{principal_arn}
eks_addon                         EKS::Addon {cluster_name}:{addon_name}
eks_cluster                       EKS::Cluster {arn} {name}
eks_fargate_profile               EKS::FargateProfile {cluster_name}:{fargate_profile_name}
eks_node_group                    EKS::Nodegroup {cluster_name}:{node_group_name}
eks_pod_identity_association      EKS::PodIdentityAssociation {association_id}
elastic_beanstalk_application     ElasticBeanstalk::Application {name}
elastic_beanstalk_environment     ElasticBeanstalk::Environment {id}
elasticache_cluster               ElastiCache::CacheCluster {arn} {cluster_id}
elasticache_parameter_group       ElastiCache::ParameterGroup {arn} {name}
elasticache_replication_group     ElastiCache::ReplicationGroup {arn} {replication_group_id}
elasticache_serverless_cache      ElastiCache::ServerlessCache {arn} {name}
elasticache_subnet_group          ElastiCache::SubnetGroup {arn} {name}
elasticache_user                  ElastiCache::User {arn} {user_id}
elasticache_user_group            ElastiCache::UserGroup {arn} {user_group_id}
elb                               ElasticLoadBalancing::LoadBalancer {name}
emr_cluster                       EMR::Cluster {id}
flow_log                          EC2::FlowLog {id}
fsx_lustre_file_system            FSx::FileSystem
glue_catalog_database             Glue::Database {arn} {catalog_id}:{name}
glue_catalog_table                Glue::Table {catalog_id}:{database_name}:{name}
glue_connection                   Glue::Connection {name}
glue_crawler                      Glue::Crawler {name}
glue_job                          Glue::Job {name}
glue_registry                     Glue::Registry
glue_schema                       Glue::Schema
glue_security_configuration       Glue::SecurityConfiguration {name}
glue_trigger                      Glue::Trigger {name}
glue_workflow                     Glue::Workflow {name}
iam_access_key                    IAM::AccessKey {id}
iam_group                         IAM::Group {arn} {name}
iam_group_policy                  IAM::GroupPolicy {group}:{name}
iam_instance_profile              IAM::InstanceProfile {arn} {name}
iam_openid_connect_provider       IAM::OIDCProvider {arn}
iam_policy                        IAM::ManagedPolicy {arn}
iam_role                          IAM::Role {arn} {name}
iam_role_policy                   IAM::RolePolicy {role}:{name}
iam_saml_provider                 IAM::SAMLProvider {arn}
iam_server_certificate            IAM::ServerCertificate {arn} {name}
iam_user                          IAM::User {arn} {name}
iam_user_policy                   IAM::UserPolicy {user}:{name}
iam_virtual_mfa_device            IAM::VirtualMFADevice {arn}
instance                          EC2::Instance {id}
internet_gateway                  EC2::InternetGateway {id}
key_pair                          EC2::KeyPair {key_pair_id} {key_name}
kinesis_firehose_delivery_stream  KinesisFirehose::DeliveryStream {arn} {name}
kinesis_stream                    Kinesis::Stream {arn} {name}
kinesis_stream_consumer           Kinesis::StreamConsumer {arn}
kms_alias                         KMS::Alias {arn} {name}
kms_custom_key_store              KMS::CustomKeyStore {id}
kms_external_key                  KMS::Key {arn} {id}
kms_key                           KMS::Key {arn} {key_id}
kms_replica_key                   KMS::Key {arn} {key_id}
lambda_alias                      Lambda::Alias {arn}
lambda_code_signing_config        Lambda::CodeSigningConfig {arn}
lambda_event_source_mapping       Lambda::EventSourceMapping {uuid}
lambda_function                   Lambda::Function {arn} {function_name}
lambda_layer_version              Lambda::LayerVersion {arn} {layer_arn}
launch_configuration              AutoScaling::LaunchConfiguration {arn} {name}
launch_template                   EC2::LaunchTemplate {id}
lb                                ElasticLoadBalancingV2::LoadBalancer {arn}
lb_listener                       ElasticLoadBalancingV2::Listener {arn}
lb_listener_rule                  ElasticLoadBalancingV2::ListenerRule {arn}
lb_target_group                   ElasticLoadBalancingV2::TargetGroup {arn}
memorydb_acl                      MemoryDB::ACL {arn} {name}
memorydb_cluster                  MemoryDB::Cluster {arn} {name}
memorydb_user                     MemoryDB::User {arn} {user_name}
mq_broker                         AmazonMQ::Broker {arn} {id}
mq_configuration                  AmazonMQ::Configuration {arn} {id}
msk_cluster                       MSK::Cluster {arn}
msk_configuration                 MSK::Configuration {arn}
nat_gateway                       EC2::NatGateway {id}
network_acl                       EC2::NetworkAcl {id}
network_interface                 EC2::NetworkInterface {id}
opensearch_domain                 OpenSearchService::Domain {arn} {domain_name}
pipes_pipe                        Pipes::Pipe {arn} {name}
placement_group                   EC2::PlacementGroup {name}
rds_cluster                       RDS::DBCluster {arn} {cluster_identifier}
rds_cluster_instance              RDS::DBInstance {arn} {identifier}
rds_cluster_parameter_group       RDS::DBClusterParameterGroup {arn} {name}
rds_global_cluster                RDS::GlobalCluster {arn} {global_cluster_identifier}
redshift_cluster                  Redshift::Cluster {arn} {cluster_identifier}
redshift_parameter_group          Redshift::ClusterParameterGroup {name}
redshift_subnet_group             Redshift::ClusterSubnetGroup {name}
route53_health_check              Route53::HealthCheck {id}
route53_record                    Route53::RecordSet {zone_id}_{fqdn}._{type}_{set_identifier?}
route53_zone                      Route53::HostedZone {zone_id}
route_table                       EC2::RouteTable {id}
s3_bucket                         S3::Bucket {bucket} {id}
s3_bucket_object                  S3::Object {bucket}/{key}
s3_object                         S3::Object {bucket}/{key}
s3_object_copy                    S3::Object {bucket}/{key}
scheduler_schedule                Scheduler::Schedule {arn} {group_name}/{name}
scheduler_schedule_group          Scheduler::ScheduleGroup {arn} {name}
secretsmanager_secret             SecretsManager::Secret {arn}
secretsmanager_secret_version     SecretsManager::SecretVersion {secret_id}|{version_id}
security_group                    EC2::SecurityGroup {id}
service_discovery_private_dns_namespace ServiceDiscovery::PrivateDnsNamespace {id}
service_discovery_public_dns_namespace ServiceDiscovery::PrivateDnsNamespace {id}
service_discovery_http_namespace  ServiceDiscovery::PrivateDnsNamespace {id}
service_discovery_service         ServiceDiscovery::Service {id}
ses_configuration_set             SES::ConfigurationSet {name}
ses_domain_identity               SES::EmailIdentity {domain}
ses_email_identity                SES::EmailIdentity {email}
ses_receipt_rule_set              SES::ReceiptRuleSet {rule_set_name}
ses_template                      SES::Template {name}
sfn_activity                      StepFunctions::Activity {id}
sfn_state_machine                 StepFunctions::StateMachine {arn}
sns_platform_application          SNS::PlatformApplication {arn}
sns_topic                         SNS::Topic {arn}
sns_topic_subscription            SNS::Subscription {arn}
spot_fleet_request                EC2::SpotFleet {id}
spot_instance_request             EC2::SpotInstanceRequest {id}
sqs_queue                         SQS::Queue {arn} {url} {name}
ssm_document                      SSM::Document {name}
ssm_maintenance_window            SSM::MaintenanceWindow {id}
ssm_parameter                     SSM::Parameter {arn} {name}
ssm_patch_baseline                SSM::PatchBaseline {id}
subnet                            EC2::Subnet {id}
transfer_server                   Transfer::Server {id}
vpc                               EC2::VPC {id}
vpc_dhcp_options                  EC2::DHCPOptions {id}
vpc_endpoint                      EC2::VPCEndpoint {id}
vpc_endpoint_service              EC2::VPCEndpointService {id}
vpc_ipam                          EC2::IPAM {id}
vpc_ipam_pool                     EC2::IPAMPool {id}
vpc_ipam_scope                    EC2::IPAMScope {id}
vpc_peering_connection            EC2::VPCPeeringConnection {id}
vpc_security_group_egress_rule    EC2::SecurityGroupRule {security_group_rule_id} {id}
vpc_security_group_ingress_rule   EC2::SecurityGroupRule {security_group_rule_id} {id}
vpn_connection                    EC2::VPNConnection {id}
vpn_gateway                       EC2::VPNGateway {id}
wafv2_ip_set                      WAFv2::IPSet {arn}
wafv2_regex_pattern_set           WAFv2::RegexPatternSet {arn}
wafv2_rule_group                  WAFv2::RuleGroup {arn}
wafv2_web_acl                     WAFv2::WebACL {arn}
""")
"""Terraform types that are one resource of the inventory."""

PART = _table("""
acm_certificate_validation        CertificateManager::Certificate {certificate_arn}
alb_target_group_attachment       ElasticLoadBalancingV2::TargetGroup {target_group_arn}
api_gateway_base_path_mapping     ApiGateway::DomainName {domain_name}
api_gateway_gateway_response      ApiGateway::RestApi {rest_api_id}
api_gateway_integration           ApiGateway::Resource {rest_api_id}/{resource_id}
api_gateway_integration_response  ApiGateway::Resource {rest_api_id}/{resource_id}
api_gateway_method                ApiGateway::Resource {rest_api_id}/{resource_id}
api_gateway_method_response       ApiGateway::Resource {rest_api_id}/{resource_id}
api_gateway_method_settings       ApiGateway::Stage {rest_api_id}/{stage_name}
api_gateway_rest_api_policy       ApiGateway::RestApi {rest_api_id}
api_gateway_usage_plan_key        ApiGateway::UsagePlan {usage_plan_id}
apigatewayv2_api_mapping          ApiGatewayV2::DomainName {domain_name}
apigatewayv2_integration_response ApiGatewayV2::Integration {api_id}/{integration_id}
apigatewayv2_route_response       ApiGatewayV2::Route {api_id}/{route_id}
autoscaling_attachment            AutoScaling::AutoScalingGroup {autoscaling_group_name}
autoscaling_group_tag             AutoScaling::AutoScalingGroup {autoscaling_group_name}
autoscaling_lifecycle_hook        AutoScaling::AutoScalingGroup {autoscaling_group_name}
backup_selection                  Backup::BackupPlan {plan_id}
backup_vault_policy               Backup::BackupVault {backup_vault_name}
cloudwatch_event_permission       Events::EventBus {event_bus_name}
cloudwatch_event_target           Events::Rule {event_bus_name}/{rule}
cloudwatch_log_data_protection_policy Logs::LogGroup {log_group_name}
cloudwatch_log_stream             Logs::LogGroup {log_group_name}
cognito_identity_pool_roles_attachment Cognito::IdentityPool {identity_pool_id}
cognito_user                      Cognito::UserPool {user_pool_id}
cognito_user_in_group             Cognito::UserPool {user_pool_id}
cognito_user_pool_domain          Cognito::UserPool {user_pool_id}
cognito_user_pool_ui_customization Cognito::UserPool {user_pool_id}
config_configuration_recorder_status Config::ConfigurationRecorder {name}
db_instance_role_association      RDS::DBInstance {db_instance_identifier}
dynamodb_contributor_insights     DynamoDB::Table {table_name}
dynamodb_kinesis_streaming_destination DynamoDB::Table {table_name}
dynamodb_resource_policy          DynamoDB::Table {resource_arn}
dynamodb_table_item               DynamoDB::Table {table_name}
ec2_managed_prefix_list_entry     EC2::PrefixList {prefix_list_id}
ec2_transit_gateway_route         EC2::TransitGatewayRouteTable {transit_gateway_route_table_id}
ec2_transit_gateway_route_table_association EC2::TransitGatewayRouteTable {transit_gateway_route_table_id}
ecr_lifecycle_policy              ECR::Repository {repository}
ecr_repository_policy             ECR::Repository {repository}
ecs_cluster_capacity_providers    ECS::Cluster {cluster_name}
efs_backup_policy                 EFS::FileSystem {file_system_id}
efs_file_system_policy            EFS::FileSystem {file_system_id}
eip_association                   EC2::EIP {allocation_id}
eks_access_policy_association     EKS::AccessEntry {cluster_name}:{principal_arn}
eks_identity_provider_config      EKS::Cluster {cluster_name}
glue_partition                    Glue::Table {catalog_id}:{database_name}:{table_name}
iam_group_membership              IAM::Group {group}
iam_group_policy_attachment       IAM::Group {group}
iam_policy_attachment             IAM::ManagedPolicy {policy_arn}
iam_role_policy_attachment        IAM::Role {role}
iam_user_group_membership         IAM::User {user}
iam_user_login_profile            IAM::User {user}
iam_user_policy_attachment        IAM::User {user}
internet_gateway_attachment       EC2::InternetGateway {internet_gateway_id}
kms_grant                         KMS::Key {key_id}
kms_key_policy                    KMS::Key {key_id}
lambda_function_event_invoke_config Lambda::Function {function_name}
lambda_function_url               Lambda::Function {function_arn} {function_name}
lambda_layer_version_permission   Lambda::LayerVersion {layer_name}
lambda_permission                 Lambda::Function {function_name}
lambda_provisioned_concurrency_config Lambda::Function {function_name}
lb_listener_certificate           ElasticLoadBalancingV2::Listener {listener_arn}
lb_target_group_attachment        ElasticLoadBalancingV2::TargetGroup {target_group_arn}
main_route_table_association      EC2::RouteTable {route_table_id}
network_acl_association           EC2::NetworkAcl {network_acl_id}
network_acl_rule                  EC2::NetworkAcl {network_acl_id}
network_interface_attachment      EC2::NetworkInterface {network_interface_id}
network_interface_sg_attachment   EC2::NetworkInterface {network_interface_id}
opensearch_domain_policy          OpenSearchService::Domain {domain_name}
rds_cluster_role_association      RDS::DBCluster {db_cluster_identifier}
route                             EC2::RouteTable {route_table_id}
route53_hosted_zone_dnssec        Route53::HostedZone {hosted_zone_id}
route53_query_log                 Route53::HostedZone {zone_id}
route53_zone_association          Route53::HostedZone {zone_id}
route_table_association           EC2::RouteTable {route_table_id}
secretsmanager_secret_policy      SecretsManager::Secret {secret_arn}
secretsmanager_secret_rotation    SecretsManager::Secret {secret_id}
security_group_rule               EC2::SecurityGroup {security_group_id}
sns_topic_data_protection_policy  SNS::Topic {arn}
sns_topic_policy                  SNS::Topic {arn}
sqs_queue_policy                  SQS::Queue {queue_url} {queue_url|base}
sqs_queue_redrive_allow_policy    SQS::Queue {queue_url} {queue_url|base}
sqs_queue_redrive_policy          SQS::Queue {queue_url} {queue_url|base}
volume_attachment                 EC2::Volume {volume_id}
vpc_dhcp_options_association      EC2::VPC {vpc_id}
vpc_endpoint_policy               EC2::VPCEndpoint {vpc_endpoint_id}
vpc_endpoint_route_table_association EC2::VPCEndpoint {vpc_endpoint_id}
vpc_endpoint_subnet_association   EC2::VPCEndpoint {vpc_endpoint_id}
vpc_ipv4_cidr_block_association   EC2::VPC {vpc_id}
vpn_gateway_attachment            EC2::VPNGateway {vpn_gateway_id}
wafv2_web_acl_association         WAFv2::WebACL {web_acl_arn}
wafv2_web_acl_logging_configuration WAFv2::WebACL {resource_arn}
""")
"""Terraform types that are a part of a resource of the inventory: an attachment, a policy, a setting."""

BUCKET_PART_PREFIX = "aws_s3_bucket_"
"""Every type that begins so, and is not itself in OWN, is a setting of a bucket."""
