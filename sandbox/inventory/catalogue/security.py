"""Identity, keys, secrets, certificates, firewalls."""

from __future__ import annotations

from sandbox.inventory.catalogue.rows import row
from sandbox.inventory.kinds import Kind

_SSM_PARAMETER = "Name ResourceId=Name ResourceType='Parameter'"
_SSM_DOCUMENT = "Name ResourceId=Name ResourceType='Document'"
_WEB_ACL_SKIP = "ListResourcesForWebACL"

SECURITY: dict[str, tuple[Kind, ...]] = {
    "acm": (
        row(
            "CertificateManager::Certificate",
            "ListCertificates CertificateSummaryList",
            "CertificateArn",
            skip="GetCertificate",
        ),
    ),
    "acm-pca": (
        row(
            "ACMPCA::CertificateAuthority",
            "ListCertificateAuthorities CertificateAuthorities",
            "CertificateAuthorityArn=Arn",
            skip="GetCertificateAuthorityCertificate GetCertificateAuthorityCsr",
        ),
    ),
    "cognito-idp": (
        row("Cognito::UserPool", "ListUserPools UserPools", "UserPoolId=Id", skip="ListUsers ListUserImportJobs"),
        row(
            "Cognito::UserPoolClient",
            "ListUserPoolClients UserPoolClients",
            "ClientId",
            parent="Cognito::UserPool",
            names="{UserPoolId}/{ClientId}",
            skip="GetUICustomization DescribeManagedLoginBrandingByClient ListTerms",
        ),
        row(
            "Cognito::UserPoolGroup",
            "ListGroups Groups",
            "GroupName",
            parent="Cognito::UserPool",
            id="{UserPoolId}/{GroupName}",
            skip="ListUsersInGroup",
        ),
        row(
            "Cognito::UserPoolIdentityProvider",
            "ListIdentityProviders Providers",
            "ProviderName",
            parent="Cognito::UserPool",
            id="{UserPoolId}:{ProviderName}",
        ),
        row(
            "Cognito::UserPoolResourceServer",
            "ListResourceServers ResourceServers",
            "Identifier",
            parent="Cognito::UserPool",
            id="{UserPoolId}|{Identifier}",
        ),
    ),
    "cognito-identity": (
        row("Cognito::IdentityPool", "ListIdentityPools IdentityPools", "IdentityPoolId", skip="ListIdentities"),
    ),
    "iam": (
        row(
            "IAM::Role",
            "ListRoles Roles",
            "RoleName",
            names="{RoleId}",
            born="RoleId",
            skip="ListInstanceProfilesForRole",
        ),
        row(
            "IAM::RolePolicy",
            "ListRolePolicies PolicyNames",
            "PolicyName=@",
            parent="IAM::Role",
            id="{RoleName}:{PolicyName}",
        ),
        row("IAM::User", "ListUsers Users", "UserName", names="{UserId}", born="UserId"),
        row(
            "IAM::UserPolicy",
            "ListUserPolicies PolicyNames",
            "PolicyName=@",
            parent="IAM::User",
            id="{UserName}:{PolicyName}",
        ),
        row("IAM::AccessKey", "ListAccessKeys AccessKeyMetadata", "AccessKeyId", parent="IAM::User", automatic=False),
        row("IAM::Group", "ListGroups Groups", "GroupName", names="{GroupId}", born="GroupId", skip="GetGroup"),
        row(
            "IAM::GroupPolicy",
            "ListGroupPolicies PolicyNames",
            "PolicyName=@",
            parent="IAM::Group",
            id="{GroupName}:{PolicyName}",
        ),
        row(
            "IAM::ManagedPolicy",
            "ListPolicies Policies",
            "PolicyArn=Arn VersionId=DefaultVersionId",
            names="{PolicyName} {PolicyId}",
            born="PolicyId",
            skip="ListEntitiesForPolicy",
        ),
        row(
            "IAM::InstanceProfile",
            "ListInstanceProfiles InstanceProfiles",
            "InstanceProfileName",
            names="{InstanceProfileId}",
            born="InstanceProfileId",
        ),
        row(
            "IAM::OIDCProvider", "ListOpenIDConnectProviders OpenIDConnectProviderList", "OpenIDConnectProviderArn=Arn"
        ),
        row("IAM::SAMLProvider", "ListSAMLProviders SAMLProviderList", "SAMLProviderArn=Arn"),
        row(
            "IAM::ServerCertificate",
            "ListServerCertificates ServerCertificateMetadataList",
            "ServerCertificateName",
            names="{ServerCertificateId}",
        ),
        row("IAM::VirtualMFADevice", "ListVirtualMFADevices VirtualMFADevices", "SerialNumber", automatic=False),
    ),
    "kms": (
        row("KMS::Key", "ListKeys Keys", "KeyId", skip="GetPublicKey ListKeyPolicies ListKeyRotations GetKeyLastUsage"),
        row("KMS::Alias", "ListAliases Aliases", "AliasName", within="KMS::Key TargetKeyId", automatic=False),
        row("KMS::CustomKeyStore", "DescribeCustomKeyStores CustomKeyStores", "CustomKeyStoreId"),
    ),
    "secretsmanager": (
        row("SecretsManager::Secret", "ListSecrets SecretList", "SecretId=ARN", arn="{ARN}", names="{Name}"),
        row(
            "SecretsManager::SecretVersion",
            "ListSecretVersionIds Versions",
            "VersionId",
            parent="SecretsManager::Secret",
            id="{SecretId}|{VersionId}",
            automatic=False,
        ),
    ),
    "ssm": (
        row("SSM::Parameter", "DescribeParameters Parameters", _SSM_PARAMETER, arn="{ARN}"),
        row("SSM::Document", "ListDocuments DocumentIdentifiers", _SSM_DOCUMENT),
        row(
            "SSM::MaintenanceWindow",
            "DescribeMaintenanceWindows WindowIdentities",
            "WindowId ResourceId=WindowId ResourceType='MaintenanceWindow'",
            skip="DescribeMaintenanceWindowExecutions",
        ),
        row(
            "SSM::Association",
            "ListAssociations Associations",
            "AssociationId",
            skip="DescribeAssociationExecutions ListAssociationVersions",
        ),
        row(
            "SSM::PatchBaseline",
            "DescribePatchBaselines BaselineIdentities",
            "BaselineId ResourceId=BaselineId ResourceType='PatchBaseline'",
            skip="DescribeEffectivePatchesForPatchBaseline",
        ),
    ),
    "wafv2": (
        row(
            "WAFv2::WebACL",
            "ListWebACLs WebACLs",
            "Id",
            names="{ARN} {Name}",
            arn="{ARN}",
            skip=_WEB_ACL_SKIP,
            reads=("GetWebACL(Name,Scope,Id)",),
        ),
        row(
            "WAFv2::IPSet",
            "ListIPSets IPSets",
            "Id",
            names="{ARN} {Name}",
            arn="{ARN}",
            skip=_WEB_ACL_SKIP,
            reads=("GetIPSet(Name,Scope,Id)",),
        ),
        row(
            "WAFv2::RuleGroup",
            "ListRuleGroups RuleGroups",
            "Id",
            names="{ARN} {Name}",
            arn="{ARN}",
            skip=_WEB_ACL_SKIP,
            reads=("GetRuleGroup(Name,Scope,Id)",),
        ),
        row(
            "WAFv2::RegexPatternSet",
            "ListRegexPatternSets RegexPatternSets",
            "Id",
            names="{ARN} {Name}",
            arn="{ARN}",
            skip=_WEB_ACL_SKIP,
            reads=("GetRegexPatternSet(Name,Scope,Id)",),
        ),
    ),
}
