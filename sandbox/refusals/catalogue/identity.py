"""IAM: what still holds something cannot be deleted; and KMS keys that are about to go.

Source: the IAM API reference, error ``DeleteConflict`` of each operation; the AWS KMS developer guide, "Key states".
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, none_of, one_of

_IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_{}.html"
_KEY_STATES = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
_DETACH = "Cannot delete entity, must detach all policies first."
_INLINE = "Cannot delete entity, must delete policies first."
_PROFILE = "Cannot delete entity, must remove roles from instance profile first."
_MEMBERS = "Cannot delete entity, must remove users from group first."


def _conflict(name: str, operation: str, when: str, message: str, *looks: Look) -> KnownRefusal:
    return KnownRefusal(
        name=name,
        service="iam",
        operations=(operation,),
        when=when,
        looks=looks,
        code="DeleteConflict",
        message=message,
        status=409,
        documentation=_IAM.format(operation),
    )


def _holding(operation: str, parameter: str, items: str) -> Look:
    """One listing of what an entity holds."""
    return Look(service="iam", operation=operation, parameters={parameter: f"{{{parameter}}}"}, items=items)


def _key(name: str, operations: tuple[str, ...], parameter: str) -> KnownRefusal:
    return KnownRefusal(
        name=name,
        service="kms",
        operations=operations,
        when="the key is pending deletion",
        looks=(
            Look(
                service="kms",
                operation="DescribeKey",
                parameters={"KeyId": f"{{{parameter}}}"},
                items="KeyMetadata",
                where=(one_of("KeyState", "PendingDeletion"),),
            ),
        ),
        code="KMSInvalidStateException",
        message="{found.Arn} is pending deletion.",
        documentation=_KEY_STATES,
    )


IDENTITY: tuple[KnownRefusal, ...] = (
    _conflict(
        "role-with-attached-policy",
        "DeleteRole",
        "a managed policy is attached to the role",
        _DETACH,
        _holding("ListAttachedRolePolicies", "RoleName", "AttachedPolicies"),
    ),
    _conflict(
        "role-with-inline-policy",
        "DeleteRole",
        "the role has an inline policy",
        _INLINE,
        _holding("ListRolePolicies", "RoleName", "PolicyNames"),
    ),
    _conflict(
        "role-in-instance-profile",
        "DeleteRole",
        "an instance profile has the role",
        _PROFILE,
        _holding("ListInstanceProfilesForRole", "RoleName", "InstanceProfiles"),
    ),
    _conflict(
        "instance-profile-with-role",
        "DeleteInstanceProfile",
        "the profile has a role",
        _PROFILE,
        _holding("GetInstanceProfile", "InstanceProfileName", "InstanceProfile.Roles"),
    ),
    _conflict(
        "policy-attached",
        "DeletePolicy",
        "the policy is attached to a user, group or role",
        "Cannot delete a policy attached to entities.",
        _holding("ListEntitiesForPolicy", "PolicyArn", "PolicyGroups | PolicyUsers | PolicyRoles"),
    ),
    _conflict(
        "policy-with-versions",
        "DeletePolicy",
        "the policy has a version besides the default one",
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy.",
        Look(
            service="iam",
            operation="ListPolicyVersions",
            parameters={"PolicyArn": "{PolicyArn}"},
            items="Versions",
            where=(one_of("IsDefaultVersion", "false"),),
        ),
    ),
    _conflict(
        "user-with-attached-policy",
        "DeleteUser",
        "a managed policy is attached to the user",
        _DETACH,
        _holding("ListAttachedUserPolicies", "UserName", "AttachedPolicies"),
    ),
    _conflict(
        "user-with-inline-policy",
        "DeleteUser",
        "the user has an inline policy",
        _INLINE,
        _holding("ListUserPolicies", "UserName", "PolicyNames"),
    ),
    _conflict(
        "user-with-access-key",
        "DeleteUser",
        "the user has an access key",
        "Cannot delete entity, must delete access keys first.",
        _holding("ListAccessKeys", "UserName", "AccessKeyMetadata"),
    ),
    _conflict(
        "user-in-group",
        "DeleteUser",
        "the user is in a group",
        _MEMBERS,
        _holding("ListGroupsForUser", "UserName", "Groups"),
    ),
    _conflict(
        "user-with-login",
        "DeleteUser",
        "the user has a password",
        "Cannot delete entity, must delete login profile first.",
        _holding("GetLoginProfile", "UserName", "LoginProfile"),
    ),
    _conflict(
        "group-with-user",
        "DeleteGroup",
        "a user is in the group",
        _MEMBERS,
        _holding("GetGroup", "GroupName", "Users"),
    ),
    _conflict(
        "group-with-attached-policy",
        "DeleteGroup",
        "a managed policy is attached to the group",
        _DETACH,
        _holding("ListAttachedGroupPolicies", "GroupName", "AttachedPolicies"),
    ),
    _conflict(
        "group-with-inline-policy",
        "DeleteGroup",
        "the group has an inline policy",
        _INLINE,
        _holding("ListGroupPolicies", "GroupName", "PolicyNames"),
    ),
    _key(
        "key-pending-deletion",
        (
            *("CreateGrant", "Decrypt", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation"),
            *("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateMac"),
            *("ScheduleKeyDeletion", "Sign", "UpdateKeyDescription", "Verify", "VerifyMac"),
        ),
        "KeyId",
    ),
    _key("alias-of-key-pending-deletion", ("CreateAlias", "UpdateAlias"), "TargetKeyId"),
    KnownRefusal(
        name="key-disabled",
        service="kms",
        operations=("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "Sign"),
        when="the key is disabled",
        looks=(
            Look(
                service="kms",
                operation="DescribeKey",
                parameters={"KeyId": "{KeyId}"},
                items="KeyMetadata",
                where=(one_of("KeyState", "Disabled"), none_of("Enabled", "true")),
            ),
        ),
        code="DisabledException",
        message="{found.Arn} is disabled.",
        documentation=_KEY_STATES,
    ),
)
