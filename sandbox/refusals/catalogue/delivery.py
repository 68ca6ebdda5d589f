"""Names, distributions, user pools, events, firewalls and stacks.

Source: the API references of Route 53, CloudFront, Cognito, EventBridge, AWS WAF and CloudFormation.
"""

from __future__ import annotations

from sandbox.refusals.row import KnownRefusal, Look, none_of, one_of, present

_COGNITO = "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DeleteUserPool.html"
_POOL = Look(
    service="cognito-idp",
    operation="DescribeUserPool",
    parameters={"UserPoolId": "{UserPoolId}"},
    items="UserPool",
)


def _pool(name: str, when: str, message: str, condition: Look) -> KnownRefusal:
    return KnownRefusal(
        name=f"user-pool-{name}",
        service="cognito-idp",
        operations=("DeleteUserPool",),
        when=when,
        looks=(condition,),
        code="InvalidParameterException",
        message=message,
        documentation=_COGNITO,
    )


DELIVERY: tuple[KnownRefusal, ...] = (
    KnownRefusal(
        name="hosted-zone-not-empty",
        service="route53",
        operations=("DeleteHostedZone",),
        when="the zone has records other than its own NS and SOA",
        looks=(
            Look(
                service="route53",
                operation="ListResourceRecordSets",
                parameters={"HostedZoneId": "{Id}"},
                items="ResourceRecordSets",
                # A delegation's NS record is not told from the zone's own here: of that alone nothing is claimed.
                where=(present("Type"), none_of("Type", "NS", "SOA")),
            ),
        ),
        code="HostedZoneNotEmpty",
        message="The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        documentation="https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html",
    ),
    KnownRefusal(
        name="distribution-enabled",
        service="cloudfront",
        operations=("DeleteDistribution",),
        when="the distribution is enabled",
        looks=(
            Look(
                service="cloudfront",
                operation="GetDistribution",
                parameters={"Id": "{Id}"},
                items="Distribution",
                where=(one_of("Id", "{Id}"), one_of("DistributionConfig.Enabled", "true")),
            ),
        ),
        code="DistributionNotDisabled",
        message="The distribution you are trying to delete has not been disabled.",
        status=409,
        documentation="https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html",
    ),
    _pool(
        "protected",
        "the pool has deletion protection",
        "The user pool cannot be deleted because deletion protection is activated. "
        "Deletion protection must be inactivated first.",
        Look(
            service=_POOL.service,
            operation=_POOL.operation,
            parameters=_POOL.parameters,
            items=_POOL.items,
            where=(one_of("DeletionProtection", "ACTIVE"),),
        ),
    ),
    _pool(
        "with-domain",
        "the pool has a domain",
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
        Look(
            service=_POOL.service,
            operation=_POOL.operation,
            parameters=_POOL.parameters,
            items=_POOL.items,
            where=(present("Domain | CustomDomain"),),
        ),
    ),
    KnownRefusal(
        name="event-rule-with-targets",
        service="events",
        operations=("DeleteRule",),
        when="the rule has targets",
        looks=(
            Look(
                service="events",
                operation="ListTargetsByRule",
                parameters={"Rule": "{Name}", "EventBusName": "{EventBusName:default}"},
                items="Targets",
                where=(present("Id"),),
            ),
        ),
        code="ValidationException",
        message="Rule can't be deleted since it has targets.",
        documentation="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html",
    ),
    KnownRefusal(
        name="web-acl-associated",
        service="wafv2",
        operations=("DeleteWebACL",),
        when="the web ACL is associated with a load balancer",
        given=(one_of("Scope", "REGIONAL"),),
        looks=(
            Look(
                service="wafv2",
                operation="ListWebACLs",
                parameters={"Scope": "REGIONAL"},
                items="WebACLs",
                where=(one_of("Id", "{Id}"),),
            ),
            Look(
                service="wafv2",
                operation="ListResourcesForWebACL",
                parameters={"WebACLArn": "{found.ARN}"},
                items="ResourceArns",
            ),
        ),
        code="WAFAssociatedItemException",
        message=(
            "AWS WAF couldn\u2019t perform the operation because your resource is being used by another resource "
            "or it\u2019s associated with another resource."
        ),
        documentation="https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html",
    ),
    KnownRefusal(
        name="stack-protected",
        service="cloudformation",
        operations=("DeleteStack",),
        when="the stack has termination protection",
        looks=(
            Look(
                service="cloudformation",
                operation="DescribeStacks",
                parameters={"StackName": "{StackName}"},
                items="Stacks",
                where=(one_of("EnableTerminationProtection", "true"),),
            ),
        ),
        code="ValidationError",
        message="Stack [{StackName}] cannot be deleted while TerminationProtection is enabled",
        documentation="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html",
    ),
)
