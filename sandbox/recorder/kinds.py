"""Whether an operation can change anything: by its verb, the model's own word, and a table of exceptions.

AWS names operations by verb. 99 of 100 are told by it alone; where a verb is used for both (``Export``, ``Verify``) the
model's ``readonly`` trait or a GET decides. The trait is not trusted alone: botocore 1.43 carries it on
``ivs:StartViewerSessionRevocation``. What remains undecided is UNKNOWN, which everybody treats as a write.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from sandbox.rehearsal import CallKind

_VERB = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_PREFIXES = frozenset({"Batch", "Admin", "Transact", "Bulk", "Global"})
"""Words before the verb: ``BatchGetItem``, ``AdminDeleteUser``, ``TransactWriteItems``."""

_READ_VERBS = frozenset(
    """
    Get List Describe Head Search Query Scan Select Lookup Count Is Contains View Estimate Preview Simulate Validate
    Calculate Compare Discover Suggest Autocomplete Geocode Snap Introspect Filter Recognize Classify Translate
    Synthesize Predict Infer Decode Decrypt Encrypt Rerank Assume Check Detect
    """.split()  # noqa: SIM905 - a word list reads best as words
)
_WRITE_VERBS = frozenset(
    """
    Abort Accept Acknowledge Acquire Activate Add Advertise Allocate Allow Amend Apply Approve Archive Assign Associate
    Attach Authorize Backtrack Begin Build Bundle Cancel Change Channel Chat Checkout Checkpoint Claim Clear Clone Close
    Commit Complete Compose Configure Confirm Connect Continue Convert Copy Create Deactivate Deauthorize Decline
    Decrease Define Delete Deliver Deny Deploy Deprecate Deprovision Deregister Detach Disable Disallow Disassociate
    Discard Disconnect Dismiss Dispose Dissociate Distribute Drain Enable End Enter Evict Execute Exit Expire Extend
    Failover Finalize Flush Forget Forgot Grant Group Import Increase Index Ingest Initialize Initiate Insert Install
    Instantiate Invalidate Invite Invoke Issue Join Label Launch Leave Link Lock Logout Manage Mark Merge Meter Migrate
    Modify Monitor Move Notify Open Opt Override Pause Peer Poll Populate Post Prepare Process Promote Provide Provision
    Publish Purchase Purge Push Put Reboot Rebalance Rebuild Recall Receive Record Redact Redeem Redrive Refresh
    Regenerate Register Reimport Reject Release Reload Remove Rename Renew Reorder Replace Replicate Report Request
    Resend Reserve Reset Resize Respond Restart Restore Resume Resync Retire Retry Return Revoke Rollback Rotate Run
    Save Schedule Send Set Setup Share Shrink Shutdown Signal Skip Split Start Stop Submit Subscribe Suspend Swap
    Switchover Sync Synchronize Tag Take Terminate Transfer Unarchive Unassign Undeploy Undeprecate Ungroup Unlabel
    Unlink Unlock Unmonitor Unpeer Unregister Unshare Unsubscribe Untag Update Upgrade Upload Vote Withdraw Write
    """.split()  # noqa: SIM905 - a word list reads best as words
)

READ_EXCEPTIONS = MappingProxyType(
    {
        "acm:ExportCertificate": "reads the certificate",
        "appsync:EvaluateCode": "runs a resolver against data in the request",
        "appsync:EvaluateMappingTemplate": "as EvaluateCode",
        "cloudformation:DetectStackDrift": "compares; records the result, touches no resource",
        "cloudformation:DetectStackResourceDrift": "as DetectStackDrift",
        "cloudformation:DetectStackSetDrift": "as DetectStackDrift",
        "cloudfront:TestFunction": "runs a function against data in the request",
        "codecommit:EvaluatePullRequestApprovalRules": "reads",
        "ec2:ExportClientVpnClientCertificateRevocationList": "reads",
        "ec2:ExportClientVpnClientConfiguration": "reads",
        "ec2:ExportVerifiedAccessInstanceClientConfiguration": "reads",
        "events:TestEventPattern": "matches a pattern with data in the request",
        "iam:GenerateCredentialReport": "makes a report about what exists",
        "iam:GenerateOrganizationsAccessReport": "as GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails": "as GenerateCredentialReport",
        "kms:DeriveSharedSecret": "computes; no key changes",
        "kms:GenerateDataKey": "computes; the key it returns is not stored",
        "kms:GenerateDataKeyPair": "as GenerateDataKey",
        "kms:GenerateDataKeyPairWithoutPlaintext": "as GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext": "as GenerateDataKey",
        "kms:GenerateMac": "computes",
        "kms:GenerateRandom": "computes",
        "kms:ReEncrypt": "computes; what is stored is the caller's affair",
        "kms:Sign": "computes",
        "kms:Verify": "computes",
        "kms:VerifyMac": "computes",
        "logs:StartLiveTail": "streams log events",
        "logs:StartQuery": "queries log events; nothing but the query itself is made",
        "logs:StopQuery": "ends a query",
        "logs:TestMetricFilter": "matches a pattern with data in the request",
        "logs:TestTransformer": "as TestMetricFilter",
        "rds:DownloadDBLogFilePortion": "reads",
        "route53:TestDNSAnswer": "reads",
        "s3:CreateSession": "gives credentials for reading and writing; changes nothing",
        "ses:TestRenderTemplate": "renders data in the request",
        "sesv2:TestRenderEmailTemplate": "as ses:TestRenderTemplate",
    }
)
"""Operations whose verb says otherwise, or nothing, and which change nothing. ``service:Operation`` → why."""

WRITE_EXCEPTIONS = MappingProxyType(
    {
        "apigateway:GenerateClientCertificate": "makes a certificate",
        "apigateway:TestInvokeAuthorizer": "calls the function behind it",
        "apigateway:TestInvokeMethod": "calls the integration behind it",
        "cognito-identity:GetId": "makes an identity where there is none",
        "cognito-identity:GetOpenIdTokenForDeveloperIdentity": "as GetId",
        "cognito-idp:AdminUserGlobalSignOut": "revokes tokens",
        "cognito-idp:GlobalSignOut": "revokes tokens",
        "cognito-idp:SignUp": "makes a user",
        "cognito-idp:VerifySoftwareToken": "marks the user's device as verified",
        "cognito-idp:VerifyUserAttribute": "marks the attribute as verified",
        "dynamodb:BatchExecuteStatement": "PartiQL: a statement may be an INSERT, an UPDATE or a DELETE",
        "dynamodb:ExecuteStatement": "as BatchExecuteStatement",
        "dynamodb:ExecuteTransaction": "as BatchExecuteStatement",
        "dynamodb:ExportTableToPointInTime": "writes objects",
        "ec2:ExportImage": "writes objects",
        "ec2:ExportTransitGatewayRoutes": "writes objects",
        "elasticache:ExportServerlessCacheSnapshot": "writes objects",
        "elasticache:TestFailover": "fails over",
        "elasticache:TestMigration": "connects to the source",
        "iot:ConfirmTopicRuleDestination": "a GET that confirms",
        "license-manager:CheckInLicense": "gives a licence back",
        "lightsail:ExportSnapshot": "makes an image",
        "redshift-serverless:GetCredentials": "may make the database user",
        "redshift:GetClusterCredentials": "makes the database user where AutoCreate asks for it",
        "ses:VerifyDomainDkim": "makes an identity",
        "ses:VerifyDomainIdentity": "makes an identity",
        "ses:VerifyEmailAddress": "makes an identity",
        "ses:VerifyEmailIdentity": "makes an identity",
        "sns:VerifySMSSandboxPhoneNumber": "marks the number as verified",
        "sqs:ReceiveMessage": "hides the message from other consumers and counts the receipt",
        "stepfunctions:TestState": "calls the service that the state calls",
    }
)
"""Operations whose verb reads, or says nothing, and which change something. ``service:Operation`` → why."""


def kind_of(service: str, operation: str, *, method: str = "", read_only: bool | None = None) -> CallKind:
    """Say whether an operation can change anything.

    Args:
        service: botocore's name.
        operation: Its name; empty where the call was not identified.
        method: The HTTP method that the call came with.
        read_only: The model's ``readonly`` trait, None where the model is silent.
    """
    if not operation:
        return CallKind.UNKNOWN
    name = f"{service}:{operation}"
    if name in WRITE_EXCEPTIONS:
        return CallKind.WRITE
    if name in READ_EXCEPTIONS:
        return CallKind.READ
    verb = _verb(operation)
    if verb in _READ_VERBS:
        return CallKind.READ
    if verb in _WRITE_VERBS:
        return CallKind.WRITE
    return CallKind.READ if read_only or method in {"GET", "HEAD"} else CallKind.UNKNOWN


def _verb(operation: str) -> str:
    words = _VERB.findall(operation[:1].upper() + operation[1:])
    while len(words) > 1 and words[0] in _PREFIXES:
        words = words[1:]
    return words[0] if words else ""
